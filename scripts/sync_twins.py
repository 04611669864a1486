"""The sync twins of what is written async: the same text without `async` and `await`, under the names of the sync side.

What is written once is right twice. Each pair of folders in `PAIRS` holds an original and its twin; `make generate`
writes the twin, tests too, and a test compares the two trees. Of what cannot be translated (threads for tasks), each
folder has a module of its own by the same name, which `BY_HAND` lists. The syntax tree is translated, not the text:
annotations, docstrings and comments stay whole.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import libcst as cst
import libcst.matchers as m

__all__ = [
    "BY_HAND",
    "PAIRS",
    "differences",
    "sync_twin",
    "twin_tree",
    "twins",
    "write_tree",
]

REPOSITORY = Path(__file__).resolve().parent.parent

PAIRS = {
    "layout/storage/_async": "layout/storage/_sync",
    "tests/layout/storage/_async": "tests/layout/storage/_sync",
}
"""Folder of the originals, to the folder of their twins."""

BY_HAND = frozenset({"waiting.py", "concurrency.py"})
"""Modules that both folders of a pair have in a version of their own, with the same public names."""

_NAMES = {
    "AsyncGenerator": "Generator",
    "AsyncIterable": "Iterable",
    "AsyncIterator": "Iterator",
    "_async": "_sync",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "StopAsyncIteration": "StopIteration",
    "aclose": "close",
    "aclosing": "closing",
    "aiter": "iter",
    "anext": "next",
    "asynccontextmanager": "contextmanager",
}
_WORD = re.compile(r"(?<!\w)[A-Za-z_]\w*")


def sync_name(name: str) -> str:
    """What a name of the async side is called on the sync side; most are called the same."""
    if name in _NAMES:
        return _NAMES[name]
    if name.endswith("_async") and name.strip("_") != "async":
        return name.removesuffix("_async")
    if name.lower().startswith("open_async_"):
        return name[:5] + name[11:]
    return re.sub(r"^(_?)Async(?=[A-Z])", r"\1", name)


_Statement = cst.FunctionDef | cst.With | cst.For


class _Translation(m.MatcherDecoratableTransformer):
    """One module, node by node."""

    @m.leave(m.Name())
    def rename(self, original: cst.Name, updated: cst.Name) -> cst.Name:
        return updated.with_changes(value=sync_name(original.value))

    @m.leave(m.SimpleString())
    def rename_in_text(self, original: cst.SimpleString, updated: cst.SimpleString) -> cst.SimpleString:
        """Names in a docstring or a quoted annotation; no word of prose is such a name."""
        return updated.with_changes(value=_WORD.sub(lambda found: sync_name(found[0]), original.value))

    @m.leave(m.FunctionDef() | m.With() | m.For())
    def make_statement_sync(self, _original: _Statement, updated: _Statement) -> _Statement:
        return updated.with_changes(asynchronous=None)

    @m.leave(m.CompFor())
    def make_comprehension_sync(self, _original: cst.CompFor, updated: cst.CompFor) -> cst.CompFor:
        return updated.with_changes(asynchronous=None)

    @m.leave(m.Await())
    def take_value(self, _original: cst.Await, updated: cst.Await) -> cst.BaseExpression:
        expression = updated.expression
        if not updated.lpar or expression.lpar:
            return expression
        return expression.with_changes(lpar=updated.lpar, rpar=updated.rpar)

    @m.leave(m.Subscript(value=m.Name("Awaitable")))
    def take_type(self, _original: cst.Subscript, updated: cst.Subscript) -> cst.BaseExpression:
        inner = cst.ensure_type(updated.slice[-1].slice, cst.Index)
        return inner.value

    @m.leave(m.ImportFrom(names=[m.AtLeastN(m.ImportAlias(), n=1)]))
    def drop_repetition(self, _original: cst.ImportFrom, updated: cst.ImportFrom) -> cst.ImportFrom:
        """Two names of the original may be one in the twin."""
        assert not isinstance(updated.names, cst.ImportStar)  # noqa: S101 - the matcher wants names
        kept = {alias.evaluated_name: alias for alias in updated.names}
        *names, last = kept.values()
        return updated.with_changes(names=[*names, last.with_changes(comma=cst.MaybeSentinel.DEFAULT)])


def sync_twin(source: str, name: str) -> str:
    """The twin of a module, before it is formatted.

    Args:
        source: The module's text.
        name: The original's path, for the line that says where a change belongs.

    Raises:
        ValueError: Something async is left over: it has to be written so that it can be translated.
    """
    text = cst.parse_module(source).visit(_Translation()).code
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)) or (
            isinstance(node, ast.Name) and node.id == "asyncio"
        ):
            left = text.splitlines()[node.lineno - 1].strip()
            raise ValueError(f"The twin of {name} is still async: {left!r}.")
    return f"# Written by `make generate` from {name}: change that.\n{text}"


def twin_tree(original: str, root: Path = REPOSITORY) -> dict[str, str]:
    """The twins of all modules of a folder, formatted, by file name."""
    files = sorted(file for file in (root / original).glob("*.py") if file.name not in BY_HAND)
    return {
        file.name: _formatted(
            sync_twin(file.read_text(encoding="utf-8"), f"{original}/{file.name}"), file.name
        )
        for file in files
    }


def twins(root: Path = REPOSITORY) -> dict[str, dict[str, str]]:
    """Every folder of twins with what has to be in it."""
    return {twin: twin_tree(original, root) for original, twin in PAIRS.items()}


def differences(wanted: Mapping[str, str], folder: Path) -> Iterable[str]:
    """What is wrong with a folder of twins: a file that is missing, one too many, one with another text."""
    found = {file.name: file for file in folder.glob("*.py") if file.name not in BY_HAND}
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield f"{name} is missing"
        elif name not in wanted:
            yield f"{name} has no original"
        elif found[name].read_text(encoding="utf-8") != wanted[name]:
            yield f"{name} is not what its original says"


def write_tree(wanted: Mapping[str, str], folder: Path) -> None:
    """Make the folder hold these twins, and no other module than those that are written by hand."""
    for file in folder.glob("*.py"):
        if file.name not in wanted and file.name not in BY_HAND:
            file.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _formatted(text: str, name: str) -> str:
    """As ruff sorts and breaks it: names of another length end lines elsewhere."""
    for command in (["check", "--quiet", "--select", "I,F401,UP037", "--fix"], ["format", "--quiet"]):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                *command,
                "--stdin-filename",
                str(REPOSITORY / "layout" / name),
                "-",
            ],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if not done.stdout:
            raise ValueError(f"ruff cannot read the twin of {name}: {done.stderr.strip()}")
        text = done.stdout
    return text
