"""CopyObject: directives, conditions on both sides, limits."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.operations.limits import MAX_SINGLE_BYTES
from local_cloudflare.r2.store.incoming import INLINE_LIMIT
from local_cloudflare.r2.store.models import StoredObject

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

FAILED = (412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")


@pytest.fixture
def source(s3: Any, bucket: str) -> dict[str, str]:
    """An object with headers and metadata, as a copy source."""
    s3.put_object(
        Bucket=bucket, Key="source", Body=b"text", ContentType="text/plain", CacheControl="no-store",
        Metadata={"a": "1", "b": "2"},
    )  # fmt: skip
    return {"Bucket": bucket, "Key": "source"}


def described(s3: Any, bucket: str, key: str) -> tuple[str, str | None, dict[str, str]]:
    """Content type, cache control and metadata."""
    head = s3.head_object(Bucket=bucket, Key=key)
    return head["ContentType"], head.get("CacheControl"), head["Metadata"]


@pytest.mark.parametrize(
    ("directive", "expected"),
    [
        ("COPY", ("text/plain", "no-store", {"a": "1", "b": "2"})),
        ("REPLACE", ("text/html", None, {"b": "3"})),
        ("MERGE", ("text/html", "no-store", {"a": "1", "b": "3"})),
    ],
)
def test_directives(s3: Any, bucket: str, source: Any, directive: str, expected: Any) -> None:
    """MERGE, which only R2 has, keeps what is not given anew."""
    s3.copy_object(
        Bucket=bucket, Key="copy", CopySource=source, MetadataDirective=directive, ContentType="text/html",
        Metadata={"b": "3"},
    )  # fmt: skip
    assert described(s3, bucket, "copy") == expected
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"text"


def test_an_unknown_directive_is_refused(s3: Any, bucket: str, source: Any, refused: Any) -> None:
    """With the directive in the text."""
    answer = refused(
        s3.copy_object, Bucket=bucket, Key="copy", CopySource=source, MetadataDirective="MELT"
    )  # fmt: skip
    assert answer == (400, "InvalidArgument", "metadata directive MELT.")


def test_a_copy_onto_itself_is_allowed(s3: Any, bucket: str, source: Any) -> None:
    """AWS refuses it without a change; R2 does not."""
    s3.copy_object(Bucket=bucket, Key="source", CopySource=source)
    assert described(s3, bucket, "source")[0] == "text/plain"


def test_source_conditions(s3: Any, bucket: str, source: Any, refused: Any) -> None:
    """All four; moto ignores the first."""
    copy = {"Bucket": bucket, "Key": "copy", "CopySource": source}
    head = s3.head_object(**source)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert refused(s3.copy_object, CopySourceIfMatch='"wrong"', **copy) == FAILED
    assert refused(s3.copy_object, CopySourceIfNoneMatch=head["ETag"], **copy) == FAILED
    assert refused(s3.copy_object, CopySourceIfModifiedSince=tomorrow, **copy) == FAILED
    yesterday = tomorrow - timedelta(days=2)
    assert refused(s3.copy_object, CopySourceIfUnmodifiedSince=yesterday, **copy) == FAILED
    assert refused(s3.head_object, Bucket=bucket, Key="copy")[0] == 404
    s3.copy_object(CopySourceIfMatch=head["ETag"], CopySourceIfUnmodifiedSince=tomorrow, **copy)


@pytest.mark.parametrize(
    ("name", "value", "on_nothing", "on_same", "on_other"),
    [
        ("if-none-match", "*", 200, 412, 412),
        ("if-match", "*", 412, 200, 200),
        ("if-match", '"1cb251ec0d568de6a929b520c4aed8d1"', 412, 200, 412),
        ("if-none-match", '"1cb251ec0d568de6a929b520c4aed8d1"', 200, 412, 200),
        ("if-unmodified-since", "Thu, 01 Jan 2026 00:00:00 GMT", 200, 412, 412),
        ("if-modified-since", "Thu, 01 Jan 2026 00:00:00 GMT", 412, 200, 200),
    ],
)
def test_destination_conditions(
    r2: "LocalR2", bucket: str, name: str, value: str, on_nothing: int, on_same: int, on_other: int
) -> None:
    """R2's own headers cf-copy-destination-*, on nothing, on an equal and on another object."""
    r2.send("PUT", f"/{bucket}/source", body=b"text")
    r2.send("PUT", f"/{bucket}/same", body=b"text")
    r2.send("PUT", f"/{bucket}/other", body=b"else")
    headers = {"x-amz-copy-source": f"/{bucket}/source", f"cf-copy-destination-{name}": value}
    expected = {"nothing": on_nothing, "same": on_same, "other": on_other}
    assert {key: r2.send("PUT", f"/{bucket}/{key}", headers=headers).status for key in expected} == expected
    if on_other == 412:
        assert r2.send("GET", f"/{bucket}/other").body == b"else"


def test_copy_sources_that_are_not_there(s3: Any, r2: "LocalR2", bucket: str, refused: Any) -> None:
    """A missing key, a missing bucket, and a value without a key."""
    copy = {"Bucket": bucket, "Key": "copy"}
    missing = {"Bucket": bucket, "Key": "none"}
    assert refused(s3.copy_object, CopySource=missing, **copy)[:2] == (404, "NoSuchKey")
    elsewhere = {"Bucket": "no-such-bucket", "Key": "key"}
    assert refused(s3.copy_object, CopySource=elsewhere, **copy)[:2] == (404, "NoSuchBucket")
    reply = r2.send("PUT", f"/{bucket}/copy", headers={"x-amz-copy-source": f"/{bucket}"})
    assert (reply.status, b"<Message>copy source bucket name</Message>" in reply.body) == (400, True)


@pytest.mark.parametrize("key", ["a b", "a+b", "ä/ö", "100%", "a?b", "a%2Fb", "a&b=c"])
def test_keys_of_sources_are_decoded_once(s3: Any, bucket: str, key: str) -> None:
    """Whatever the key looks like."""
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": key})
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == key.encode()


def test_the_copy_of_a_multipart_object_has_another_tag(r2: "LocalR2", s3: Any, bucket: str) -> None:
    """A plain MD5 without `-N`, as on AWS (on R2: undocumented)."""
    found = r2.store.bucket(bucket)
    assert found is not None
    r2.store.declare_object(found, "parts", 6 * 2**20, part_sizes=[5 * 2**20, 2**20], etag="0" * 32 + "-2")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "parts"})
    tag = s3.head_object(Bucket=bucket, Key="copy")["ETag"]
    assert tag == f'"{hashlib.md5(bytes(6 * 2**20), usedforsecurity=False).hexdigest()}"'


def test_a_single_copy_ends_below_five_gibibytes(r2: "LocalR2", s3: Any, bucket: str, refused: Any) -> None:
    """R2's footnote: 5 GiB minus 5 MiB."""
    found = r2.store.bucket(bucket)
    assert found is not None
    for key, size in (("most", MAX_SINGLE_BYTES), ("more", MAX_SINGLE_BYTES + 1)):
        r2.store.declare_object(found, key, size)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "most"})
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == MAX_SINGLE_BYTES
    more = {"Bucket": bucket, "Key": "more"}
    assert refused(s3.copy_object, Bucket=bucket, Key="copy", CopySource=more) == (
        400,
        "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed object size.",
    )


def test_a_copy_outlives_its_source(s3: Any, bucket: str) -> None:
    """Large bodies are shared between objects, and removed with the last."""
    body = bytes(range(256)) * 1024
    s3.put_object(Bucket=bucket, Key="source", Body=body)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "source"})
    s3.delete_object(Bucket=bucket, Key="source")
    assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == body


def test_the_storage_class_is_given_or_the_buckets(r2: "LocalR2", s3: Any, bucket: str, source: Any) -> None:
    """STANDARD and STANDARD_IA can be asked for."""
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=source, StorageClass="STANDARD_IA")
    assert s3.head_object(Bucket=bucket, Key="copy")["StorageClass"] == "STANDARD_IA"
    r2.store.update_bucket(bucket, storage_class="InfrequentAccess")
    s3.copy_object(Bucket=bucket, Key="copy2", CopySource=source)
    assert s3.head_object(Bucket=bucket, Key="copy2")["StorageClass"] == "STANDARD_IA"


@pytest.mark.parametrize("kind", ["copy", "part"])
def test_a_copy_keeps_its_bytes_when_the_source_is_deleted_meanwhile(
    own: "LocalR2", tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Both share one file, which goes with the last of them, not with the copy's end."""
    bucket, client, body = own.bucket(), own.client(), bytes(INLINE_LIMIT + 1)
    named = {"Bucket": bucket.name, "Key": "copy"}
    client.put_object(Bucket=bucket.name, Key="source", Body=body)
    source = {"Bucket": bucket.name, "Key": "source"}
    opened = own.store.objects.opened

    @contextmanager
    def opened_and_deleted(*place: Any) -> Iterator[StoredObject | None]:
        with opened(*place) as found:
            own.store.objects.delete(bucket.id, "source")
            yield found

    monkeypatch.setattr(own.store.objects, "opened", opened_and_deleted)
    if kind == "copy":
        client.copy_object(**named, CopySource=source)
    else:
        upload = named | {"UploadId": client.create_multipart_upload(**named)["UploadId"]}
        tag = client.upload_part_copy(**upload, CopySource=source, PartNumber=1)["CopyPartResult"]["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
        client.complete_multipart_upload(**upload, MultipartUpload=parts)
    monkeypatch.undo()
    assert client.get_object(**named)["Body"].read() == body
    client.delete_object(**named)
    assert list((tmp_path / "r2" / "blobs").iterdir()) == []
