"""Running a command to its end, or ending it with all that it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from local_cloudflare.engine.run import run_to_end
from local_cloudflare.errors import LocalCloudflareError

REPOSITORY = Path(__file__).resolve().parents[3]


def assert_ended(number: int) -> None:
    """Fail if a process still runs after 10 seconds."""
    deadline = time.monotonic() + 10
    while psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_output_and_status(tmp_path: Path) -> None:
    """Stdout, stderr and status come back apart, with this folder, environment and no stdin."""
    script = 'pwd; cat; echo "$SEEN" >&2; exit 3'
    answer = run_to_end(
        ["/bin/sh", "-c", script], "it", folder=tmp_path, environment={"SEEN": "yes"}, timeout=30
    )
    assert (answer.stdout, answer.stderr, answer.returncode) == (f"{tmp_path}\n", "yes\n", 3)


def test_timeout_ends_descendants_in_other_process_groups(tmp_path: Path) -> None:
    """A child in a process group of its own, as Pulumi's plugins are, ends with the command."""
    code = (
        "import subprocess, time; from pathlib import Path\n"
        "child = subprocess.Popen(['sleep', '300'], process_group=0)\n"
        "Path('child').write_text(str(child.pid)); time.sleep(300)"
    )
    command = [sys.executable, "-c", code]
    with pytest.raises(LocalCloudflareError) as raised:
        run_to_end(command, "`it`", folder=tmp_path, environment={"PATH": os.defpath}, timeout=2)
    assert str(raised.value) == "The command `it` did not end within 2 s."
    assert raised.value.hint == "It was cancelled; look at its resources before running it again."
    assert_ended(int((tmp_path / "child").read_text()))


def test_interrupt_ends_the_command(tmp_path: Path) -> None:
    """A KeyboardInterrupt while the command runs ends it too."""
    code = (
        "import os, sys; from pathlib import Path; from local_cloudflare.engine.run import run_to_end\n"
        "run_to_end(['/bin/sh', '-c', 'echo $$ > child; exec sleep 300'], 'it', folder=Path(sys.argv[1]),"
        " environment={'PATH': os.defpath}, timeout=60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True
    ) as process:
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
    assert stderr.splitlines()[-1] == "KeyboardInterrupt"
    assert_ended(int((tmp_path / "child").read_text()))
