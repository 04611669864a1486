"""Whose an object is, as an operator of scripts/migrate.py sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layout.storage.clients import s3_client
from layout.storage.settings import load_settings
from scripts.migrate import main
from tests.data.flat_bucket.names import game_key
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

PLAN = ("--plan", "plan.sqlite")
VERDICT = ("--verdict", "verdict.json")

Put = Callable[..., None]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def put(cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Put:
    """Stores objects, each with its key as body; the environment and the folder are those of an operator."""
    become_operator(cloudflare, bucket, monkeypatch, tmp_path)
    client = s3_client(load_settings())

    def store(*keys: str) -> None:
        for key in keys:
            client.put_object(Bucket=bucket, Key=key, Body=key.encode())

    return store


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command and gives status, stdout and stderr."""

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main(list(arguments))
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return command


@pytest.mark.parametrize("user", ["dev", "staging", "prod"])
def test_a_user_called_like_an_environment_stops_the_copy(put: Put, run: Run, user: str) -> None:
    """Nothing is passed over in silence: list counts it, plan and copy name it and say what it looks like."""
    put("anna/database.sqlite", f"{user}/database.sqlite", f"{user}/raw_clips/goal.mp4")
    state = json.loads(run("list", "--json")[1])["migrations"][0]
    assert (state["users"], state["objects"], state["kept"], state["unknown"]) == (1, 1, 0, 2)
    reason = (
        f"the new layout has no such key; it looks like data of a user called '{user}',"
        f" of whom {user}/games/ and {user}/temp/ would pass for the new layout's"
    )
    stops = (
        f"  unknown   '{user}/database.sqlite': {reason}\n  unknown   '{user}/raw_clips/goal.mp4': {reason}\n"
    )
    status, out, _ = run("plan", "flat", *PLAN)
    assert (status, out.endswith(f"\n2 objects stop the copy:\n{stops}")) == (3, True)
    assert run("copy", *PLAN, "--execute") == (
        3,
        "",
        (
            f"Error: 2 of the planned objects stop the copy:\n{stops}"
            "Try: Decide about them in a rule file; this suggests one:"
            " scripts/migrate.py plan flat --plan plan.sqlite --suggest FILE\n"
        ),
    )


@pytest.mark.parametrize(
    "key", ["prod/database.sqlite", "dev/database.sqlite", "dev/users/anna/raw_clips/1.mp4"]
)
def test_what_appears_in_an_environment_without_a_new_key_fails_verification(
    put: Put, run: Run, key: str
) -> None:
    """A writer of the old layout may be one of a user called like an environment."""
    put("anna/database.sqlite")
    assert run("plan", "flat", *PLAN)[0] == run("copy", *PLAN, "--execute")[0] == 0
    put(key, "prod/users/anna/profiles/p1/database.sqlite", "dev/temp/1")
    status, out, _ = run("verify", *PLAN, *VERDICT, "--json")
    verdict: Any = json.loads(out)
    problem = {"sign": "+", "key": key, "new_key": "", "reason": "was written after the plan was made"}
    assert (status, verdict["problems"]) == (3, [problem])
    assert verdict["counts"] == {"=": 1, ">": 0, "+": 1, "-": 1, "*": 0, "!": 0}


def test_list_counts_everything(put: Put, run: Run, bucket: str) -> None:
    """Objects to move, of the new layout, and without a rule."""
    put("anna/database.sqlite", "anna/notes.txt", "bob/raw_clips/1.mp4", "logs/temp/a.log", "dev/temp/1")
    status, out, error = run("list")
    assert (status, error) == (0, "")
    assert out == (
        f"Migrations for the bucket {bucket!r}, environment dev:\n"
        "  flat: users at the root and shared games/, into {env}/users/ and {env}/games/\n"
        "    to move: 3 objects of 2 users and games, 53 B\n"
        "    kept:    1 objects that are in the new layout already\n"
        "    unknown: 1 objects that no rule places\n"
        "    marker:  not there\n"
        "  scenes: media of projects and scenes, into {env}/users/{user}/projects/; needs documents\n"
        "    to move: 0 objects of 0 users and games, 0 B\n"
        "    kept:    1 objects that are in the new layout already\n"
        "    unknown: 4 objects that no rule places\n"
        "    marker:  not there\n"
    )


def test_the_plan_names_whom_it_takes_for_users(put: Put, run: Run) -> None:
    """Before anything is copied a person sees them, and what shows each; the likeliest mistakes come first."""
    put(
        "anna/database.sqlite", "anna/raw_clips/1.mp4", "anna/raw_clips/2.mp4", "anna/notes.txt",
        "backup-2025/database.sqlite", "backup-2025/anna/database.sqlite",
    )  # fmt: skip
    status, out, _ = run("plan", "flat", *PLAN)
    assert status == 0
    assert (
        "  6 objects in all, 133 B.\n"
        "\n"
        "Taken for users, by the names that show it; fewest names first:\n"
        "  'backup-2025': database.sqlite\n"
        "  'anna': database.sqlite, raw_clips/\n"
        "\n"
        "Nothing was copied."
    ) in out
    planned = json.loads(run("plan", "flat", *PLAN, "--json")[1])
    assert planned["users"] == 2
    assert planned["inferred_users"] == [
        {"owner": "backup-2025", "shown_by": ["database.sqlite"]},
        {"owner": "anna", "shown_by": ["database.sqlite", "raw_clips/"]},
    ]


def test_the_plan_names_fifty_users_and_counts_the_rest(put: Put, run: Run) -> None:
    """The text stays short; --json and the plan file have more."""
    put(*(f"u{number:02}/database.sqlite" for number in range(52)))
    out = run("plan", "flat", *PLAN)[1]
    assert "\n  'u49': database.sqlite\n  and 2 more\n\n" in out
    assert "'u50'" not in out
    assert len(json.loads(run("plan", "flat", *PLAN, "--json")[1])["inferred_users"]) == 52


def test_a_bucket_without_users_names_none(put: Put, run: Run) -> None:
    """Games alone are nobody's."""
    put(game_key(1))
    out = run("plan", "flat", *PLAN)[1]
    assert "0 users\n" in out
    assert "Taken for users" not in out


def test_what_is_not_named_as_a_shared_game_is_asked_about(put: Put, run: Run) -> None:
    """A user called games, or whatever else lies there, stops the copy."""
    put(game_key(1), "games/database.sqlite", "games/trailer.mp4")
    reason = "it is not named as shared games are, by 64 hex digits and .mp4"
    status, out, _ = run("plan", "flat", *PLAN)
    assert status == 3
    assert out.endswith(
        "\n2 objects stop the copy:\n"
        f"  unknown   'games/database.sqlite': {reason}; it looks like data of a user called 'games'\n"
        f"  unknown   'games/trailer.mp4': {reason}\n"
    )


@pytest.mark.parametrize("key", ["logs/temp/a.log", "assets/downloads/logo.png", "public/uploads/logo.png"])
def test_a_folder_with_a_common_name_makes_no_user(put: Put, run: Run, key: str) -> None:
    """Files of something else are not moved into an invented user's profile."""
    put("anna/database.sqlite", key)
    planned = json.loads(run("plan", "flat", *PLAN, "--json")[1])
    assert [user["owner"] for user in planned["inferred_users"]] == ["anna"]
    root, name, _ = key.split("/")
    nothing = f"nothing directly under '{root}' shows that it is a user"
    reason = f"{nothing}; '{name}/' does not, since others use that name too"
    assert planned["blocked"] == [{"key": key, "action": "unknown", "reason": reason}]


def test_the_two_spellings_of_a_user_are_one(put: Put, run: Run) -> None:
    """A listing shows the spelling that was uploaded last, of each object."""
    put("Jose\u0301/database.sqlite", "Jos\u00e9/raw_clips/1.mp4")
    planned = json.loads(run("plan", "flat", *PLAN, "--json")[1])
    assert planned["inferred_users"] == [
        {"owner": "Jos\u00e9", "shown_by": ["database.sqlite", "raw_clips/"]}
    ]
    assert run("copy", *PLAN, "--execute")[0] == 0
    assert run("verify", *PLAN, *VERDICT)[0] == 0
