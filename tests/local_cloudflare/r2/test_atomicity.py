"""Of many writers at once, exactly one wins a condition."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import obstore
import pytest
from obstore.exceptions import AlreadyExistsError
from obstore.store import S3Store

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

WRITERS = 64


def race(write: Callable[[int], int]) -> list[int]:
    """What `WRITERS` threads got that began together."""
    barrier = Barrier(WRITERS)

    def run(number: int) -> int:
        barrier.wait()
        return write(number)

    with ThreadPoolExecutor(WRITERS) as pool:
        return sorted(pool.map(run, range(WRITERS)))


ONE_WINNER = [200] + [412] * (WRITERS - 1)


@pytest.mark.parametrize("size", [10, 100_000])
def test_one_creates(r2: "LocalR2", bucket: str, size: int) -> None:
    """If-None-Match: * on PutObject, with small and large bodies."""
    statuses = race(
        lambda number: (
            r2.send(
                "PUT", f"/{bucket}/key", body=bytes([number]) * size, headers={"if-none-match": "*"}
            ).status
        )
    )
    assert statuses == ONE_WINNER
    body = r2.send("GET", f"/{bucket}/key").body
    assert body == body[:1] * size


def test_one_copies(r2: "LocalR2", bucket: str) -> None:
    """cf-copy-destination-if-none-match: * on CopyObject."""
    for number in range(WRITERS):
        r2.send("PUT", f"/{bucket}/source/{number}", body=b"%d" % number)

    def copy(number: int) -> int:
        headers = {
            "x-amz-copy-source": f"/{bucket}/source/{number}",
            "cf-copy-destination-if-none-match": "*",
        }
        return r2.send("PUT", f"/{bucket}/key", headers=headers).status

    assert race(copy) == ONE_WINNER


def test_one_replaces(r2: "LocalR2", bucket: str) -> None:
    """If-Match with the tag that all have read."""
    tag = r2.send("PUT", f"/{bucket}/key", body=b"first").headers["ETag"]
    statuses = race(
        lambda number: r2.send("PUT", f"/{bucket}/key", body=b"%d" % number, headers={"if-match": tag}).status
    )
    assert statuses == ONE_WINNER


def test_one_completes(r2: "LocalR2", s3: Any, bucket: str) -> None:
    """If-None-Match: * on CompleteMultipartUpload; the others' uploads are gone."""
    requests = []
    for number in range(WRITERS):
        upload = {"Bucket": bucket, "Key": "key"}
        upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
        tag = s3.upload_part(PartNumber=1, Body=b"%d" % number, **upload)["ETag"]
        part = f"<Part><PartNumber>1</PartNumber><ETag>{tag}</ETag></Part>"
        body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
        requests.append((f"/{bucket}/key?uploadId={upload['UploadId']}", body))

    def complete(number: int) -> int:
        path, body = requests[number]
        return r2.send("POST", path, body=body, headers={"if-none-match": "*"}).status

    assert race(complete) == ONE_WINNER
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_obstore_creates_and_copies_once(r2: "LocalR2", bucket: str) -> None:
    """Its put mode `create` and its copy without overwriting."""
    store = S3Store(
        bucket,
        endpoint=r2.server.endpoint,
        region="auto",
        access_key_id=r2.admin.access_key_id,
        secret_access_key=r2.admin.secret_access_key,
        client_options={"allow_http": True},
        copy_if_not_exists="header: cf-copy-destination-if-none-match: *",
    )

    def create(number: int) -> int:
        try:
            obstore.put(store, "key", b"%d" % number, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return 412
        return 200

    def copy(_number: int) -> int:
        try:
            obstore.copy(store, "key", "copy", overwrite=False)
        except AlreadyExistsError:
            return 412
        return 200

    assert race(create) == ONE_WINNER
    assert race(copy) == ONE_WINNER
