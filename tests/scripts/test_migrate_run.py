"""scripts/migrate.py run: the stages as one command, as a pipeline calls it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.migrate import main
from tests.scripts.migration import operator_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.scripts.migration import Operator

LINE = ["run", "flat", "--env", "dev", "--plan", "plan.sqlite", "--verdict", "plan.sqlite.json"]


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """A bucket with one user."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    operator.put("a/database.sqlite", b"database")
    return operator


def run(capsys: pytest.CaptureFixture[str], *arguments: str, execute: bool = True) -> tuple[int, str, str]:
    """Status, stdout and stderr."""
    capsys.readouterr()
    status = main([*LINE, *arguments, *(["--execute"] if execute else [])])
    return status, *capsys.readouterr()


def stages(out: str) -> tuple[list[tuple[str, int]], dict[str, Any]]:
    """The stages with their statuses, and the result, as `--json` tells them."""
    *told, result = map(json.loads, out.splitlines())
    return [(line["stage"], line["status"]) for line in told], result


def test_until_verify_the_old_keys_stay(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    """Plan, copy and verify are told one by one; the environment is claimed and not yet marked."""
    status, out, err = run(capsys, "--until", "verify")
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if line.startswith("== ")] == [
        "== plan",
        "== copy",
        "== verify",
    ]
    assert out.endswith("Done: plan, copy, verify.\n")
    assert operator.old_keys() == ["a/database.sqlite"]
    assert operator.marker()["phase"] == "moving"


def test_until_delete_all_is_moved(
    operator: Operator, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run finds everything done."""
    words = ["--until", "delete", "--bucket", bucket, "--min-age", "0", "--json"]
    for _ in range(2):
        status, out, _ = run(capsys, *words)
        told, result = stages(out)
        assert (status, told) == (0, [(name, 0) for name in ("plan", "copy", "verify", "mark", "delete")])
        assert result == {
            "executed": True,
            "until": "delete",
            "stages": dict(told),
            "stopped": None,
            "plan": "plan.sqlite",
            "verdict": "plan.sqlite.json",
        }
    assert operator.old_keys() == []
    assert operator.marker()["phase"] == "moved"


def test_without_execute_nothing_is_written(operator: Operator, capsys: pytest.CaptureFixture[str]) -> None:
    """It plans, says what copy would do, and what would follow."""
    status, out, err = run(capsys, "--until", "verify", execute=False)
    assert (status, err) == (0, "")
    assert "Would copy 1 objects, 8 B; 0 are there already.\n" in out
    assert out.endswith("Nothing was written to the bucket. With --execute the stages copy, verify follow.\n")
    assert operator.listed() == ["a/database.sqlite"]


def test_what_no_rule_knows_stops_it_with_a_status_of_its_own(
    operator: Operator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is written, and again with the finished plan."""
    operator.put("logs/a.log", b"log")
    for _ in range(2):
        status, out, err = run(capsys, "--until", "verify")
        assert (status, err) == (4, "")
        assert out.endswith(
            "Stopped at the stage plan, which waits for a person, who has to decide.\n"
            "The same command goes on from there:"
            " scripts/migrate.py run flat --plan plan.sqlite --until verify ...\n"
        )
    assert operator.listed() == ["a/database.sqlite", "logs/a.log"]


def test_a_failing_verification_stops_it_before_the_marker(
    operator: Operator, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was copied is replaced by somebody: nothing is marked, nothing deleted."""
    assert run(capsys, "--until", "verify")[0] == 0
    operator.put(operator.new_key("database.sqlite"), b"other")
    status, out, _ = run(capsys, "--until", "delete", "--bucket", bucket, "--min-age", "0", "--json")
    told, result = stages(out)
    assert (status, told[-1], result["stopped"]) == (4, ("verify", 3), "verify")
    assert operator.marker()["phase"] == "moving"
    assert operator.old_keys() == ["a/database.sqlite"]


def test_objects_that_are_too_young_need_time_and_no_person(
    operator: Operator, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status is 3, and the same command deletes them later."""
    status, out, _ = run(capsys, "--until", "delete", "--bucket", bucket)
    assert status == 3
    assert "Stopped at the stage delete, which waits for time: run it again later.\n" in out
    assert operator.old_keys() == ["a/database.sqlite"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--until", "delete"],
            "Error: A run until delete deletes objects, and the bucket's name confirms it.\nTry: Add --bucket NAME.\n",
        ),
        (
            ["--until", "verify", "--bucket", "x"],
            (
                "Error: The option --bucket confirms a delete, and this run ends before it.\n"
                "Try: Say --until delete, or leave it out.\n"
            ),
        ),
    ],
)
def test_the_name_of_the_bucket_goes_with_a_delete(
    operator: Operator, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is asked of the bucket."""
    assert run(capsys, *words) == (2, "", message)
    assert operator.listed() == ["a/database.sqlite"]
