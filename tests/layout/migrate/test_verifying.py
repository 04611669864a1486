"""What a verification compares, and what it refuses to call right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from layout.migrate import BucketReader, PlanFile, copy_objects, verify_plan
from layout.migrate.bucket.reader import ObjectHead, ReadBody
from layout.storage.settings import StorageSettings
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from layout.migrate import Verdict
    from tests.layout.migrate.conftest import Flat


def found(verdict: Verdict) -> list[tuple[str, str, str]]:
    """Sign, old key and reason of each problem."""
    return [(problem.sign, problem.key, problem.reason) for problem in verdict.problems]


@pytest.fixture
def copied(flat: Flat) -> Iterator[PlanFile]:
    """A plan whose objects, two games and a database, have been copied."""
    for key in ["a/database.sqlite", game_key(1), game_key(2)]:
        flat.put(key)
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        yield plan


def new_key(plan: PlanFile, key: str) -> str:
    """The new key of an object."""
    return str(plan.value("SELECT new_key FROM objects WHERE key = ?", key))


def test_equal_objects_pass(flat: Flat, copied: PlanFile) -> None:
    """Every object has `=`, and the verdict says what it is about."""
    verdict = verify_plan(copied, flat.reader, flat.quiet)
    assert verdict.ok
    assert verdict.counts == {"=": 3, ">": 0, "+": 0, "-": 0, "*": 0, "!": 0}
    assert (verdict.compared, verdict.bytes, verdict.users, verdict.run) == (3, 165, 1, 1)
    assert (verdict.plan_id, verdict.plan_fingerprint) == (copied.meta.plan_id, copied.meta.fingerprint)
    assert (verdict.bucket, verdict.environment, verdict.layout) == (flat.bucket, "dev", "flat")
    assert copied.value("SELECT count(*) FROM objects WHERE state = 'verified'") == 3


def test_verifying_writes_nothing_to_the_bucket(flat: Flat, copied: PlanFile) -> None:
    """It works with credentials that only read."""
    before = flat.contents()
    verify_plan(copied, flat.reader, flat.quiet, deep=True)
    assert flat.contents() == before


def test_a_missing_destination_fails_and_is_copied_again(flat: Flat, copied: PlanFile) -> None:
    """The journal believes the bucket: what is missing is planned once more."""
    flat.delete(f"dev/{game_key(1)}")
    verdict = verify_plan(copied, flat.reader, flat.quiet)
    assert not verdict.ok
    assert verdict.counts == {"=": 2, ">": 0, "+": 1, "-": 0, "*": 0, "!": 0}
    assert found(verdict) == [("+", game_key(1), "is missing at its new key")]
    assert copy_objects(copied, flat.writer, flat.quiet).copied == 1
    assert verify_plan(copied, flat.reader, flat.quiet).ok


def test_another_destination_fails(flat: Flat, copied: PlanFile) -> None:
    """Other content of equal size is seen by its ETag, other sizes by the size."""
    etag = flat.put(f"dev/{game_key(1)}", game_key(9).encode())
    flat.put(f"dev/{game_key(2)}", b"longer than that")
    verdict = verify_plan(copied, flat.reader, flat.quiet)
    planned = copied.value("SELECT etag FROM objects WHERE key = ?", game_key(1))
    assert found(verdict) == [
        ("*", game_key(1), f"has the ETag {etag!r}, planned is {planned!r}"),
        ("*", game_key(2), "has 16 bytes, planned are 74"),
    ]
    assert verdict.counts["*"] == 2


def test_writes_to_the_old_layout_after_the_plan_fail(flat: Flat, copied: PlanFile) -> None:
    """A changed or a new old object means that the new layout does not hold the latest data."""
    flat.put("a/database.sqlite", b"newer")
    flat.put("a/raw_clips/new.mp4")
    verdict = verify_plan(copied, flat.reader, flat.quiet)
    assert found(verdict) == [
        ("*", "a/database.sqlite", "the old object was written again after the plan was made"),
        ("+", "a/raw_clips/new.mp4", "was written after the plan was made"),
    ]
    assert verdict.counts == {"=": 2, ">": 0, "+": 1, "-": 0, "*": 1, "!": 0}


def test_objects_beside_the_plan_are_counted_and_do_no_harm(flat: Flat, copied: PlanFile) -> None:
    """The environment may hold more than was moved."""
    flat.put(f"dev/{game_key(77)}")
    flat.put("dev/layout.json", b'{"revision": 1, "scheme": "r2-layout", "phase": "moving"}')
    verdict = verify_plan(copied, flat.reader, flat.quiet)
    assert verdict.ok
    assert verdict.counts["-"] == 1


def test_comparing_nothing_fails(flat: Flat) -> None:
    """An empty bucket is a question asked wrongly, not a success."""
    with flat.plan() as plan:
        verdict = verify_plan(plan, flat.reader, flat.quiet)
    assert not verdict.ok
    assert found(verdict) == [("!", "", "nothing was compared: the bucket was empty when the plan was made")]


def test_nothing_to_move_passes(flat: Flat) -> None:
    """Every object is accounted for, and all of them are in the new layout: that is an answer."""
    flat.put(f"prod/{game_key(1)}")
    with flat.plan() as plan:
        verdict = verify_plan(plan, flat.reader, flat.quiet)
    assert (verdict.ok, verdict.compared) == (True, 0)


def test_undecided_objects_fail(flat: Flat) -> None:
    """A plan that stops the copy cannot be verified either."""
    flat.put(game_key(1))
    flat.put(f"dev/{game_key(1)}", game_key(1).encode())
    flat.put("stray.txt")
    with flat.plan() as plan:
        verdict = verify_plan(plan, flat.reader, flat.quiet)
    assert found(verdict) == [("!", "", "1 objects of the plan stop the copy")]


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("profiles.json", None, "dev/users/a/profiles.json is missing"),
        (
            "profiles.json",
            b'{"default": "x", "profiles": {"x": {"name": null}}}',
            "dev/users/a/profiles.json has the default profile 'x', and the plan has {planned!r}",
        ),
        ("selected-profile.json", None, "dev/users/a/selected-profile.json is missing"),
        (
            "selected-profile.json",
            b'{"profileId": "x"}',
            "dev/users/a/selected-profile.json selects 'x', which is not in the registry",
        ),
    ],
)
def test_profile_files_are_checked(
    flat: Flat, copied: PlanFile, name: str, body: bytes | None, reason: str
) -> None:
    """Both must be there and lead to the profile that the objects went to."""
    key = f"dev/users/a/{name}"
    if body is None:
        flat.delete(key)
    else:
        flat.put(key, body)
    verdict = verify_plan(copied, flat.reader, flat.quiet)
    planned = copied.value("SELECT profile_id FROM users")
    assert found(verdict) == [("!", "", f"user 'a': {reason.format(planned=planned)}")]


def test_a_user_may_have_selected_another_registered_profile(flat: Flat, copied: PlanFile) -> None:
    """Switching profiles after the copy is normal use."""
    planned = copied.value("SELECT profile_id FROM users")
    profiles = (
        f'{{"default": "{planned}", "profiles": {{"{planned}": {{"name": null}}, "n": {{"name": "N"}}}}}}'
    )
    flat.put("dev/users/a/profiles.json", profiles.encode())
    flat.put("dev/users/a/selected-profile.json", b'{"profileId": "n"}')
    assert verify_plan(copied, flat.reader, flat.quiet).ok


def test_what_another_tool_copied_is_compared_by_headers(flat: Flat) -> None:
    """Equal bytes are enough only for a copy that this plan made, which keeps the headers."""
    flat.put(game_key(1), b"same", Metadata={"ref_count": "2"})
    flat.put(game_key(2), b"same")
    with flat.plan() as plan:
        flat.put(f"dev/{game_key(1)}", b"same")
        flat.put(f"dev/{game_key(2)}", b"same")
        verdict = verify_plan(plan, flat.reader, flat.quiet)
    (problem,) = verdict.problems
    reason = f"the object at dev/{game_key(1)} has the same bytes, but other headers or user metadata"
    assert (problem.sign, problem.new_key, problem.reason) == ("*", f"dev/{game_key(1)}", reason)
    assert verdict.counts["="] == 1


def test_multipart_copies_are_compared_by_headers(flat: Flat) -> None:
    """Whatever ETag the copy of a multipart object gets, other headers are a difference."""
    flat.put_in_parts(game_key(1), [b"1" * (5 << 20), b"2"], ContentType="video/mp4")
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        assert verify_plan(plan, flat.reader, flat.quiet, deep=True).ok
        body = flat.body(f"dev/{game_key(1)}")
        flat.put(f"dev/{game_key(1)}", body, ContentType="video/webm")
        verdict = verify_plan(plan, flat.reader, flat.quiet, deep=True)
    reason = f"the object at dev/{game_key(1)} has the same size, but other headers or user metadata"
    assert found(verdict) == [("*", game_key(1), reason)]


def test_a_multipart_copy_that_was_replaced_is_seen_by_its_etag(flat: Flat) -> None:
    """The journal knows the ETag of the copy that was made."""
    flat.put_in_parts(game_key(1), [b"1" * (5 << 20), b"2"])
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        made = plan.value("SELECT new_etag FROM objects WHERE key = ?", game_key(1))
        etag = flat.put(f"dev/{game_key(1)}", b"3" * ((5 << 20) + 1))
        verdict = verify_plan(plan, flat.reader, flat.quiet)
    assert found(verdict) == [("*", game_key(1), f"has the ETag {etag!r}, its copy had {made!r}")]


def test_what_nothing_tells_about_is_read_by_deep_and_not_called_equal(flat: Flat) -> None:
    """An object in parts that another tool put there after the plan: the ETag says nothing of its body."""
    parts = [b"1" * (5 << 20), b"2"]
    for number in (1, 2):
        flat.put_in_parts(game_key(number), parts)
    with flat.plan() as plan:
        flat.put_in_parts(f"dev/{game_key(1)}", parts)
        flat.put_in_parts(f"dev/{game_key(2)}", [b"9" * (5 << 20), b"2"])
        plain = verify_plan(plan, flat.reader, flat.quiet)
        deep = verify_plan(plan, flat.reader, flat.quiet, deep=True)
    unknown = (
        "nothing is known of the 5,242,881 bytes at dev/{}: size and headers are equal, and the ETag of"
        " an object uploaded in parts is no hash; verify --deep reads them, and so does copy --execute"
    )
    assert found(plain) == [
        ("!", game_key(1), unknown.format(game_key(1))),
        ("!", game_key(2), unknown.format(game_key(2))),
        ("!", "", "nothing was compared: no planned object is at its new key"),
    ]
    other = f"the object at dev/{game_key(2)} has another SHA-256 than the old one"
    assert (deep.deep, found(deep)) == (True, [("*", game_key(2), other)])
    assert deep.counts["="] == 1


class CountingReader(BucketReader):
    """Notes which objects it is asked about one by one."""

    def __init__(self, settings: StorageSettings) -> None:
        super().__init__(settings)
        self.asked: list[str] = []

    def head(self, key: str) -> ObjectHead | None:
        """A HEAD."""
        self.asked.append(key)
        return super().head(key)

    def read_through(self, key: str, etag: str) -> ReadBody:
        """A GET of a whole body."""
        self.asked.append(key)
        return super().read_through(key, etag)


def test_objects_that_the_plan_copied_cost_no_request_of_their_own(flat: Flat, copied: PlanFile) -> None:
    """The two listings tell that both versions are those that the plan knows; what was touched is asked for."""
    reader = CountingReader(flat.settings)
    assert verify_plan(copied, reader, flat.quiet).ok
    assert reader.asked == []
    flat.put(game_key(1))
    assert verify_plan(copied, reader, flat.quiet).ok
    assert reader.asked == [game_key(1), f"dev/{game_key(1)}"]
    reader.asked.clear()
    assert verify_plan(copied, reader, flat.quiet).ok
    assert reader.asked == []
    reader.close()
