"""The import contracts of pyproject.toml speak about every module that they should."""

from __future__ import annotations

import ast
import pkgutil
import sys
import tomllib
from pathlib import Path

import pytest

import layout

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = {
    contract["name"]: set(contract.get("source_modules", ()))
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}
# Above the core: they have a contract of their own, or exist for users' tests.
NOT_CORE = {
    "layout.audit",
    "layout.cleaning",
    "layout.clearing",
    "layout.command",
    "layout.migrate",
    "layout.references",
    "layout.storage",
    "layout.sync",
    "layout.testing",
    "layout.web",
}
CORE_FILES = sorted(
    path
    for path in (ROOT / "layout").rglob("*.py")
    if not {f"layout.{path.relative_to(ROOT / 'layout').parts[0].removesuffix('.py')}"} & NOT_CORE
)


def test_the_contract_of_the_core_names_all_of_it() -> None:
    """A new module of the core is in the contract, or the contract would not hold for it."""
    modules = {f"layout.{module.name}" for module in pkgutil.iter_modules(layout.__path__)}
    assert CONTRACTS["the core imports pydantic and the standard library only"] == modules - NOT_CORE


@pytest.mark.parametrize("path", CORE_FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_core_imports_nothing_that_the_contract_forgot(path: Path) -> None:
    """The contract can only list what is forbidden; here is what is allowed."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported.update(name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert imported <= {*sys.stdlib_module_names, "layout", "pydantic", "pydantic_core"}
