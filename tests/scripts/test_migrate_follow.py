"""scripts/migrate.py copy --follow, as an operator sees it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import Operator, operator_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "migrate.py"
DATABASE, CLIP = "anna/database.sqlite", "anna/raw_clips/1.mp4"


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """The operator of a bucket with a user and a game, and a finished plan."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    for key in (DATABASE, CLIP, game_key(1)):
        operator.put(key, key.encode())
    assert operator.statuses("plan") == [0]
    return operator


def without_times(text: str) -> str:
    """A report whose seconds are all alike."""
    return re.sub(r"[0-9]+(\.[0-9]+)? s\b", "N s", text)


def test_a_cut_ends_when_both_sides_agree(operator: Operator) -> None:
    """A line a pass, then the next step; verify agrees."""
    status, out, err = operator.run("copy", "--follow", "--until-equal")
    assert (status, err) == (0, "")
    assert without_times(out) == (
        "Pass 1: 3 old objects in N s, behind by 3 objects, 114 B, the oldest N s ago; copied 3, removed 0. 0 left.\n"
        "Pass 2: 3 old objects in N s, nothing behind; copied 0, removed 0. 0 left.\n"
        "Both sides agree after 2 passes, N s: copied 3 objects, 114 B; removed 0 copies.\n"
        "Next: scripts/migrate.py verify --plan plan.sqlite --verdict FILE\n"
    )
    assert operator.statuses("verify", "mark", "delete") == [0, 0, 0]


def test_a_dry_run_says_how_far_behind_it_is(operator: Operator) -> None:
    """It lists the old side and writes nothing."""
    assert operator.statuses("copy") == [0]
    operator.put(DATABASE, b"written again")
    operator.delete(CLIP)
    before = operator.listed()
    status, out, _ = operator.run("copy", "--follow", dry=True)
    assert status == 0
    assert without_times(out) == (
        "Looked at 2 old objects in N s: behind by 2 objects, 13 B, the oldest N s ago.\n"
        "1 were written and 1 are gone since the plan knew them.\n"
        "Nothing was copied. Run again with --execute to follow the old side; old keys stay.\n"
    )
    assert operator.listed() == before


def test_what_waits_for_a_person_is_named_and_the_rest_is_copied(operator: Operator) -> None:
    """Status 3, with an account."""
    operator.put("stray.zip", b"nobody knows")
    status, out, _ = operator.run("copy", "--follow", "--until-equal")
    assert status == 3
    assert without_times(out) == (
        "Pass 1: 4 old objects in N s, behind by 3 objects, 114 B, the oldest N s ago; copied 3, removed 0."
        " 0 left. 1 wait for a person.\n"
        "1 objects wait for a person:\n"
        "  unknown   'stray.zip': it lies at the root of the bucket, under no user\n"
        "Pass 2: 4 old objects in N s, nothing behind; copied 0, removed 0. 0 left. 1 wait for a person.\n"
        "Both sides do not agree after 2 passes, N s: copied 3 objects, 114 B; removed 0 copies.\n"
        "1 objects wait for a person:\n"
        "  unknown   'stray.zip': it lies at the root of the bucket, under no user\n"
    )
    assert operator.statuses("verify") == [3]


def test_with_json_each_pass_is_a_line_and_so_is_the_end(operator: Operator) -> None:
    """Another program reads them as they come."""
    status, out, _ = operator.run("copy", "--follow", "--until-equal", "--json")
    first, second, last = (json.loads(line) for line in out.splitlines())
    assert status == 0
    assert (first["pass"], first["written"], first["copied"], first["equal"]) == (1, 0, 3, False)
    assert first["behind"]["objects"] == 3
    assert (second["pass"], second["equal"]) == (2, True)
    assert (last["equal"], last["passes"], last["copied"], last["left"]) == (True, 2, 3, 0)


def test_an_end_without_following_is_a_wrong_command_line(operator: Operator) -> None:
    """It would be a copy that looks as if it had followed."""
    status, _, err = operator.run("copy", "--until-equal")
    assert (status, err) == (
        2,
        "Error: The option --until-equal is about a copy that follows.\nTry: Add --follow.\n",
    )
    assert operator.listed() == [*operator.old_keys()]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_following_goes_on_until_it_is_stopped(operator: Operator, sent: signal.Signals) -> None:
    """Status 130; what was finished is in the plan, and the next run goes on from there."""
    command = [
        sys.executable,
        str(SCRIPT),
        "copy",
        "--plan",
        "plan.sqlite",
        "--follow",
        "--interval",
        "0",
        "--execute",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("Pass 1: 3 old objects ")
    operator.put(CLIP, b"written again")
    for line in process.stdout:
        if "copied 1," in line:
            break
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == (
        "Error: Interrupted.\nTry: Run the command again to go on; what was finished is in the plan.\n"
    )
    assert operator.body(operator.new_key("raw_clips/1.mp4")) == b"written again"
    status, out, _ = operator.run("copy", "--follow", "--until-equal")
    assert status == 0
    assert "Both sides agree after 1 passes" in out
