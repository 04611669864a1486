"""Locks on files, between the threads and the processes of one machine.

Each holder has a descriptor of its own, so `flock` also tells apart two threads of one process. The kernel ends a lock
with its process, however that ends.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layout.errors import DatabaseInUseError

__all__ = ["exclusive", "exclusive_now", "shared"]


@contextmanager
def shared(file: Path) -> Iterator[None]:
    """Hold the lock together with others; waits for one who holds it alone."""
    with _locked(file, fcntl.LOCK_SH):
        yield


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Hold the lock alone; waits for the others."""
    with _locked(file, fcntl.LOCK_EX):
        yield


@contextmanager
def exclusive_now(file: Path, what: str) -> Iterator[None]:
    """Hold the lock alone, or not at all.

    Args:
        file: The lock.
        what: What is in use, for the error.

    Raises:
        DatabaseInUseError: Somebody else holds it.
    """
    try:
        with _locked(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield
    except BlockingIOError:
        raise DatabaseInUseError(
            f"The database {what!r} is open on this machine.",
            hint="Close its connections; it is tried again at the next access.",
            key=what,
        ) from None


@contextmanager
def _locked(file: Path, operation: int) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, operation)
        yield
    finally:
        os.close(descriptor)
