"""A database for documents: of the server of the tests, or with `--live-mongo` of the one at MONGODB_URI."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pymongo.database import Database


@pytest.fixture(scope="session")
def mongo_uri(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a running server."""
    from tests.mongo.server import MongoServer

    if request.config.getoption("--live-mongo"):
        yield os.environ["MONGODB_URI"]
        return
    server = MongoServer(tmp_path_factory.mktemp("mongo"))
    yield server.uri
    server.stop()


@pytest.fixture
def database(mongo_uri: str) -> Iterator[Database[dict[str, Any]]]:
    """An empty database that no other test uses."""
    from layout.references.connecting import open_database

    with open_database(mongo_uri, f"r2-layout-{uuid.uuid4().hex[:16]}") as opened:
        yield opened
        opened.client.drop_database(opened.name)
