"""The second step of a rollback: new objects that are back at their old keys are removed, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.scripts.migration import Operator, operator_of
from tests.scripts.rolling_back import fill, marker, migrate, roll_back

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cloudflare.cloudflare import LocalCloudflare


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Operator]:
    """The operator of a flat bucket."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    fill(operator)
    yield operator
    cloudflare.s3.faults.clear()


def test_nothing_is_removed_before_the_marker_says_rolled_back(operator: Operator) -> None:
    """The new layout is in use until then; nor without the bucket's name."""
    migrate(operator, "plan", "copy", "verify", "mark")
    status, _, err = operator.remove_new()
    assert (status, err) == (
        1,
        (
            "Error: The marker 'dev/layout.json' says 'moved': nothing says that this migration was rolled back.\n"
            "Try: Roll it back first: without --delete-new, with --execute.\n"
        ),
    )
    assert roll_back(operator)[0] == 0
    status, _, err = operator.run("rollback", "--delete-new", "--bucket", "another")
    assert (status, err) == (
        1,
        (
            f"Error: The bucket of this plan is {operator.bucket!r}, and --bucket says 'another'.\n"
            "Try: Type the name of the bucket from which new objects are to be removed.\n"
        ),
    )


def test_nothing_is_removed_that_another_plan_counts_on(operator: Operator) -> None:
    """After a rollback somebody moves forward again: the first plan no longer takes away what the second one found."""
    migrate(operator, "plan", "copy", "verify", "mark")
    assert roll_back(operator)[0] == 0
    first = operator.plan
    operator.new_plan()
    migrate(operator, "plan", "copy")
    claim, second, before = marker(operator)["history"][-1], operator.plan, operator.listed()
    operator.plan = first
    status, _, err = operator.remove_new()
    assert (status, err) == (
        1,
        (
            f"Error: The environment 'dev' is being moved again by the plan {claim['plan_id']!r},"
            f" claimed by {claim['by']!r} at {claim['at']}: it counts on the new objects.\n"
            "Try: Go on with that plan, or roll it back and remove with it.\n"
        ),
    )
    assert operator.listed() == before
    operator.plan = second
    migrate(operator, "verify", "mark", "delete")


def test_options_of_the_removal_are_of_the_removal(operator: Operator) -> None:
    """A name without a removal, and a removal without a name, are usage errors."""
    migrate(operator, "plan", "copy")
    assert operator.run("rollback", "--bucket", operator.bucket) == (
        2,
        "",
        "Error: The option --bucket confirms a removal.\nTry: Add --delete-new, or leave it out.\n",
    )
    assert operator.run("rollback", "--delete-new") == (
        2,
        "",
        (
            "Error: The option --delete-new removes objects, and the bucket's name confirms it.\n"
            "Try: Add --bucket NAME.\n"
        ),
    )


def test_young_copies_keep_their_new_objects(operator: Operator) -> None:
    """Links to the new keys, and second thoughts, have some hours."""
    migrate(operator, "plan", "copy", "verify", "mark", "delete")
    assert roll_back(operator)[0] == 0
    status, out, _ = operator.run("rollback", "--delete-new", "--bucket", operator.bucket)
    assert status == 3
    assert "6 objects were kept: they were copied back less than 4:00:00 ago." in out


def test_a_removal_that_was_cut_off_before_its_journal_is_finished(operator: Operator) -> None:
    """What is gone at its new key, and as it was at its old one, is removed."""
    migrate(operator, "plan", "copy", "verify", "mark")
    assert roll_back(operator)[0] == 0
    gone = next(key for key in operator.listed() if "users/bert/" in key and key.endswith("1.mp4"))
    operator.delete(gone)
    status, out, _ = operator.remove_new()
    assert status == 3  # for the locked backup
    assert "; 1 were gone before." in out
    assert "was written again" not in out
    assert not [key for key in operator.listed() if "users/bert/" in key]


def test_an_object_that_was_there_in_another_spelling_is_not_removed(operator: Operator) -> None:
    """Two Unicode spellings of a key are one object, whichever a listing shows."""
    decomposed = "dev/users/jose\u0301/profiles/0a0a0a0a/raw_clips/1.mp4"
    operator.put(
        "dev/users/jos\u00e9/profiles.json", b'{"default": "0a0a0a0a", "profiles": {"0a0a0a0a": {}}}'
    )
    operator.put(decomposed, b"there before")
    migrate(operator, "plan", "copy", "verify", "mark")
    assert roll_back(operator)[0] == 0
    operator.remove_new()
    assert operator.body(decomposed) == b"there before"
