"""The folder of one demonstration: claimed by one run at a time, and fresh for each."""

import fcntl
import os
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from local_cloudflare.errors import LocalCloudflareError

_MARK = ".r2-layout-demo"
_WAIT_SECONDS = 15.0  # what a killed run left alive ends within 10 s
_POLL_SECONDS = 0.2


class DemoFolder:
    """An empty folder that no other run uses; a context manager that gives the claim back, not the folder.

    The claim is a lock on ``{folder}.lock``. Handing its descriptor (`lock`) to a process that writes into
    the folder keeps the claim until that process has ended too, also when this one was killed.

    Args:
        path: The folder. Whatever an earlier run left there is removed; a folder with other content is not
            touched.

    Raises:
        LocalCloudflareError: The folder is not a demonstration's, or another run uses it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        if self.path.exists() and not (self.path / _MARK).exists() and any(self.path.iterdir()):
            raise LocalCloudflareError(
                f"The folder {str(self.path)!r} holds files that are not a demonstration's.",
                hint="Name an empty or a new folder; an earlier demonstration's would be emptied.",
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._claim()
            self._make_fresh()
        except BaseException:
            os.close(self.lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.lock)

    def _claim(self) -> None:
        give_up_at = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                return fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > give_up_at:
                    raise LocalCloudflareError(
                        f"Another demonstration uses the folder {str(self.path)!r}.",
                        hint="Wait for it to end, or name another folder: --folder .local/demo-2",
                    ) from None
            time.sleep(_POLL_SECONDS)

    def _make_fresh(self) -> None:
        """Empty the folder; the engine of a killed run may write there for some seconds more."""
        give_up_at = time.monotonic() + _WAIT_SECONDS
        while self.path.exists():
            try:
                shutil.rmtree(self.path)
            except OSError:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(_POLL_SECONDS)
        self.path.mkdir()
        (self.path / _MARK).touch()
