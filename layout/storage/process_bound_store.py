"""An obstore store that says at once when it cannot work: in a process forked from one that used obstore.

obstore's requests run on threads of one runtime a process. A fork copies the runtime and none of its threads, so
every request of the child, also of a store made there, would wait for ever, past all timeouts (seen with
obstore 0.12.1).
"""

import os
from typing import Any

from obstore.store import S3Store

from layout.errors import StorageError

__all__ = ["ProcessBoundStore"]

_HINT = (
    "Start workers with the method 'spawn' or 'forkserver' (multiprocessing.get_context('spawn')), or use the storage"
    " for the first time in the worker: with gunicorn, without --preload."
)


class _Runtime:
    """What this process knows of obstore's runtime.

    Attributes:
        used_by: The process that used it first; None before that.
        lost: Whether this process was forked from that one.
    """

    used_by: int | None = None
    lost = False


def _after_fork() -> None:
    _Runtime.lost = _Runtime.used_by is not None


os.register_at_fork(after_in_child=_after_fork)


class ProcessBoundStore(S3Store):
    """The same as `S3Store`; each use in a forked child raises `StorageError`.

    Making a store is no use: one that was only made before the fork works in the child.
    """

    def __getattribute__(self, name: str) -> Any:
        """Every method of a store goes through here, whether it sends a request or hands out a stream."""
        if not name.startswith("_"):
            if _Runtime.lost:
                raise StorageError(
                    f"Process {os.getpid()} was forked from process {_Runtime.used_by}, which had used the storage"
                    " already: its requests would wait for ever.",
                    hint=_HINT,
                )
            _Runtime.used_by = _Runtime.used_by or os.getpid()
        return super().__getattribute__(name)
