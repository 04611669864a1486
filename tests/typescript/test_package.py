"""The TypeScript client's own tests, by the Node test runner."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local_cloudflare.engine.places import STAMP
from tests.typescript import install


def test_the_package_passes_its_own_tests() -> None:
    """And they were run: some of them passed."""
    install.install()
    done = install.run_script("test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^(?:#|ℹ) pass [1-9]", done.stdout, re.MULTILINE), done.stdout


def test_a_second_install_needs_no_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed is found without one."""
    install.install()
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1/")
    stamp: Path = install.FOLDER / STAMP
    before = stamp.stat().st_mtime_ns
    install.install()
    assert stamp.stat().st_mtime_ns == before
