"""What ``import layout`` gives and what it costs."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import layout
from bench.import_time import HEAVY

ROOT = Path(__file__).parents[2]
ABOVE_CORE = (
    "layout.audit",
    "layout.clearing",
    "layout.command",
    "layout.migrate",
    "layout.storage",
    "layout.sync",
    "layout.testing",
)
CORE = sorted(
    module.name
    for module in pkgutil.walk_packages(layout.__path__, "layout.")
    if not module.name.startswith(ABOVE_CORE) and not module.name.endswith("__main__")
)


def test_all_is_what_can_be_imported() -> None:
    """``__all__`` names exactly the public names, sorted, modules aside."""
    public = {
        name
        for name, item in vars(layout).items()
        if not name.startswith("_") and not isinstance(item, ModuleType)
    }
    assert set(layout.__all__) == public
    assert len(set(layout.__all__)) == len(layout.__all__)


@pytest.mark.parametrize("name", CORE)
def test_names_of_each_module_exist(name: str) -> None:
    """What a module lists in ``__all__`` is there and has a docstring or is a value."""
    module = importlib.import_module(name)
    assert [item for item in getattr(module, "__all__", []) if not hasattr(module, item)] == []


@pytest.mark.parametrize("name", CORE)
def test_examples_in_docstrings(name: str) -> None:
    """The examples in the core's docstrings are right."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_scheme_is_drawn() -> None:
    """The drawing of the scheme in its docstring is checked, not only there."""
    assert doctest.testmod(importlib.import_module("layout.scheme.table")).attempted == 1


def loaded(code: str) -> set[str]:
    """Names of all modules that are loaded after this code in a fresh interpreter."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return set(json.loads(result.stdout))


def test_import_is_light() -> None:
    """``import layout`` loads pydantic, the standard library and itself, nothing else."""
    pydantic = "import pydantic\nclass M(pydantic.BaseModel):\n    a: int\nM(a=1)"
    brought = loaded(f"{pydantic}\nimport layout") - loaded(pydantic)
    foreign = {
        name.partition(".")[0]
        for name in brought
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "layout", "pydantic", "pydantic_core"}
    }
    assert foreign == set()
    assert not set(HEAVY) & brought


def test_subpackages_are_not_loaded() -> None:
    """What talks to a bucket, moves data or tests is imported by name only."""
    brought = {name for name in loaded("import layout") if name.startswith("layout.")}
    assert brought <= set(CORE)


def test_the_front_door_is_an_applications() -> None:
    """`layout` itself gives keys, profiles, context, paths, environment and errors, and no tools of operators."""
    doors = {
        "layout.context", "layout.documents.profiles", "layout.environment", "layout.errors", "layout.keys",
        "layout.mirror.paths", "layout.profile_ids", "layout.scheme.template",
    }  # fmt: skip
    homes = {getattr(layout, name).__module__ for name in layout.__all__ if name != "MediaType"}
    assert homes == doors
    operators = {"SchemeError", "MigrationError", "PlanError", "VerificationError", "DeletionRefusedError"}
    assert not operators & set(layout.__all__)
