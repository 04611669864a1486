"""One owner first: a canary is planned, copied, verified, marked and deleted alone, and the rest follows."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layout.environment import Environment
from layout.errors import InvalidKeyError, MarkerError
from layout.keys import profile_prefix, r2_key, users_prefix
from layout.storage.settings import load_settings
from layout.storage.startup_checks import open_storage
from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import operator_of

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.scripts.migration import Operator

ONLY_A = ("--only-user", "anna")
DEV = Environment.DEV


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """A bucket of anna, bert and carla, a shared game, and a stray object."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    for user in ("anna", "bert", "carla"):
        operator.put(f"{user}/database.sqlite", user.encode())
        operator.put(f"{user}/raw_clips/1.mp4", b"film")
    operator.put(game_key(1), b"game")
    operator.put("stray", b"")
    return operator


def data(operator: Operator, name: str, *arguments: str) -> Any:
    """The fields of a command's answer."""
    return json.loads(operator.run(name, "--json", *arguments)[1])


def through(operator: Operator, *arguments: str) -> None:
    """A plan, from then on the one in use, copied, verified and marked."""
    operator.new_plan()
    assert operator.run("plan", *arguments)[0] == 0
    assert operator.statuses("copy", "verify", "mark") == [0, 0, 0]


def test_the_rest_of_the_bucket_is_accounted_for(operator: Operator) -> None:
    """As later, in the table, in words and in JSON; what stops others does not stop the canary."""
    status, out, _ = operator.run("plan", *ONLY_A)
    assert status == 0
    assert out == (
        f"Plan: layout flat into dev/, bucket {operator.bucket!r}, 1 users\n"
        "  area                    action  objects  bytes\n"
        "  (root)                  later         1    0 B\n"
        "  games/                  later         1    4 B\n"
        "  {user}/database.sqlite  copy          1    4 B\n"
        "  {user}/database.sqlite  later         2    9 B\n"
        "  {user}/raw_clips/       copy          1    4 B\n"
        "  {user}/raw_clips/       later         2    8 B\n"
        "  8 objects in all, 29 B.\n"
        "  6 objects wait for another plan: this one is of the users 'anna' only.\n"
        "\n"
        "Taken for users, by the names that show it; fewest names first:\n"
        "  'anna': database.sqlite, raw_clips/\n"
        "\n"
        "Nothing was copied. Next: scripts/migrate.py copy --plan plan.sqlite\n"
    )
    planned = data(operator, "plan", *ONLY_A)
    assert (planned["users"], planned["later"], planned["later_users"]) == (1, 6, 2)
    assert planned["user_filter"] == {"only": ["anna"], "without": []}
    assert data(operator, "explain", "bert/database.sqlite")["reason"] == "the plan is of other users"


def test_a_canary_moves_alone(operator: Operator) -> None:
    """What others have, or write meanwhile, is left where it is; its verdict, marker and delete are of the canary."""
    through(operator, *ONLY_A)
    operator.put("bert/raw_clips/late.mp4", b"late")
    operator.put(game_key(2), b"late")
    status, out, _ = operator.run("verify")
    assert (status, "6 objects wait for another plan: this one is of the users 'anna' only.\n" in out) == (
        0,
        True,
    )
    verdict = operator.verdict()
    assert (verdict["counts"]["="], verdict["users"], verdict["later"]) == (2, 1, 6)
    assert operator.run("mark")[1] == (
        "Nothing to do: the marker dev/layout.json was there before for the users 'anna' only.\n"
    )
    assert operator.statuses("delete") == [0]
    assert operator.old_keys() == [
        "bert/database.sqlite",
        "bert/raw_clips/1.mp4",
        "bert/raw_clips/late.mp4",
        "carla/database.sqlite",
        "carla/raw_clips/1.mp4",
        game_key(1),
        game_key(2),
        "stray",
    ]
    assert {key.split("/")[2] for key in operator.listed() if key.startswith("dev/users/")} == {"anna"}


def test_a_canary_follows_its_own_user_only(operator: Operator) -> None:
    """Others go on writing, and no pass waits for them."""
    assert operator.run("plan", *ONLY_A)[0] == 0
    assert operator.statuses("copy") == [0]
    operator.put("anna/raw_clips/2.mp4", b"late")
    operator.put("bert/raw_clips/2.mp4", b"late")
    operator.put("bert/database.sqlite", b"bert goes on")
    operator.delete("carla/database.sqlite")
    status, out, _ = operator.run("copy", "--follow", "--until-equal")
    assert (status, "copied 1 objects" in out, "removed 0 copies" in out) == (0, True, True)
    assert data(operator, "explain", "bert/database.sqlite")["action"] == "later"
    assert operator.statuses("verify", "mark") == [0, 0]


def test_the_marker_says_who_is_through(operator: Operator) -> None:
    """The environment is moving, nobody has claimed it any more, and the history says whom each act was about."""
    operator.run("plan", *ONLY_A)
    assert operator.statuses("copy", "verify") == [0, 0]
    assert operator.marker()["plan_id"]
    assert operator.run("mark")[1] == (
        "Wrote the marker dev/layout.json for the users 'anna' only: it says 'moving'.\n"
    )
    marker = operator.marker()
    assert (marker["phase"], marker["moved_users"], "plan_id" in marker) == (
        "moving",
        [{"user": "anna"}],
        False,
    )
    assert [(entry["act"], entry["users"]) for entry in marker["history"]] == [
        ("claimed", ["anna"]),
        ("moved", ["anna"]),
    ]


def test_code_starts_for_the_users_who_are_through(operator: Operator) -> None:
    """And touches nobody else's objects."""
    through(operator, *ONLY_A)
    settings = load_settings()
    moving = "The environment 'dev' is being moved into this layout"
    with pytest.raises(MarkerError) as everybody:
        open_storage(settings)
    assert str(everybody.value) == f"{moving}."
    with pytest.raises(MarkerError) as bert:
        open_storage(settings, users=["anna", "bert"])
    assert str(bert.value) == f"{moving}; not there yet: 'bert'."
    storage = open_storage(settings, users=["anna"])
    profile = operator.new_key("database.sqlite").split("/")[4]
    assert storage.get(r2_key("anna", "database.sqlite", profile, environment=DEV)).body == b"anna"
    assert len(list(storage.list_files(users_prefix(environment=DEV)))) == 4
    for refused in (
        lambda: storage.put(r2_key("bert", "x", profile, environment=DEV), b""),
        lambda: list(storage.list_files(profile_prefix("bert", profile, environment=DEV))),
    ):
        with pytest.raises(InvalidKeyError) as caught:
            refused()
        assert str(caught.value) == "The user 'bert' is none of those whom this process serves."
        assert caught.value.hint == "Send the request to a process that serves this user, or all."


def test_the_rest_finds_the_canary_done(operator: Operator) -> None:
    """Also what the application wrote for the canary since; then everything is moved."""
    through(operator, *ONLY_A)
    (listed,) = operator.client.list_objects_v2(Bucket=operator.bucket, Prefix="dev/layout.json")["Contents"]
    operator.put(operator.new_key("database.sqlite"), b"anna has gone on")
    operator.delete("stray")
    operator.new_plan()
    areas = data(operator, "plan")["areas"]
    found = {area["area"]: area["objects"] for area in areas if area["action"] in {"done", "superseded"}}
    assert found == {"{user}/database.sqlite": 1, "{user}/raw_clips/": 1}
    assert operator.statuses("copy", "verify", "mark") == [0, 0, 0]
    marker = operator.marker()
    assert (marker["phase"], [one["user"] for one in marker["moved_users"]]) == ("moved", ["anna"])
    assert datetime.fromisoformat(marker["moved_users"][0]["since"]) == listed["LastModified"]
    assert operator.statuses("verify") == [0]
    assert operator.run("delete")[0] == 3
    assert operator.old_keys() == ["anna/database.sqlite"]
    open_storage(load_settings())


def test_all_but_one_and_then_the_one(operator: Operator) -> None:
    """What belongs to no user is of the plan of all but one; with the last user everything is moved."""
    operator.delete("stray")
    through(operator, "--except-user", "bert", "--except-user", "carla")
    assert operator.marker()["waiting_users"] == ["bert", "carla"]
    assert operator.statuses("delete") == [0]
    assert game_key(1) not in operator.listed()
    open_storage(load_settings(), users=["anna", "new"])
    through(operator, "--only-user", "carla")
    assert (operator.marker()["phase"], operator.marker()["waiting_users"]) == ("moving", ["bert"])
    through(operator, "--only-user", "bert")
    assert operator.marker()["phase"] == "moved"
    assert operator.statuses("delete") == [0]
    assert operator.old_keys() == ["carla/database.sqlite", "carla/raw_clips/1.mp4"]


def test_a_plan_of_everybody_cannot_delete_before_everybody_is_through(operator: Operator) -> None:
    """The marker of a canary does not stand for the rest."""
    operator.delete("stray")
    through(operator, *ONLY_A)
    operator.new_plan()
    assert operator.statuses("plan", "copy", "verify") == [0, 0, 0]
    assert operator.run("delete") == (
        1,
        "",
        (
            "Error: The marker 'dev/layout.json' says 'moving': nothing says that the new layout is in use.\n"
            "Try: Write it: scripts/migrate.py mark --plan FILE --verdict FILE --execute\n"
        ),
    )


def test_a_user_who_is_none_is_named_with_those_who_are_near(operator: Operator) -> None:
    """And the same plan goes on with another name."""
    assert operator.run("plan", "--only-user", "ana") == (
        1,
        "",
        (
            f"Error: Nothing in the bucket {operator.bucket!r} shows a user 'ana'.\n"
            "Try: Run the command again with another name. Near it are: 'anna'.\n"
        ),
    )
    assert operator.run("plan", "--except-user", "zoe")[2].endswith(
        "Try: Run the command again with another name. The users begin with: 'anna', 'bert', 'carla'.\n"
    )
    assert operator.run("plan", *ONLY_A)[0] == 0


def test_a_plan_goes_on_with_its_users_only(operator: Operator) -> None:
    """They belong to it as rules do."""
    assert operator.run("plan", *ONLY_A)[0] == 0
    for arguments, told in (((), "all users"), (("--except-user", "anna"), "all users but 'anna'")):
        assert operator.run("plan", *arguments) == (
            1,
            "",
            (
                f"Error: The plan 'plan.sqlite' is of the users 'anna' only, not of {told}.\n"
                "Try: The users are part of a plan: name another file with --plan to make a plan of others.\n"
            ),
        )


def test_the_users_belong_to_the_fingerprint(operator: Operator) -> None:
    """A verdict about a plan of other users is about another plan."""
    operator.delete("stray")
    prints = set()
    for arguments in ((), ONLY_A, ("--except-user", "bert", "--except-user", "carla")):
        operator.new_plan()
        prints.add(data(operator, "plan", *arguments)["fingerprint"])
    assert len(prints) == 3


def test_two_lists_of_users_are_a_wrong_command(operator: Operator) -> None:
    """One says all that the other leaves open."""
    assert operator.run("plan", *ONLY_A, "--except-user", "bert")[0] == 2
