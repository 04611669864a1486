"""`r2-layout clear` as an operator runs it."""

from __future__ import annotations

import json
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.clearing import MOST_PASSES, clear
from layout.command.main import main
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.report.progress import Progress
from layout.storage.settings import load_settings
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

KEYS = ["anna/old.mp4", "dev/games/a.mp4", "dev/temp/b.mp4", "staging/games/a.mp4"]


@pytest.fixture
def stored(
    cloudflare: LocalCloudflare, bucket: str, s3: S3Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> S3Client:
    """A bucket with two environments, an old key and two open uploads."""
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"body")
    for key in ("dev/games/coming.mp4", "staging/games/coming.mp4"):
        s3.create_multipart_upload(Bucket=bucket, Key=key)
    become_operator(cloudflare, bucket, monkeypatch, tmp_path)
    return s3


def _there(s3: S3Client, bucket: str) -> tuple[list[str], list[str]]:
    objects = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    uploads = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return [item["Key"] for item in objects], [item["Key"] for item in uploads]


def test_a_dry_run_says_what_it_would_do(
    stored: S3Client, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And does nothing."""
    before = _there(stored, bucket)
    assert main(["clear", "--env", "dev"]) == 0
    assert capsys.readouterr().out == (
        f"2 objects (8 B) would be deleted and 1 uploads aborted in the environment dev of the bucket {bucket!r}."
        " Add --execute.\n"
    )
    assert _there(stored, bucket) == before


def test_an_environment_is_emptied_and_no_other(
    stored: S3Client, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its objects and its open uploads."""
    assert main(["clear", "--env", "dev", "--execute"]) == 0
    assert capsys.readouterr().out == (
        f"2 objects (8 B) were deleted and 1 uploads aborted in the environment dev of the bucket {bucket!r}.\n"
    )
    assert _there(stored, bucket) == (["anna/old.mp4", "staging/games/a.mp4"], ["staging/games/coming.mp4"])


def test_uploads_alone(stored: S3Client, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No object is deleted, and a young upload is left alone."""
    assert main(["clear", "--env", "dev", "--uploads-only", "--min-age", "1h", "--execute", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert (told["uploads"], told["young"]["total"], told["objects"]) == (0, 1, 0)
    assert main(["clear", "--env", "dev", "--uploads-only", "--execute"]) == 0
    assert _there(stored, bucket) == (sorted(KEYS), ["staging/games/coming.mp4"])


def test_a_whole_bucket_is_emptied_by_its_name(
    stored: S3Client, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Old keys too."""
    assert main(["clear", "--whole-bucket", "--bucket", bucket, "--execute"]) == 0
    assert capsys.readouterr().out == (
        f"4 objects (16 B) were deleted and 2 uploads aborted in the bucket {bucket!r}.\n"
    )
    assert _there(stored, bucket) == ([], [])


def test_a_wrong_name_deletes_nothing(
    stored: S3Client, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are shown."""
    before = _there(stored, bucket)
    assert main(["clear", "--whole-bucket", "--bucket", "another", "--execute"]) == 1
    assert capsys.readouterr().err == (
        f"Error: The bucket is {bucket!r}, and 'another' was typed.\n"
        "Try: Type the name of the bucket that is to be emptied.\n"
    )
    assert _there(stored, bucket) == before


@pytest.mark.parametrize("words", [["--whole-bucket"], ["--env", "dev", "--bucket", "b"]])
def test_name_and_whole_bucket_go_together(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With status 2."""
    assert main(["clear", *words]) == 2
    assert capsys.readouterr().err == (
        "Error: The options --whole-bucket and --bucket go together.\n"
        "Try: Give both, or name an environment: --env dev\n"
    )


def test_prod_is_refused(stored: S3Client, bucket: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name, and in a whole bucket if it holds as much as an open upload; unless somebody allows it."""
    hint = "Try: If it is really to be emptied, add --allow-prod.\n"
    assert main(["clear", "--env", "prod"]) == 1
    assert capsys.readouterr().err == f"Error: The environment prod holds what people use.\n{hint}"
    stored.create_multipart_upload(Bucket=bucket, Key="prod/games/coming.mp4")
    assert main(["clear", "--whole-bucket", "--bucket", bucket, "--execute"]) == 1
    assert capsys.readouterr().err == (
        f"Error: The bucket {bucket!r} holds the environment prod, which people use.\n{hint}"
    )
    assert _there(stored, bucket)[0] == sorted(KEYS)
    assert main(["clear", "--whole-bucket", "--bucket", bucket, "--execute", "--allow-prod"]) == 0
    assert _there(stored, bucket) == ([], [])


def test_what_is_locked_is_told_and_left(
    stored: S3Client, bucket: str, cloudflare: LocalCloudflare, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything else is deleted, and no pass waits for it."""
    stored.put_object(Bucket=bucket, Key="dev/backups/a", Body=b"kept")
    rule = {
        "id": "lock",
        "enabled": True,
        "prefix": "dev/backups/",
        "condition": {"type": "Age", "maxAgeSeconds": 2_592_000},
    }
    cloudflare.store.set_lock_rules(bucket, rules=[rule])
    assert main(["clear", "--env", "dev", "--execute"]) == 3
    assert capsys.readouterr().out.splitlines() == [
        f"2 objects (8 B) were deleted and 1 uploads aborted in the environment dev of the bucket {bucket!r}.",
        "1 objects are locked and stay until their time:",
        "  'dev/backups/a': ObjectLockedByBucketPolicy: The object is locked by the bucket policy.",
    ]
    assert _there(stored, bucket)[0] == ["anna/old.mp4", "dev/backups/a", "staging/games/a.mp4"]


class Refilled(BucketWriter):
    """A bucket into which somebody writes whenever something is deleted."""

    def delete(self, keys: list[str], *, repeats: bool = True) -> dict[str, str]:
        """Deletes, after another object was written."""
        self.put_if_absent(f"dev/games/new-{time.monotonic_ns()}.mp4", b"new", "video/mp4")
        return super().delete(keys, repeats=repeats)


def test_somebody_who_goes_on_writing_ends_it(stored: S3Client) -> None:
    """After ten listings, instead of deleting for ever."""
    assert stored
    with closing(Refilled(load_settings())) as bucket:
        done = clear(bucket, "dev/", timedelta(0), Progress(quiet=True))
    assert (done.passes, done.growing, done.left) == (MOST_PASSES, True, True)
