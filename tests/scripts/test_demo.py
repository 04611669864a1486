"""The demonstration as a command: its help, and what it refuses before it does anything."""

from pathlib import Path

import pytest

from scripts.demo import main


def test_help_names_every_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    """The help says what the command does and what each exit status means."""
    assert main(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "three stacks, a flat bucket moved into dev/, a file read by its new key" in text
    assert "0 everything holds, 1 error or a statement does not hold, 2 usage, 130 interrupted" in text


@pytest.mark.engine
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An existing folder that is not a demonstration's is left alone: status 1, two lines."""
    (tmp_path / "thesis.txt").touch()
    assert main(["--folder", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"Error: The folder {str(tmp_path)!r} holds files that are not a demonstration's.\n"
        "Try: Name an empty or a new folder; an earlier demonstration's would be emptied.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
