"""Files that hold secrets."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from layout.storage.private_file import write_private


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where to write."""
    return tmp_path / ".env"


def test_only_the_owner_can_read_it(path: Path) -> None:
    """Also when an older file was open to all."""
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new\n")
    assert (path.read_text(), _mode(path)) == ("new\n", 0o600)


def test_nothing_else_is_left_behind(path: Path) -> None:
    """It is written beside and renamed."""
    write_private(path, "new\n")
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(path: Path) -> None:
    """And no half of the new one."""
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "\ud800")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    """The file that it names is written."""
    target = tmp_path / "elsewhere"
    target.write_text("old")
    path.symlink_to(target)
    write_private(path, "new\n")
    assert path.is_symlink()
    assert target.read_text() == "new\n"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """Put in its place, a file would end it: `--output /dev/null` of a root user ends it for the whole machine."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_private(pipe, "new\n")
        assert os.read(reader, 100) == b"new\n"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", [".", "none/file", "x" * 250])
def test_what_cannot_be_written_is_named_as_it_was_given(tmp_path: Path, name: str) -> None:
    """Not the file beside it."""
    with pytest.raises(OSError, match=r"\w") as caught:
        write_private(tmp_path / name, "new\n")
    assert caught.value.filename in {str(tmp_path / name), tmp_path / name}
