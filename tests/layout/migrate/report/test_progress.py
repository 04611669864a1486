"""Progress on a terminal."""

from __future__ import annotations

import os
import sys

import pytest

from layout.migrate.report.progress import Progress


def test_a_terminal_that_goes_away_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar is there while somebody can see it, and the work goes on without it."""
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "w", encoding="utf-8") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        done = 0
        with Progress().task("copying", 2) as step:
            shown = b""
            while b"copying" not in shown:
                shown += os.read(controller, 4096)
            os.close(controller)
            for _ in range(2):
                step(1)
                done += 1
    assert done == 2


def test_nothing_shows_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A log of a job holds errors only."""
    with Progress().task("copying", 1) as step:
        step(1)
    assert capsys.readouterr() == ("", "")
