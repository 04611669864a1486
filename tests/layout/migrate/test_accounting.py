"""Every object of a bucket is moved, kept or reported, whatever its key; `list` and `plan` count alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layout.environment import Environment
from layout.legacy import LEGACY_LAYOUTS, LegacyLayout
from layout.migrate import BucketReader, PlanFile, PlanMeta, Progress, make_plan, survey
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.report import show
from layout.migrate.report.reasons import Reasons
from layout.testing import keys, paths
from tests.data.flat_bucket.names import game_key
from tests.layout.legacy.versioned import VERSIONED

QUIET = Progress(quiet=True)
LAYOUTS = [pytest.param(layout, id=layout.name) for layout in (*LEGACY_LAYOUTS.values(), VERSIONED)]

_ROOTS = [
    "dev",
    "staging",
    "prod",
    "production",
    "users",
    "games",
    "logs",
    "anna",
    "jose\u0301",
    "a\\b",
    "v0/bob",
    "v0",
]
_PATHS = [
    "database.sqlite",
    "raw_clips/1.mp4",
    "temp/a.log",
    "temp/x",
    "games/1.mp4",
    "layout.json",
    "",
    "/",
    "x",
]
_keys = st.one_of(
    st.builds("{}/{}".format, st.sampled_from(_ROOTS), st.sampled_from(_PATHS) | paths()),
    st.builds(game_key, st.integers(0, 3)),
    st.builds("dev/{}".format, st.builds(game_key, st.integers(0, 3))),
    st.text(min_size=1, max_size=40),
    keys(),
)
# R2 stores keys in NFC: a listing shows no two spellings of one.
buckets = st.lists(_keys, max_size=12, unique_by=lambda key: normalize("NFC", key)).map(sorted)


class ListedBucket(BucketReader):
    """A bucket that holds objects at these keys; nobody has a registry, and no object can be looked at."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys

    def pages(self, prefix: str = "", start_after: str = "") -> Iterator[list[ListedObject]]:
        """Three objects a page."""
        shown = [key for key in self.keys if key.startswith(prefix) and key > start_after]
        for first in range(0, len(shown), 3):
            yield [ListedObject(key, "e", 1, "2026-01-01T00:00:00Z") for key in shown[first : first + 3]]

    def read_version(self, key: str) -> None:
        """Nothing is there."""

    def head(self, key: str) -> None:
        """Nothing is there any more."""


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=60, deadline=None)
@given(listed=buckets)
def test_sources_are_moved_kept_or_reported(layout: LegacyLayout, listed: list[str]) -> None:
    """A row for each object, and the counts of list, of the plan's table and of what stops add up."""
    bucket = ListedBucket(listed)
    (state,) = survey(bucket, [layout], Environment.DEV, QUIET)
    with TemporaryDirectory() as folder:
        meta = PlanMeta(
            plan_id="0",
            layout=layout.name,
            bucket="b",
            endpoint="e",
            environment=Environment.DEV,
            created_at="",
        )
        with PlanFile.open_or_create(Path(folder) / "plan.sqlite", meta) as plan:
            make_plan(plan, bucket, layout, QUIET)
            planned = [row["key"] for row in plan.rows("SELECT key FROM objects ORDER BY key")]
            data = show.plan(plan, made=True, uploads=Reasons()).data
    actions: Counter[str] = Counter()
    for area in data["areas"]:
        actions[area["action"]] += area["objects"]
    moved, kept, reported = actions["copy"] + actions["done"], actions["keep"], data["blocked_total"]
    assert sorted(planned) == listed
    assert len(listed) == moved + kept + reported == sum(actions.values())
    assert all(row["reason"] for row in data["blocked"])
    assert (state.users, state.kept, state.unknown) == (data["users"], kept, actions["unknown"])
    assert state.objects == moved + reported - actions["unknown"]
    assert len(data["inferred_users"]) == data["users"]
