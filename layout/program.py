"""What a person types to run a command of this project: messages and hints ask here.

The same command is `r2-layout migrate` where the package is installed, `scripts/migrate.py` in a checkout and
`python -m layout.command migrate` anywhere; a hint names the one that was run. In a process that runs none of
them, such as a backend, it is the installed one.
"""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["CHECKOUT", "INSTALLED", "MODULE", "called", "command", "within"]

INSTALLED: Final = "r2-layout {}"
MODULE: Final = "python -m layout.command {}"
CHECKOUT: Final = "scripts/{}.py"

_spellings = [INSTALLED]


@contextmanager
def called(spelling: str) -> Iterator[None]:
    """Until the end of the block, commands are spelled as the one that was run.

    Args:
        spelling: `INSTALLED`, `MODULE` or `CHECKOUT`; the braces stand for the command's name.
    """
    _spellings.append(spelling)
    try:
        yield
    finally:
        _spellings.pop()


@contextmanager
def within(group: str) -> Iterator[None]:
    """Until the end of the block, commands are those of a group: `migrate plan` is `migrate local plan`.

    Args:
        group: The word that stands after the command's name.
    """
    with called(f"{_spellings[-1]} {group}"):
        yield


def command(name: str = "", *arguments: str | Path) -> str:
    """The line to type for a command, quoted for a shell.

    >>> command("migrate", "copy", "--plan", "my plan.sqlite")
    "r2-layout migrate copy --plan 'my plan.sqlite'"
    """
    return " ".join([_spellings[-1].format(name).strip(), *(shlex.quote(str(word)) for word in arguments)])
