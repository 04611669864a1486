"""The page of a conformance run is told, whatever becomes of the file that it should go to."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from layout.command.main import main
from layout.exit_status import ExitStatus


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """A suite that is done at once, in the place of the one that takes minutes: the stores that it was asked for."""
    runs: list[list[str]] = []

    def ask(stores: list[str], *, only_to_be_seen: bool = False) -> tuple[ExitStatus, str]:
        runs.append([*stores, *(["to be seen"] if only_to_be_seen else [])])
        return ExitStatus.DIFFERENCES, "# The page\n"

    suite = SimpleNamespace(STORES=("local", "live"), ask=ask)
    monkeypatch.setitem(sys.modules, "tests.conformance.running", suite)
    return runs


def test_the_page_goes_to_both(
    asked: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """To standard output and to the file, with the status of the run."""
    page = tmp_path / "page.md"
    assert main(["conformance", "--write", str(page), "--to-be-seen"]) == 3
    assert asked == [["local", "to be seen"]]
    assert capsys.readouterr().out == page.read_text() == "# The page\n"
    assert list(tmp_path.iterdir()) == [page]


@pytest.mark.parametrize("place", ["none/page.md", "."])
def test_a_place_that_takes_no_page_is_refused_before_the_run(
    asked: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    """The run takes minutes."""
    page = tmp_path / place
    assert main(["conformance", "--write", str(page)]) == 2
    assert asked == []
    assert capsys.readouterr().err == (
        f"Error: The page cannot be written to {str(page)!r}.\nTry: Name a file in a folder that exists.\n"
    )


def test_a_page_that_cannot_be_written_is_told(
    asked: list[list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the folder goes away or the disk is full; here there is no room for the name of the file beside it."""
    page = tmp_path / f"{'x' * 250}.md"
    assert main(["conformance", "--write", str(page)]) == 1
    assert asked == [["local"]]
    printed = capsys.readouterr()
    assert printed.out == "# The page\n"
    assert printed.err == (
        f"Error: The page cannot be written to {str(page)!r}: File name too long.\n"
        "Try: It stands on standard output.\n"
    )
