"""A migration of nothing, or of the wrong thing, is an error about the question and never "done"."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import operator_of

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.scripts.migration import Operator


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """An operator of an empty bucket."""
    return operator_of(cloudflare, bucket, monkeypatch, tmp_path)


def test_an_empty_bucket_is_an_error_about_the_question(operator: Operator) -> None:
    """It is another bucket, or there is nothing to migrate; a plan that finds nothing is no success."""
    status, _, err = operator.run("plan")
    assert (status, err) == (
        1,
        (
            f"Error: The bucket {operator.bucket!r} is empty, so nothing was planned.\n"
            "Try: Check R2_BUCKET and R2_ENDPOINT. An empty bucket needs no migration:"
            " an application may start on it.\n"
        ),
    )
    assert operator.run("verify")[0] == 3


def test_a_bucket_where_nothing_matches_is_an_error_about_the_question(operator: Operator) -> None:
    """Beside the list of what stops the copy, it says that the layout may be the wrong one."""
    for number in range(3):
        operator.put(f"invoices-{number}.pdf", b"%d" % number)
    status, out, err = operator.run("plan")
    assert status == 1
    assert "3 objects stop the copy:" in out
    assert err == (
        f"Error: Not one of the 3 objects of the bucket {operator.bucket!r} is known to the layout flat.\n"
        "Try: Check R2_BUCKET and the name of the layout; this shows what each layout finds: "
        "scripts/migrate.py list\n"
    )
    assert operator.run("copy")[0] == 3


def test_everything_missing_is_an_error_about_the_question(operator: Operator) -> None:
    """A wrong prefix once made production look empty: if not one object is there, the question is in doubt."""
    for number in range(3):
        operator.put(game_key(number), b"%d" % number)
    assert operator.run("plan")[0] == 0
    status, out, err = operator.run("verify")
    assert status == 3
    assert "Not verified: 4 problems." in out
    assert err == (
        f"Error: Not one of the 3 new keys has an object in the bucket {operator.bucket!r}.\n"
        "Try: Copy first, or check R2_BUCKET and the plan: "
        "scripts/migrate.py copy --plan plan.sqlite --execute\n"
    )
    operator.put(f"dev/{game_key(1)}", b"1")
    assert operator.run("verify")[2] == ""


def test_a_bucket_that_is_moved_already_is_not_called_copied(operator: Operator) -> None:
    """All is in the new layout, so the plan says that nothing is left, not what to copy next."""
    operator.put(f"prod/{game_key(1)}", b"1")
    status, out, _ = operator.run("plan")
    assert (status, out.splitlines()[-1]) == (0, "Nothing of the layout flat is left to move.")


def test_another_environment_than_the_plans_is_refused(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan for dev moves nothing in a job whose APP_ENV is prod."""
    operator.put(game_key(1), b"1")
    assert operator.run("plan")[0] == 0
    monkeypatch.setenv("APP_ENV", "prod")
    for command in ("copy", "verify", "explain"):
        arguments = (game_key(1),) if command == "explain" else ()
        status, _, err = operator.run(command, *arguments, "--json")
        assert status == 1
        assert "'dev'" in json.loads(err)["error"]
    assert operator.listed() == [game_key(1)]
