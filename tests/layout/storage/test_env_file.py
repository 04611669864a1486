"""The file `.env`, which people, editors and other tools write too."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from layout.errors import SettingsError
from layout.storage.env_file import update_env_file
from layout.storage.settings import load_settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where to write."""
    return tmp_path / ".env"


def test_lines_of_others_stay(path: Path) -> None:
    """Comments, blank lines, order and variables that are none of ours."""
    path.write_text("# mine\nDEBUG=1\n\nexport R2_BUCKET=old\nR2_BUCKET=older\nLAST='x y'\n")
    update_env_file(path, {"R2_BUCKET": "films", "APP_ENV": "dev"})
    assert path.read_text() == "# mine\nDEBUG=1\n\nR2_BUCKET=films\nLAST='x y'\nAPP_ENV=dev\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


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


def test_a_byte_order_mark_hides_no_variable(path: Path) -> None:
    """Windows PowerShell and some editors begin a file with one; a stale token on that line must go."""
    path.write_bytes(b"\xef\xbb\xbfR2_SESSION_TOKEN=old\nAPP_ENV=dev\n")
    update_env_file(path, {"R2_SESSION_TOKEN": None, "APP_ENV": "prod"})
    assert path.read_bytes() == b"APP_ENV=prod\n"


def test_line_ends_of_windows_stay(path: Path) -> None:
    """Lines that are not ours stay byte for byte."""
    path.write_bytes(b"A=1\r\nB=2\r\n")
    update_env_file(path, {"C": "3"})
    assert path.read_bytes() == b"A=1\r\nB=2\r\nC=3\n"


def test_a_value_of_several_lines_is_one_value(path: Path) -> None:
    """What looks like an assignment inside of it is none."""
    path.write_text('KEY="first\nR2_BUCKET=inside\n"\nlast=1')
    update_env_file(path, {"R2_BUCKET": "films"})
    assert path.read_text() == 'KEY="first\nR2_BUCKET=inside\n"\nlast=1\nR2_BUCKET=films\n'


@pytest.mark.parametrize("content", ["APP_ENV=prod\n".encode("utf-16"), b"A=\xe4\n"])
def test_another_encoding_is_refused_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """By whoever reads the file: the settings, and what changes it."""
    monkeypatch.chdir(tmp_path)
    path = Path(".env")
    path.write_bytes(content)
    hint = "Save it in UTF-8; Windows PowerShell 5 writes UTF-16 unless told: Set-Content -Encoding utf8."
    for use in (load_settings, lambda: update_env_file(path, {"R2_BUCKET": "films"})):
        with pytest.raises(SettingsError) as caught:
            use()
        assert str(caught.value) == "The file '.env' is not text in UTF-8."
        assert caught.value.hint == hint
    assert path.read_bytes() == content
