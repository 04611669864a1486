"""Conditions: what is refused when the object is not what the caller thinks it is."""

import datetime as dt
from functools import partial
from typing import Any

import pytest

from tests.conformance.area import Area, extra_headers, refusal, status, winners

PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
LONG_AGO = dt.datetime(2020, 1, 2, tzinfo=dt.UTC)
OTHER = '"00000000000000000000000000000000"'
PRECONDITION_FAILED = (412, "PreconditionFailed")


def test_create_only(area: Area) -> None:
    """PUT with If-None-Match: * creates a missing object."""
    area.put("object", b"first", IfNoneMatch="*")
    assert area.get("object") == b"first"


def test_create_only_refused(area: Area) -> None:
    """PUT with If-None-Match: * is refused when the object exists, which stays as it was."""
    area.put("object", b"first")
    assert refusal(lambda: area.put("object", b"second", IfNoneMatch="*")) == PRECONDITION_FAILED
    assert area.get("object") == b"first"


def test_replace(area: Area) -> None:
    """PUT with If-Match and the current ETag replaces the object."""
    etag = area.put("object", b"first")
    area.put("object", b"second", IfMatch=etag)
    assert area.get("object") == b"second"


def test_replace_stale(area: Area) -> None:
    """PUT with If-Match and another ETag is refused."""
    area.put("object", b"first")
    assert refusal(lambda: area.put("object", b"second", IfMatch=OTHER)) == PRECONDITION_FAILED
    assert area.get("object") == b"first"


def test_replace_missing(area: Area) -> None:
    """PUT with If-Match on a missing key is refused, with 404 or 412."""
    assert status(lambda: area.put("object", IfMatch=OTHER)) in {404, 412}


def test_put_if_none_match_of_the_same_etag(area: Area) -> None:
    """PUT with If-None-Match and the current ETag is refused."""
    etag = area.put("object", b"first")
    assert refusal(lambda: area.put("object", b"second", IfNoneMatch=etag)) == PRECONDITION_FAILED


def test_put_if_unmodified_since(area: Area) -> None:
    """PUT with If-Unmodified-Since before the last change is refused."""
    area.put("object", b"first")
    headers = {"If-Unmodified-Since": "Wed, 01 Jan 2020 00:00:00 GMT"}
    assert refusal(lambda: area.put("object", b"second", headers)) == PRECONDITION_FAILED


@pytest.mark.parametrize(
    "conditions", [{"IfMatch": OTHER}, {"IfUnmodifiedSince": PAST}], ids=["if-match", "if-unmodified-since"]
)
def test_read_refused(area: Area, conditions: dict[str, Any]) -> None:
    """GET and HEAD with If-Match or If-Unmodified-Since that does not hold are 412."""
    area.put("object")
    assert refusal(lambda: area.get("object", **conditions)) == PRECONDITION_FAILED
    assert status(lambda: area.head("object", **conditions)) == 412


def test_read_not_modified(area: Area) -> None:
    """GET and HEAD with If-None-Match and the current ETag are 304."""
    etag = area.put("object")
    assert status(lambda: area.get("object", IfNoneMatch=etag)) == 304
    assert status(lambda: area.head("object", IfNoneMatch=etag)) == 304


def test_read_modified_since(area: Area) -> None:
    """GET with If-Modified-Since before the last change returns the object."""
    area.put("object", b"hello")
    assert area.get("object", IfModifiedSince=LONG_AGO) == b"hello"


@pytest.mark.parametrize(
    "conditions",
    [
        {"CopySourceIfMatch": OTHER},
        {"CopySourceIfUnmodifiedSince": PAST},
    ],
    ids=["if-match", "if-unmodified-since"],
)
def test_copy_source_conditions(area: Area, conditions: dict[str, Any]) -> None:
    """CopyObject is refused when a condition on the source does not hold."""
    area.put("source")
    assert refusal(lambda: area.copy("source", "destination", **conditions)) == PRECONDITION_FAILED


def test_copy_source_none_match(area: Area) -> None:
    """CopyObject with x-amz-copy-source-if-none-match and the source's ETag is refused."""
    etag = area.put("source")
    assert (
        refusal(lambda: area.copy("source", "destination", CopySourceIfNoneMatch=etag)) == PRECONDITION_FAILED
    )


def test_copy_never_overwrites(area: Area) -> None:
    """CopyObject with cf-copy-destination-if-none-match: * is refused when the destination exists."""
    area.put("source", b"new")
    area.put("destination", b"old")
    headers = {"cf-copy-destination-if-none-match": "*"}
    assert refusal(lambda: area.copy("source", "destination", headers)) == PRECONDITION_FAILED
    assert area.get("destination") == b"old"


def test_copy_creates(area: Area) -> None:
    """CopyObject with cf-copy-destination-if-none-match: * creates a missing destination."""
    area.put("source", b"new")
    area.copy("source", "destination", {"cf-copy-destination-if-none-match": "*"})
    assert area.get("destination") == b"new"


def test_copy_destination_if_match(area: Area) -> None:
    """CopyObject with cf-copy-destination-if-match and another ETag is refused."""
    area.put("source")
    area.put("destination", b"old")
    headers = {"cf-copy-destination-if-match": OTHER}
    assert refusal(lambda: area.copy("source", "destination", headers)) == PRECONDITION_FAILED


def test_one_creator_wins(area: Area) -> None:
    """Of 64 concurrent PUTs with If-None-Match: * exactly one succeeds."""
    puts = [partial(area.put, "object", b"%d" % number, IfNoneMatch="*") for number in range(64)]
    assert winners(puts) == 1


def test_one_replacer_wins(area: Area) -> None:
    """Of 64 concurrent PUTs with If-Match and the same ETag exactly one succeeds."""
    etag = area.put("object", b"first")
    puts = [partial(area.put, "object", b"%d" % number, IfMatch=etag) for number in range(64)]
    assert winners(puts) == 1


def test_one_copier_wins(area: Area) -> None:
    """Of 64 concurrent copies with cf-copy-destination-if-none-match: * exactly one succeeds."""
    area.put("source")
    headers = {"cf-copy-destination-if-none-match": "*"}

    def copy() -> object:
        return area.s3.copy_object(
            Bucket=area.bucket,
            Key=area.key("destination"),
            CopySource={"Bucket": area.bucket, "Key": area.key("source")},
        )

    with extra_headers(area.s3, "CopyObject", headers):
        assert winners([copy] * 64) == 1
