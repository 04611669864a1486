"""An application that reads both layouts while a migration runs beside it, from the claim to the delete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import ConditionFailedError, MarkerError
from layout.keys import profile_prefix, r2_global_key, r2_key
from layout.storage.profile_store import ProfileStore
from layout.storage.settings import load_settings
from layout.storage.startup_checks import open_storage
from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import Operator, operator_of

if TYPE_CHECKING:
    from layout.keys import Key
    from layout.storage.r2_storage import R2Storage
    from local_cloudflare.cloudflare import LocalCloudflare

DEV = Environment.DEV
FILES = {"database.sqlite": b"rows", "raw_clips/1.mp4": b"film one", "raw_clips/2.mp4": b"film two"}
GAME = r2_global_key(game_key(1).removeprefix("games/"), environment=DEV)


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """A bucket of one user and a game, copied once; processes that start from now on read both layouts."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    for name, body in FILES.items():
        operator.put(f"anna/{name}", body)
    operator.put(game_key(1), b"game")
    monkeypatch.setenv("R2_READ_OLD_LAYOUT", "flat")
    return operator


def key(storage: R2Storage, name: str) -> Key:
    """A file of anna's."""
    return r2_key("anna", name, ProfileStore(storage).read("anna").default, environment=DEV)


def contents(storage: R2Storage) -> dict[str, bytes]:
    """All that the application sees of anna, by name, as a listing names it."""
    prefix = profile_prefix("anna", ProfileStore(storage).read("anna").default, environment=DEV)
    return {
        item.key.removeprefix(prefix): storage.get(key(storage, item.key.removeprefix(prefix))).body
        for item in storage.list_files(prefix)
    }


def needed(storage: R2Storage) -> int:
    """How often the old layout answered."""
    assert storage.old_layout is not None
    return storage.old_layout.reads.count


def test_an_application_sees_everything_all_along(operator: Operator) -> None:
    """What it reads is the same half copied, copied, marked, and when the old keys are gone; then nobody needs them."""
    operator.put("anna/raw_clips/broken.mp4", b"", SSECustomerAlgorithm="AES256", SSECustomerKey="0" * 32)
    assert operator.statuses("plan") == [0]
    with pytest.raises(MarkerError, match="No migration from the layout 'flat' has begun"):
        open_storage(load_settings())
    assert operator.statuses("copy") == [1]
    operator.delete("anna/raw_clips/broken.mp4")
    storage = open_storage(load_settings())
    assert contents(storage) == FILES
    assert storage.get(GAME).body == b"game"
    assert needed(storage) > 0

    operator.new_plan()
    assert operator.statuses("plan") == [0]
    assert operator.take_over() == 0
    before = needed(storage)
    assert contents(storage) == FILES
    assert operator.statuses("verify", "mark") == [0, 0]
    assert contents(storage) == FILES
    assert operator.statuses("delete") == [0]
    assert contents(storage) == FILES
    assert (needed(storage), operator.old_keys()) == (before, [])


def test_what_the_application_changed_survives_the_migration(operator: Operator) -> None:
    """A replaced database, a new file, and a deleted clip: refused while it would come back, then gone for good."""
    assert operator.statuses("plan", "copy") == [0, 0]
    storage = open_storage(load_settings())
    clip, late = key(storage, "raw_clips/1.mp4"), key(storage, "raw_clips/late.mp4")
    with pytest.raises(ConditionFailedError):
        storage.delete_file(clip)
    operator.put("anna/raw_clips/late.mp4", b"from the old application")
    assert storage.get(late).body == b"from the old application"
    assert operator.run("copy", "--follow", "--until-equal")[0] == 0
    assert operator.statuses("verify", "mark") == [0, 0]
    before = needed(storage)

    database = storage.get(key(storage, "database.sqlite"))
    storage.replace(key(storage, "database.sqlite"), b"more rows", database.e_tag)
    storage.create(key(storage, "raw_clips/3.mp4"), b"film three")
    storage.delete_file(clip)
    expected = {
        "database.sqlite": b"more rows",
        "raw_clips/2.mp4": b"film two",
        "raw_clips/3.mp4": b"film three",
        "raw_clips/late.mp4": b"from the old application",
    }
    assert "anna/raw_clips/1.mp4" in operator.listed()
    assert contents(storage) == contents(open_storage(load_settings())) == expected
    assert needed(storage) == before
