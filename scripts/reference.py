"""The reference pages, from the code that they are about: `make generate` writes them into docs/reference."""

import argparse
import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import layout
from infra.settings import StackSettings
from layout import errors
from layout.command.main import COMMANDS
from layout.scheme.table import SCHEME
from layout.storage.settings import StorageSettings

__all__ = ["PAGES"]

REPOSITORY = Path(__file__).resolve().parent.parent
HEAD = "<!-- Written by make generate. -->\n\n"


def _table(columns: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [columns, ("---",) * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines)


def _words(text: str) -> str:
    """Prose in one line, which no browser takes for tags."""
    return " ".join(text.split()).replace("<", "&lt;").replace("``", "`")


def _days(span: timedelta) -> str:
    return f"{span.days} day{'' if span.days == 1 else 's'}"


def scheme(_: str = "") -> str:
    """Every key that may be in a bucket."""
    rows = (
        (
            f"`{row.name}`",
            f"`{row.text}`",
            _words(row.description),
            row.access.value,
            "" if row.retention is None else _days(row.retention),
            "" if row.locked is None else _days(row.locked),
        )
        for row in SCHEME.templates
    )
    table = _table(("row", "key", "what it holds", "who reaches it", "expires after", "locked for"), rows)
    return f"{HEAD}# The scheme\n\nFrom `layout/scheme/table.py`.\n\n{table}\n"


def _model(model: type[BaseModel], names: dict[str, str]) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else f"`{field.default}`"
        if not field.is_required() and field.default in {None, PydanticUndefined, ()}:
            default = "follows from others" if field.default_factory else "none"
        yield f"`{names[name]}`", default, _words(field.description or "")


def settings(_: str = "") -> str:
    """What an application is told by its environment."""
    names = {name: str(field.validation_alias) for name, field in StorageSettings.model_fields.items()}
    table = _table(("variable", "default", "meaning"), _model(StorageSettings, names))
    return f"{HEAD}# Settings\n\nRead from the environment or `.env`.\n\n{table}\n"


def stacks(_: str = "") -> str:
    """The config of a stack."""
    names = {name: str(field.alias) for name, field in StackSettings.model_fields.items()}
    table = _table(("value", "default", "meaning"), _model(StackSettings, names))
    return f"{HEAD}# Stack config\n\nIn `Pulumi.yaml` and `Pulumi.<stack>.yaml`.\n\n{table}\n"


def _options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, ...]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction | argparse._HelpAction):
            continue
        value = action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else "")
        value = str(value) if action.nargs != 0 and (value or action.option_strings) else ""
        if action.option_strings and action.nargs != 0 and not value:
            value = action.dest.upper()
        shown = ", ".join(action.option_strings) or ("" if value else action.dest)
        text = (action.help or "") % {"default": action.default, "prog": parser.prog}
        yield f"`{' '.join(filter(None, (shown, value)))}`", "yes" if action.required else "", _words(text)


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _parsers(inner)


def commands(_: str = "") -> str:
    """What `--help` of every command says."""
    parts = [f"{HEAD}# Commands\n"]
    for name in COMMANDS:
        for parser in _parsers(importlib.import_module(f"layout.command.{name}").make_parser()):
            parts.append(f"## {parser.prog}\n\n{_words(parser.description or '')}\n")
            if rows := list(_options(parser)):
                parts.append(_table(("option", "required", "meaning"), iter(rows)) + "\n")
            if parser.epilog:
                parts.append(f"{_words(parser.epilog)}\n")
    return "\n".join(parts)


def python(_: str = "") -> str:
    """What `import layout` gives."""
    rows = ((f"`{name}`", _first(getattr(layout, name))) for name in sorted(layout.__all__))
    return f"{HEAD}# Python\n\nWhat `import layout` gives; each has a docstring.\n\n{_table(('name', ''), rows)}\n"


def _first(thing: object) -> str:
    documented = inspect.isclass(thing) or inspect.isroutine(thing)
    return _words((inspect.getdoc(thing) or "").split("\n\n")[0]) if documented else ""


def _shape(node: ast.expr | None) -> str:
    """The words of a message; what is filled in is shown as a gap."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_shape(value) for value in node.values)
    return "…"


def _raised() -> Iterator[tuple[str, str, str]]:
    for file in sorted((REPOSITORY / "layout").rglob("*.py")):
        if "_sync" in file.parts:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                message = _words(_shape(node.args[0]))
                if node.func.id in errors.__all__ and re.search(r"\w{3}", message):
                    hint = next((word.value for word in node.keywords if word.arg == "hint"), None)
                    yield node.func.id, message, "" if hint is None else _words(_shape(hint))


def messages(_: str = "") -> str:
    """Every error, its messages and what to do about each."""
    raised = sorted(set(_raised()))
    parts = [f"{HEAD}# Errors\n\nA gap (…) is filled with the value that is wrong.\n"]
    for name in errors.__all__:
        parts.append(f"## {name}\n\n{_first(getattr(errors, name))}\n")
        rows = [(message, hint) for kind, message, hint in raised if kind == name]
        if rows:
            parts.append(_table(("message", "what to do"), iter(rows)) + "\n")
    return "\n".join(parts)


PAGES = {
    f"docs/reference/{page.__name__}.md": page
    for page in (scheme, settings, stacks, commands, python, messages)
}
"""What makes each page; a page of another text is written anew."""
