"""scripts/migrate.py local: the whole road over a tree of local files, killed anywhere, on a full disk, and back."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.migrate import main
from tests.layout.migrate.local.tree_of_files import PROFILE, REGISTRY, snapshot, write_tree

ROOT = Path(__file__).resolve().parents[2]
TREE = {
    "a/profiles.json": REGISTRY,
    "a/database.sqlite": b"SQLite format 3\0" + bytes(5_000),
    "a/database.sqlite-wal": b"log",
    "a/raw_clips/1.mp4": b"one",
    "a/raw_clips/2.mp4": b"two",
    "a/final_videos/final.mp4": b"final",
    "b/database.sqlite": b"SQLite format 3\0 of b",
    "b/working_videos/working_1_0a1b2c3d.mp4": b"working",
}
STEPS = {
    "plan": ["flat", "--new-profiles", "--env", "dev"],
    "copy": ["--execute"],
    "verify": ["--verdict", "verdict.json"],
    "delete": ["--root", "user_data", "--verdict", "verdict.json", "--execute"],
    "rollback": ["--execute"],
}
# Ends itself before the number-th thing that it does with files, as far as Python tells of them.
KILLED = """
import os, signal, sys
left = int(sys.argv.pop(1))
def count(event, _):
    global left
    if counting and (event == "open" or event.startswith("os.")):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
counting = False
sys.addaudithook(count)
from layout.command.main import main
import layout.command.migrate
counting = True
sys.exit(main(sys.argv[1:]))
"""
# Files of this process may have so many bytes and no more, as on a disk that is full.
LIMITED = """
import resource, sys
size = int(sys.argv.pop(1))
from layout.command.main import main
import layout.command.migrate
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with user_data/, of somebody who has no credential at all."""
    for name in [name for name in os.environ if name.startswith(("R2_", "AWS_", "CLOUDFLARE_", "APP_ENV"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    write_tree(tmp_path / "user_data", TREE)
    return tmp_path


def words(name: str, *more: str) -> list[str]:
    """The command line of a step."""
    return ["local", name, *STEPS[name], "--plan", "plan.sqlite", *more]


def run(name: str, *more: str) -> int:
    """Runs a step here."""
    return main(words(name, *more))


def in_process(program: str, argument: int, name: str) -> subprocess.CompletedProcess[str]:
    """Runs a step in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, str(argument), "migrate", *words(name)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def bodies(root: Path) -> dict[str, bytes]:
    """Content by path, but for the profile files, which the migration may write."""
    return {
        path: bytes.fromhex(content)
        for path, (_, _, content) in snapshot(root).items()
        if not path.endswith(("profiles.json", "selected-profile.json"))
    }


def moved(root: Path) -> dict[str, bytes]:
    """What the tree holds after the whole road, whichever profile `b` got."""
    profiles = {"a": PROFILE, "b": json.loads((root / "b/profiles.json").read_bytes())["default"]}
    return {
        f"{path.partition('/')[0]}/profiles/{profiles[path.partition('/')[0]]}/{path.partition('/')[2]}": content
        for path, content in TREE.items()
        if path != "a/profiles.json"
    }


def test_a_tree_moves_without_a_credential(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each step says what it did, and names the next one as it is typed."""
    assert run("plan") == 0
    assert (
        "Nothing was copied. Next: scripts/migrate.py local copy --plan plan.sqlite\n"
        in capsys.readouterr().out
    )
    assert run("copy") == 0
    assert capsys.readouterr().out == (
        "Linked 4 files and copied 3, 4.9 KiB; 0 were there before.\n"
        "Next: scripts/migrate.py local verify --plan plan.sqlite --verdict FILE\n"
    )
    assert run("verify") == 0
    assert "Verified: 7 files, 4.9 KiB, are the same at their new paths. Verdict: verdict.json\n" in (
        capsys.readouterr().out
    )
    assert run("delete") == 0
    assert capsys.readouterr().out == (
        "Deleted 7 old names, 4.9 KiB; 0 were gone before.\n3 empty folders are gone.\n"
    )
    assert bodies(folder / "user_data") == moved(folder / "user_data")


def test_without_execute_nothing_changes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of copy, delete and rollback, which say what they would do."""
    run("plan")
    before = snapshot(folder)
    assert main(["local", "copy", "--plan", "plan.sqlite"]) == 0
    assert "Would give 7 files, 4.9 KiB, their new names; 0 have them already.\n" in capsys.readouterr().out
    assert snapshot(folder) == before
    run("copy")
    run("verify")
    before = snapshot(folder)
    capsys.readouterr()
    assert main([word for word in words("delete") if word != "--execute"]) == 0
    assert main(["local", "rollback", "--plan", "plan.sqlite"]) == 0
    assert capsys.readouterr().out == (
        "Would delete 7 old names, 4.9 KiB; 0 were gone before.\n"
        "Nothing was changed. Run again with --execute.\n"
        "Would take back 7 new names, 4.9 KiB; 0 were gone before.\n"
        "Nothing was changed. Run again with --execute.\n"
    )
    assert snapshot(folder) == before


def test_the_way_back_gives_the_tree_as_it_was_and_forward_works_again(folder: Path) -> None:
    """With the same plan."""
    before = snapshot(folder / "user_data")
    for name in ("plan", "copy", "verify", "rollback"):
        assert run(name) == 0
    assert snapshot(folder / "user_data") == before
    for name in ("copy", "verify", "delete", "delete", "verify"):
        assert run(name) == 0
    assert bodies(folder / "user_data") == moved(folder / "user_data")


def test_a_stray_file_stops_the_plan_until_a_rule_leaves_it_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rule file is that of the bucket."""
    (folder / "user_data/stray.txt").write_bytes(b"stray")
    assert run("plan") == 3
    capsys.readouterr()
    assert run("copy") == 3
    assert capsys.readouterr().err == (
        "Error: 1 of the planned objects stop the copy:\n"
        "  unknown   'stray.txt': it lies at the root of the bucket, under no user\n"
        "Try: Move them out of the tree, or leave them alone by a rule file and a new plan (--rules);"
        " see docs/migrating_local_files.md.\n"
    )
    rule = '[[objects]]\nkey = "stray.txt"\naction = "ignore"\nreason = "nobody\'s"\n'
    (folder / "rules.toml").write_text(rule, encoding="utf-8")
    (folder / "plan.sqlite").unlink()
    assert run("plan", "--rules", "rules.toml") == 0
    for name in ("copy", "verify", "delete"):
        assert run(name) == 0
    assert bodies(folder / "user_data") == moved(folder / "user_data") | {"stray.txt": b"stray"}


def test_json_is_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    """Of every step."""
    for name in ("plan", "copy", "verify", "rollback"):
        capsys.readouterr()
        assert run(name, "--json") == 0
        assert isinstance(json.loads(capsys.readouterr().out), dict)


def test_a_folder_without_files_is_a_wrong_question(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An error about the question, never "nothing to do"."""
    (folder / "empty").mkdir()
    assert run("plan", "--root", "empty") == 1
    assert capsys.readouterr().err == (
        f"Error: The folder {str(folder / 'empty')!r} holds no file, so nothing was planned.\n"
        "Try: Check --root: it is the folder that holds a folder for each user.\n"
    )


def test_a_folder_of_something_else_is_a_wrong_question(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the folder of one user is."""
    assert run("plan", "--root", "user_data/b") == 1
    assert capsys.readouterr().err == (
        f"Error: Not one of the 2 files in {str(folder / 'user_data/b')!r} is known to the layout flat.\n"
        "Try: Check --root: it is the folder that holds a folder for each user.\n"
    )


def test_a_plan_of_local_files_is_none_of_a_bucket(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands of the bucket refuse it before they ask the bucket for anything."""
    run("plan")
    capsys.readouterr()
    for name, value in {
        "R2_ENDPOINT": "http://127.0.0.1:9",
        "R2_BUCKET": "bucket",
        "R2_ACCESS_KEY_ID": "0" * 32,
        "R2_SECRET_ACCESS_KEY": "0" * 64,
    }.items():
        monkeypatch.setenv(name, value)
    assert main(["copy", "--plan", "plan.sqlite", "--execute"]) == 1
    assert "Error: The plan 'plan.sqlite' is about the bucket '" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing_half_and_the_next_run_goes_on(folder: Path) -> None:
    """The database that does not fit is neither at its new path nor under another name."""
    (folder / "user_data/a/database.sqlite").write_bytes(b"SQLite format 3\0" + bytes(3_000_000))
    before = bodies(folder / "user_data")
    run("plan")
    done = in_process(LIMITED, 1_000_000, "copy")
    assert done.returncode == 1
    assert "The run ended early: File too large: " in done.stdout
    assert "3 files do not have their new names. Old names are untouched.\n" in done.stdout
    after = bodies(folder / "user_data")
    assert before.items() <= after.items()
    assert [path for path in after if "profiles/" in path and "database" in path] == []
    assert [path for path in after if path.endswith("-part")] == []
    for name in ("copy", "verify", "delete"):
        assert run(name) == 0


@pytest.mark.parametrize("step", ["copy", "verify", "delete", "rollback"])
def test_a_step_that_is_killed_anywhere_is_finished_by_the_same_command(folder: Path, step: str) -> None:
    """No file is lost, none is half, and what follows works: five points in each, drawn from a seed."""
    draw = random.Random(f"kill {step}")  # noqa: S311 - a test that can be repeated
    for name in {"copy": ["plan"], "verify": ["plan", "copy"]}.get(step, ["plan", "copy", "verify"]):
        assert run(name) == 0
    killed = 0
    for point in sorted(draw.sample(range(2, 40), 5)):
        killed += in_process(KILLED, point, step).returncode == -signal.SIGKILL
        contents = list(bodies(folder / "user_data").items())
        for path, content in TREE.items():
            if path != "a/profiles.json":
                assert content in [
                    found for name, found in contents if name.endswith(path.partition("/")[2])
                ], path
    assert killed
    assert run(step) == 0
    for name in {"copy": ["verify", "delete"], "verify": ["delete"], "delete": []}.get(
        step, ["copy", "verify", "delete"]
    ):
        assert run(name) == 0
    assert bodies(folder / "user_data") == moved(folder / "user_data")
