"""Clients that say at once when they cannot work: in a process forked from one that used them.

obstore's requests run on threads of one runtime a process. A fork copies the runtime and none of its threads, so
every request of the child, also of a store made there, would wait for ever, past all timeouts (seen with
obstore 0.12.1).

A boto3 client keeps its connections open, and a fork shares them: parent and child would send on one connection and
each take the answers that come first, be they its own or not (seen with botocore 1.44.5). A client made in the child
has connections of its own.
"""

import os
from typing import TYPE_CHECKING, Any

from obstore.store import S3Store

from layout.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["ProcessBoundStore", "bind_to_process", "note_use_of_obstore"]

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


def note_use_of_obstore() -> None:
    """Obstore's runtime runs in this process from now on. Its functions use a store without asking it for a method."""
    _Runtime.used_by = _Runtime.used_by or os.getpid()


def bind_to_process(client: "S3Client") -> None:
    """Let each request of this client in a process forked after its first one raise `StorageError`.

    Presigned URLs need no connection and are made everywhere.
    """
    used_by: int | None = None

    def check(**_: Any) -> None:
        nonlocal used_by
        if used_by not in {None, os.getpid()}:
            raise _forked(used_by, "each would take the other's answers")
        used_by = os.getpid()

    client.meta.events.register_first("before-call.s3", check)


def _forked(used_by: int | None, consequence: str) -> StorageError:
    return StorageError(
        f"Process {os.getpid()} was forked from process {used_by}, which had used the storage already: {consequence}.",
        hint=_HINT,
    )


class ProcessBoundStore(S3Store):
    """The same as `S3Store`; each use in a forked child raises `StorageError`.

    Making a store is no use: one that was only made before the fork works in the child.
    """

    def __getattribute__(self, name: str) -> Any:
        """Every method of a store goes through here, whether it sends a request or hands out a stream."""
        if not name.startswith("_"):
            if _Runtime.lost:
                raise _forked(_Runtime.used_by, "its requests would wait for ever")
            note_use_of_obstore()
        return super().__getattribute__(name)
