"""Every message of an error has one form: a capital, what is wrong, the value, a full stop; the remedy in `hint`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import layout.errors

ROOT = Path(__file__).resolve().parent.parent
ERRORS = {*layout.errors.__all__, "LocalCloudflareError", "UsageError"}
FILES = sorted(
    path
    for folder in ("layout", "infra", "local_cloudflare", "demo")
    for path in (ROOT / folder).rglob("*.py")
)
VALUE = "\N{REPLACEMENT CHARACTER}"  # stands for what is only known at run time


def literal(node: ast.expr | None) -> str:
    """The text of an expression, as far as it stands in the source."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return literal(node.left) + literal(node.right)
    return VALUE


def faults(source: str) -> Iterator[str]:
    """What is wrong with the messages in a module, each with its line."""
    for node in ast.walk(ast.parse(source)):
        if (
            not isinstance(node, ast.Call)
            or not isinstance(node.func, ast.Name)
            or node.func.id not in ERRORS
        ):
            continue
        message = literal(node.args[0] if node.args else None)
        hint = literal(next((word.value for word in node.keywords if word.arg == "hint"), None))
        if not (message[0].isupper() or message[0] == VALUE):
            yield f"{node.lineno}: begins without a capital: {message!r}"
        # Where the end is another program's text, or lines of it, that is not known here.
        if not message.endswith((".", VALUE)) and ":\n" not in message:
            yield f"{node.lineno}: ends without a full stop: {message!r}"
        if not (hint[0].isupper() or hint[0] == VALUE):
            yield f"{node.lineno}: the hint begins without a capital: {hint!r}"


def test_messages_have_one_form() -> None:
    """In every module that raises errors for people."""
    found = [
        f"{path.relative_to(ROOT)}:{fault}"
        for path in FILES
        for fault in faults(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("PlanError(f'The plan {path!r} is damaged.', hint='Make a new plan.')", 0),
        ("PlanError(f'{count} objects stop the copy:\\n' + lines)", 0),
        ("PlanError('no plan.')", 1),
        ("PlanError('No plan', hint='make one')", 2),
        ("ValueError('no')", 0),
    ],
)
def test_other_forms_are_found(call: str, found: int) -> None:
    """What the test above looks for."""
    assert len(list(faults(f"raise {call}"))) == found
