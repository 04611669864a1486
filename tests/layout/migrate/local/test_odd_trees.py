"""What a disk can hold and a bucket cannot is reported, by name, and nothing of it is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from layout.environment import Environment
from layout.errors import LocalPathError, PlanError
from layout.migrate.local.tree import LocalTree
from layout.migrate.plan.file import PlanFile
from tests.layout.migrate.local.tree_of_files import PROFILE, Migration, snapshot


def test_symbolic_links_are_not_followed(migration: Migration) -> None:
    """Neither to a file nor to a folder."""
    (migration.root / "a/raw_clips/link.mp4").symlink_to("1.mp4")
    (migration.root / "a/uploads").symlink_to("/")
    reason = "it is a symbolic link, which is not followed"
    assert migration.plan() == {"a/raw_clips/link.mp4": reason, "a/uploads": reason}


def test_a_pipe_is_no_file(migration: Migration) -> None:
    """It is not opened either, which would wait for ever."""
    os.mkfifo(migration.root / "a/raw_clips/pipe.mp4")
    assert migration.plan() == {"a/raw_clips/pipe.mp4": "it is no file: a pipe, a socket or a device"}


def test_a_name_that_is_not_utf_8_is_reported(migration: Migration) -> None:
    """With its bytes as escapes."""
    Path(os.fsdecode(os.fsencode(migration.root / "a/raw_clips") + b"/\xff.mp4")).touch()
    assert migration.plan() == {
        "a/raw_clips/\\xff.mp4": "its name holds a backslash, or bytes that are no UTF-8, which are shown as escapes"
    }


def test_a_file_where_a_folder_must_be_stops_the_plan(migration: Migration) -> None:
    """It could be anybody's."""
    (migration.root / "a/profiles").write_bytes(b"")
    reasons = migration.plan()
    root = migration.tree.root
    assert reasons["a/raw_clips/1.mp4"] == (
        f"The path {str(root / 'a/profiles' / PROFILE / 'raw_clips/1.mp4')!r} needs a folder at"
        f" {str(root / 'a/profiles')!r}, where a file is."
    )


def test_what_lies_in_a_folder_called_like_an_environment_is_unknown(migration: Migration) -> None:
    """Even if its path reads like a key of the new layout."""
    (migration.root / "dev/users/a").mkdir(parents=True)
    (migration.root / "dev/users/a/profiles.json").write_bytes(b"{}")
    assert list(migration.plan()) == ["./dev/users/a/profiles.json"]


def test_another_file_at_the_new_path_is_a_conflict(migration: Migration) -> None:
    """The same bytes are not."""
    for name, content in {"1.mp4": b"video", "2.mp4": b"two"}.items():
        path = migration.root / "a/profiles" / PROFILE / "raw_clips" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (migration.root / "a/raw_clips/2.mp4").write_bytes(b"old")
    assert migration.plan() == {
        "a/raw_clips/2.mp4": f"another file is at 'a/profiles/{PROFILE}/raw_clips/2.mp4'"
    }


def test_markers_of_synchronisation_stay_at_the_users_root(migration: Migration) -> None:
    """They say something about a user, in the new layout too."""
    for name in (".sync_pending", f".sync_conflict.{PROFILE}", ".sync_failed.user"):
        (migration.root / "a" / name).touch()
    assert migration.plan() == {}
    migration.copy()
    verdict = migration.verify()
    (migration.root / "a" / ".sync_pending.user").touch()
    migration.delete(verdict)
    assert {path.name for path in (migration.root / "a").iterdir()} == {
        "profiles.json",
        "profiles",
        ".sync_pending",
        f".sync_conflict.{PROFILE}",
        ".sync_failed.user",
        ".sync_pending.user",
    }


def test_new_folders_are_as_private_as_the_old_ones(migration: Migration) -> None:
    """Mode for mode; those that have no old one are as the user's."""
    (migration.root / "a").chmod(0o711)
    (migration.root / "a/raw_clips").chmod(0o700)
    migration.plan()
    migration.copy()
    profile = migration.root / "a/profiles" / PROFILE
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (profile.parent, profile, profile / "raw_clips")]
    assert modes == [0o711, 0o711, 0o700]


def test_delete_removes_the_folders_of_the_old_layout_that_are_empty(migration: Migration) -> None:
    """Not those that an application did not make."""
    for name in ("uploads", "final_videos/posters", "mine"):
        (migration.root / "a" / name).mkdir(parents=True)
    migration.plan()
    migration.copy()
    report = migration.delete(migration.verify())
    assert report.folders == 4
    assert {path.name for path in (migration.root / "a").iterdir()} == {"profiles.json", "profiles", "mine"}


def test_a_folder_that_cannot_be_read_ends_the_planning(migration: Migration) -> None:
    """It could hold files that nobody would miss in a plan. Here its path is too long to be opened."""
    folder = os.open(migration.root / "a/raw_clips", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=folder)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    with pytest.raises(LocalPathError) as error:
        migration.plan()
    assert str(error.value).startswith(f"The folder '{migration.root}/a/raw_clips/ddd")
    assert str(error.value).endswith("ddd' cannot be read: File name too long.")
    assert error.value.hint == "Run the command as somebody who may read the whole tree."


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With the option that names another."""
    with pytest.raises(LocalPathError) as error:
        LocalTree(tmp_path / "none", Environment.DEV)
    assert str(error.value) == f"There is no folder {str(tmp_path / 'none')!r} to migrate."
    assert error.value.hint == "Name the folder of the local files with --root."


def test_the_plan_does_not_lie_in_the_tree(migration: Migration) -> None:
    """It would be one of the files that it is about."""
    path = migration.root / "plan.sqlite"
    with pytest.raises(PlanError) as error:
        migration.tree.require_outside(path)
    assert str(error.value) == (
        f"The file {str(path)!r} would lie in the tree {str(migration.tree.root)!r} that it is about."
    )
    assert error.value.hint == "Name a file outside of it."


def test_two_migrations_do_not_change_one_tree_at_once(migration: Migration) -> None:
    """The second is told."""
    migration.plan()
    with migration.tree.alone(), pytest.raises(PlanError) as error:
        migration.copy()
    assert str(error.value) == f"Another migration is changing the tree {str(migration.tree.root)!r}."
    assert error.value.hint == "Wait until it has ended."


def test_the_base_folder_may_be_a_symbolic_link(migration: Migration, tmp_path: Path) -> None:
    """A plan names the folder itself."""
    (tmp_path / "link").symlink_to(migration.root)
    linked = Migration(tmp_path / "link", tmp_path / "plan.sqlite")
    linked.plan()
    assert linked.copy().complete
    with PlanFile.open(tmp_path / "plan.sqlite") as plan:
        assert plan.meta.bucket == str(migration.root.resolve())


def test_a_plan_that_is_finished_is_not_made_again(migration: Migration) -> None:
    """What came since is told by the verification."""
    migration.plan()
    before = snapshot(migration.root)
    assert migration.plan() == {}
    migration.copy()
    (migration.root / "a/raw_clips/late.mp4").write_bytes(b"late")
    verdict = migration.verify()
    assert [(problem.sign, problem.key, problem.reason) for problem in verdict.problems] == [
        ("+", "a/raw_clips/late.mp4", "came after the plan was made")
    ]
    assert before.keys() <= snapshot(migration.root).keys()
