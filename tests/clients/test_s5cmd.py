"""What is special to s5cmd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.clients.commands import Client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def test_copies_of_names_with_spaces_are_not_found(s5cmd: Client, s3: S3Client, bucket: str) -> None:
    """It sends the space as a plus sign, and a plus sign is one; miniflare reads the header so too."""
    s3.put_object(Bucket=bucket, Key="dev/a b.txt", Body=b"x")
    done = s5cmd.run(s5cmd.commands.copy, source="dev/a b.txt", key="dev/copy.txt")
    assert done.returncode == 1
    assert done.stderr.startswith(
        f'ERROR "cp s3://{bucket}/dev/a b.txt s3://{bucket}/dev/copy.txt": '
        "NoSuchKey: The specified key does not exist. status code: 404"
    )
