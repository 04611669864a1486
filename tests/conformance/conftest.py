"""Runs every statement on every store; a difference that is declared must be there."""

import contextlib
import os
import uuid
from collections.abc import Iterator

import pytest
from obstore.store import S3Store

from layout.storage.clients import object_store
from tests.conformance.area import Area
from tests.conformance.differences import DIFFERENCES
from tests.conformance.stores import STORES, Store

CHOSEN = "CONFORMANCE_STORES"
TO_BE_SEEN = "to be seen"
ALWAYS = "local R2,miniflare,versitygw"


def chosen_stores() -> list[str]:
    """The stores to run on, from the environment variable that scripts/conformance.py sets."""
    return [name for name in os.environ.get(CHOSEN, ALWAYS).split(",") if name]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One run of a statement for each store."""
    if "store" in metafunc.fixturenames:
        metafunc.parametrize("store", chosen_stores(), indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A statement that a store is known not to hold must fail there: a difference that is gone is an error too."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is None or "store" not in callspec.params:
            continue
        store = callspec.params["store"]
        sentence = (getattr(item, "obj", None).__doc__ or "").strip()
        name = statement(item)
        item.user_properties += [("statement", name), ("sentence", sentence), ("store", store)]
        open_question = item.get_closest_marker("to_be_seen")
        if open_question is not None:
            item.user_properties.append(("to be seen", open_question.args[0]))
            if store == "live":
                # R2 itself answers: what it says is the result, and no failure of the suite.
                item.add_marker(pytest.mark.xfail(strict=False, reason=TO_BE_SEEN))
        # One store's statements stay on one worker: each worker starts a server only once.
        item.add_marker(pytest.mark.xdist_group(f"conformance {store}"))
        reason = DIFFERENCES.get(store, {}).get(name)
        if reason:
            item.add_marker(pytest.mark.xfail(strict=True, reason=reason))


def statement(item: pytest.Item) -> str:
    """`module::function[parameter]` without the store: `test_objects::test_odd_names[lone %]`."""
    name = item.name
    callspec = getattr(item, "callspec", None)
    if callspec is not None:
        rest = [part for part in callspec._idlist if part != callspec.params["store"]]
        name = item.originalname + (f"[{'-'.join(rest)}]" if rest else "")  # type: ignore[attr-defined]
    return f"{item.path.stem}::{name}"


@pytest.fixture(scope="session")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The running store that the statement is about."""
    with STORES[request.param](tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
def area(store: Store) -> Iterator[Area]:
    """A corner of the store's bucket; what is left in it is removed afterwards."""
    client = store.client()
    area = Area(client, store.settings.bucket, f"conformance/{uuid.uuid4().hex}/")
    with contextlib.closing(client):
        yield area
        area.clear()


@pytest.fixture(scope="session")
def objects(store: Store) -> S3Store:
    """The store's bucket through obstore."""
    return object_store(store.settings)
