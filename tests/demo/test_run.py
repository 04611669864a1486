"""The whole demonstration, as `make demo` runs it: to the end, interrupted, and killed."""

from __future__ import annotations

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.engine

REPOSITORY = Path(__file__).resolve().parents[2]
SUMMARY = [
    "a second `pulumi up` of prod changed nothing",
    "a second `pulumi up` of staging changed nothing",
    "a second `pulumi up` of dev changed nothing",
    "after the rollback the bucket is as it was, with 1 object that was written in the new layout",
    r"each of the \d{3} objects is at its new key: SHA-256, content type and metadata agree",
    r"nothing was created but 9 files of the new layout \(profiles and the marker\)",
    "nothing is left outside dev/ but 3 objects that a rule leaves there",
    "one file was read back through layout by its new key",
    r"a credential for dev/ was refused \(403\) when it asked for an object of prod/",
    "the application lists the clips that the user had before",
    "it plays a clip, byte for byte what was uploaded to the old layout",
    "a change is there after the application was started again on an empty disk",
    "a user who is new gets one profile",
    "each of the 17 objects of the second application is where its document says, beside 4 strays of nobody",
    r"each of the \d\d values that name one names its new key, and nothing else is changed in any document",
    "a scene is opened through its document",
    "the page of an audit is written",
    "the local Cloudflare is stopped",
]


class Demo:
    """A demonstration in a process, and a way to find all that belongs to it.

    Every process that it starts inherits TMPDIR, also where the rest of the environment is replaced.
    """

    def __init__(self, folder: Path) -> None:
        self._temporary = folder / "tmp"
        self._temporary.mkdir(exist_ok=True)
        self.output = folder / "output.txt"
        self.errors = folder / "errors.txt"
        environment = {**os.environ, "TMPDIR": str(self._temporary), "PYTHONUNBUFFERED": "1"}
        command = [
            sys.executable,
            "-m",
            "local_cloudflare.supervisor",
            "--",
            sys.executable,
            "scripts/demo.py",
        ]
        with self.output.open("wb") as output, self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*command, "--folder", str(folder / "demo")], cwd=REPOSITORY, env=environment,
                stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
            )  # fmt: skip

    def text(self) -> str:
        """Return what it has printed."""
        return self.output.read_text(encoding="utf-8")

    def wait_for(self, text: str, seconds: float) -> None:
        """Wait until it has printed `text`."""
        give_up_at = time.monotonic() + seconds
        while text not in self.text():
            assert time.monotonic() < give_up_at, self.text()
            assert self.process.poll() is None, self.text() + self.errors.read_text()
            time.sleep(0.1)

    def living(self) -> list[psutil.Process]:
        """Return every process that belongs to it."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE:
                    found += [process] if process.environ().get("TMPDIR") == str(self._temporary) else []
        return found

    def script(self) -> psutil.Process:
        """Return the process of scripts/demo.py itself, which is not its supervisor."""
        (script,) = [process for process in self.living() if process.cmdline()[1:2] == ["scripts/demo.py"]]
        return script

    def seconds_until_all_ended(self, patience: float) -> float:
        """Wait until no process is left; fail if one is after `patience` seconds."""
        started = time.monotonic()
        while left := self.living():
            assert time.monotonic() - started < patience, [process.cmdline() for process in left]
            time.sleep(0.1)
        return time.monotonic() - started


@pytest.fixture
def demos() -> Iterator[list[Demo]]:
    """Return a list for demonstrations; those still running after the test are ended."""
    started: list[Demo] = []
    yield started
    for demo in started:
        for process in demo.living():
            with contextlib.suppress(psutil.Error):
                process.kill()
        demo.process.wait()


def _assert_verified(demo: Demo) -> None:
    """Check the exit status and every line of the summary."""
    assert demo.process.wait(400) == 0, demo.text() + demo.errors.read_text()
    verified = re.findall(r"^  ok      (.*)$", demo.text(), re.MULTILINE)
    assert len(verified) == len(SUMMARY)
    assert all(re.fullmatch(expected, line) for expected, line in zip(SUMMARY, verified, strict=True))
    assert re.search(r"^All of it holds\. \d+ s\.$", demo.text(), re.MULTILINE)
    assert "\x1b" not in demo.text()
    assert demo.living() == []


def _killed(demo: Demo, victim: Callable[[], psutil.Process | subprocess.Popen[bytes]]) -> None:
    """Kill one of its processes at a random moment; check that 10 s later nothing of it runs."""
    delay = random.uniform(0, 30)  # noqa: S311  any step but the last
    demo.wait_for("2/7  ", 120)
    time.sleep(delay)
    victim().kill()
    assert demo.seconds_until_all_ended(10) < 10, f"killed {delay} s after the start of step 2"


def test_a_killed_supervisor_leaves_nothing_running(tmp_path: Path, demos: list[Demo]) -> None:
    """SIGKILL for the process that `make` started: 10 s later nothing runs."""
    demo = Demo(tmp_path)
    demos.append(demo)
    _killed(demo, lambda: demo.process)


@pytest.mark.timeout(600)
def test_a_killed_run_leaves_nothing_running_and_the_next_one_works(
    tmp_path: Path, demos: list[Demo]
) -> None:
    """SIGKILL for the demo itself: 10 s later nothing runs; the next run in the same folder verifies all."""
    killed = Demo(tmp_path)
    demos.append(killed)
    _killed(killed, killed.script)
    following = Demo(tmp_path)
    demos.append(following)
    _assert_verified(following)


def test_an_interrupted_run_says_one_line(tmp_path: Path, demos: list[Demo]) -> None:
    """Ctrl-C during `pulumi up`: status 130, one line on stderr, nothing left running."""
    demo = Demo(tmp_path)
    demos.append(demo)
    demo.wait_for("3/7  ", 120)
    time.sleep(2)
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(15) == 130
    assert demo.errors.read_text() == (
        "Error: Interrupted.\nTry: Run the command again; what the demonstration started is stopped.\n"
    )
    assert demo.living() == []
