"""Long commands tell what they do, and leave nothing behind."""

import re
import time
from pathlib import Path

import psutil
import pytest

from local_cloudflare.engine.steps import Step, duration_text
from local_cloudflare.errors import LocalCloudflareError


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min 00 s"), (185, "3 min 05 s")]
)
def test_duration_text(seconds: float, text: str) -> None:
    """Durations are written in whole seconds and minutes."""
    assert duration_text(seconds) == text


def test_progress_is_told_while_a_command_runs() -> None:
    """The title and usual duration come first, then time and counts, then the end."""
    lines: list[str] = []
    step = Step(
        "baking", "a second", lines.append, lambda line: "loaves" if "loaf" in line else None, tell_every=0.5
    )
    step.run(["sh", "-c", "echo loaf; echo crumb; echo loaf; sleep 0.8"], hint="", timeout=30)
    assert lines[0] == "baking (a second)"
    assert re.fullmatch(r"  \d+ s: 2 loaves", lines[1])
    assert re.fullmatch(r"  done in \d+ s", lines[-1])


def test_failed_command() -> None:
    """The error has title, status and the last lines of the output, in the order in which they came."""
    with pytest.raises(LocalCloudflareError) as raised:
        Step("baking", "a second", print).run(["sh", "-c", "seq 30; exit 4"], hint="Try again.", timeout=30)
    last = "\n".join(str(number) for number in range(11, 31))
    assert str(raised.value) == f"The step 'baking' failed with status 4:\n{last}"
    assert raised.value.hint == "Try again."


def test_missing_command() -> None:
    """A command that is not there is an error that names it."""
    with pytest.raises(LocalCloudflareError) as raised:
        Step("baking", "a second", print).run(["no-such-oven"], hint="Buy one.", timeout=30)
    assert str(raised.value) == ("The step 'baking' cannot run 'no-such-oven': No such file or directory.")
    assert raised.value.hint == "Buy one."


def test_command_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    """After the timeout, the command and its children are gone."""
    script = f"sleep 300 & echo $! > {tmp_path / 'child'}; wait"
    with pytest.raises(LocalCloudflareError) as raised:
        Step("baking", "a second", print, tell_every=0.1).run(["sh", "-c", script], hint="", timeout=0.5)
    assert str(raised.value) == "The step 'baking' did not end within 0 s."
    child = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)
