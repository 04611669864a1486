"""One file gets one name: by a link, by a copy where there are none, and never in the place of another."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest

from layout.errors import LocalPathError
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.local.placing_files import ForeignFileError, part_of, place_file, write_new
from layout.migrate.local.tree import look
from layout.migrate.plan.moves import Proof

CONTENT = bytes(range(256)) * 9_000


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file with a mode and a time of its own."""
    path = tmp_path / "old.mp4"
    path.write_bytes(CONTENT)
    path.chmod(0o640)
    os.utime(path, ns=(1_700_000_000_123_456_789, 1_700_000_000_123_456_789))
    return path


def planned(path: Path) -> ListedObject:
    """Its version as a plan has it."""
    found = look(path, path.name)
    assert found is not None
    return found


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK])
def test_where_no_link_can_be_made_the_file_is_copied(old: Path, number: int) -> None:
    """With its mode and its time to the nanosecond, and nothing is left beside it."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    new = old.with_name("new.mp4")
    found, proof = place_file(old, new, planned(old), link=refuse)
    assert proof is Proof.BODIES
    assert (new.read_bytes(), new.stat().st_mode, new.stat().st_mtime_ns) == (
        CONTENT,
        old.stat().st_mode,
        old.stat().st_mtime_ns,
    )
    assert found.size == len(CONTENT)
    assert {path.name for path in old.parent.iterdir()} == {"old.mp4", "new.mp4"}


def test_another_file_system_gets_a_copy(old: Path) -> None:
    """The kernel refuses the link by itself."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        new = Path(folder, "new.mp4")
        if new.parent.stat().st_dev == old.stat().st_dev:
            pytest.skip("this machine has one file system")
        assert place_file(old, new, planned(old))[1] is Proof.BODIES
        assert new.read_bytes() == CONTENT


def test_a_file_system_without_links_gets_a_copy_and_keeps_what_is_there(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy gets its name by a rename that replaces nothing."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    new, taken = old.with_name("new.mp4"), old.with_name("taken.json")
    monkeypatch.setattr(os, "link", refuse)
    place_file(old, new, planned(old), link=refuse)
    assert new.read_bytes() == CONTENT
    assert new.stat().st_nlink == 1
    taken.write_bytes(b"there")
    with pytest.raises(FileExistsError):
        write_new(taken, b"other", old.parent)
    assert taken.read_bytes() == b"there"
    assert not part_of(taken).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_copy_has_the_owner_of_the_old_file(old: Path) -> None:
    """An application that may read the one may read the other."""
    os.chown(old, 12_345, 54_321)
    new = old.with_name("new.mp4")
    place_file(old, new, planned(old), link=None)
    assert (new.stat().st_uid, new.stat().st_gid) == (12_345, 54_321)


def test_what_a_killed_copy_left_is_replaced(old: Path) -> None:
    """It has a name of its own that no application reads."""
    new = old.with_name("new.mp4")
    part_of(new).write_bytes(b"half")
    place_file(old, new, planned(old), link=None)
    assert new.read_bytes() == CONTENT
    assert not part_of(new).exists()


@pytest.mark.parametrize("link", [os.link, None])
def test_another_file_is_never_replaced(old: Path, link: object) -> None:
    """Whether it is linked or copied."""
    new = old.with_name("new.mp4")
    new.write_bytes(b"another")
    with pytest.raises(ForeignFileError) as error:
        place_file(old, new, planned(old), link=link)  # type: ignore[arg-type]
    assert str(error.value) == f"Another file is at {str(new)!r}."
    assert error.value.hint == "Compare the two, and move one of them out of the tree."
    assert new.read_bytes() == b"another"


@pytest.mark.parametrize("link", [os.link, None])
def test_the_same_bytes_at_the_new_path_are_taken_for_the_copy(old: Path, link: object) -> None:
    """As an interrupted run leaves them."""
    new = old.with_name("new.mp4")
    new.write_bytes(CONTENT)
    assert place_file(old, new, planned(old), link=link)[1] is Proof.BODIES  # type: ignore[arg-type]


def test_a_file_that_changed_since_the_plan_is_refused(old: Path) -> None:
    """Nothing is at the new path then."""
    version, new = planned(old), old.with_name("new.mp4")
    old.write_bytes(b"newer")
    with pytest.raises(LocalPathError) as error:
        place_file(old, new, version)
    assert str(error.value) == f"The file {str(old)!r} was written since the plan was made."
    assert error.value.hint == "Stop what writes to it, and make a new plan."
    assert not new.exists()


def test_a_file_that_is_replaced_while_it_is_linked_is_refused(old: Path) -> None:
    """The name is taken away again."""
    version, new = planned(old), old.with_name("new.mp4")

    def replace_and_link(source: Path, target: Path, *, follow_symlinks: bool) -> None:
        other = old.with_name("other")
        other.write_bytes(b"other")
        other.rename(old)
        os.link(source, target, follow_symlinks=follow_symlinks)

    with pytest.raises(LocalPathError):
        place_file(old, new, version, link=replace_and_link)
    assert not new.exists()


def test_a_file_that_is_gone_is_refused(old: Path) -> None:
    """By its name."""
    version = planned(old)
    old.unlink()
    with pytest.raises(LocalPathError) as error:
        place_file(old, old.with_name("new.mp4"), version)
    assert (str(error.value), error.value.hint) == (f"The file {str(old)!r} is gone.", "Make a new plan.")
