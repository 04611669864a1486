"""The docstrings of the package speak with one voice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path.relative_to(ROOT) for path in (ROOT / "layout").rglob("*.py"))
SECTION = re.compile(r"(?:Args|Attributes|Raises):$")
ENTRY = re.compile(r"    \*{0,2}[A-Za-z_][\w, ]*: (?P<text>.+)")


def docstrings(source: str) -> Iterator[str]:
    """All docstrings of a module, those below attributes too."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str() as text)):
                yield text


def faults(docstring: str) -> Iterator[str]:
    """What is not as elsewhere: code in double backticks, an entry that begins with a small letter."""
    if "``" in docstring:
        yield docstring.strip().splitlines()[0]
    indent: int | None = None
    for line in docstring.expandtabs().splitlines():
        depth = len(line) - len(line.lstrip())
        if SECTION.fullmatch(line.strip()):
            indent = depth
        elif line.strip() and indent is not None and depth <= indent:
            indent = None
        elif indent is not None and (found := ENTRY.fullmatch(line[indent:])) and found["text"][0].islower():
            yield line.strip()


def test_the_check_finds_faults() -> None:
    """Both faults are found, and what is right is not."""
    wrong = "It is.\n\n    Args:\n        a: small.\n        b: Big.\n            more: of b.\n\n    ``x`` is not code."
    assert list(faults(wrong)) == ["It is.", "a: small."]


@pytest.mark.parametrize("path", SOURCES, ids=Path.as_posix)
def test_docstrings_speak_with_one_voice(path: Path) -> None:
    """Code stands in single backticks; the entries of a section are sentences that begin with a capital."""
    source = (ROOT / path).read_text(encoding="utf-8")
    assert [fault for docstring in docstrings(source) for fault in faults(docstring)] == []
