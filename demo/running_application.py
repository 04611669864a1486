"""The example application in a process of its own, started and ended by whoever shows or tests it."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from demo.commands import clean_environment
from local_cloudflare.engine.places import REPOSITORY
from local_cloudflare.errors import LocalCloudflareError

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


class RunningApplication:
    """`python -m examples.backend`, on a free port unless told; a context manager that ends it.

    Attributes:
        url: Where it answers, with a slash at the end.

    Raises:
        LocalCloudflareError: It did not start; the message has its last words.
    """

    def __init__(self, variables: Mapping[str, str], base: Path, *, port: int = 0) -> None:
        """`variables` are its settings, `base` the folder of its databases."""
        self._log = base.with_name(f"{base.name}.log")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "examples.backend", "--port", str(port), "--base", str(base)],
                cwd=REPOSITORY,
                env={**clean_environment(), **variables},
                stdout=subprocess.PIPE,
                stderr=log,
            )
        try:
            self.url = self._wait()
        except BaseException:
            self.kill()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def client(self, user: str) -> httpx2.Client:
        """A client in which this user is signed in."""
        login = httpx2.post(f"{self.url}login", json={"user": user}).raise_for_status()
        return httpx2.Client(base_url=self.url, cookies=login.cookies, timeout=60)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def wait(self) -> None:
        """Wait until it ends by itself."""
        self._process.wait()

    def stop(self) -> None:
        """End it politely: what waits is uploaded. Twice is fine."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._ended()

    def kill(self) -> None:
        """End it as a machine ends that loses its power."""
        self._process.kill()
        self._ended()

    def _ended(self) -> None:
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _wait(self) -> str:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - a pipe was asked for
        ready, _, _ = select.select([stream], [], [], _START_SECONDS)
        line = stream.readline().decode().strip() if ready else ""
        if line:
            return line
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise LocalCloudflareError(
            f"The example application did not start: {said[-1] if said else 'it said nothing'!r}.",
            hint=f"Read {str(self._log)!r}.",
        )
