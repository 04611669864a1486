"""Files that hold secrets."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from layout.storage.private_file import update_env_file, write_private


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


def test_lines_of_others_stay(path: Path) -> None:
    """Comments, blank lines, order and variables that are none of ours."""
    path.write_text("# mine\nDEBUG=1\n\nexport R2_BUCKET=old\nR2_BUCKET=older\nLAST='x y'\n")
    update_env_file(path, {"R2_BUCKET": "films", "APP_ENV": "dev"})
    assert path.read_text() == "# mine\nDEBUG=1\n\nR2_BUCKET=films\nLAST='x y'\nAPP_ENV=dev\n"
    assert _mode(path) == 0o600


def test_a_second_update_changes_nothing(path: Path) -> None:
    """The same values, the same file."""
    update_env_file(path, {"R2_BUCKET": "films"})
    before = path.read_bytes()
    update_env_file(path, {"R2_BUCKET": "films"})
    assert path.read_bytes() == before == b"R2_BUCKET=films\n"


def test_none_removes_a_variable(path: Path) -> None:
    """A session token of an older credential, for example."""
    path.write_text("A=1\nR2_SESSION_TOKEN=t\nB=2\n")
    update_env_file(path, {"R2_SESSION_TOKEN": None})
    assert path.read_text() == "A=1\nB=2\n"


@pytest.mark.parametrize("value", ["plain", "a b", "#x", "$HOME", 'a"b', "ä"])
def test_values_are_read_back_by_dotenv(path: Path, value: str) -> None:
    """Whatever characters they have."""
    update_env_file(path, {"NAME": value})
    assert dotenv_values(path, interpolate=False) == {"NAME": value}
