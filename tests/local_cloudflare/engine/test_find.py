"""Which engine is taken, and why another is not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from local_cloudflare.engine.find import Engine, built_engine, find_engine
from local_cloudflare.engine.places import engine_stamp
from local_cloudflare.engine.versions import parse_version, version_text

Program = Callable[[str, str], Path]


@pytest.fixture
def lines() -> list[str]:
    """What was reported."""
    return []


def find(lines: list[str], folder: Path) -> Engine | None:
    """Search the folder `bin` instead of PATH, and an empty place for built engines."""
    path = os.pathsep.join([str(folder / "bin"), "/usr/bin", "/bin"])
    return find_engine(lines.append, path=path, local=folder / "local")


def language_host(program: Program) -> None:
    """Put a language host beside the CLI."""
    program("pulumi-language-python", "exit 0")
    program("pulumi-language-python-exec", "exit 0")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v3.259.0\n", (3, 259, 0)),
        ("v3.260.0-alpha.x1234", (3, 260, 0)),
        ("go1.26", (1, 26, 0)),
        ("go1.25.11 X:nocoverageredesign", (1, 25, 11)),
        ("devel", None),
        ("", None),
    ],
)
def test_version_in_an_answer(text: str, version: tuple[int, int, int] | None) -> None:
    """The first version in the text counts, a missing patch is 0."""
    assert parse_version(text) == version


def test_version_text() -> None:
    """A version is written with dots."""
    assert version_text((1, 25, 11)) == "1.25.11"


@pytest.mark.parametrize("version", ["v3.258.0", "v3.300.1", "v4.0.0"])
def test_cli_on_path_is_used(lines: list[str], program: Program, tmp_path: Path, version: str) -> None:
    """A CLI on PATH, new enough and with its language host, is taken as it is."""
    cli = program("pulumi", f"echo {version}")
    language_host(program)
    assert find(lines, tmp_path) == Engine(cli, (tmp_path / "bin",), own_language_host=False)
    assert lines == []


@pytest.mark.usefixtures("program")
def test_linked_cli_is_used_with_the_host_beside_its_target(lines: list[str], tmp_path: Path) -> None:
    """A link to a CLI counts with what lies beside its target, as the CLI itself looks there."""
    target = tmp_path / "installed"
    (tmp_path / "bin").rename(target)
    (tmp_path / "bin").mkdir()
    (target / "pulumi").write_text("#!/bin/sh\necho v3.259.0\n")
    (target / "pulumi").chmod(0o755)
    for name in ("pulumi-language-python", "pulumi-language-python-exec"):
        (target / name).touch()
    (tmp_path / "bin" / "pulumi").symlink_to(target / "pulumi")
    assert find(lines, tmp_path) == Engine(tmp_path / "bin" / "pulumi", (target,), own_language_host=False)


def test_engine_built_here_is_known_on_path_too(lines: list[str], program: Program, tmp_path: Path) -> None:
    """The pair built here, found through PATH, still counts as the one with the older language host."""
    cli = program("pulumi", "echo v3.259.0")
    language_host(program)
    (tmp_path / "bin" / "stamp").touch()
    assert find(lines, tmp_path) == Engine(cli, (tmp_path / "bin",), own_language_host=True)


@pytest.mark.parametrize(
    ("script", "known"),
    [
        ("echo v3.257.9", "version 3.257.9"),
        ("echo hello", "of an unknown version"),
        ("echo v3.259.0; exit 1", "of an unknown version"),
    ],
)
def test_old_or_broken_cli_is_not_used(
    lines: list[str], program: Program, tmp_path: Path, script: str, known: str
) -> None:
    """A CLI that breaks writes to R2, or cannot tell its version, is passed over with the reason."""
    cli = program("pulumi", script)
    language_host(program)
    assert find(lines, tmp_path) is None
    assert lines == [f"{cli} is {known}; 3.258.0 or newer is needed, so it is not used"]


def test_cli_without_a_language_host_is_not_used(lines: list[str], program: Program, tmp_path: Path) -> None:
    """A CLI that cannot run Python programs is passed over with the reason."""
    cli = program("pulumi", "echo v3.259.0")
    assert find(lines, tmp_path) is None
    assert lines == [
        f"{cli} has no pulumi-language-python and pulumi-language-python-exec beside it, so it is not used"
    ]


@pytest.mark.usefixtures("program")
def test_engine_built_earlier_is_used(lines: list[str], tmp_path: Path) -> None:
    """Without a CLI on PATH, the finished engine of an earlier run is taken."""
    folder = tmp_path / "local" / "engine"
    folder.mkdir(parents=True)
    (folder / "stamp").write_text(engine_stamp())
    assert find(lines, tmp_path) == Engine(folder / "pulumi", (folder,), own_language_host=True)


@pytest.mark.parametrize("stamp", [None, "pulumi v3.100.0, language host v3.79.0\n"])
def test_unfinished_or_outdated_engine_is_not_used(tmp_path: Path, stamp: str | None) -> None:
    """A folder without a stamp, or with that of other pins, is no engine."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "pulumi").touch()
    if stamp is not None:
        (tmp_path / "engine" / "stamp").write_text(stamp)
    assert built_engine(tmp_path) is None
