"""The databases of profiles as a source of references: each is read from a temporary copy, read-only."""

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from layout.audit.columns import COLUMNS, Column, Holds
from layout.audit.inventory import File, Inventory
from layout.audit.named import Profile, candidates, texts_in
from layout.audit.place import Place
from layout.audit.references import Coverage, Doubt, Fault, Reference, Statement
from layout.environment import Environment
from layout.errors import InvalidKeyError, StorageError
from layout.keys import games_prefix, parse_key, r2_global_key
from layout.migrate.bucket.pace import IN_FLIGHT
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.conflicts.untrusted_database import opened, quoted_name, table_names
from layout.sync.stamps import VERSION

__all__ = ["LARGEST", "DatabaseReferences"]

LARGEST = 256 << 20
"""Bytes of the largest database that is read; the number of references in a larger one is unknown."""
_LARGEST_ARCHIVE = 16 << 20
_ENDINGS = (".sqlite", ".sqlite3", ".db")
_ARCHIVES = "archive"
_PAGE = 64
_PROFILE_FILE, _GAME = "profile_file", "game"


@dataclass
class _Read:
    """What one database says."""

    statements: list[Statement] = field(default_factory=list)
    names_games: bool = False
    failed: bool = False


class DatabaseReferences:
    """Databases directly in a profile, and the archives of projects beside them.

    Args:
        bucket: Where they are.
        columns: Those that name objects.
    """

    name = "databases"

    def __init__(self, bucket: BucketReader, columns: Iterable[Column] = COLUMNS) -> None:
        self._bucket = bucket
        self._columns = tuple(columns)
        self._folders = tuple(dict.fromkeys(column.folder for column in self._columns if column.folder))

    def statements(self, inventory: Inventory) -> Iterator[Statement]:
        """What they name. Of games it is said that all was read only after the last database."""
        naming: set[str] = set()
        failed: set[str] = set()
        databases = (file for ending in _ENDINGS for file in inventory.files_ending(ending) if _profile(file))
        with ThreadPoolExecutor(IN_FLIGHT // 8 or 1) as pool:
            while page := list(islice(databases, _PAGE)):
                for file, read in zip(page, pool.map(self._read, page), strict=True):
                    environment = parse_key(file.key).fields["env"]
                    naming |= {environment} if read.names_games else set()
                    failed |= {environment} if read.failed else set()
                    yield from read.statements
                    yield from self._archives(file, inventory)
        for environment in sorted(naming):
            yield Coverage(games_prefix(environment=Environment(environment)))
            if environment in failed:
                yield Doubt(Place(environment, _GAME), "a database that may name games could not be read")

    def _read(self, file: File) -> _Read:
        profile = _profile(file)
        assert profile is not None  # noqa: S101 - only such files are handed over
        if file.size > LARGEST:
            return self._unread(file, profile, f"it has more than {LARGEST:,} bytes and was not read")
        try:
            with tempfile.TemporaryDirectory() as folder:
                copy = Path(folder) / "database"
                head = self._bucket.download(file.key, file.etag, copy)
                read = self._references(file, profile, copy)
        except StorageError as error:
            # Another version came meanwhile, or the bucket did not answer: nothing is known of its references.
            return self._unread(file, profile, str(error).rstrip("."))
        except sqlite3.Error as error:
            return self._unread(file, profile, str(error))
        if f"x-amz-meta-{VERSION}" not in head.described:
            read.statements.append(Fault(file.key, f"its metadata have no {VERSION}", readable=True))
        return read

    def _unread(self, file: File, profile: Profile, reason: str) -> _Read:
        doubt = Doubt(profile.place, "a database of this profile could not be read")
        return _Read([Fault(file.key, reason), doubt], failed=True)

    def _references(self, file: File, profile: Profile, copy: Path) -> _Read:
        read = _Read()
        with opened(copy) as database:
            tables = table_names(database)
            for column in self._columns:
                if column.table not in tables:
                    continue
                names = {
                    row[1] for row in database.execute(f"PRAGMA table_info({quoted_name(column.table)})")
                }
                if column.name not in names:
                    continue
                read.names_games |= column.holds is Holds.HASH
                where = f"{file.key}: {column.table}.{column.name}"
                for value in _values(database, column, names):
                    read.statements += self._named(column, value, profile, where, file.key)
                if column.holds is Holds.NAME:
                    read.statements.append(Coverage(f"{profile.prefix}{column.folder}/"))
        return read

    def _named(
        self, column: Column, value: Any, profile: Profile, where: str, holder: str
    ) -> Iterator[Statement]:
        if column.holds is Holds.TEXT:
            texts = texts_in(value)
            if texts is None:
                yield Doubt(
                    profile.place, f"values of {column.table}.{column.name} are no JSON and were not read"
                )
                return
            for key in candidates(texts, profile, self._folders):
                yield Reference(key, where, holder, required=False)
            return
        try:
            key = (
                r2_global_key(f"{value}.mp4", environment=profile.environment)
                if column.holds is Holds.HASH
                else profile.key("/".join((column.folder, str(value))))
            )
        except InvalidKeyError:
            # No object can have this name, so none has.
            key = "/".join((profile.prefix.rstrip("/"), column.folder, str(value)))
        yield Reference(str(key), where, holder)

    def _archives(self, file: File, inventory: Inventory) -> Iterator[Statement]:
        """A project that was archived has its rows in a document: its files are used."""
        profile = _profile(file)
        assert profile is not None  # noqa: S101 - as above
        for archive in inventory.files_in(f"{profile.prefix}{_ARCHIVES}/"):
            texts = None
            if archive.size <= _LARGEST_ARCHIVE:
                try:
                    texts = texts_in(self._bucket.read(archive.key))
                except StorageError:
                    texts = None
            if texts is None:
                yield Doubt(profile.place, "an archived project of this profile could not be read")
                continue
            for key in candidates(texts, profile, self._folders):
                yield Reference(key, archive.key, archive.key, required=False)


def _profile(file: File) -> Profile | None:
    """The profile whose database a file is, or None."""
    key = parse_key(file.key)
    fields = key.fields
    if key.template.name != _PROFILE_FILE or "/" in fields["path"]:
        return None
    return Profile(Environment(fields["env"]), fields["user"], fields["profile"])


def _values(database: sqlite3.Connection, column: Column, names: set[str]) -> Iterator[Any]:
    """The values that are there, each once."""
    name, table = quoted_name(column.name), quoted_name(column.table)
    query = f"SELECT DISTINCT {name} FROM {table} WHERE {name} IS NOT NULL AND {name} != ''"  # noqa: S608 - quoted
    if column.unless in names:
        query += f" AND coalesce({quoted_name(column.unless)}, '') = ''"
    for (value,) in database.execute(query):
        yield value
