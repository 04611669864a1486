"""R2's limits: keys, metadata, sizes, batches."""

from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.operations.limits import MAX_SINGLE_BYTES, check_metadata_size
from local_cloudflare.r2.protocol.errors import S3Error

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


@pytest.mark.parametrize("letter", ["a", "é", "～", "\U0001f600"])
def test_a_key_has_at_most_1024_bytes(s3: Any, bucket: str, refused: Any, letter: str) -> None:
    """Of UTF-8, not characters."""
    size = len(letter.encode())
    longest = letter * (1024 // size) + "a" * (1024 % size)
    s3.put_object(Bucket=bucket, Key=longest, Body=b"")
    for action, arguments in (
        (s3.put_object, {"Body": b""}),
        (s3.get_object, {}),
        (s3.create_multipart_upload, {}),
        (s3.copy_object, {"CopySource": {"Bucket": bucket, "Key": longest}}),
    ):
        answer = refused(action, Bucket=bucket, Key=longest + "a", **arguments)
        assert answer == (400, "InvalidObjectName", "The specified object name is not valid.")


def test_a_keys_bytes_are_counted_after_normalisation(s3: Any, bucket: str) -> None:
    """1,536 bytes decomposed are 1,024 composed."""
    s3.put_object(Bucket=bucket, Key="e\u0301" * 512, Body=b"")
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1


def test_metadata_has_at_most_8192_bytes(s3: Any, bucket: str, refused: Any) -> None:
    """Names and values together."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"", Metadata={"name": "v" * 8188})
    too_large = (400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size.")
    long = {"name": "v" * 8189}
    assert refused(s3.put_object, Bucket=bucket, Key="key", Body=b"", Metadata=long) == too_large
    assert refused(s3.create_multipart_upload, Bucket=bucket, Key="key", Metadata=long) == too_large
    replaced = {"Metadata": long, "MetadataDirective": "REPLACE", "CopySource": f"{bucket}/key"}
    assert refused(s3.copy_object, Bucket=bucket, Key="copy", **replaced) == too_large


def test_merged_metadata_is_counted_as_a_whole(s3: Any, bucket: str, refused: Any) -> None:
    """Two halves that fit alone do not fit together."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"", Metadata={"one": "v" * 5000})
    merged = {"Metadata": {"two": "v" * 5000}, "MetadataDirective": "MERGE", "CopySource": f"{bucket}/key"}
    assert refused(s3.copy_object, Bucket=bucket, Key="copy", **merged)[:2] == (400, "MetadataTooLarge")


def test_metadata_beyond_latin_1_counts_double() -> None:
    """R2's gateway stores such values in two bytes a character."""
    check_metadata_size({"a": "\u4e2d" * 4095})
    with pytest.raises(S3Error) as caught:
        check_metadata_size({"a": "\u4e2d" * 4096})
    assert str(caught.value) == (
        "400 MetadataTooLarge: Your metadata headers exceed the maximum allowed metadata size."
    )


def test_a_single_upload_ends_below_five_gibibytes(r2: "LocalR2", bucket: str) -> None:
    """Refused by its header, before the bytes are sent; R2's footnote says 5 GiB minus 5 MiB."""
    _, headers = r2.sign("PUT", f"/{bucket}/key", payload="UNSIGNED-PAYLOAD")
    headers |= {"Content-Length": str(MAX_SINGLE_BYTES + 1), "Expect": "100-continue"}
    reply = r2.send_raw("PUT", f"/{bucket}/key", b"", headers)
    assert (reply.status, b"<Code>EntityTooLarge</Code>" in reply.body) == (400, True)


@pytest.mark.parametrize("name", ["content-disposition", "cache-control", "expires"])
@pytest.mark.parametrize("copy", [False, True])
def test_headers_that_are_kept_have_a_limit_too(r2: "LocalR2", bucket: str, name: str, copy: bool) -> None:
    """8,192 bytes with their names: many clients cannot read an answer with longer ones."""
    r2.send("PUT", f"/{bucket}/source", body=b"x")
    source = {"x-amz-copy-source": f"{bucket}/source", "x-amz-metadata-directive": "REPLACE"} if copy else {}
    fits = {name: "x" * (8192 - len(name))}
    assert r2.send("PUT", f"/{bucket}/key", headers=source | fits).status == 200
    assert r2.send("GET", f"/{bucket}/key").headers[name.title()] == fits[name]
    reply = r2.send("PUT", f"/{bucket}/key", headers=source | {name: fits[name] + "x"})
    assert (reply.status, b"<Code>MetadataTooLarge</Code>" in reply.body) == (400, True)


def test_a_batch_delete_takes_a_thousand_keys(s3: Any, bucket: str, refused: Any) -> None:
    """Missing keys count as deleted, Quiet is ignored, 1,001 keys and none are malformed."""
    objects = [{"Key": str(number)} for number in range(1001)]
    done = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects[:1000], "Quiet": True})
    assert len(done["Deleted"]) == 1000
    for wrong in (objects, []):
        answer = refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": wrong})
        assert answer[:2] == (400, "MalformedXML")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Delete>",
        b"<Remove/>",
        b"<Delete><Object><Key/></Object></Delete>",
        b"<Delete><Object><Key>a</Key></Object><Quiet>maybe</Quiet></Delete>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><Delete><Object><Key>&a;</Key></Object></Delete>',
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="no-such"?><Delete/>',
    ],
)
def test_a_malformed_batch_is_refused(r2: "LocalR2", bucket: str, body: bytes) -> None:
    """Entities too: no client sends them, and they can expand without bound."""
    reply = r2.send("POST", f"/{bucket}?delete=", body=body)
    assert (reply.status, b"<Code>MalformedXML</Code>" in reply.body) == (400, True)


def test_keys_in_a_batch_keep_their_spaces(s3: Any, bucket: str) -> None:
    """R2 does not trim them (release notes 2022-08-17)."""
    for key in (" a ", "a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": " a "}]})
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a"]
