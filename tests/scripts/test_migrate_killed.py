"""scripts/migrate.py, ended in the middle of a copy."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.storage.clients import s3_client
from layout.storage.settings import load_settings
from local_cloudflare.r2.faults import FaultAction, FaultRule
from scripts.migrate import main
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "migrate.py"
OBJECTS = 60


@pytest.fixture
def client(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[S3Client]:
    """A client of a bucket in which every copy takes a while, with a finished plan in the current folder."""
    become_operator(cloudflare, bucket, monkeypatch, tmp_path)
    client = s3_client(load_settings())
    client.put_object(Bucket=bucket, Key="a/database.sqlite", Body=b"database")
    for number in range(OBJECTS - 1):
        client.put_object(Bucket=bucket, Key=f"a/raw_clips/{number}.mp4", Body=b"%d" % number)
    assert main(["plan", "flat", "--plan", "plan.sqlite"]) == 0
    cloudflare.s3.faults.add(FaultRule(FaultAction.DELAY, operation="CopyObject", times=None, seconds=0.5))
    yield client
    cloudflare.s3.faults.clear()
    client.close()


def copies(client: S3Client, bucket: str) -> dict[str, str]:
    """What is at the new keys of the user's objects: time by key."""
    items = client.list_objects_v2(Bucket=bucket, Prefix="dev/users/").get("Contents", ())
    return {item["Key"]: str(item["LastModified"]) for item in items if "/profiles/" in item["Key"]}


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 130), (signal.SIGINT, 130)]
)
def test_a_copy_that_was_ended_is_finished_by_the_next_run(
    client: S3Client, bucket: str, cloudflare: LocalCloudflare, sent: signal.Signals, status: int
) -> None:
    """Nothing is copied twice, nothing is missing, and the database comes last."""
    command = [sys.executable, str(SCRIPT), "copy", "--plan", "plan.sqlite", "--execute"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not copies(client, bucket) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)
    assert process.returncode == status
    if status == 130:
        assert err.splitlines()[-2:] == [
            "Error: Interrupted.",
            "Try: Run the command again to go on; what was finished is in the plan.",
        ]
    before = copies(client, bucket)
    assert 0 < len(before) < OBJECTS
    assert not [key for key in before if key.endswith("database.sqlite")]

    cloudflare.s3.faults.clear()
    assert main(["copy", "--plan", "plan.sqlite", "--execute"]) == 0
    after = copies(client, bucket)
    assert len(after) == OBJECTS
    assert {key: after[key] for key in before} == before
    assert main(["verify", "--plan", "plan.sqlite", "--verdict", "verdict.json", "--deep"]) == 0
