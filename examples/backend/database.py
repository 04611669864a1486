"""The tables of a profile, as the application before the layout had them, and the database of a request."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from layout import current_profile
from layout.sync.database_sync import DatabaseSync

__all__ = ["ProfileDatabase"]

_TABLES = """
CREATE TABLE IF NOT EXISTS games (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, video_filename TEXT, blake3_hash TEXT, recap_video_url TEXT
);
CREATE TABLE IF NOT EXISTS raw_clips (
    id INTEGER PRIMARY KEY, game_id INTEGER REFERENCES games, name TEXT, filename TEXT NOT NULL DEFAULT '',
    start_time REAL, end_time REAL
);
"""


class ProfileDatabase:
    """The database of the request's profile."""

    def __init__(self, databases: DatabaseSync) -> None:
        self._databases = databases

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For what changes nothing: not even tables are made, so that reading costs no upload."""
        current = current_profile()
        with self._databases.connection(current.user_id, current.profile_id) as connection:
            connection.row_factory = sqlite3.Row
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """For changes; the tables are there."""
        with self.reading() as connection:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            yield connection

    def rows(self, query: str, *values: object) -> list[dict[str, object]]:
        """What a query finds; nothing in a profile that has no such table yet."""
        with self.reading() as connection:
            try:
                return [dict(row) for row in connection.execute(query, values).fetchall()]
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):
                    return []
                raise
