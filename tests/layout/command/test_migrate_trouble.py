"""What a migration found is told, also where a file cannot be written in the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.command.main import main
from tests.data.flat_bucket.names import game_key
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare


@pytest.fixture(autouse=True)
def _settings(
    cloudflare: LocalCloudflare, bucket: str, s3: S3Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Those of a bucket with one game, and a folder of its own."""
    become_operator(cloudflare, bucket, monkeypatch, tmp_path, group="Workers R2 Storage Bucket Item Write")
    s3.put_object(Bucket=bucket, Key=game_key(1), Body=b"a game")


def test_a_verification_whose_verdict_finds_no_room_tells_what_it_found(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The name of the file beside it is too long; the status is that of an error."""
    plan = ["--plan", "plan.sqlite"]
    assert main(["migrate", "plan", "flat", *plan]) == 0
    assert main(["migrate", "copy", *plan, "--execute"]) == 0
    capsys.readouterr()
    verdict = f"{'v' * 250}.json"
    assert main(["migrate", "verify", *plan, "--verdict", verdict, "--json"]) == 1
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert (found["ok"], found["compared"]) == (True, 1)
    assert json.loads(printed.err) == {
        "error": f"The verdict cannot be written to {verdict!r}: File name too long.",
        "hint": "Name a file in a folder that exists.",
        "type": "VerificationError",
    }


def test_a_plan_whose_suggestion_cannot_be_written_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The plan itself is made; nobody can make a file in that folder."""
    words = ["migrate", "plan", "flat", "--plan", "plan.sqlite", "--suggest", "/proc/rules.toml", "--json"]
    assert main(words) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["made"] is True
    assert json.loads(printed.err)["error"] == (
        "The rules cannot be written to '/proc/rules.toml': No such file or directory."
    )
