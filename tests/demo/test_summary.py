"""The end of the demonstration: what it says about statements that hold and that do not."""

from io import StringIO

from rich.console import Console

from demo.checks import Check
from demo.run import summarise
from demo.screen import Screen
from demo.stacks import counts


def _screen() -> tuple[Screen, StringIO]:
    output = StringIO()
    return Screen(Console(file=output, highlight=False, markup=False, emoji=False)), output


def test_everything_holds() -> None:
    """One line a statement, and exit status 0."""
    screen, output = _screen()
    assert summarise(screen, [Check("water is wet"), Check("fire is hot")]) == 0
    assert output.getvalue() == (
        "\nVerified:\n  ok      water is wet\n  ok      fire is hot\nAll of it holds. 0 s.\n"
    )


def test_one_statement_does_not_hold() -> None:
    """The problems of a statement are listed, five at most, and the exit status is 1."""
    screen, output = _screen()
    problems = tuple(f"problem {number}" for number in range(7))
    assert summarise(screen, [Check("water is wet"), Check("fire is cold", problems)]) == 1
    assert output.getvalue().splitlines()[2:] == [
        "  ok      water is wet",
        "  FAILED  fire is cold",
        *(f"            problem {number}" for number in range(5)),
        "            and 2 more",
        "1 of the statements do not hold. 0 s.",
    ]


def test_the_counts_are_the_ones_of_the_cli() -> None:
    """What follows `Resources:` up to the next empty line is repeated; no such line is said to be missing."""
    output = "Updating (dev):\n\nResources:\n    + 6 created\n    = 1 imported\n\nDuration: 5s\n"
    assert counts(output) == "+ 6 created, = 1 imported"
    assert counts("error: refused\n") == "no counts reported"
