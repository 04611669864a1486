"""The arguments: time spans, what must be given, and what every help says."""

import argparse
from datetime import timedelta
from pathlib import Path

import pytest

from layout.command.migrate_arguments import make_parser
from layout.command.migrate_options import age, byte_count, rate

PAGE = Path(__file__).resolve().parents[3] / "docs" / "migration.md"
COMMANDS = ("list", "plan", "explain", "copy", "verify", "mark", "references", "delete", "run")


def test_an_age_is_a_time_span() -> None:
    """Seconds, minutes, hours or days."""
    assert age("4h") == timedelta(hours=4)


def test_an_age_without_a_unit_is_refused() -> None:
    """Four of what, is a question before a delete."""
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        age("4")
    assert str(caught.value) == (
        "The time span '4' is not a number followed by s, m, h or d. Use for example 90s, 15m, 12h, 7d or 0."
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_tells_the_exit_statuses(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And every command is on the operator's page."""
    with pytest.raises(SystemExit) as caught:
        make_parser().parse_args([command, "--help"])
    assert caught.value.code == 0
    differences = "" if command in {"list", "explain", "mark"} else " 3 differences found,"
    differences += " 4 stopped, a person has to decide," if command == "run" else ""
    assert f"exit status: 0 done, 1 error, 2 usage,{differences} 130 interrupted" in " ".join(
        capsys.readouterr().out.split()
    )
    assert f"r2-layout migrate {command}" in PAGE.read_text(encoding="utf-8")


def test_a_delete_without_the_name_of_the_bucket_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, and nothing is done."""
    with pytest.raises(SystemExit) as caught:
        make_parser().parse_args(["delete", "--plan", "p", "--verdict", "v", "--execute"])
    assert caught.value.code == 2
    assert "the following arguments are required: --bucket" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("12", 12), ("500M", 500 << 20), ("2T", 2 << 40)])
def test_numbers_of_bytes(text: str, expected: int) -> None:
    """Digits with an optional unit of 1,024."""
    assert byte_count(text) == expected


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5G", "10GB", "10 G"])
def test_what_is_no_number_of_bytes(text: str) -> None:
    """The message says how to write one."""
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        byte_count(text)
    assert str(caught.value) == f"{text!r} is no number of bytes; write 500M, 20G, 1T or 0"


@pytest.mark.parametrize("text", ["0", "-1", "100001", "fast", "1.5", "1k", ""])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    """By its value, before anything is asked of the bucket."""
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        rate(text)
    assert str(caught.value) == f"{text!r} is no rate of 1 to 100000 writes a second"


@pytest.mark.parametrize(("text", "writes"), [("1", 1), ("3000", 3_000), ("100000", 100_000)])
def test_a_rate_is_writes_a_second(text: str, writes: int) -> None:
    """As plain digits."""
    assert rate(text) == writes
