"""Stopping the local Cloudflare that another process runs."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.lock import holder

__all__ = ["stop"]


def stop(folder: Path, *, patience: float = 10.0) -> int | None:
    """Stops the local Cloudflare that runs in a folder and waits until its ports and files are closed.

    The process is found by the lock that it holds on the folder: while it is held, the number in the lock
    file is its holder's, so no other process that got the same number later can be hit.

    Args:
        folder: As given to `local_cloudflare.cloudflare.LocalCloudflare`.
        patience: Seconds to wait for its end.

    Returns:
        The number of the process that was stopped, or None if none runs there.

    Raises:
        LocalCloudflareError: It did not end in time.
    """
    number = holder(folder)
    if number is None:
        return None
    with contextlib.suppress(ProcessLookupError):
        os.kill(number, signal.SIGTERM)
    deadline = time.monotonic() + patience
    while holder(folder) == number:
        if time.monotonic() > deadline:
            raise LocalCloudflareError(
                f"The local Cloudflare in {str(folder)!r}, process {number}, runs on after {patience:g} s.",
                hint=f"End it with `kill -9 {number}`; what it stored stays usable.",
            )
        time.sleep(0.05)
    return number
