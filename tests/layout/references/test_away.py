"""A database that goes away in the middle of a migration, and comes back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from layout.errors import StorageUnavailableError
from layout.migrate import delete_old_objects
from layout.migrate.referring import still_named
from layout.references.connecting import open_database
from tests.layout.references.studio import OBJECTS, Studio, documents_of_studio, studio
from tests.mongo.server import MongoServer

__all__ = ["studio"]


def test_a_database_that_went_away_loses_nothing_and_the_same_steps_go_on(
    studio: Studio, tmp_path: Path
) -> None:
    """Nothing is taken for gone or unnamed while nobody answers, and no old object is deleted."""
    folder = tmp_path / "mongo"
    folder.mkdir()
    server = MongoServer(folder)
    with open_database(server.uri, studio.database.name, 300) as database:
        for name, documents in documents_of_studio().items():
            database[name].insert_many(documents)
        studio.database = database
        plan = studio.plan()
        studio.move(plan)
        server.stop()
        with pytest.raises(StorageUnavailableError):
            studio.follow(plan)
        with pytest.raises(StorageUnavailableError):
            delete_old_objects(
                plan,
                studio.writer,
                timedelta(0),
                studio.quiet,
                still_named=lambda batch: still_named(plan, database, batch),
            )
    assert set(OBJECTS) <= studio.contents()
    again = MongoServer(folder)
    with open_database(again.uri, studio.database.name) as database:
        studio.database = database
        assert studio.follow(plan).written == 6
        assert studio.delete(plan) == {}
    plan.close()
    again.stop()
    assert not set(OBJECTS) & studio.contents()
