"""R2 shows a version of each write, and has none: whoever stores them and asks for one is refused."""

import itertools
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


def test_every_write_shows_a_version(s3: Any, bucket: str) -> None:
    """PutObject, CopyObject and CompleteMultipartUpload; reads and deletes show none."""
    put = s3.put_object(Bucket=bucket, Key="key", Body=b"1")["VersionId"]
    assert s3.put_object(Bucket=bucket, Key="key", Body=b"2")["VersionId"] != put
    latest = s3.put_object(Bucket=bucket, Key="key", Body=b"3")["VersionId"]
    copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "key"})
    assert (copied["CopySourceVersionId"], copied["VersionId"] == latest) == (latest, False)
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    tag = s3.upload_part(PartNumber=1, Body=b"1", **upload)["ETag"]
    done = s3.complete_multipart_upload(MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]}, **upload)
    assert len(done["VersionId"]) == 32
    for answer in (
        s3.head_object(Bucket=bucket, Key="key"),
        s3.get_object(Bucket=bucket, Key="key"),
        s3.delete_object(Bucket=bucket, Key="key"),
    ):
        assert "VersionId" not in answer


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "POST"])
@pytest.mark.parametrize("asked", ["its own", "null"])
def test_no_call_accepts_a_version(r2: "LocalR2", bucket: str, method: str, asked: str) -> None:
    """501, as users of rclone met it; the object stays."""
    shown = r2.send("PUT", f"/{bucket}/key", body=b"there").headers["x-amz-version-id"]
    reply = r2.send(method, f"/{bucket}/key?versionId={shown if asked == 'its own' else asked}", body=b"")
    text = "<Code>NotImplemented</Code><Message>versionId not implemented</Message>"
    assert (reply.status, text in reply.body.decode()) == (501, method != "HEAD")
    assert r2.send("GET", f"/{bucket}/key").body == b"there"


def test_a_copy_accepts_no_version(r2: "LocalR2", bucket: str) -> None:
    """Nor does a copy into a part."""
    version = r2.send("PUT", f"/{bucket}/key", body=b"there").headers["x-amz-version-id"]
    upload = r2.send("POST", f"/{bucket}/copy?uploads").body.decode()
    upload = upload.partition("<UploadId>")[2].partition("<")[0]
    for target, named in itertools.product(("copy", f"copy?partNumber=1&uploadId={upload}"), (version, "")):
        headers = {"x-amz-copy-source": f"/{bucket}/key?versionId={named}"}
        reply = r2.send("PUT", f"/{bucket}/{target}", headers=headers)
        assert (reply.status, b"<Message>versionId not implemented</Message>" in reply.body) == (501, True)


def test_a_batch_delete_accepts_no_version(s3: Any, bucket: str, refused: Any) -> None:
    """Nothing of the batch is deleted."""
    version = s3.put_object(Bucket=bucket, Key="key", Body=b"there")["VersionId"]
    objects = [{"Key": "key"}, {"Key": "key", "VersionId": version}]
    answer = refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": objects})
    assert answer == (501, "NotImplemented", "versionId not implemented")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
