"""What is special to the AWS CLI."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.clients.commands import Client
from tests.clients.page import PAGE
from tests.clients.tree import write_tree

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

SIZE = 9 * 2**20


@pytest.fixture
def film(s3: S3Client, bucket: str) -> str:
    """The ETag of `dev/film.bin`, which is above the CLI's threshold for parts."""
    return s3.put_object(Bucket=bucket, Key="dev/film.bin", Body=bytes(SIZE))["ETag"]


def test_copies_in_parts_are_refused(aws: Client, film: str) -> None:
    """Each part carries a condition on the source, which R2 does not implement (CFD r2/api/s3/api.mdx)."""
    done = aws.run(aws.commands.copy, source="dev/film.bin", key="dev/copy.bin")
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"copy failed: s3://{aws.bucket}/dev/film.bin to s3://{aws.bucket}/dev/copy.bin An error occurred "
        "(NotImplemented) when calling the UploadPartCopy operation: "
        f"Header 'x-amz-copy-source-if-match' with value '{film}' not implemented"
    )


def test_the_documented_threshold_makes_it_one_copy(aws: Client, film: str, s3: S3Client) -> None:
    """The page's setting: a plain CopyObject, with the same ETag."""
    setting = re.search(
        r"`(aws configure set s3\.multipart_threshold[^`]*)`", PAGE.read_text(encoding="utf-8")
    )
    assert setting is not None
    aws.must(setting[1])
    aws.must(aws.commands.copy, source="dev/film.bin", key="dev/copy.bin")
    assert s3.head_object(Bucket=aws.bucket, Key="dev/copy.bin")["ETag"] == film


def test_copy_object_works(aws: Client, film: str) -> None:
    """`aws s3api copy-object` is one request of any size up to 5 GiB."""
    printed = aws.must(
        "aws s3api copy-object --bucket {bucket} --key 'dev/a copy.bin' --copy-source {bucket}/dev/film.bin"
    )
    assert json.loads(printed)["CopyObjectResult"]["ETag"] == film


def test_a_tagging_directive_is_refused(aws: Client, s3: S3Client) -> None:
    """What version 2 of the CLI sends with its copies."""
    s3.put_object(Bucket=aws.bucket, Key="dev/a.txt", Body=b"x")
    done = aws.run(
        "aws s3api copy-object --bucket {bucket} --key dev/b.txt --copy-source {bucket}/dev/a.txt "
        "--tagging-directive REPLACE"
    )
    assert done.returncode != 0
    assert done.stderr.strip().endswith(
        "An error occurred (NotImplemented) when calling the CopyObject operation: "
        "Header 'x-amz-tagging-directive' with value 'REPLACE' not implemented"
    )


def test_empty_files_are_sent_once(aws: Client, cloudflare: LocalCloudflare) -> None:
    """The CLI asks before it sends nothing, too, and is answered: else it would send the next file again."""
    # Whether the CLI goes up or down the alphabet, a file with bytes follows an empty one.
    tree = {"a": b"", "b": b"x", "c": b"", "d": b"x", "e": b""}
    write_tree(aws.folder / "films", tree)
    aws.must("aws configure set s3.max_concurrent_requests 1 --profile films-dev")
    aws.must("aws s3 sync --cli-read-timeout 2 films s3://{bucket}/dev/")
    requests = [record for record in cloudflare.s3.requests if record.bucket == aws.bucket]
    assert [record.operation for record in requests].count("PutObject") == len(tree)
