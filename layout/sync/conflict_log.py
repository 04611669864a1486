"""The conflicts of a local database, a line each: by them a writer knows whether its change was among what was refused.

An upload takes everything that was committed. So a change can lose in an upload that somebody else asked for, in this
process or another one, and the bucket's version be in its place before its own writer asks: the writer would find
nothing to upload, and take that for success. Whoever opens a database therefore remembers how long this file is.
"""

import os

from layout import times
from layout.errors import DatabaseConflictError
from layout.keys import Key
from layout.sync.location import Database

__all__ = ["conflict_since", "log_conflict", "log_size"]

_ENDING = "conflicts"


def log_size(database: Database) -> int:
    """How long the log is; it only grows."""
    try:
        return database.beside(_ENDING).stat().st_size
    except FileNotFoundError:
        return 0


def log_conflict(database: Database, kept: Key) -> None:
    """Note that what is in the database now was refused, and where it is kept; before anything takes its place."""
    file = database.beside(_ENDING)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as log:
        log.write(f"{times.utc_now()} {kept}\n".encode())
        log.flush()
        os.fsync(log.fileno())


def conflict_since(database: Database, size: int) -> DatabaseConflictError | None:
    """The conflict in which a change was refused that was made when the log had this size; None if there was none."""
    if log_size(database) <= size:
        return None
    first = database.beside(_ENDING).read_bytes()[size:].decode().splitlines()[0]
    when, _, kept = first.partition(" ")
    return DatabaseConflictError(
        f"The database {str(database)!r} was changed by another writer. The change made here was refused at {when}"
        f" and is kept as {kept!r}.",
        hint="Make the change again: the next access starts from the other version. r2-layout sync restore can bring"
        " the kept one back instead.",
        key=database.key,
    )
