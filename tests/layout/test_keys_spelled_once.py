"""Only the scheme, the builders and the old layouts spell a key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from layout.environment import Environment
from layout.scheme.table import SCHEME, Scheme
from layout.scheme.variables import ENVIRONMENT

ROOT = Path(__file__).parents[2]


def fragments(scheme: Scheme) -> re.Pattern[str]:
    """What looks like a part of a key of a scheme.

    A fixed folder followed by a slash, an environment at the front, or the name of a document.
    """
    rows = [row.segments for row in scheme.templates]
    folders = sorted({name for row in rows for name in row[:-1] if isinstance(name, str)})
    documents = sorted({row[-1] for row in rows if isinstance(row[-1], str)})
    environments = [*Environment, f"{{{ENVIRONMENT}}}"]

    def one_of(names: Iterable[str]) -> str:
        return "|".join(map(re.escape, names))

    return re.compile(
        rf"(?:^|/)(?:{one_of(folders)})/(?!\S*\s)|^(?:{one_of(environments)})/|/(?:{one_of(documents)})$"
    )


FRAGMENT = fragments(SCHEME)
ALLOWED = {
    "layout/scheme/table.py": "the table itself",
    "layout/legacy/": "old layouts are named values there",
}
SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in ("layout", "infra", "local_cloudflare", "scripts")
    for path in (ROOT / folder).rglob("*.py")
)


def texts(source: str) -> list[str]:
    """All string constants of a module, in f-strings too, but those that document or explain.

    Docstrings explain. So do messages and hints: the arguments of whatever is raised.
    """
    tree = ast.parse(source)
    explained: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            explained.update(map(id, ast.walk(node)))
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explained
    ]


def spelled(source: str) -> list[str]:
    """The texts of a module that look like a part of a key."""
    return [text for text in texts(source) if FRAGMENT.search(text)]


@pytest.mark.parametrize(
    "code",
    [
        'k = f"{env}/users/{user}/x"',
        'k = "dev/games/" + name',
        'k = f"{u}/profiles.json"',
        'k = "/".join(["users/", u])',
        'k = "output/" + name',
    ],
)
def test_the_check_finds_keys(code: str) -> None:
    """Keys spelled by hand are found."""
    assert len(spelled(code)) >= 1


@pytest.mark.parametrize(
    "code",
    ['"""Lies under users/."""', 'raise ValueError("below backups/")', 'k = "profiles"', 'k = "text/plain"'],
)
def test_the_check_lets_texts_pass(code: str) -> None:
    """Docstrings, messages and other words with a slash are not keys."""
    assert spelled(code) == []


def test_sources_are_found() -> None:
    """The check looks at the sources of the project."""
    assert {Path("layout/scheme/table.py"), Path("layout/mirror/paths.py")} <= set(SOURCES)


def test_the_scheme_spells_keys() -> None:
    """The check sees the keys where they are."""
    assert len(spelled((ROOT / "layout" / "scheme" / "table.py").read_text(encoding="utf-8"))) >= 5


@pytest.mark.parametrize("path", [pytest.param(path, id=path.as_posix()) for path in SOURCES])
def test_keys_are_spelled_in_one_place(path: Path) -> None:
    """Outside the allowed places no source has a part of a key in it: use layout.keys."""
    if path.as_posix().startswith(tuple(ALLOWED)):
        return
    assert spelled((ROOT / path).read_text(encoding="utf-8")) == []
