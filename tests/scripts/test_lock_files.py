"""Lock files name exact versions and hashes, and no place to download from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.version import Version

from scripts.lock_files import problems, problems_of_npm, problems_of_requirements

REPOSITORY = Path(__file__).resolve().parents[2]
HASH = "--hash=sha256:" + "0" * 64


def test_tracked_lock_files_are_in_order() -> None:
    """The lock files of this repository have no problem."""
    assert list(problems()) == []


def test_go_modules_name_no_address() -> None:
    """The go.mod files replace no module by one from elsewhere, and go.sum has module paths only."""
    files = sorted((REPOSITORY / "local_cloudflare" / "engine" / "go").glob("*/go.*"))
    assert [path.name for path in files] == ["go.mod", "go.sum", "go.mod", "go.sum"]
    assert [path for path in files if "://" in path.read_text() or "\nreplace" in path.read_text()] == []


def test_requirements_in_order() -> None:
    """A locked version with hashes, with extras and markers, is fine."""
    locked = f"moto==5.2.5 \\\n    {HASH}\ncolorama==0.4.6 ; sys_platform == 'win32' \\\n    {HASH}\n"
    assert list(problems_of_requirements("# why\nmoto[server,s3]==5.2.5\n", locked)) == []


@pytest.mark.parametrize(
    ("declared", "locked", "found"),
    [
        ("", f"--index-url https://x/\nrich==1 {HASH}", [
            "a download address: '--index-url https://x/'",
            "no exact version with a hash: '--index-url https://x/'",
        ]),
        ("", f"rich @ file:///x.whl {HASH}", [
            f"a download address: 'rich @ file:///x.whl {HASH}'",
            f"no exact version with a hash: 'rich @ file:///x.whl {HASH}'",
        ]),
        ("", "rich==1", ["no exact version with a hash: 'rich==1'"]),
        ("", f"rich>=1 {HASH}", [f"no exact version with a hash: 'rich>=1 {HASH}'"]),
        ("rich==2", f"rich==1 {HASH}", ["not locked, run `make lock`: 'rich==2'"]),
    ],
)  # fmt: skip
def test_requirements_with_a_problem(declared: str, locked: str, found: list[str]) -> None:
    """Addresses, loose versions, missing hashes and requirements that are not locked are told."""
    assert list(problems_of_requirements(declared, locked)) == found


def test_npm_in_order() -> None:
    """A package with a hash and without an address is fine, and so is the project itself."""
    assert (
        list(problems_of_npm({"packages": {"": {"name": "x"}, "node_modules/y": {"integrity": "sha512-z"}}}))
        == []
    )


def test_npm_with_a_problem() -> None:
    """A package with an address, or without a hash, is told."""
    packages = {
        "node_modules/y": {"resolved": "https://x/y.tgz", "integrity": "sha512-z"},
        "node_modules/w": {},
    }
    assert list(problems_of_npm({"packages": packages})) == [
        "a download address: 'node_modules/y'",
        "no hash: 'node_modules/w'",
    ]


def test_the_lowest_versions_are_those_of_the_package() -> None:
    """What `make check-lowest` installs is what a user's resolver may take at the least."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = [*project["dependencies"], *extras["storage"], *extras["testing"]]
    allowed = dict(re.findall(r"^([\w-]+)>=([\d.]+)", "\n".join(declared), re.MULTILINE))
    lowest = (REPOSITORY / "requirements" / "lowest.in").read_text(encoding="utf-8")
    tested = dict(line.split("==") for line in lowest.splitlines() if not line.startswith("#"))
    assert {name: Version(text) for name, text in tested.items()} == {
        name: Version(text) for name, text in allowed.items()
    }
