"""A server of MongoDB's protocol as a process of its own, on a free port of 127.0.0.1."""

from __future__ import annotations

import re
import subprocess
import threading
from pathlib import Path

from tests.clients.install import missing, programs

__all__ = ["MongoServer"]

_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


class MongoServer:
    """The server and its folder. What it acknowledged survives SIGKILL, which its defaults do not promise."""

    def __init__(self, folder: Path, *, lock: int | None = None) -> None:
        """`lock` is a descriptor that the server keeps open while it lives."""
        if reason := missing("mongo"):
            raise RuntimeError(reason)
        command = [str(programs("mongo") / "secantusd-py"), "--host", "127.0.0.1", "--port", "0"]
        self._process = subprocess.Popen(
            [*command, "--storage-path", str(folder), "--sync-on-commit"],
            cwd=folder,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            pass_fds=() if lock is None else (lock,),
        )
        self.uri = f"mongodb://127.0.0.1:{self._port()}/?directConnection=true"

    def _port(self) -> int:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if match := _LISTENING.search(line):
                # Nobody reads its log, and a full pipe would stop it.
                threading.Thread(target=self._process.stderr.read, daemon=True).start()
                return int(match[1])
        raise RuntimeError("the server of MongoDB's protocol ended before it listened")

    def stop(self) -> None:
        """Ends it and waits."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stderr is not None:
            self._process.stderr.close()
