"""An operator of the scripts: a bucket with old objects, and a way to run scripts/migrate.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.storage.clients import s3_client
from layout.storage.settings import load_settings
from scripts.migrate import main
from tests.data.flat_bucket.names import game_key
from tests.operator_environment import become_operator
from tests.scripts.migration import keys_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.scripts.migration import Run


@pytest.fixture
def client(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> S3Client:
    """A client of a bucket with four old objects; the environment and the folder are those of an operator."""
    become_operator(cloudflare, bucket, monkeypatch, tmp_path)
    client = s3_client(load_settings())
    for key in ["a/database.sqlite", "a/raw_clips/1.mp4", game_key(1), game_key(2)]:
        client.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return client


@pytest.fixture
def run(client: S3Client, bucket: str, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command with the plan and the verdict of the current folder; gives status, stdout, stderr."""
    common = {
        "list": [],
        "plan": ["flat", "--env", "dev", "--plan", "plan.sqlite"],
        "copy": ["--plan", "plan.sqlite"],
        "verify": ["--plan", "plan.sqlite", "--verdict", "verdict.json"],
        "mark": ["--plan", "plan.sqlite", "--verdict", "verdict.json"],
        "delete": ["--plan", "plan.sqlite", "--verdict", "verdict.json", "--bucket", bucket],
    }

    assert keys_of(client, bucket)

    def command(name: str, *arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = main([name, *common[name], *arguments])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return command
