"""The packages that are published, built and used as a stranger would."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

from scripts.package import main, problems


def test_both_packages_are_built_installed_and_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In an empty environment each builds a key, and its command asks a bucket."""
    assert main(["--output", str(tmp_path / "dist")]) == 0, capsys.readouterr().err
    printed = capsys.readouterr().out.splitlines()
    names = sorted(file.name for file in (tmp_path / "dist").iterdir() if file.name != ".gitignore")
    assert names == ["r2_layout-0.1.0-py3-none-any.whl", "r2_layout-0.1.0.tar.gz"]
    assert [line for line in printed if "installed and used" in line] == [
        f"{name}: installed and used; it answers" for name in names
    ]
    assert sum(line.strip().startswith("flat") for line in printed) == 2


def test_what_is_wrong_with_a_package_is_named(tmp_path: Path) -> None:
    """A file that is missing, one that does not belong to it, and another version."""
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "keys.py").touch()
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "2.0.0"\n')
    wheel, sdist = tmp_path / "r2_layout-1.0.0.whl", tmp_path / "r2_layout-2.0.0.tar.gz"
    with zipfile.ZipFile(wheel, "w") as content:
        content.writestr("tests/x.py", "")
    with tarfile.open(sdist, "w:gz") as archive:
        for name in ("pyproject.toml", "layout/keys.py"):
            archive.add(tmp_path / name, f"r2_layout-2.0.0/{name}")
    assert list(problems(tmp_path, wheel, sdist)) == [
        "r2_layout-1.0.0.whl lacks layout/keys.py",
        "r2_layout-1.0.0.whl has tests/x.py, which is not of the package",
        "r2_layout-2.0.0.tar.gz lacks LICENSE",
        "r2_layout-2.0.0.tar.gz lacks README.md",
        "r2_layout-1.0.0.whl is not of version 2.0.0",
    ]
