"""Conditional requests, as R2 evaluates them."""

from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.operations.conditions import Conditions, parse_time
from local_cloudflare.r2.protocol.errors import S3Error
from local_cloudflare.r2.store.blobs import Body
from local_cloudflare.r2.store.models import ObjectMetadata, StoredObject

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

FAILED = (412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.")
SECOND = 1_800_000_000
STORED = StoredObject("key", "key", "abc", SECOND * 1000 + 400, Body(0, b""), ObjectMetadata())


def holds(headers: dict[str, str], current: StoredObject | None) -> bool:
    """Whether a write with these headers goes through."""
    try:
        Conditions.from_headers(headers).check_write(current)
    except S3Error:
        return False
    return True


@pytest.mark.parametrize(
    ("tags", "matches"),
    [
        ('"abc"', True),
        ("abc", True),
        ("*", True),
        ('"x", "abc"', True),
        ('W/"abc"', False),
        ('"x"', False),
        ('"ABC"', False),
    ],
)
def test_if_match_takes_lists_bare_tags_and_the_star(tags: str, matches: bool) -> None:
    """It compares strongly: a weak tag never matches; on nothing it always fails."""
    assert holds({"if-match": tags}, STORED) is matches
    assert not holds({"if-match": tags}, None)


@pytest.mark.parametrize(
    ("tags", "matches"), [('"abc"', True), ("*", True), ('W/"abc"', True), ('"x","y"', False)]
)
def test_if_none_match_compares_weakly(tags: str, matches: bool) -> None:
    """A weak tag matches too; on nothing it always holds."""
    assert holds({"if-none-match": tags}, STORED) is not matches
    assert holds({"if-none-match": tags}, None)


def test_times_count_in_whole_seconds() -> None:
    """An object of that very second is not modified since, and not unmodified since either."""
    before, same, after = (formatdate(SECOND + step, usegmt=True) for step in (-1, 0, 1))
    assert [holds({"if-modified-since": time}, STORED) for time in (before, same, after)] == [
        True,
        False,
        False,
    ]
    assert [holds({"if-unmodified-since": time}, STORED) for time in (before, same, after)] == [
        False,
        False,
        True,
    ]
    assert not holds({"if-modified-since": before}, None)
    assert holds({"if-unmodified-since": before}, None)


def test_a_matching_tag_overrides_its_time() -> None:
    """If-Match before If-Unmodified-Since, If-None-Match before If-Modified-Since (RFC 9110)."""
    before, after = (formatdate(SECOND + step, usegmt=True) for step in (-1, 1))
    assert holds({"if-match": '"abc"', "if-unmodified-since": before}, STORED)
    assert holds({"if-none-match": '"x"', "if-modified-since": after}, STORED)


def test_tags_that_cannot_be_read_are_refused() -> None:
    """A condition must not be skipped because it is misspelt."""
    with pytest.raises(S3Error) as caught:
        Conditions.from_headers({"if-match": '"abc'})
    assert str(caught.value) == '400 InvalidArgument: Invalid ETag list: "abc'


@pytest.mark.parametrize("tags", ["", " "])
def test_a_condition_without_a_tag_is_refused(tags: str) -> None:
    """An empty If-None-Match would let every write pass."""
    with pytest.raises(S3Error) as caught:
        Conditions.from_headers({"if-none-match": tags})
    assert str(caught.value) == "400 InvalidArgument: Invalid ETag list: it is empty"


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("PUT", {"if-unmodified-since": "never"}),
        ("PUT", {"if-modified-since": "never"}),
        ("POST", {"if-unmodified-since": "never"}),
        ("PUT", {"x-amz-copy-source": "/{bucket}/source", "x-amz-copy-source-if-unmodified-since": "never"}),
        (
            "PUT",
            {"x-amz-copy-source": "/{bucket}/source", "cf-copy-destination-if-unmodified-since": "never"},
        ),
        ("DELETE", {"x-amz-if-match-last-modified-time": "never"}),
    ],
)
def test_a_change_whose_time_cannot_be_read_is_refused(
    r2: "LocalR2", bucket: str, method: str, headers: dict[str, str]
) -> None:
    """Without the condition it would overwrite or delete what its client meant to keep."""
    for key in ("key", "source"):
        r2.send("PUT", f"/{bucket}/{key}", body=key.encode())
    own = {name: value.format(bucket=bucket) for name, value in headers.items()}
    reply = r2.send(method, f"/{bucket}/key" + "?uploads" * (method == "POST"), headers=own)
    assert reply.status == 400
    text = "<Code>InvalidArgument</Code><Message>Invalid time of a condition: never</Message>"
    assert text in reply.body.decode()
    assert r2.send("GET", f"/{bucket}/key", headers={"if-unmodified-since": "never"}).body == b"key"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thu, 01 Jan 2026 00:00:00 GMT", 1_767_225_600),
        ("2026-01-01T00:00:00Z", 1_767_225_600),
        ("never", None),
        ("Thu, 99 Jan 99999 00:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_times_come_in_two_forms(text: str | None, expected: int | None) -> None:
    """HTTP dates and ISO 8601; what is neither counts as not given."""
    assert parse_time(text) == expected


def test_a_put_creates_once(s3: Any, bucket: str, refused: Any) -> None:
    """If-None-Match: * refuses what exists."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", IfNoneMatch="*")
    assert refused(s3.put_object, Bucket=bucket, Key="key", Body=b"2", IfNoneMatch="*") == FAILED
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"1"


def test_a_put_replaces_what_was_read(s3: Any, bucket: str, refused: Any) -> None:
    """If-Match refuses a stale tag, and a missing object (412, not 404 as on AWS)."""
    assert refused(s3.put_object, Bucket=bucket, Key="key", Body=b"", IfMatch='"x"') == FAILED
    first = s3.put_object(Bucket=bucket, Key="key", Body=b"1")["ETag"]
    s3.put_object(Bucket=bucket, Key="key", Body=b"2", IfMatch=first)
    assert refused(s3.put_object, Bucket=bucket, Key="key", Body=b"3", IfMatch=first) == FAILED


def test_a_put_refuses_a_concrete_equal_tag(s3: Any, bucket: str, refused: Any) -> None:
    """If-None-Match with the present tag (which moto ignores) fails; with another one it holds."""
    tag = s3.put_object(Bucket=bucket, Key="key", Body=b"1")["ETag"]
    assert refused(s3.put_object, Bucket=bucket, Key="key", Body=b"2", IfNoneMatch=tag) == FAILED
    s3.put_object(Bucket=bucket, Key="key", Body=b"2", IfNoneMatch='"x"')


def test_reads_answer_304_or_412(s3: Any, bucket: str, refused: Any) -> None:
    """A validator that matches is 304, a precondition that fails 412, a missing object 404."""
    tag = s3.put_object(Bucket=bucket, Key="key", Body=b"1")["ETag"]
    for read in (s3.get_object, s3.head_object):
        assert refused(read, Bucket=bucket, Key="key", IfNoneMatch=tag)[0] == 304
        assert refused(read, Bucket=bucket, Key="key", IfMatch='"x"')[0] == 412
        assert refused(read, Bucket=bucket, Key="none", IfMatch=tag)[0] == 404
        read(Bucket=bucket, Key="key", IfMatch=tag)


def test_a_304_still_describes_the_object(r2: "LocalR2", bucket: str) -> None:
    """ETag and metadata come along, a body does not."""
    r2.send("PUT", f"/{bucket}/key", body=b"text", headers={"x-amz-meta-a": "b"})
    reply = r2.send("GET", f"/{bucket}/key", headers={"if-none-match": "*"})
    assert (reply.status, reply.headers["x-amz-meta-a"], reply.body) == (304, "b", b"")


def test_a_delete_may_depend_on_the_time(s3: Any, bucket: str, refused: Any) -> None:
    """x-amz-if-match-last-modified-time is R2's condition; nothing there is no failure."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"")
    time = s3.head_object(Bucket=bucket, Key="key")["LastModified"]
    wrong = time.replace(year=time.year - 1)
    assert refused(s3.delete_object, Bucket=bucket, Key="key", IfMatchLastModifiedTime=wrong) == FAILED
    s3.delete_object(Bucket=bucket, Key="key", IfMatchLastModifiedTime=time)
    s3.delete_object(Bucket=bucket, Key="key", IfMatchLastModifiedTime=time)


def test_if_match_on_a_delete_is_ignored(s3: Any, bucket: str, refused: Any) -> None:
    """It is not in R2's table, so nothing may rely on it."""
    s3.put_object(Bucket=bucket, Key="key", Body=b"")
    s3.delete_object(Bucket=bucket, Key="key", IfMatch='"wrong"')
    assert refused(s3.head_object, Bucket=bucket, Key="key")[0] == 404


@pytest.mark.parametrize(
    ("headers", "there", "nothing"),
    [
        ({"if-none-match": "*"}, 412, 200),
        ({"if-none-match": '"{tag}"'}, 412, 200),
        ({"if-match": '"0"'}, 412, 412),
        ({"if-match": '"{tag}"'}, 200, 412),
        ({"if-match": "*"}, 200, 412),
        ({"if-unmodified-since": "Wed, 01 Jan 2020 00:00:00 GMT"}, 412, 200),
        ({"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"}, 412, 412),
        ({"if-modified-since": "Wed, 01 Jan 2020 00:00:00 GMT"}, 200, 412),
    ],
)
def test_the_beginning_of_an_upload_has_conditions(
    r2: "LocalR2", bucket: str, headers: dict[str, str], there: int, nothing: int
) -> None:
    """Those of a write, before anything is sent (release notes 2022-05-27); a refused one begins no upload."""
    tag = r2.send("PUT", f"/{bucket}/there", body=b"x").headers["ETag"].strip('"')
    sent = {name: value.format(tag=tag) for name, value in headers.items()}
    for key, status in (("there", there), ("nothing", nothing)):
        reply = r2.send("POST", f"/{bucket}/{key}?uploads", headers=sent)
        assert (reply.status, b"<Code>PreconditionFailed</Code>" in reply.body) == (status, status == 412)
    found = r2.store.bucket(bucket)
    assert found is not None
    assert len(r2.store.uploads.of_bucket(found.id)) == [there, nothing].count(200)
