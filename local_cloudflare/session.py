"""Starting a command so that all it starts can be ended: the middle process of `local_cloudflare.supervisor`.

This file is also a program, run by path with the pipes' numbers as arguments. It imports nothing of this
project, so that it works from any folder, and its command line does not repeat the command's, so that ``pkill
-9 -f demo`` leaves it alive to clean up.

What belongs to the command: every process of this process's session (Pulumi's plugins leave their process
group but stay in the session), and every descendant. On Linux this process is a "child subreaper"
(``prctl(2)``): a descendant that makes a session of its own and loses its parent becomes this process's
child, so it is found as well. Elsewhere such a process is found only while its parent lives.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Final

import psutil

TERMINATE_TIME: Final = 3.0
"""Seconds that processes have to end after SIGTERM, before SIGKILL."""
COMMAND_TIME: Final = 4.0
"""Seconds that the command alone has, after a signal that was passed on to it, to end and clean up."""
KILL_TIME: Final = 2.0
"""Seconds to wait for killed processes to be gone."""
FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PR_SET_CHILD_SUBREAPER: Final = 36
_POLL: Final = 0.05


def adopt_orphans() -> bool:
    """Make this process the parent of its orphaned descendants; ``False`` where the system cannot do so."""
    if not sys.platform.startswith("linux"):
        return False
    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def living(session: int) -> list[psutil.Process]:
    """Give the living processes of a session and the living descendants of this process."""
    found = {process.pid: process for process in psutil.Process().children(recursive=True)}
    for number in psutil.pids():
        with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
            if number not in found and os.getsid(number) == session:
                found[number] = psutil.Process(number)
    found.pop(os.getpid(), None)
    return [process for process in found.values() if _is_alive(process)]


def family(process_id: int) -> Callable[[], list[psutil.Process]]:
    """Give a function that finds the living processes among one process and all that it started.

    A descendant that was seen once is found again after its parent has ended, unlike by a new look.
    """
    seen: dict[int, psutil.Process] = {}
    with contextlib.suppress(psutil.NoSuchProcess):
        seen[process_id] = psutil.Process(process_id)

    def find() -> list[psutil.Process]:
        for process in list(seen.values()):
            with contextlib.suppress(psutil.Error):
                seen.update({child.pid: child for child in process.children(recursive=True)})
        return [process for process in seen.values() if _is_alive(process)]

    return find


def end_processes(
    find: Callable[[], list[psutil.Process]],
    reap: Callable[[], object],
    *,
    patience: float = TERMINATE_TIME,
    first: signal.Signals = signal.SIGTERM,
) -> bool:
    """End processes: each gets one signal, and SIGKILL after ``patience`` seconds.

    Args:
        find: gives those that still live, newly started ones among them.
        reap: is called again and again to collect the status of ended children.
        patience: seconds between the two signals.
        first: the signal that lets a process clean up.

    Returns:
        whether nothing is left.
    """
    asked: set[psutil.Process] = set()
    started = time.monotonic()
    while time.monotonic() - started < patience + KILL_TIME:
        reap()
        processes = find()
        if not processes:
            return True
        kill = time.monotonic() - started >= patience
        for process in processes:
            if kill or process not in asked:
                asked.add(process)
                with contextlib.suppress(psutil.Error):
                    process.send_signal(signal.SIGKILL if kill else first)
        time.sleep(_POLL)
    return not find()


def end_all(session: int, reap: Callable[[], None]) -> bool:
    """End the processes that `living` finds; says whether nothing is left."""
    return end_processes(lambda: living(session), reap)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return False


class Attendant:
    """Runs one command, passes signals on to it, and ends everything when it or the launcher is gone.

    Args:
        control: pipe from the launcher: one line with the command as JSON, then a line per signal to pass on.
            Its end means that the launcher is gone.
        result: pipe to the launcher: one line with the exit status, when nothing of the command is left.
    """

    def __init__(self, control: int, result: int) -> None:
        self._control = control
        self._result = result
        self._unread = b""
        self._command_id = 0
        self._statuses: dict[int, int] = {}
        self._give_up_at: float | None = None
        self._wake, wake_writer = os.pipe()
        os.set_blocking(wake_writer, False)
        os.set_blocking(self._wake, False)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        for number in (*FORWARDED, signal.SIGCHLD):
            signal.signal(number, lambda *_arguments: None)

    def run(self) -> None:
        """Attend one command from start to end."""
        adopt_orphans()
        line = self._read_lines(wait=True)
        if not line:
            return
        status = self._start(json.loads(line[0]))
        if status is None:
            self._attend()
            end_all(os.getpid(), self._reap)
            status = self._statuses.get(self._command_id, -signal.SIGKILL)
        with contextlib.suppress(BrokenPipeError):
            os.write(self._result, f"{status}\n".encode())

    def _start(self, command: list[str]) -> int | None:
        """Start the command; give a shell's status for one that cannot be run."""
        try:
            process = subprocess.Popen(command)
        except OSError as error:
            print(f"supervisor: cannot run {command[0]!r}: {error.strerror}", file=sys.stderr)
            return 127 if isinstance(error, FileNotFoundError) else 126
        self._command_id = process.pid
        process.returncode = 0  # its status is collected by _reap, together with those of orphans
        return None

    def _attend(self) -> None:
        """Return when the command has ended, must be ended, or the launcher is gone."""
        while True:
            self._reap()
            if self._command_id in self._statuses:
                return
            if self._give_up_at is not None and time.monotonic() > self._give_up_at:
                return
            ready, _, _ = select.select([self._control, self._wake], [], [], 0.5)
            if self._wake in ready:
                for number in os.read(self._wake, 512):
                    if number in FORWARDED:
                        self._pass_on(number)
            if self._control in ready:
                lines = self._read_lines()
                if lines is None:
                    return
                for line in lines:
                    self._pass_on(int(line))

    def _pass_on(self, number: int) -> None:
        if self._give_up_at is None:
            self._give_up_at = time.monotonic() + COMMAND_TIME
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._command_id, number)

    def _read_lines(self, *, wait: bool = False) -> list[bytes] | None:
        """Give the complete lines that the launcher wrote, or ``None`` when it is gone."""
        while True:
            data = os.read(self._control, 65536)
            if not data:
                return None
            *lines, self._unread = (self._unread + data).split(b"\n")
            if lines or not wait:
                return lines

    def _reap(self) -> None:
        """Collect the status of every ended child: the command and adopted orphans."""
        while True:
            try:
                number, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if number == 0:
                return
            self._statuses[number] = os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    Attendant(int(sys.argv[1]), int(sys.argv[2])).run()
