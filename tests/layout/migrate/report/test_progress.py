"""Progress on a terminal, and in the log of a job."""

from __future__ import annotations

import os
import sys

import pytest

from layout.migrate.report.progress import Progress, Task


class Clock:
    """Seconds that pass when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_a_line_tells_rate_bytes_and_time_left() -> None:
    """The rate is that of the last half minute, and what is slower of objects and bytes decides what is left."""
    clock = Clock()
    task = Task("copying", 100_000, 40 << 30, clock)
    task(3_000, 1 << 30)
    clock.now = 10
    at_first = (
        "copying: 3,000 of 100,000, 1.0 GiB of 40.0 GiB, 300 a second, 102.4 MiB a second, 0:06:30 left"
    )
    assert task.line() == at_first
    for second in (20, 30, 40):
        task(1_000, 1 << 20)
        clock.now = second
        later = task.line()
    assert later.startswith(
        "copying: 6,000 of 100,000, 1.0 GiB of 40.0 GiB, 100 a second, 102.4 KiB a second, "
    )


def test_a_line_tells_what_is_known() -> None:
    """A listing knows neither how much there is nor bytes, and what is done leaves nothing."""
    clock = Clock()
    listing, placing = Task("listing", clock=clock), Task("placing", 500, clock=clock)
    clock.now = 2
    listing(3_000)
    assert placing.line() == "placing: 0 of 500, 0 a second"
    placing(500)
    assert listing.line() == "listing: 3,000, 1,500 a second"
    assert placing.line() == "placing: 500 of 500, 250 a second"


def test_a_terminal_that_goes_away_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is there while somebody can see it, and the work goes on without it."""
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "w", encoding="utf-8") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        done = 0
        with Progress(every=0.01).task("copying", 2) as step:
            shown = b""
            while shown.count(b"\r\x1b[Kcopying: 0 of 2") < 2:
                shown += os.read(controller, 4096)
            assert b"\n" not in shown
            os.close(controller)
            for _ in range(2):
                step(1)
                done += 1
    assert done == 2


def test_a_log_gets_a_line_from_time_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is one of its own, also while nothing is finished: a job that is alive shows it."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="utf-8") as stderr, os.fdopen(reading, encoding="utf-8") as log:
        monkeypatch.setattr(sys, "stderr", stderr)
        with Progress(every=0.01).task("copying", 2):
            assert [log.readline() for _ in range(2)] == ["copying: 0 of 2, 0 a second\n"] * 2


def test_a_short_step_leaves_no_line_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    """The first line comes after ten seconds."""
    with Progress().task("copying", 1) as step:
        step(1)
    assert capsys.readouterr() == ("", "")


def test_nothing_shows_beside_json(capsys: pytest.CaptureFixture[str]) -> None:
    """There stderr holds errors only, for the program that reads it."""
    progress = Progress(quiet=True, every=1e-9)
    with progress.task("copying", 1) as step:
        step(1)
    assert capsys.readouterr() == ("", "")
