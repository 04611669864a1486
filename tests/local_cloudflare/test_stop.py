"""`python -m local_cloudflare down` and `local_cloudflare.stop`."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.stop import stop

REPOSITORY = Path(__file__).resolve().parents[2]


def down(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    command = [sys.executable, "-m", "local_cloudflare", "down", "--folder", str(folder)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A local Cloudflare in a process of its own, ready, in the test's folder."""
    command = [sys.executable, "-m", "local_cloudflare", "up", "--folder", str(tmp_path), "--json"]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
        process.kill()


def test_down_stops_the_one_that_runs(running: subprocess.Popen[str], tmp_path: Path) -> None:
    """`down` ends the process in order and says which, and its endpoints file is gone."""
    answer = down(tmp_path)
    assert answer.stdout == (
        f"Stopped the local Cloudflare in {str(tmp_path)!r}, process {running.pid}; its data stays.\n"
    )
    assert (answer.returncode, running.wait(10)) == (0, 0)
    assert not (tmp_path / "endpoints.json").exists()


def test_down_without_a_running_one(tmp_path: Path) -> None:
    """With nothing to stop, `down` says so and is content."""
    answer = down(tmp_path)
    assert answer.stdout == f"No local Cloudflare runs in {str(tmp_path)!r}.\n"
    assert answer.returncode == 0


def test_number_left_by_a_killed_one_is_not_used(tmp_path: Path) -> None:
    """A lock file that nobody holds names a process that may be anybody's by now: it gets no signal."""
    with subprocess.Popen(["sleep", "300"]) as bystander:
        (tmp_path / "lock").write_text(str(bystander.pid))
        assert stop(tmp_path) is None
        assert bystander.poll() is None
        bystander.kill()


def test_one_that_does_not_end(tmp_path: Path) -> None:
    """A process that ignores the request is named in the error."""
    with subprocess.Popen(
        ["sh", "-c", "trap '' TERM; echo ready; exec sleep 300"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        with (tmp_path / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.write(str(process.pid))
            lock.flush()
            with pytest.raises(LocalCloudflareError) as raised:
                stop(tmp_path, patience=0.2)
        process.kill()
    assert str(raised.value) == (
        f"The local Cloudflare in {str(tmp_path)!r}, process {process.pid}, runs on after 0.2 s."
    )
    assert raised.value.hint == f"End it with `kill -9 {process.pid}`; what it stored stays usable."
