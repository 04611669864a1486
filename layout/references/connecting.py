"""Opening the database whose documents name objects; errors in words that show no secret of its address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from layout.errors import SettingsError, StorageUnavailableError

if TYPE_CHECKING:
    from pymongo.database import Database

Documents: TypeAlias = "Database[dict[str, Any]]"
"""An open database whose documents name objects."""

__all__ = ["Documents", "clear_errors", "open_database"]


@contextmanager
def open_database(uri: str, name: str | None = None, patience_ms: int = 10_000) -> Iterator[Documents]:
    """The database of this name, or the one that the address names; a server is waited for `patience_ms` milliseconds.

    Raises:
        SettingsError: PyMongo is not installed, the address is none, or no database is named.
        StorageUnavailableError: No server answers.
    """
    try:
        from pymongo import MongoClient
        from pymongo.errors import ConfigurationError, InvalidName, InvalidURI
    except ModuleNotFoundError:
        raise SettingsError(
            "The package 'pymongo' is not installed, with which documents are read.",
            hint="Install it: pip install 'r2-layout[storage,mongo]'",
        ) from None
    try:
        client: MongoClient[dict[str, Any]] = MongoClient(
            uri, serverSelectionTimeoutMS=patience_ms, appname="r2-layout"
        )
        with client:
            database = client.get_database(name) if name else client.get_default_database()
            with clear_errors(database.name):
                client.admin.command("ping")
            yield database
    except (InvalidURI, InvalidName):
        # Nothing of what they say: it repeats parts of the address.
        raise SettingsError(
            "The address or the name of the MongoDB database is not valid.",
            hint="Write it like mongodb://host:27017 with --database NAME.",
        ) from None
    except ConfigurationError:
        raise SettingsError(
            "The address of MongoDB cannot be used: it names no database, or an option that there is not.",
            hint="Add --database NAME, and check the options after the question mark.",
        ) from None


@contextmanager
def clear_errors(name: str) -> Iterator[None]:
    """Turns what PyMongo raises about a database into one error without the address.

    Raises:
        StorageUnavailableError: What was asked is unknown now.
    """
    from pymongo.errors import ConfigurationError, PyMongoError

    try:
        yield
    except ConfigurationError:
        raise
    except PyMongoError as error:
        raise StorageUnavailableError(
            f"The database {name!r} did not answer: {type(error).__name__}.",
            hint="Check that it runs and that the credential may read and write it; then run the command again.",
        ) from None
