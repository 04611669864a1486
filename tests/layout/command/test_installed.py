"""The package alone, outside of a checkout: what `pip install 'r2-layout[storage]'` gives."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command that pip would make from the entry point, beside a copy of what it would install."""
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(ROOT / "layout", folder / "layout", ignore=shutil.ignore_patterns("__pycache__"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ((name, entry),) = project["scripts"].items()
    module, function = entry.split(":")
    script: Path = folder / name
    script.write_text(f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n")
    return script


@pytest.fixture
def run(script: Path, tmp_path: Path, bucket: str, cloudflare: LocalCloudflare) -> Run:
    """Runs it in an empty folder, with the settings of an operator."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    settings = {
        "R2_BUCKET": bucket,
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("R2_", "APP_ENV"))}

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-P", str(script), *arguments],
            cwd=tmp_path,
            env={**kept, **settings, "PYTHONPATH": str(script.parent)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return command


def test_a_migration_runs(run: Run, bucket: str) -> None:
    """Nothing of a checkout is needed, and the hints name the installed command."""
    listed = run("migrate", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout.startswith(f"Migrations for the bucket {bucket!r}, environment dev:\n  flat: ")
    missing = run("migrate", "copy", "--plan", "plan.sqlite")
    assert (missing.returncode, missing.stderr) == (
        1,
        (
            "Error: There is no plan file 'plan.sqlite'.\n"
            "Try: Make one: r2-layout migrate plan flat --plan FILE\n"
        ),
    )


def test_a_credential_is_minted(run: Run, bucket: str) -> None:
    """Lines for a shell."""
    minted = run("credentials", "mint", "--ttl", "15m")
    assert (minted.returncode, minted.stderr) == (0, "")
    assert f"export R2_BUCKET={bucket}\n" in minted.stdout


def test_the_suite_needs_a_checkout(run: Run) -> None:
    """It is part of the tests, which nobody installs."""
    refused = run("conformance")
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "",
        (
            "Error: The conformance suite is not installed with the package.\n"
            "Try: Run it in a checkout of r2-layout: python scripts/conformance.py\n"
        ),
    )
