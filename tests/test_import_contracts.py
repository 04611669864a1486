"""The import contracts of pyproject.toml speak about every module that they should."""

from __future__ import annotations

import ast
import pkgutil
import sys
import tomllib
from pathlib import Path

import pytest

import infra
import layout

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = {
    contract["name"]: set(contract.get("source_modules", ()))
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}
# Above the core: they have a contract of their own, or exist for users' tests.
NOT_CORE = {"layout.storage", "layout.migrate", "layout.testing"}
# Not of the program: Cloudflare on this machine, and a reader of outputs that finds the CLI there.
NOT_PROGRAM = {"local_cloudflare", "infra.stack_outputs"}
CORE_FILES = sorted(
    path
    for path in (ROOT / "layout").rglob("*.py")
    if path.parent.name in {"layout", "legacy", "schemas"} and path.name != "testing.py"
)


def test_the_contract_of_the_core_names_all_of_it() -> None:
    """A new module of the core is in the contract, or the contract would not hold for it."""
    modules = {f"layout.{module.name}" for module in pkgutil.iter_modules(layout.__path__)}
    assert CONTRACTS["the core imports pydantic and the standard library only"] == modules - NOT_CORE


def test_the_contract_of_the_program_names_all_of_it() -> None:
    """The same for what `pulumi up` runs."""
    modules = {f"infra.{module.name}" for module in pkgutil.iter_modules(infra.__path__)}
    assert CONTRACTS["the Pulumi program imports the core only"] == modules - NOT_PROGRAM


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
