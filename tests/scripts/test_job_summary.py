"""A CI job's command, its summary and its credential."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.job_credential import masks
from scripts.job_summary import MOST, main, summary


def test_what_a_command_prints_is_shown_kept_and_in_the_summary(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its exit status, which is also that of the script; a summary goes on behind what is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    assert main(["look", "--", "bash", "-c", "echo out; echo err >&2; exit 3"]) == 3
    text = "### look: exit status 3\n\n```\n$ bash -c echo out; echo err >&2; exit 3\nout\nerr\n```\n\n"
    assert capsys.readouterr().out == "out\nerr\n"
    assert Path("look.md").read_text() == text
    assert Path("summary.md").read_text() == f"before\n{text}"


def test_a_command_that_a_signal_ended_has_the_status_of_a_shell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """128 and the signal's number."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert main(["look", "--", "bash", "-c", "kill -KILL $$"]) == 137


def test_a_key_with_backticks_does_not_end_the_block() -> None:
    """The fence is longer than any run of them."""
    assert summary("look", ["a"], 0, "key ```` here\n") == (
        "### look: exit status 0\n\n`````\n$ a\nkey ```` here\n`````\n\n"
    )


def test_a_long_output_is_shortened() -> None:
    """A comment has room for 65,536 characters."""
    assert summary("look", ["a"], 0, "x" * (MOST + 1)) == (
        f"### look: exit status 0\n\n```\n$ a\n{'x' * MOST}\n(shortened)\n```\n\n"
    )


def test_words_that_are_not_understood(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, and nothing is run."""
    assert main(["look", "bash"]) == 2
    assert capsys.readouterr().err == "Error: Expected NAME -- COMMAND, after the name two dashes.\n"


def test_secret_and_session_token_are_masked() -> None:
    """Nothing else is secret; a value that a shell would need quoted is masked without its quotes."""
    dotenv = "R2_ACCESS_KEY_ID=id\nR2_SECRET_ACCESS_KEY=secret\nR2_SESSION_TOKEN='a token'\n"
    assert masks(dotenv) == ["::add-mask::secret", "::add-mask::a token"]
