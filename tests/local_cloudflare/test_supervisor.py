"""What a supervised command starts ends with it, whichever of the processes involved is killed."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from local_cloudflare.supervisor import supervised

REPOSITORY = Path(__file__).resolve().parents[2]
LIMIT = 10.0

# A command that starts a child, with a child itself, in a process group of its own, as Pulumi starts plugins;
# on Linux also an orphan in a session of its own. argv: where to write their numbers, whether the first child
# ignores SIGTERM, what to do before writing, the exit status when the file `go` appears.
TREE = """
import json, os, pathlib, signal, subprocess, sys, time
first = '''
import signal, subprocess, time
if {stubborn}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen(["sleep", "300"]).pid, flush=True)
time.sleep(300)
'''
orphan = '''
import subprocess
print(subprocess.Popen(["sleep", "300"], start_new_session=True, stdout=subprocess.DEVNULL).pid)
'''
path, stubborn, before, status = sys.argv[1:]
first = [sys.executable, "-c", first.format(stubborn=stubborn)]
child = subprocess.Popen(first, process_group=0, stdout=subprocess.PIPE, text=True)
numbers = {"command": os.getpid(), "child": child.pid, "grandchild": int(child.stdout.readline())}
if sys.platform == "linux":
    numbers["orphan"] = int(subprocess.check_output([sys.executable, "-c", orphan]))
exec(before)
pathlib.Path(path + ".part").write_text(json.dumps(numbers))
pathlib.Path(path + ".part").rename(path)
while not pathlib.Path(path + ".go").exists():
    time.sleep(0.05)
sys.exit(int(status))
"""


def eventually(answer: Callable[[], Any]) -> Any:
    """Give the first answer that is true."""
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        found = answer()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("no answer within 10 seconds")


class Trees:
    """Starts supervised trees of processes, and ends what a failed test leaves of them."""

    def __init__(self, folder: Path) -> None:
        self._numbers = folder / "numbers"
        self._all: list[psutil.Process] = []
        self._launchers: list[subprocess.Popen[bytes]] = []

    def start(
        self, before: str = "", *, status: int = 0, around: tuple[str, ...] = (), stubborn: bool = False
    ) -> subprocess.Popen[bytes]:
        """Start the launcher, optionally below another command, and wait for the whole tree."""
        arguments = [str(self._numbers), str(stubborn), before, str(status)]
        command = supervised([sys.executable, "-c", TREE, *arguments])
        launcher = subprocess.Popen([*around, *command], cwd=REPOSITORY)
        self._launchers.append(launcher)
        self._all.append(psutil.Process(launcher.pid))
        eventually(self._numbers.exists)
        self.named = {
            name: psutil.Process(pid) for name, pid in json.loads(self._numbers.read_text()).items()
        }
        self._all += [*self.named.values(), self.middle]
        return launcher

    def go(self) -> None:
        """Let the command end by itself."""
        self._numbers.with_suffix(".go").touch()

    @property
    def middle(self) -> psutil.Process:
        """The process between launcher and command."""
        parent = self.named["command"].parent()
        assert parent is not None
        return parent

    def left(self) -> list[psutil.Process]:
        """Give what still runs when the promised time is over."""
        for launcher in self._launchers:
            launcher.wait(LIMIT)
        _, alive = psutil.wait_procs(self._all, timeout=LIMIT)
        return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]

    def end(self) -> None:
        """Kill what is left."""
        for process in self._all:
            if process.is_running():
                process.kill()
        for launcher in self._launchers:
            launcher.wait(LIMIT)


@pytest.fixture
def trees(tmp_path: Path) -> Iterator[Trees]:
    """Trees of processes that do not survive the test."""
    trees = Trees(tmp_path)
    yield trees
    trees.end()


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a supervised command to its end."""
    return subprocess.run(
        supervised(command),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        **options,
    )


@pytest.mark.parametrize("status", [0, 1, 32])
def test_exit_status_of_the_command_is_passed_on(status: int) -> None:
    """The launcher ends with the command's exit status."""
    assert run("sh", "-c", f"exit {status}").returncode == status


def test_standard_streams_are_the_callers() -> None:
    """The command reads the caller's stdin and writes its stdout and stderr."""
    answer = run("sh", "-c", "cat; echo told >&2", input="asked")
    assert (answer.stdout, answer.stderr, answer.returncode) == ("asked", "told\n", 0)


def test_command_that_does_not_exist() -> None:
    """A command that cannot be found is one line and a shell's status 127."""
    answer = run("no-such-command")
    assert answer.stderr == "supervisor: cannot run 'no-such-command': No such file or directory\n"
    assert answer.returncode == 127


def test_usage() -> None:
    """Without a command after `--` the usage is printed, with status 2."""
    command = [sys.executable, "-m", "local_cloudflare.supervisor", "ls"]
    answer = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.stderr == "usage: python -m local_cloudflare.supervisor -- command [argument ...]\n"
    assert answer.returncode == 2


def test_nothing_is_left_when_the_command_ends(trees: Trees) -> None:
    """What a command leaves behind is ended, stubborn or in another session, and its status passed on."""
    launcher = trees.start(status=3, stubborn=True)
    trees.go()
    assert trees.left() == []
    assert launcher.returncode == 3


def test_nothing_is_left_when_the_command_is_killed(trees: Trees) -> None:
    """SIGKILL on the command ends the rest; the status is 128 + 9."""
    launcher = trees.start()
    trees.named["command"].kill()
    assert trees.left() == []
    assert launcher.returncode == 137


def test_nothing_is_left_when_the_launcher_is_killed(trees: Trees) -> None:
    """SIGKILL on the launcher ends everything below it."""
    launcher = trees.start(stubborn=True)
    launcher.kill()
    assert trees.left() == []


def test_nothing_is_left_when_the_middle_process_is_killed(trees: Trees) -> None:
    """SIGKILL on the process between launcher and command ends everything else."""
    launcher = trees.start(stubborn=True)
    trees.middle.kill()
    assert trees.left() == []
    assert launcher.returncode == 137


def test_nothing_is_left_when_launcher_and_command_are_killed(trees: Trees) -> None:
    """A `pkill -9 -f` with a word of the command line hits launcher and command; the middle cleans up."""
    launcher = trees.start()
    assert not any("numbers" in argument for argument in trees.middle.cmdline())
    launcher.kill()
    trees.named["command"].kill()
    assert trees.left() == []


def test_nothing_is_left_when_the_parent_is_killed(trees: Trees) -> None:
    """SIGKILL on what started the launcher, as on `make`, ends everything."""
    start = "import subprocess, sys; subprocess.call(sys.argv[1:])"
    parent = trees.start(around=(sys.executable, "-c", start))
    (launcher,) = psutil.Process(parent.pid).children()
    parent.kill()
    assert trees.left() == []
    psutil.wait_procs([launcher], timeout=LIMIT)
    assert not launcher.is_running()


def test_nothing_is_started_for_a_parent_that_is_gone(tmp_path: Path) -> None:
    """If what started the launcher ends before Python is up, the command is not run."""
    command = shlex.join(supervised(["touch", str(tmp_path / "ran")]))
    shell = ["sh", "-c", f"{command} & echo $!"]
    answer = subprocess.run(
        shell, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True, start_new_session=True
    )
    launcher = int(answer.stdout)
    eventually(lambda: not psutil.pid_exists(launcher))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_is_passed_on_and_the_command_cleans_up(
    trees: Trees, tmp_path: Path, number: signal.Signals
) -> None:
    """A signal on the launcher reaches the command, which may clean up; the status is 128 + n."""
    cleaned = tmp_path / "cleaned"
    handler = f"lambda *_: (time.sleep(0.5), pathlib.Path({str(cleaned)!r}).write_text('yes'), sys.exit(0))"
    launcher = trees.start(f"signal.signal({int(number)}, {handler})")
    launcher.send_signal(number)
    assert trees.left() == []
    assert cleaned.read_text() == "yes"
    assert launcher.returncode == 128 + number


def test_command_that_ignores_signals_is_ended(trees: Trees) -> None:
    """A command that ignores SIGTERM and SIGINT is gone within the promised time as well."""
    launcher = trees.start("for n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)")
    started = time.monotonic()
    launcher.terminate()
    assert trees.left() == []
    assert time.monotonic() - started < LIMIT + 0.5
    assert launcher.returncode == 143


def test_other_sessions_are_left_alone(trees: Trees) -> None:
    """Ending a command ends nothing that it did not start."""
    bystander = subprocess.Popen(["sleep", "300"], start_new_session=True)
    launcher = trees.start()
    trees.go()
    assert trees.left() == []
    assert (launcher.returncode, bystander.poll()) == (0, None)
    os.kill(bystander.pid, signal.SIGKILL)
    bystander.wait()
