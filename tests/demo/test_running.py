"""The demonstration's local Cloudflare: a process that ends with it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from demo.access import account_settings, read_variables, settings_of
from demo.running import RunningCloudflare
from layout.storage.clients import s3_client
from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.engine.places import REPOSITORY
from local_cloudflare.errors import LocalCloudflareError
from tests.data.flat_bucket.legacy_data import BUCKET


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    """Return a descriptor for the process to hold."""
    with (tmp_path / "lock").open("w") as file:
        yield file.fileno()


def test_it_answers_while_it_runs_and_not_afterwards(tmp_path: Path, lock: int) -> None:
    """Its own API token opens the S3 endpoint; after the block neither port answers."""
    with RunningCloudflare(tmp_path / "cloudflare", REPOSITORY, lock=lock) as running:
        client = s3_client(account_settings(running.endpoints))
        client.create_bucket(Bucket=BUCKET)
        client.put_object(Bucket=BUCKET, Key="a/database.sqlite", Body=b"x")
        client.close()
        assert [text.split(" ")[-1] for text in running.survivors()] == ["lives", "answers", "answers"]
    assert running.survivors() == ()
    running.stop()


def test_it_says_why_it_did_not_start(tmp_path: Path, lock: int) -> None:
    """A folder that another one uses: the error has the last words and where to read more."""
    folder = tmp_path / "cloudflare"
    with LocalCloudflare(folder), pytest.raises(LocalCloudflareError) as caught:
        RunningCloudflare(folder, REPOSITORY, lock=lock)
    reason = f"Error: The folder {str(folder)!r} is in use by process {os.getpid()}."
    assert str(caught.value) == f"The local Cloudflare did not start: {reason!r}."
    log = str(tmp_path / "cloudflare.log")
    assert caught.value.hint == f"Read {log!r}, and start it by hand: python -m local_cloudflare up"


def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    """Nothing but its closing standard input tells it; no supervisor takes part."""
    program = (
        "import os, sys, time, pathlib\n"
        "from demo.running import RunningCloudflare\n"
        "lock = os.open(sys.argv[1] + '/lock', os.O_CREAT | os.O_RDWR)\n"
        "RunningCloudflare(pathlib.Path(sys.argv[1]) / 'cloudflare', pathlib.Path.cwd(), lock=lock)\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        pid = json.loads((tmp_path / "cloudflare" / "endpoints.json").read_text())["pid"]
        parent.kill()
    started = time.monotonic()
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() - started < 10
        time.sleep(0.05)


def test_settings_come_from_the_named_variables_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the environment nor an .env of the current folder adds to them, not even a session token."""
    variables = {
        "R2_ENDPOINT": "http://127.0.0.1:1", "R2_BUCKET": "here", "R2_ACCESS_KEY_ID": "id",
        "R2_SECRET_ACCESS_KEY": "it's", "APP_ENV": "staging", "R2_JURISDICTION": "default",
    }  # fmt: skip
    (tmp_path / ".env").write_text("R2_SESSION_TOKEN=theirs\nR2_BUCKET=there\n")
    (tmp_path / "mine.env").write_text(
        "\n".join(f'export {name}="{value}"' for name, value in variables.items())
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("R2_SESSION_TOKEN", "theirs")
    assert read_variables(tmp_path / "mine.env") == variables
    settings = settings_of(variables)
    assert (settings.bucket, settings.app_env.value, settings.session_token) == ("here", "staging", None)
