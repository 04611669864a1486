"""`python -m local_cloudflare`: up as a process of its own, and the commands that speak to a running one."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from local_cloudflare.__main__ import main
from local_cloudflare.cloudflare import LocalCloudflare
from tests.local_cloudflare.running import run

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def up(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`up` as a process that is ended in any case."""
    command = [sys.executable, "-m", "local_cloudflare", "up", "--folder", str(folder), *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def answers(url: str) -> bool:
    """Whether somebody listens there."""
    address = urlsplit(url)
    with closing(socket.socket()) as connection:
        return connection.connect_ex((address.hostname, address.port)) == 0


def first_line(process: subprocess.Popen[str]) -> str:
    """The first line of its output."""
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_up_runs_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    """It prints where it listens, without secrets; a signal closes the ports and is a normal end."""
    with up(tmp_path, "--json", "--bucket", "films") as process:
        shown = json.loads(first_line(process))
        endpoints = json.loads(Path(shown["endpoints_file"]).read_text())
        assert set(shown) == {"account_id", "s3_endpoint", "api_url", "admin_url", "pid", "endpoints_file"}
        assert (shown["pid"], answers(shown["s3_endpoint"])) == (process.pid, True)
        headers = {"authorization": f"Bearer {endpoints['api_token']}"}
        url = f"{endpoints['api_url']}/accounts/{endpoints['account_id']}/r2/buckets/films"
        assert httpx.get(url, headers=headers, trust_env=False).status_code == 200
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
        assert (process.returncode, errors) == (0, "")
        assert (answers(shown["s3_endpoint"]), answers(shown["api_url"])) == (False, False)
        assert not Path(shown["endpoints_file"]).exists()


def test_up_can_end_with_its_input(tmp_path: Path) -> None:
    """With `--until-stdin-closes` it never outlives whoever started it."""
    with up(tmp_path, "--json", "--until-stdin-closes") as process:
        assert json.loads(first_line(process))["pid"] == process.pid
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_the_banner_says_what_it_is(tmp_path: Path) -> None:
    """The first line says that this is not Cloudflare; each endpoint has a line."""
    with up(tmp_path) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(7)]
    assert lines[0] == (
        "Local Cloudflare. This is not Cloudflare: it answers on this machine only, for tests and demos."
    )
    assert [re.sub(r"[0-9a-f]{32}|\d{4,5}", "N", line) for line in lines[1:4]] == [
        "  account      N",
        "  S3 endpoint  http://127.0.0.1:N",
        "  control API  http://127.0.0.1:N/client/v4",
    ]
    assert lines[4:] == [
        f"  data         {tmp_path}",
        f'For a shell: eval "$(python -m local_cloudflare env --folder {tmp_path})".',
        "Ctrl-C ends it; the data stays.",
    ]


def test_the_banner_names_a_bucket_for_the_shell(tmp_path: Path) -> None:
    """Of those that are there the first by name, so that the line can be copied."""
    with up(tmp_path, "--bucket", "films", "--bucket", "albums") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(7)]
    line = f'For a shell: eval "$(python -m local_cloudflare env --folder {tmp_path} --bucket albums)".'
    assert lines[5] == line


def test_up_is_as_strict_as_it_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Switches for the pace, for `100 Continue`, and for how long a new token is unknown."""
    seen: list[tuple[float, float, bool]] = []

    class Ended(Exception):  # noqa: N818 - it only ends the command
        pass

    def started(self: LocalCloudflare) -> None:
        delay = self.account.activation_delay.total_seconds()
        seen.append((self.s3.pace.interval_seconds, delay, self.s3.answers_continue))
        self.stop()
        raise Ended

    monkeypatch.setattr(LocalCloudflare, "start", started)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    for arguments in ([], ["--no-rate-limit", "--activation-delay", "1m", "--no-continue"]):
        with pytest.raises(Ended):
            main(["up", "--folder", str(tmp_path), *arguments])
    assert seen == [(1.0, 0.0, True), (0.0, 60.0, False)]


def test_what_hinders_up_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder in use ends it with status 1 and one line on standard error."""
    with LocalCloudflare(tmp_path):
        assert main(["up", "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr() == (
        "",
        (
            f"Error: The folder {str(tmp_path)!r} is in use by process {os.getpid()}.\n"
            "Try: Stop that one, or use another folder.\n"
        ),
    )


@pytest.mark.parametrize("command", ["env", "clock", "requests", "faults"])
def test_commands_need_a_running_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    """Where none runs, the way to start one is named and the status is 1."""
    assert main([command, "--folder", str(tmp_path)]) == 1
    assert capsys.readouterr() == (
        "",
        (
            f"Error: No local Cloudflare runs in {str(tmp_path)!r}.\n"
            f"Try: Start it: python -m local_cloudflare up --folder {tmp_path}\n"
        ),
    )


def test_clock_shows_and_advances(running: LocalCloudflare, capsys: pytest.CaptureFixture[str]) -> None:
    """`clock` tells the time and how far it is ahead; `clock +1d12h` moves it."""
    assert re.fullmatch(r"[-0-9T:]{19}Z, not ahead of real time\n", run(running, capsys, "clock"))
    moved = run(running, capsys, "clock", "+1d12h")
    assert re.fullmatch(r"[-0-9T:]{19}Z, 1 day, 12:00:00 ahead of real time\n", moved)
    assert running.clock.offset.total_seconds() == 36 * 3600


@pytest.mark.parametrize("step", ["2", "+2w", "+d", "2d!", "-1d"])
def test_other_durations_are_refused(capsys: pytest.CaptureFixture[str], step: str) -> None:
    """A duration is a number with d, h, m or s; anything else is a usage error."""
    assert main(["clock", "--", step]) == 2
    message = f"{step!r} is no duration: write +2d, +12h, +30m, +90s or +1d12h\n"
    assert capsys.readouterr().err.endswith(message)


def test_requests_are_listed(running: LocalCloudflare, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a request, filtered by operation and key, or JSON; `--api` shows the control API's."""
    running.store.create_bucket("films")
    with httpx.Client(trust_env=False) as client:
        client.get(f"{running.s3_endpoint}/films/dev/a")
        client.get(f"{running.s3_endpoint}/films/prod/a")
        client.get(f"{running.api_url}/accounts/{running.account_id}/r2/buckets")
    assert len(run(running, capsys, "requests").splitlines()) == 2
    lines = run(running, capsys, "requests", "--key", "prod/*").splitlines()
    assert [re.sub(r"^\S+ ", "", line) for line in lines] == [
        "400 GetObject films/prod/a  0 in 113 out  nobody (no scope)  InvalidArgument"
    ]
    record: dict[str, Any] = json.loads(run(running, capsys, "requests", "--key", "dev/a", "--json"))
    assert (record["bucket"], record["key"], record["status"]) == ("films", "dev/a", 400)
    api = run(running, capsys, "requests", "--api")
    assert re.fullmatch(r"\S+ 400 GET /r2/buckets 9106\n", api)


def test_faults_are_added_and_ended(running: LocalCloudflare, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule is added by its action and shown; `--clear` ends all; JSON for machines."""
    assert run(running, capsys, "faults") == ""
    added = ("error-after", "--operation", "PutObject", "--key", "dev/*", "--status", "503", "--name", "lost")
    line = "lost: error-after status 503: PutObject dev/*, from request 1 on, 1 times\n"
    assert run(running, capsys, "faults", *added) == line
    assert [rule.status for rule in running.s3.faults] == [503]
    some = run(running, capsys, "faults", "reset", "--every", "20", "--times", "0", "--clear")
    assert some == "reset: * *, from request 1 on, one in 20, every time\n"
    slow = run(running, capsys, "faults", "delay", "--seconds", "0.5", "--times", "0", "--clear", "--json")
    rule = json.loads(slow)
    assert (rule["action"], rule["seconds"], rule["times"], len(list(running.s3.faults))) == (
        "delay",
        0.5,
        None,
        1,
    )
    assert run(running, capsys, "faults", "--clear") == ""


def test_a_line_is_a_line(running: LocalCloudflare, capsys: pytest.CaptureFixture[str]) -> None:
    """What clients ask for and people write steers no terminal."""
    httpx.get(f"{running.s3_endpoint}/films/a%0Ab%1B%5B31m")
    assert "films/a\\nb\\x1b[31m" in run(running, capsys, "requests", "--key", "a?b*").splitlines()[0]
    line = run(running, capsys, "faults", "delay", "--seconds", "0", "--name", "a\nb", "--clear")
    assert line == "a\\nb: delay 0 s: * *, from request 1 on, 1 times\n"


def test_a_refusal_is_one_line(running: LocalCloudflare, capsys: pytest.CaptureFixture[str]) -> None:
    """What the admin endpoint refuses reaches the user with status 1."""
    assert main(["faults", "--folder", str(running.folder), "error-before", "--status", "418"]) == 1
    assert capsys.readouterr().err == (
        "Error: The local Cloudflare refused POST /faults: "
        "Invalid fault: a fault answers [429, 500, 503], not 418: choose one of those.\n"
    )


@pytest.mark.parametrize(
    ("command", "redirection", "status", "said"),
    [
        ("requests", "| head -0", 0, ""),
        ("clock", "> /dev/full", 0, "Error: Standard output cannot be written: No space left on device.\n"),
        ("env", "> /dev/full", 1, "Error: Standard output cannot be written: No space left on device.\n"),
        ("env", "2>&- >&-", 1, ""),
        ("down", "2>&- >&-", 0, ""),
    ],
)
def test_nobody_reads_what_a_command_says(
    running: LocalCloudflare, command: str, redirection: str, status: int, said: str
) -> None:
    """It ends with the status of what it did; `env`, which does nothing but say it, has failed then."""
    httpx.get(f"{running.s3_endpoint}/films", trust_env=False)
    folder = "elsewhere" if command == "down" else str(running.folder)
    line = f'"$0" -m local_cloudflare {command} --folder "$1" {redirection}; exit ${{PIPESTATUS[0]}}'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, folder],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr[: len(said)]) == (status, said)
    assert bool(done.stderr) == bool(said)
