"""scripts/migrate.py as an operator or a CI job runs it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from scripts.migrate import main
from tests.data.flat_bucket.names import game_key
from tests.scripts.migration import keys_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from tests.scripts.migration import Run


def test_a_whole_migration(run: Run, client: S3Client, bucket: str) -> None:
    """Plan, copy, verify, mark, delete; each says what it did and what comes next."""
    assert run("plan") == (
        0,
        (
            f"Plan: layout flat into dev/, bucket {bucket!r}, 1 users\n"
            "  area                    action  objects  bytes\n"
            "  games/                  copy          2  148 B\n"
            "  {user}/database.sqlite  copy          1   17 B\n"
            "  {user}/raw_clips/       copy          1   17 B\n"
            "  4 objects in all, 182 B.\n"
            "\n"
            "Taken for users, by the names that show it; fewest names first:\n"
            "  'a': database.sqlite, raw_clips/\n"
            "\n"
            "Nothing was copied. Next: scripts/migrate.py copy --plan plan.sqlite\n"
        ),
        "",
    )
    assert run("copy", "--execute") == (
        0,
        (
            "Copied 4 objects, 182 B; 0 were there before.\n"
            "Next: scripts/migrate.py verify --plan plan.sqlite --verdict FILE\n"
        ),
        "",
    )
    assert run("verify") == (
        0,
        (
            "  =         4  the same at the new key\n"
            "  >         0  written or deleted there since the environment went live\n"
            "  +         0  missing at the new key\n"
            "  -         0  only at the new layout, not in the plan\n"
            "  *         0  different\n"
            "  !         0  could not be compared\n"
            "Verified: 4 objects, 182 B, are equal by size and ETag; the profile files of 1 users are right."
            " Verdict: verdict.json\n"
        ),
        "",
    )
    assert run("mark", "--execute") == (0, "Wrote the marker dev/layout.json.\n", "")
    assert run("delete", "--min-age", "0", "--execute") == (
        0,
        "Deleted 4 old objects, 182 B; 0 were gone before.\n",
        "",
    )
    profile = json.loads(client.get_object(Bucket=bucket, Key="dev/users/a/profiles.json")["Body"].read())[
        "default"
    ]
    assert keys_of(client, bucket) == [
        f"dev/{game_key(1)}",
        f"dev/{game_key(2)}",
        "dev/layout.json",
        "dev/users/a/profiles.json",
        f"dev/users/a/profiles/{profile}/database.sqlite",
        f"dev/users/a/profiles/{profile}/raw_clips/1.mp4",
        "dev/users/a/selected-profile.json",
    ]


def test_a_second_run_of_each_command_does_nothing_and_says_so(
    run: Run, client: S3Client, bucket: str
) -> None:
    """Every object keeps its time; the statuses are those of success."""
    run("plan")
    assert run("plan")[1].endswith("The plan 'plan.sqlite' was finished before; nothing was done.\n")
    run("copy", "--execute")
    before = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert run("copy", "--execute")[:2] == (0, "Nothing to copy: all 4 objects were copied before.\n")
    assert run("copy")[:2] == (0, "Nothing to copy: all 4 objects were copied before.\n")
    assert run("verify") == run("verify")
    assert client.list_objects_v2(Bucket=bucket)["Contents"] == before
    run("mark", "--execute")
    assert run("mark", "--execute")[:2] == (
        0,
        "Nothing to do: the marker dev/layout.json was there before.\n",
    )
    run("delete", "--min-age", "0", "--execute")
    before = client.list_objects_v2(Bucket=bucket)["Contents"]
    done = "Nothing to delete: 4 old objects were gone before.\n"
    assert run("delete", "--min-age", "0", "--execute")[:2] == (0, done)
    assert client.list_objects_v2(Bucket=bucket)["Contents"] == before


def test_dry_runs_change_nothing(run: Run, client: S3Client, bucket: str) -> None:
    """They are the default, and tell what would happen."""
    run("plan")
    before = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert run("copy") == (
        0,
        (
            "Would write the profile files of 1 users.\n"
            "Would copy 4 objects, 182 B; 0 are there already.\n"
            "Nothing was copied. Run again with --execute to copy into dev/; old keys stay.\n"
        ),
        "",
    )
    assert client.list_objects_v2(Bucket=bucket)["Contents"] == before
    run("copy", "--execute")
    run("verify")
    before = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert run("mark")[1] == (
        "Would write the marker dev/layout.json.\nNothing was written. Run again with --execute.\n"
    )
    assert client.list_objects_v2(Bucket=bucket)["Contents"] == before
    run("mark", "--execute")
    before = client.list_objects_v2(Bucket=bucket)["Contents"]
    assert run("delete", "--min-age", "0") == (
        0,
        "Would delete 4 old objects, 182 B; 0 were gone before.\nNothing was deleted. Run again with --execute.\n",
        "",
    )
    young = "4 objects were kept: they were copied less than 4:00:00 ago.\n"
    assert run("delete", "--execute") == (3, young, "")
    assert client.list_objects_v2(Bucket=bucket)["Contents"] == before


def test_unknown_objects_stop_the_copy_with_status_three(run: Run, client: S3Client, bucket: str) -> None:
    """The plan lists them, and so does the copy, dry or not."""
    client.put_object(Bucket=bucket, Key="stray.txt", Body=b"")
    reason = "  unknown   'stray.txt': it lies at the root of the bucket, under no user\n"
    status, out, _ = run("plan")
    assert (status, out.endswith(f"\n1 objects stop the copy:\n{reason}")) == (3, True)
    error = (
        f"Error: 1 of the planned objects stop the copy:\n{reason}"
        "Try: Decide about them in a rule file; this suggests one:"
        " scripts/migrate.py plan flat --plan plan.sqlite --suggest FILE\n"
    )
    assert run("copy") == run("copy", "--execute") == (3, "", error)
    assert not [key for key in keys_of(client, bucket) if key.startswith("dev/")]


def test_differences_have_status_three(run: Run, client: S3Client, bucket: str) -> None:
    """A verification that did not pass, and a copy whose source vanished."""
    run("plan")
    client.delete_object(Bucket=bucket, Key=game_key(1))
    assert run("copy", "--execute") == (
        3,
        (
            "Copied 2 objects, 91 B; 0 were there before.\n"
            "1 not copied, since they are not as planned:\n"
            f"  '{game_key(1)}': the object vanished after it was planned\n"
            "2 objects are not copied. Old keys are untouched.\n"
        ),
        "",
    )
    status, out, _ = run("verify")
    assert status == 3
    assert out.startswith(f"  + 'dev/{game_key(1)}': is missing at its new key\n")
    assert out.endswith("Not verified: 2 problems. Verdict: verdict.json\n")


@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_a_delete_says_what_it_did_in_any_encoding(
    run: Run, client: S3Client, bucket: str, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """A key with characters that the terminal lacks was written meanwhile: they are escaped, the status is 3."""
    for name in ("plan", "copy", "verify", "mark"):
        run(name, *(["--execute"] if name in {"copy", "mark"} else []))
    client.put_object(Bucket=bucket, Key="a/raw_clips/новый ✔.mp4", Body=b"x")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding, errors="strict"))
    files = ["--plan", "plan.sqlite", "--verdict", "verdict.json", "--bucket", bucket]
    assert main(["delete", *files, "--min-age", "0", "--execute"]) == 3
    lines = written.getvalue().decode(encoding).splitlines()
    assert lines[:2] == ["Deleted 4 old objects, 182 B; 0 were gone before.", "1 left at old keys:"]
    assert lines[2].startswith(r"  'a/raw_clips/\u043d\u043e\u0432\u044b\u0439 \u2714.mp4': ")


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_a_copy_that_cannot_say_so_has_its_status(
    run: Run, client: S3Client, bucket: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """The disk that the report goes to is full, and nobody reads errors either."""
    run("plan")
    with Path("/dev/full").open("w") as out, Path("/dev/full").open("w") as err:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", err)
        assert main(["copy", "--plan", "plan.sqlite", "--execute", *arguments]) == 0
    assert f"dev/{game_key(1)}" in keys_of(client, bucket)


def test_what_became_a_conflict_is_not_copied_and_counted(run: Run, client: S3Client, bucket: str) -> None:
    """Also if that is everything of a user."""
    run("plan")
    registry = b'{"default": "other", "profiles": {"other": {"name": null}}}'
    client.put_object(Bucket=bucket, Key="dev/users/a/profiles.json", Body=registry)
    status, out, _ = run("copy", "--execute")
    assert status == 3
    assert out.endswith("\n2 objects are not copied. Old keys are untouched.\n")


def test_machines_get_one_json_object(run: Run, bucket: str) -> None:
    """The fields are those of docs/migration.md."""

    def data(name: str, *arguments: str) -> Any:
        return json.loads(run(name, "--json", *arguments)[1])

    assert data("list")["migrations"][0]["objects"] == 4
    planned = data("plan")
    assert {"area": "games/", "action": "copy", "objects": 2, "bytes": 148} in planned["areas"]
    assert (planned["bucket"], planned["environment"], planned["blocked"]) == (bucket, "dev", [])
    assert data("copy")["to_copy"] == 4
    assert data("copy", "--execute")["copied"] == 4
    assert data("verify")["counts"] == {"=": 4, ">": 0, "+": 0, "-": 0, "*": 0, "!": 0}
    assert data("mark", "--execute") == {
        "executed": True,
        "key": "dev/layout.json",
        "written": True,
        "phase": "moved",
    }
    assert data("delete", "--min-age", "0", "--execute")["deleted"] == 4
