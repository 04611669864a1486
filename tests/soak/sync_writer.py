"""An application that writes into synced databases until it is killed.

Run as `python -m tests.soak.sync_writer DISK MODE FILE`. Each user has a thread, which adds one row after another.
What was acknowledged is appended to the file, a line of user and row each, which survives a SIGKILL. Where answers wait
for the upload, another machine writes too, so a change may be refused; in the background nobody else does, and a
refusal ends it with 5.
"""

from __future__ import annotations

import os
import secrets
import sys
import threading
from pathlib import Path

from layout.errors import DatabaseConflictError, StorageError
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings
from layout.sync.database_sync import DatabaseSync, Durability

__all__ = ["PROFILE", "USERS"]

USERS = [f"user-{number}" for number in range(6)]
PROFILE = "a1b2c3d4"
REFUSED = 5


def write(databases: DatabaseSync, user: str, acknowledged: int) -> None:
    """Rows of one user, one a connection, until the process ends."""
    pause = threading.Event()
    while True:
        try:
            row = add_row(databases, user)
        except DatabaseConflictError as conflict:
            if databases.durability is Durability.WAIT:
                continue
            sys.stderr.write(f"{conflict}\n")
            sys.stderr.flush()
            os._exit(REFUSED)
        except StorageError:
            # Not acknowledged; if the row is there, it is uploaded by itself.
            continue
        os.write(acknowledged, f"{user} {row}\n".encode())
        pause.wait(0.01)


def add_row(databases: DatabaseSync, user: str) -> str:
    """A writing request; gives the row, which no other one is like."""
    row = secrets.token_hex(8)
    with databases.connection(user, PROFILE) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS clips (row TEXT, body BLOB)")
        connection.execute("INSERT INTO clips VALUES (?, randomblob(500))", (row,))
    return row


def main(disk: str, mode: str, file: str) -> None:
    """Run until the process is killed."""
    storage = R2Storage(load_settings())
    databases = DatabaseSync(
        storage, profiles=ProfileStore(storage), base=Path(disk), durability=Durability(mode)
    )
    databases.recover()
    acknowledged = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    threads = [threading.Thread(target=write, args=(databases, user, acknowledged)) for user in USERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
