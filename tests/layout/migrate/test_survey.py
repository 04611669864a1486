"""What `list` finds, that `plan` finds the same, and that `list` writes nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from layout.documents.marker import MarkerPhase
from layout.environment import Environment
from layout.legacy import FLAT, LEGACY_LAYOUTS, LegacyLayout
from layout.migrate import LayoutState, PlanFile, PlanMeta, make_plan, survey
from tests.layout.legacy.versioned import VERSIONED

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat

LAYOUTS = [pytest.param(layout, id=layout.name) for layout in (*LEGACY_LAYOUTS.values(), VERSIONED)]

HOSTILE = [
    *(f"{user}/{path}" for user in ("dev", "staging", "prod", "production", "users", "games", "v0", "anna")
      for path in ("database.sqlite", "raw_clips/1.mp4", "games/0123456789ab.mp4", "temp/multi_clip_1/source_0.mp4")),
    "logs/temp/a.log", "assets/downloads/logo.png", "backup-2025/database.sqlite", "back\\slash/database.sqlite",
    "late/aaa.txt", "late/zzz/deep.txt", "late/raw_clips/1.mp4", "empty//database.sqlite", "folder/", "stray.txt",
    "v0/anna/raw_clips/1.mp4", "v0/bob/database.sqlite", "v0/bob//x", "v0/back\\slash/x", "v0/stray", "v0/",
    "dev/layout.json.bak", "dev/users/anna/profiles.json.bak", "dev/users/anna/profiles/p1/raw_clips/1.mp4", "prod/",
]  # fmt: skip


def test_a_bucket_in_the_flat_layout(flat: Flat) -> None:
    """Users, objects to move, objects of the new layout and objects without a rule are counted."""
    for key in [
        "a/aaa.txt",
        "a/database.sqlite",
        "b/raw_clips/1",
        "dev/users/a/x",
        "dev/temp/x",
        "stray",
        "x/y",
    ]:
        flat.put(key, b"1234")
    before = flat.contents()
    assert survey(flat.reader, [FLAT], Environment.DEV, flat.quiet) == [
        LayoutState("flat", FLAT.description, users=2, objects=3, bytes=12, kept=1, unknown=3, marked=False)
    ]
    assert flat.contents() == before


def test_a_layout_whose_users_are_not_at_the_root(flat: Flat) -> None:
    """The layout says whose a key is: three users under a version, not one called like the version."""
    for key in ["v0/a/1", "v0/b/database.sqlite", "v0/b/2", "v0/c/1", "stray"]:
        flat.put(key, b"1234")
    assert survey(flat.reader, [VERSIONED], Environment.DEV, flat.quiet) == [
        LayoutState("versioned", VERSIONED.description, users=3, objects=4, bytes=16, unknown=1)
    ]


def test_all_layouts_are_counted_side_by_side(flat: Flat) -> None:
    """One listing, and each layout's own answer."""
    for key in ["v0/a/1", "a/database.sqlite"]:
        flat.put(key, b"1234")
    found = survey(flat.reader, [FLAT, VERSIONED], Environment.DEV, flat.quiet)
    assert [(state.name, state.users, state.objects, state.unknown) for state in found] == [
        ("flat", 1, 1, 1),
        ("versioned", 1, 1, 1),
    ]


def test_a_bucket_in_the_new_layout(flat: Flat) -> None:
    """Nothing is left to move, and the marker is seen."""
    flat.put("dev/layout.json", b'{"revision": 1, "scheme": "r2-layout"}')
    assert survey(flat.reader, [FLAT], Environment.DEV, flat.quiet) == [
        LayoutState("flat", FLAT.description, kept=1, marked=True, phase=MarkerPhase.MOVED)
    ]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_list_and_plan_agree(flat: Flat, layout: LegacyLayout) -> None:
    """The same users and the same objects to move, kept and unknown; together they are the bucket."""
    for key in HOSTILE:
        flat.put(key)
    (state,) = survey(flat.reader, [layout], Environment.DEV, flat.quiet)
    meta = PlanMeta.new(layout.name, flat.settings, Environment.DEV)
    with PlanFile.open_or_create(flat.folder / "plan.sqlite", meta) as plan:
        make_plan(plan, flat.reader, layout, flat.quiet)
        users = plan.value("SELECT count(*) FROM users")
        actions = Counter(row["state"] for row in plan.rows("SELECT state FROM objects"))
        moved = plan.value("SELECT sum(size) FROM objects WHERE new_key IS NOT NULL")
    # Without profiles the owners of keys are known to documents only.
    assert state.users == users > 1 or not layout.has_profiles
    assert actions == Counter(copy=state.objects, keep=state.kept, unknown=state.unknown)
    assert state.objects + state.kept + state.unknown == len(set(HOSTILE))
    assert state.bytes == (moved or 0)
    assert state.objects or not layout.has_profiles
