"""A local Cloudflare in a process of its own, started and stopped by the demonstration."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel

from local_cloudflare.errors import LocalCloudflareError

_START_SECONDS = 60.0  # imports on a busy machine; usually 2
_STOP_SECONDS = 5.0


class Endpoints(BaseModel):
    """Where a local Cloudflare is, as its endpoints file says.

    Attributes:
        account_id: The account that owns everything here.
        api_token: A token that may do everything in it.
        s3_endpoint: Where objects are.
        api_url: Where the account is managed.
    """

    account_id: str
    api_token: str
    s3_endpoint: str
    api_url: str


class RunningCloudflare:
    """A local Cloudflare on free ports, in a folder; a context manager that ends it.

    It also ends by itself when this process is gone, because its standard input closes then.

    Args:
        folder: Where it keeps its data.
        repository: The folder that holds `infra`.
        lock: A descriptor that the process keeps open while it lives.

    Raises:
        LocalCloudflareError: It did not start; the message has its last words.
    """

    def __init__(self, folder: Path, repository: Path, *, lock: int) -> None:
        self._log = folder.with_name(f"{folder.name}.log")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local_cloudflare", "up", "--folder", str(folder), "--json",
                 "--until-stdin-closes"],
                cwd=repository, env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, pass_fds=(lock,),
            )  # fmt: skip
        try:
            self.endpoints = self._read_endpoints()
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End it: politely by closing its standard input, after 5 seconds by a kill. Twice is fine."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def survivors(self) -> tuple[str, ...]:
        """What of it still runs or answers: nothing after `stop`."""
        found = [] if self._process.poll() is not None else [f"process {self._process.pid} lives"]
        for url in (self.endpoints.s3_endpoint, self.endpoints.api_url):
            address = urlsplit(url)
            with contextlib.suppress(OSError):
                socket.create_connection((address.hostname, address.port), timeout=1).close()
                found.append(f"{address.netloc} answers")
        return tuple(found)

    def _read_endpoints(self) -> Endpoints:
        """Wait for the first line of its output, which names the file with the token in it."""
        stream = self._process.stdout
        if stream is None:
            raise LocalCloudflareError("The local Cloudflare was started without a pipe for its output.")
        ready, _, _ = select.select([stream], [], [], _START_SECONDS)
        line = stream.readline() if ready else b""
        if not line:
            log = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            last = ([line for line in log if line.startswith("Error: ")] or log)[-1:]
            raise LocalCloudflareError(
                f"The local Cloudflare did not start: {last[0] if last else 'it said nothing'!r}.",
                hint=f"Read {str(self._log)!r}, and start it by hand: python -m local_cloudflare up",
            )
        return Endpoints.model_validate_json(Path(json.loads(line)["endpoints_file"]).read_bytes())
