"""``python -m local_cloudflare.supervisor -- command ...``: all that a command starts ends when it does.

Three processes take part. This one, the launcher, starts `local_cloudflare.session` in a session of its own, which
starts the command in that session. A pipe in each direction tells them of each other's death:

* the command ends, or is killed: the rest of its session is ended, and its exit status is this one's (128 + n
  after signal n);
* the launcher is killed, or the process that started it is (``make``): the session is ended;
* the process in the middle is killed: the launcher ends the session;
* SIGINT, SIGTERM or SIGHUP reaches the launcher: it is passed on to the command, which has 4 seconds to clean
  up; the exit status is 128 + n.

All within 10 seconds. "Ended" means SIGTERM, and SIGKILL for what lives 3 seconds later. Only when launcher
and middle process are killed in the same instant can something be left. A descendant in a session of its own
is covered on Linux, and elsewhere while its parent lives (`local_cloudflare.session` says how).
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from local_cloudflare import session

CHECK_PARENT_EVERY: Final = 0.5
LONGEST_END: Final = session.TERMINATE_TIME + session.KILL_TIME + 1.0
"""Seconds after which the launcher stops waiting for the process in the middle and ends the session
itself."""
USAGE: Final = "usage: python -m local_cloudflare.supervisor -- command [argument ...]"


def supervised(command: Sequence[str]) -> list[str]:
    """Give the command line that supervises a command; to be run in the repository's folder."""
    return [sys.executable, "-m", "local_cloudflare.supervisor", "--", *command]


def run(command: Sequence[str]) -> int:
    """Run a command under supervision and give its exit status; run nothing if the parent is gone."""
    return 1 if _is_orphan() else _Launcher(command).run()


def _is_orphan() -> bool:
    """Tell whether the process that started this one ended while Python was starting.

    A process begins in the session of its parent, so another session's parent has only adopted it, unless it
    leads a session of its own.
    """
    own = os.getsid(0)
    try:
        return own != os.getpid() and os.getsid(os.getppid()) != own
    except OSError:
        return False  # some systems do not tell about other sessions


class _Launcher:
    def __init__(self, command: Sequence[str]) -> None:
        self._parent = os.getppid()
        self._received: int | None = None
        session.adopt_orphans()
        self._wake, wake_writer = os.pipe()
        os.set_blocking(wake_writer, False)
        signal.set_wakeup_fd(wake_writer, warn_on_full_buffer=False)
        for number in session.FORWARDED:
            signal.signal(number, lambda *_arguments: None)
        control_reader, self._control = os.pipe()
        self._result, result_writer = os.pipe()
        self._middle = subprocess.Popen(
            [
                sys.executable,
                "-P",
                str(Path(session.__file__).resolve()),
                str(control_reader),
                str(result_writer),
            ],
            pass_fds=(control_reader, result_writer),
            start_new_session=True,
        )
        os.close(control_reader)
        os.close(result_writer)
        self._tell(json.dumps(list(command)))

    def run(self) -> int:
        status = self._wait()
        if status is None:
            # Not waited for until now, so that its number cannot belong to another session meanwhile.
            session.end_all(self._middle.pid, lambda: None)
            self._middle.kill()
            status = self._middle.wait() or 1
        if self._received is not None:
            return 128 + self._received
        return 128 - status if status < 0 else status

    def _wait(self) -> int | None:
        """Give the command's status (-n for signal n), or ``None`` when the process in the middle is lost."""
        give_up_at: float | None = None
        while give_up_at is None or time.monotonic() < give_up_at:
            ready, _, _ = select.select([self._result, self._wake], [], [], CHECK_PARENT_EVERY)
            if self._wake in ready:
                self._pass_on(os.read(self._wake, 512))
            if self._result in ready:
                answer = os.read(self._result, 64)
                return int(answer) if answer else None
            if give_up_at is None and os.getppid() != self._parent:
                os.close(self._control)
                give_up_at = time.monotonic() + LONGEST_END
        return None

    def _pass_on(self, numbers: bytes) -> None:
        for number in numbers:
            if number in session.FORWARDED:
                self._received = self._received or number
                self._tell(str(number))

    def _tell(self, line: str) -> None:
        try:
            os.write(self._control, line.encode() + b"\n")
        except OSError:
            return  # the process in the middle, or this pipe, is gone: _wait notices


def main(arguments: Sequence[str]) -> int:
    """Run the command line's command."""
    if len(arguments) < 2 or arguments[0] != "--":
        print(USAGE, file=sys.stderr)
        return 2
    return run(arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
