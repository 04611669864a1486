"""Whether a disk can hold a path."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from layout.errors import LocalPathError
from layout.mirror.disk import other_spelling, refuse_unfit, windows_fault


def test_name_too_long_for_the_disk(tmp_path: Path) -> None:
    """A name of more bytes than the file system holds is refused before it is opened."""
    root, most = tmp_path.resolve(), os.pathconf(tmp_path, "PC_NAME_MAX")
    name = "x" * (most + 1)
    with pytest.raises(LocalPathError) as caught:
        refuse_unfit(root, ["a", name], owner=1, folder=False)
    shown = f"{name!r}" if most < 190 else f"{name!r}"[:200] + f"... ({most + 3} characters in all)"
    assert str(caught.value) == (
        f"The name {shown} has {most + 1} bytes, more than the {most} that the disk at "
        f"{str(root)!r} can hold."
    )
    assert caught.value.hint == "Read this object from the bucket, or mirror to another file system."


def test_longest_name(tmp_path: Path) -> None:
    """A name as long as the file system holds is accepted, and can be written."""
    root, name = tmp_path.resolve(), "x" * os.pathconf(tmp_path, "PC_NAME_MAX")
    refuse_unfit(root, [name], owner=1, folder=False)
    (root / name).write_text("")
    refuse_unfit(root, [name], owner=1, folder=False)


def test_path_too_long_for_the_system(tmp_path: Path) -> None:
    """A whole path that no call can open is refused."""
    root, most = tmp_path.resolve(), os.pathconf(tmp_path, "PC_PATH_MAX") - 1
    segments = ["x" * 200] * (most // 201 + 1)
    path = root.joinpath(*segments)
    with pytest.raises(LocalPathError) as caught:
        refuse_unfit(root, segments, owner=1, folder=False)
    text = str(path)
    shown = f"{text!r}"[:200] + f"... ({len(text) + 2:,} characters in all)"
    assert str(caught.value) == (
        f"The path {shown} has {len(text):,} bytes, more than the {most:,} that this system can open."
    )
    assert caught.value.hint == "Choose a base folder with a shorter path."


def test_missing_root(tmp_path: Path) -> None:
    """A base folder that is not there yet has the limits of the folder above it."""
    refuse_unfit(tmp_path.resolve() / "not" / "yet", ["a", "b"], owner=1, folder=False)
    assert list(tmp_path.iterdir()) == []


def test_case_sensitive_disk_has_both(tmp_path: Path) -> None:
    """Where the disk tells spellings apart, ids that differ in case are two folders."""
    (tmp_path / "Anna").mkdir()
    (tmp_path / "anna").mkdir(exist_ok=True)
    expected = None if len(list(tmp_path.iterdir())) == 2 else "Anna"
    assert other_spelling(tmp_path, "anna") == expected
    assert other_spelling(tmp_path, "Anna") is None


@pytest.fixture
def folding(tmp_path: Path) -> Path:
    """A folder in which ``Anna`` answers to other spellings too, as on a disk that ignores case.

    Links stand in for the folding; a test hides them from the listing, as such a disk would.
    """
    (tmp_path / "Anna").mkdir()
    for twin in ("anna", "ANNA", "aNNA"):
        if not (tmp_path / twin).exists():
            (tmp_path / twin).symlink_to(tmp_path / "Anna")
    return tmp_path


@pytest.mark.parametrize("name", ["anna", "ANNA", "aNNA"])
def test_other_case_on_a_folding_disk(name: str, folding: Path) -> None:
    """On a disk that ignores case, another case of an existing name is found out."""
    assert other_spelling(folding, name, lambda _: ["other", "Anna"]) == "Anna"


def test_own_spelling_on_a_folding_disk(folding: Path) -> None:
    """The name as it stands there is no other spelling."""
    assert other_spelling(folding, "Anna", lambda _: ["other", "Anna"]) is None


def test_normalisation_is_no_other_spelling(tmp_path: Path) -> None:
    """A disk that keeps names in NFD shows the same name, not another one."""
    (tmp_path / "é").mkdir()
    if not (tmp_path / "e\u0301").exists():
        (tmp_path / "e\u0301").symlink_to(tmp_path / "é")
    assert other_spelling(tmp_path, "é", lambda _: ["e\u0301"]) is None


def test_two_ids_in_one_folder(folding: Path) -> None:
    """A user whose folder is another user's on this disk is refused."""
    root = folding.resolve()
    with pytest.raises(LocalPathError) as caught:
        refuse_unfit(root, ["anna", "x"], owner=1, folder=False, list_names=lambda _: ["Anna"])
    assert str(caught.value) == (
        f"The names 'anna' and 'Anna' are one on the disk at {str(root)!r}, which ignores case."
    )
    assert caught.value.hint == "Mirror to a file system that tells upper and lower case apart."


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("a:b", "it contains ':'"),
        ("a?", "it contains '?'"),
        ("a.", "it ends in '.'"),
        ("a ", "it ends in ' '"),
        ("...", "it ends in '.'"),
        ("CON", "it is the name of a device"),
        ("nul.txt", "it is the name of a device"),
        ("com1.tar.gz", "it is the name of a device"),
        ("LPT³", "it is the name of a device"),
    ],
)
def test_names_that_windows_cannot_hold(name: str, fault: str) -> None:
    """Names that Windows gives another meaning are known."""
    assert windows_fault(name) == fault


@pytest.mark.parametrize("name", ["a", "console", "com", "com10", "x.con", ".hidden", "a.b", "日本", "~"])
def test_names_that_windows_can_hold(name: str) -> None:
    """Names that only look like those are not refused."""
    assert windows_fault(name) is None


def test_windows_names_are_refused_on_windows(tmp_path: Path) -> None:
    """A disk of Windows refuses what Windows cannot hold; this one is asked as if it were one."""
    with pytest.raises(LocalPathError) as caught:
        refuse_unfit(tmp_path.resolve(), ["a", "aux.mp4"], owner=1, folder=False, windows=True)
    assert str(caught.value) == "Windows cannot hold the name 'aux.mp4': it is the name of a device."
    assert caught.value.hint == "Read this object from the bucket."


@pytest.mark.skipif(os.name == "nt", reason="Windows itself")
def test_windows_names_are_names_elsewhere(tmp_path: Path) -> None:
    """Other systems hold those names, so they are not refused there."""
    refuse_unfit(tmp_path.resolve(), ["a:b", "aux.mp4"], owner=1, folder=False)
    assert windows_fault("aux.mp4") is not None
