"""What a plan says about every object of a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from layout.documents.profiles import Profiles, SelectedProfile
from layout.environment import Environment
from layout.errors import PlanBlockedError
from layout.keys import profiles_key, selected_profile_key
from layout.legacy import FLAT
from layout.migrate import PlanFile, PlanMeta, make_plan
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.totals import area_totals, refuse_if_blocked
from layout.migrate.planning import note_page
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from tests.layout.migrate.conftest import Flat

PROFILE = "a1b2c3d4"


def actions(plan: PlanFile) -> dict[str, tuple[str, str | None]]:
    """Action and new key by old key."""
    return {
        row["key"]: (row["state"], row["new_key"])
        for row in plan.rows("SELECT key, state, new_key FROM objects ORDER BY key")
    }


def put_profiles(flat: Flat, user: str, profile: str = PROFILE) -> None:
    """A user who has both profile files already."""
    flat.put(profiles_key(user, environment=Environment.DEV), Profiles.first(profile).to_json())
    flat.put(
        selected_profile_key(user, environment=Environment.DEV),
        SelectedProfile(profile_id=profile).to_json(),
    )


def test_every_object_is_accounted_for(flat: Flat) -> None:
    """One row an object, whatever it is; a user is shown by one known name, wherever it is listed."""
    put_profiles(flat, "a")
    for key in ["a/aaa.txt", "a/raw_clips/x y.mp4", game_key(1), "prod/layout.json", "stray.txt", "x/y"]:
        flat.put(key)
    with flat.plan() as plan:
        assert actions(plan) == {
            "a/aaa.txt": ("copy", "dev/users/a/profiles/a1b2c3d4/aaa.txt"),
            "a/raw_clips/x y.mp4": ("copy", "dev/users/a/profiles/a1b2c3d4/raw_clips/x y.mp4"),
            "dev/users/a/profiles.json": ("keep", None),
            "dev/users/a/selected-profile.json": ("keep", None),
            game_key(1): ("copy", f"dev/{game_key(1)}"),
            "prod/layout.json": ("keep", None),
            "stray.txt": ("unknown", None),
            "x/y": ("unknown", None),
        }


def test_planning_writes_nothing_to_the_bucket(flat: Flat) -> None:
    """Keys, ETags and times are the same before and after."""
    for key in ["a/database.sqlite", "a/raw_clips/1.mp4", game_key(1)]:
        flat.put(key)
    before = flat.contents()
    flat.plan().close()
    assert flat.contents() == before


def test_a_user_without_registry_gets_a_reserved_profile(flat: Flat) -> None:
    """The reserved id has 8 hex characters and is the same in all of the user's new keys."""
    flat.put("a/database.sqlite")
    flat.put("a/raw_clips/1.mp4")
    with flat.plan() as plan:
        user = plan.database.execute("SELECT * FROM users").fetchone()
        assert (user["owner"], user["user_id"], user["origin"], user["state"]) == (
            "a",
            "a",
            "reserved",
            "planned",
        )
        assert len(user["profile_id"]) == 8
        assert int(user["profile_id"], 16) >= 0
        prefix = f"dev/users/a/profiles/{user['profile_id']}/"
        assert [new for _, new in actions(plan).values()] == [
            f"{prefix}database.sqlite",
            f"{prefix}raw_clips/1.mp4",
        ]


def test_the_registry_decides_the_profile(flat: Flat) -> None:
    """The default profile of an existing registry is used, and noted as such."""
    put_profiles(flat, "a", "older-id")
    flat.put("a/database.sqlite")
    with flat.plan() as plan:
        row = plan.database.execute("SELECT profile_id, origin FROM users").fetchone()
        assert tuple(row) == ("older-id", "registry")


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        (
            "profiles.json",
            b"{",
            "dev/users/a/profiles.json is not a registry: ",
        ),
        (
            "selected-profile.json",
            b'{"profileId": "x"}',
            "dev/users/a/selected-profile.json exists without a registry beside it",
        ),
    ],
)
def test_unclear_profile_files_make_the_user_a_conflict(
    flat: Flat, name: str, body: bytes, reason: str
) -> None:
    """Nothing of a user moves whose profile a person has to decide."""
    flat.put(f"dev/users/a/{name}", body)
    flat.put("a/database.sqlite")
    flat.put("a/notes.txt")
    with flat.plan() as plan:
        rows = list(plan.rows("SELECT state, reason FROM objects WHERE owner = 'a'"))
    assert [row["state"] for row in rows] == ["conflict", "conflict"]
    assert all(row["reason"].startswith(reason) for row in rows)


def test_an_existing_destination_is_done_if_equal_and_a_conflict_if_not(flat: Flat) -> None:
    """Size, ETag and headers decide; the reason of a conflict shows what is there."""
    put_profiles(flat, "a")
    flat.put("a/raw_clips/same.mp4", b"same")
    flat.put("dev/users/a/profiles/a1b2c3d4/raw_clips/same.mp4", b"same")
    flat.put("a/database.sqlite", b"the real one")
    etag = flat.put("dev/users/a/profiles/a1b2c3d4/database.sqlite", b"empty")
    with flat.plan() as plan:
        rows = {row["key"]: row for row in plan.rows("SELECT * FROM objects WHERE new_key IS NOT NULL")}
    done, conflict = rows["a/raw_clips/same.mp4"], rows["a/database.sqlite"]
    assert (done["state"], done["new_etag"]) == ("done", done["etag"])
    modified = flat.contents()["dev/users/a/profiles/a1b2c3d4/database.sqlite"][2]
    assert (conflict["state"], conflict["reason"]) == (
        "conflict",
        (
            "another object is at dev/users/a/profiles/a1b2c3d4/database.sqlite:"
            f" 5 bytes, ETag {etag}, of {modified}"
        ),
    )


def test_equal_bytes_with_other_metadata_are_a_conflict(flat: Flat) -> None:
    """A delete would take the only copy of the metadata; a tool that copied by hand may have lost it."""
    flat.put(game_key(1), b"same", Metadata={"ref_count": "2"})
    flat.put(f"dev/{game_key(1)}", b"same")
    with flat.plan() as plan:
        (row,) = plan.rows("SELECT state, reason FROM objects WHERE key = ?", game_key(1))
    reason = f"the object at dev/{game_key(1)} has the same bytes, but other headers or user metadata"
    assert tuple(row) == ("conflict", reason)


def test_objects_in_parts_are_compared_by_their_bodies(flat: Flat) -> None:
    """Their ETag is no hash: equal size and headers make nothing equal, and the bodies that were read are counted."""
    parts = [b"1" * (5 << 20), b"2"]
    for number in range(1, 5):
        flat.put_in_parts(game_key(number), parts, ContentType="video/mp4")
    flat.put(f"dev/{game_key(1)}", b"".join(parts), ContentType="video/mp4")
    flat.put(f"dev/{game_key(2)}", b"".join(parts), ContentType="video/webm")
    flat.put(f"dev/{game_key(3)}", b"9" * ((5 << 20) + 1), ContentType="video/mp4")
    with flat.plan() as plan:
        rows = list(
            plan.rows("SELECT state, reason, proof FROM objects WHERE new_key IS NOT NULL ORDER BY key")
        )
        meta = plan.meta
    assert [tuple(row) for row in rows] == [
        ("done", "the same object is at its new key", "bodies"),
        (
            "conflict",
            f"the object at dev/{game_key(2)} has the same size, but other headers or user metadata",
            None,
        ),
        ("conflict", f"the object at dev/{game_key(3)} has another SHA-256 than the old one", None),
        ("copy", "", None),
    ]
    assert (meta.read_objects, meta.read_bytes) == (2, 4 * ((5 << 20) + 1))


def test_what_may_not_be_read_is_a_conflict(flat: Flat) -> None:
    """Nothing is known of it, and the reason says how to know."""
    parts = [b"1" * (5 << 20), b"2"]
    flat.put_in_parts(game_key(1), parts)
    flat.put(f"dev/{game_key(1)}", b"".join(parts))
    meta = PlanMeta.new(FLAT.name, flat.settings, Environment.DEV)
    with PlanFile.open_or_create(flat.folder / "plan.sqlite", meta) as plan:
        make_plan(plan, flat.reader, FLAT, flat.quiet, read_limit=2 * (5 << 20))
        (row,) = plan.rows("SELECT state, reason FROM objects WHERE key = ?", game_key(1))
        assert (plan.meta.read_objects, plan.meta.read_bytes) == (0, 0)
    reason = (
        f"nothing is known of the 5,242,881 bytes at dev/{game_key(1)}: size and headers are equal, and the ETag of"
        " an object uploaded in parts is no hash; a new plan with a larger --read-limit reads them"
    )
    assert tuple(row) == ("conflict", reason)


def test_the_totals_are_by_area_and_action(flat: Flat) -> None:
    """The areas of all users are one row each."""
    for user in "ab":
        flat.put(f"{user}/raw_clips/1.mp4", b"12345")
        flat.put(f"{user}/other/file", b"1")
    flat.put(game_key(1), b"123")
    flat.put("stray.txt", b"12")
    with flat.plan() as plan:
        totals = [(row.area, str(row.action), row.objects, row.bytes) for row in area_totals(plan)]
    assert totals == [
        ("(root)", "unknown", 1, 2),
        ("games/", "copy", 1, 3),
        ("{user}/(other)", "copy", 2, 2),
        ("{user}/raw_clips/", "copy", 2, 10),
    ]


def test_objects_that_would_share_a_key_are_collisions(flat: Flat) -> None:
    """All of them, not only the second; a store that does not normalise keys can hold such objects."""
    spellings = ["u/raw_clips/e\u0301.mp4", "u/raw_clips/\u00e9.mp4", "u/raw_clips/z.mp4"]
    meta = PlanMeta.new(FLAT.name, flat.settings, Environment.DEV)
    with PlanFile.open_or_create(flat.folder / "plan.sqlite", meta) as plan:
        note_page(plan, FLAT, [ListedObject(key, "e", 1, "2026-01-01T00:00:00Z") for key in spellings])
        make_plan(plan, flat.reader, FLAT, flat.quiet)
        rows = list(plan.rows("SELECT key, state, new_key, reason FROM objects ORDER BY id"))
    assert [row["state"] for row in rows] == ["collision", "collision", "copy"]
    assert rows[0]["new_key"] == rows[1]["new_key"]
    assert rows[0]["reason"] == rows[1]["reason"] == f"several objects would get the key {rows[0]['new_key']}"


def test_a_crashed_listing_goes_on_after_the_last_key(flat: Flat) -> None:
    """What was listed before the crash is not asked for again, and nothing is lost."""
    keys = [f"a/raw_clips/{number}.mp4" for number in range(5)]
    for key in keys[2:]:
        flat.put(key)
    meta = PlanMeta.new(FLAT.name, flat.settings, Environment.DEV)
    with PlanFile.open_or_create(flat.folder / "plan.sqlite", meta) as plan:
        # These two are not in the bucket: that they stay shows that the listing began after them.
        note_page(plan, FLAT, [ListedObject(key, "e", 1, "2026-01-01T00:00:00Z") for key in keys[:2]])
    with PlanFile.open_or_create(flat.folder / "plan.sqlite", meta) as plan:
        make_plan(plan, flat.reader, FLAT, flat.quiet)
        assert list(actions(plan)) == keys
        assert plan.meta.listed_to == keys[-1]


def test_a_finished_plan_is_not_made_again(flat: Flat) -> None:
    """Planning a second time into the same file changes nothing, even if the bucket has changed."""
    flat.put("a/database.sqlite")
    with flat.plan() as plan:
        meta, rows = plan.meta, actions(plan)
        flat.put("a/new.txt")
        assert make_plan(plan, flat.reader, FLAT, flat.quiet) is False
        assert (plan.meta, actions(plan)) == (meta, rows)


def test_what_stops_the_copy_is_listed(flat: Flat) -> None:
    """The error names each object with its reason."""
    flat.put("stray.txt")
    flat.put("x/y")
    with flat.plan() as plan, pytest.raises(PlanBlockedError) as caught:
        refuse_if_blocked(plan)
    assert str(caught.value) == (
        "2 of the planned objects stop the copy:\n"
        "  unknown   'stray.txt': it lies at the root of the bucket, under no user\n"
        "  unknown   'x/y': nothing directly under 'x' shows that it is a user"
    )
    suggest = f"r2-layout migrate plan flat --plan {flat.folder / 'plan.sqlite'} --suggest FILE"
    hint = f"Decide about them in a rule file; this suggests one: {suggest}"
    assert caught.value.hint == hint
