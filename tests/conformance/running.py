"""The suite run as a whole: what `r2-layout conformance` calls."""

import os
from pathlib import Path

import pytest

from layout.exit_status import ExitStatus
from tests.conformance import stores as known_stores
from tests.conformance.conftest import CHOSEN
from tests.conformance.page import Recorder, render
from tests.conformance.servers.install import install

__all__ = ["STORES", "ask"]

SUITE = Path(__file__).resolve().parent
STORES = tuple(known_stores.STORES)
_STATUSES = {
    pytest.ExitCode.OK: ExitStatus.DONE,
    pytest.ExitCode.TESTS_FAILED: ExitStatus.DIFFERENCES,
}


def ask(stores: list[str], *, only_to_be_seen: bool = False) -> tuple[ExitStatus, str]:
    """Runs every statement on each store, or only those that R2's documents leave open.

    Returns:
        The status, `DONE` if every statement held or is a declared difference, and the page in Markdown.

    Raises:
        KeyboardInterrupt: pytest was interrupted, and has said so.
    """
    if {"miniflare", "versitygw"} & set(stores):
        install()
    os.environ[CHOSEN] = ",".join(stores)
    recorder = Recorder()
    # The page is what this run writes, so the test that compares it has no place in it.
    without_page = f"--ignore={SUITE / 'test_page.py'}"
    options = [str(SUITE), without_page, "-q", "--no-header", "-p", "no:cacheprovider", "--tb=short"]
    options += ["-m", "to_be_seen"] if only_to_be_seen else []
    ended = pytest.ExitCode(pytest.main(options, plugins=[recorder]))
    if ended is pytest.ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return _STATUSES.get(ended, ExitStatus.ERROR), render(recorder.outcomes)
