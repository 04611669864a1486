"""Commands that are ended by SIGKILL at points drawn from a seed, until they say by themselves that they are done."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from local_cloudflare.r2.faults import FaultAction, FaultRule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local_cloudflare.cloudflare import LocalCloudflare

__all__ = ["Campaign"]

_SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "migrate.py"
_PATIENCE = 120
_STARTING = 0.8  # seconds in which a command imports, reads its settings, and opens its plan
_FAULTS = tuple(FaultAction)
_KILLED = -9


@dataclass
class Campaign:
    """Runs commands of `r2-layout migrate` and kills some of them.

    Attributes:
        cloudflare: Where the bucket is; its request log says how far a command has come.
        folder: The current folder of the commands.
        variables: Their environment.
        random: Draws when to kill, and which requests fail.
        kills: How many are still to come.
        kills_each: How many of them one command has at most.
        with_faults: Whether requests fail, too. A command may then end with 1, and is run again.
        check: Called after each end of a command.
        killed: How many kills each command had.
        requests: How many requests each command has needed at most, so that points can be drawn among them.
    """

    cloudflare: LocalCloudflare
    folder: Path
    variables: Mapping[str, str]
    random: Random
    kills: int
    kills_each: int
    with_faults: bool
    check: Callable[[], None]
    killed: Counter[str] = field(default_factory=Counter)
    requests: Counter[str] = field(default_factory=Counter)

    def run(self, command: str, *arguments: str, name: str = "") -> None:
        """Runs a command, killed at most `kills_each` times, until it is done; `name` is what it counts as."""
        name = name or command
        refused = 0
        for attempt in range(_PATIENCE):
            kill = attempt < self.kills_each and self.kills > 0
            status, text = self._attempt(name, (command, *arguments), kill=kill)
            self.check()
            if status == 0:
                return
            if status == _KILLED:
                self.kills -= 1
                self.killed[name] += 1
                continue
            refused += 1
            assert refused < (10 if self.with_faults else 1), f"{name} ended with {status}:\n{text}"
        raise AssertionError(f"{name} was not done after {_PATIENCE} runs")

    def _attempt(self, name: str, words: tuple[str, ...], *, kill: bool) -> tuple[int, str]:
        log = self.cloudflare.s3.requests
        before = max((record.number for record in log), default=0)
        if self.with_faults and kill:
            self._add_faults(self.requests[name] or 50)
        process = subprocess.Popen(
            [sys.executable, str(_SCRIPT), *words],
            cwd=self.folder,
            env=dict(self.variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            if kill:
                self._wait_for_the_point(process, name, before)
                process.kill()
            text, _ = process.communicate(timeout=_PATIENCE)
        finally:
            process.kill()
            process.wait()
            self.cloudflare.s3.faults.clear()
        needed = max((record.number for record in log), default=0) - before
        self.requests[name] = max(self.requests[name], needed)
        return process.returncode, text

    def _wait_for_the_point(self, process: subprocess.Popen[str], name: str, before: int) -> None:
        """Returns at a moment while the command starts, or soon after one of its requests."""
        if self.random.random() < 0.2:
            point, pause = 0, self.random.uniform(0, _STARTING)
        else:
            point = self.random.randint(1, max(3, self.requests[name]))
            pause = self.random.uniform(0, 0.05)
        while process.poll() is None and len(self.cloudflare.s3.requests.after(before)) < point:
            time.sleep(0.002)
        if process.poll() is None:
            time.sleep(pause)

    def _add_faults(self, requests: int) -> None:
        """One request in twenty fails, in one of the ways that there are."""
        for _ in range(max(2, requests // 20)):
            self.cloudflare.s3.faults.add(
                FaultRule(
                    self.random.choice(_FAULTS),
                    first=self.random.randint(1, requests),
                    status=self.random.choice((429, 500, 503)),
                    seconds=0.2,
                )
            )
