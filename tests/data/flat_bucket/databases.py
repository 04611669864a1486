"""A user's SQLite database as the old application kept it: write-ahead log, bare file names in its rows."""

import sqlite3
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]

SCHEMA_VERSION = 14  # PRAGMA user_version; has nothing to do with the version of the data in `db_version`

# Most columns hold a bare file name, its folder implied by the table. Those that hold a key, a path or a URL
# are marked: a pure move of objects leaves them dangling.
SCHEMA = """
CREATE TABLE db_version (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL);
CREATE TABLE projects (id INTEGER PRIMARY KEY, name TEXT NOT NULL, aspect_ratio TEXT, created_at TEXT);
CREATE TABLE games (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, video_filename TEXT, blake3_hash TEXT,
    recap_video_url TEXT -- URL or key
);
CREATE TABLE game_videos (id INTEGER PRIMARY KEY, game_id INTEGER REFERENCES games, blake3_hash TEXT);
CREATE TABLE game_storage (blake3_hash TEXT PRIMARY KEY, size_bytes INTEGER, ref_count INTEGER);
CREATE TABLE user_games (id INTEGER PRIMARY KEY, blake3_hash TEXT, added_at TEXT);
CREATE TABLE raw_clips (
    id INTEGER PRIMARY KEY, game_id INTEGER REFERENCES games, name TEXT, filename TEXT NOT NULL DEFAULT '',
    start_time REAL, end_time REAL
);
CREATE TABLE working_clips (
    id INTEGER PRIMARY KEY, project_id INTEGER REFERENCES projects, raw_clip_id INTEGER REFERENCES raw_clips,
    uploaded_filename TEXT
);
CREATE TABLE working_videos (
    id INTEGER PRIMARY KEY, project_id INTEGER REFERENCES projects, filename TEXT, version INTEGER
);
CREATE TABLE final_videos (
    id INTEGER PRIMARY KEY, project_id INTEGER, filename TEXT, poster_filename TEXT, created_at TEXT
);
CREATE TABLE export_jobs (
    id TEXT PRIMARY KEY, status TEXT, output_filename TEXT,
    output_key TEXT, -- key with folder
    input_data BLOB -- may hold paths
);
CREATE TABLE before_after_tracks (
    id INTEGER PRIMARY KEY, final_video_id INTEGER REFERENCES final_videos,
    source_path TEXT -- path
);
CREATE TABLE modal_tasks (
    id TEXT PRIMARY KEY, status TEXT,
    params TEXT -- JSON that holds keys
);
CREATE TABLE pending_uploads (
    id TEXT PRIMARY KEY, blake3_hash TEXT, original_filename TEXT, r2_upload_id TEXT
);
CREATE TABLE intro_cards (
    id INTEGER PRIMARY KEY,
    image_key TEXT, image_cutout_key TEXT -- keys
);
"""


def build_database(rows: Mapping[str, Iterable[Row]], *, version: int) -> bytes:
    """Return the bytes of a database of `SCHEMA` that holds `rows` (table name to rows).

    It is in write-ahead-log mode and was closed properly: the header says so, no ``-wal`` file travels with
    it. The same rows give the same bytes with the same SQLite.

    Args:
        rows: For each table its rows, a mapping of column to value each.
        version: The counter that the upload repeats as ``db-version`` metadata.
    """
    with tempfile.TemporaryDirectory(prefix="legacy-database-") as folder:
        path = Path(folder) / "database.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(SCHEMA)
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            database.execute("INSERT INTO db_version VALUES (1, ?)", (version,))
            database.execute("BEGIN")
            for table, table_rows in rows.items():
                for row in table_rows:
                    _insert(database, table, row)
            database.execute("COMMIT")
        return path.read_bytes()


def build_older_database(games: Iterable[str]) -> bytes:
    """Return the bytes of the first version's ``video_editor.db``: one table, rollback journal."""
    with tempfile.TemporaryDirectory(prefix="legacy-database-") as folder:
        path = Path(folder) / "video_editor.db"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("CREATE TABLE games (id INTEGER PRIMARY KEY, video_filename TEXT)")
            database.executemany("INSERT INTO games (video_filename) VALUES (?)", [(name,) for name in games])
        return path.read_bytes()


def _insert(database: sqlite3.Connection, table: str, row: Row) -> None:
    """Insert one row; table and columns come from this package, values are bound."""
    columns = ", ".join(row)
    marks = ", ".join("?" for _ in row)
    database.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
