"""Hints name the command that was run."""

from __future__ import annotations

import pytest

from layout import program


@pytest.mark.parametrize(
    ("spelling", "line"),
    [
        (program.INSTALLED, "r2-layout migrate copy --plan 'my plan'"),
        (program.MODULE, "python -m layout.command migrate copy --plan 'my plan'"),
        (program.CHECKOUT, "scripts/migrate.py copy --plan 'my plan'"),
    ],
)
def test_a_command_is_spelled_as_it_was_called(spelling: str, line: str) -> None:
    """And as installed before and after."""
    with program.called(spelling):
        assert program.command("migrate", "copy", "--plan", "my plan") == line
    assert program.command("migrate") == "r2-layout migrate"


def test_the_program_itself_has_a_name() -> None:
    """Without a command."""
    assert program.command() == "r2-layout"


def test_hints_within_a_group_name_the_group() -> None:
    """So that one hint fits the migration of a bucket and of local files, however it was called."""
    with program.called(program.CHECKOUT), program.within("local"):
        assert program.command("migrate", "copy") == "scripts/migrate.py local copy"
    assert program.command("migrate", "copy") == "r2-layout migrate copy"
