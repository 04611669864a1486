"""ListObjects and ListObjectsV2."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

# In the order of their UTF-8 bytes; in that of UTF-16, U+1F600 would come before U+FF5E.
KEYS = ["A", "a", "a b", "a+b", "a/", "a/1", "a/2", "a0", "b/c/d", "é", "～", "\U0001f600"]


@pytest.fixture
def filled(s3: Any, bucket: str) -> str:
    """A bucket that holds `KEYS`."""
    for key in reversed(KEYS):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    return bucket


def keys(page: Any) -> list[str]:
    """The keys of a page."""
    return [found["Key"] for found in page.get("Contents", ())]


def prefixes(page: Any) -> list[str]:
    """The common prefixes of a page."""
    return [found["Prefix"] for found in page.get("CommonPrefixes", ())]


def test_the_order_is_that_of_utf8_bytes(s3: Any, filled: str) -> None:
    """In both versions of the call."""
    assert keys(s3.list_objects_v2(Bucket=filled)) == KEYS
    assert keys(s3.list_objects(Bucket=filled)) == KEYS


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("call", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_hold_every_entry_once(s3: Any, filled: str, size: int, call: str, delimiter: str) -> None:
    """Whatever their size, with and without a delimiter."""
    arguments = {"Bucket": filled, "PaginationConfig": {"PageSize": size}}
    pages = list(
        s3.get_paginator(call).paginate(**arguments, **({"Delimiter": delimiter} if delimiter else {}))
    )
    whole = s3.list_objects_v2(Bucket=filled, **({"Delimiter": delimiter} if delimiter else {}))
    assert [key for page in pages for key in keys(page)] == keys(whole)
    assert [prefix for page in pages for prefix in prefixes(page)] == prefixes(whole)
    assert all(len(keys(page)) + len(prefixes(page)) <= size for page in pages)


def test_a_delimiter_groups(s3: Any, filled: str) -> None:
    """Also below a prefix, whose own marker stays an object."""
    page = s3.list_objects_v2(Bucket=filled, Delimiter="/")
    assert prefixes(page) == ["a/", "b/"]
    assert keys(page) == ["A", "a", "a b", "a+b", "a0", "é", "～", "\U0001f600"]
    below = s3.list_objects_v2(Bucket=filled, Delimiter="/", Prefix="a/")
    assert (keys(below), prefixes(below)) == (["a/", "a/1", "a/2"], [])
    assert keys(s3.list_objects_v2(Bucket=filled, Delimiter="/", Prefix="a/", StartAfter="a/")) == [
        "a/1",
        "a/2",
    ]
    longer = s3.list_objects_v2(Bucket=filled, Delimiter="/c/")
    assert prefixes(longer) == ["b/c/"]


def test_a_prefix_that_stands_for_more_than_a_page_is_one_entry(r2: "LocalR2", s3: Any, bucket: str) -> None:
    """It is skipped as a whole."""
    found = r2.store.bucket(bucket)
    assert found is not None
    for number in range(2100):
        r2.store.declare_object(found, f"many/{number:04}", 0)
    r2.store.declare_object(found, "next", 0)
    page = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert (prefixes(page), keys(page), page["IsTruncated"]) == (["many/"], ["next"], False)
    assert len(keys(s3.list_objects_v2(Bucket=bucket, MaxKeys=5000))) == 1000


def test_start_after_is_exclusive(s3: Any, filled: str) -> None:
    """It need not exist."""
    assert keys(s3.list_objects_v2(Bucket=filled, StartAfter="a/1")) == KEYS[6:]
    assert keys(s3.list_objects_v2(Bucket=filled, StartAfter="a/11")) == KEYS[6:]


def test_an_entry_describes_its_object(s3: Any, filled: str) -> None:
    """Size, tag, class, and the owner if asked for."""
    found = s3.list_objects_v2(Bucket=filled, Prefix="a/1", FetchOwner=True)["Contents"][0]
    assert (found["Size"], found["StorageClass"]) == (3, "STANDARD")
    assert found["ETag"] == s3.head_object(Bucket=filled, Key="a/1")["ETag"]
    assert found["Owner"] == {"ID": "0123456789abcdef" * 2, "DisplayName": "0123456789abcdef" * 2}


@pytest.mark.parametrize(
    ("given", "shown", "count", "truncated"),
    [
        ("0", "0", 0, "true"),
        ("1.9", "1", 1, "true"),
        ("5000", "5000", 12, "false"),
        ("1e1", "10", 10, "true"),
    ],
)
def test_max_keys_is_floored_and_echoed(
    r2: "LocalR2", filled: str, given: str, shown: str, count: int, truncated: str
) -> None:
    """Zero is allowed and tells whether there is anything."""
    body = r2.send("GET", f"/{filled}?list-type=2&max-keys={given}").body.decode()
    assert f"<MaxKeys>{shown}</MaxKeys><KeyCount>{count}</KeyCount>" in body
    assert f"<IsTruncated>{truncated}</IsTruncated>" in body
    assert ("<NextContinuationToken>" in body) is (truncated == "true" and count > 0)


@pytest.mark.parametrize("given", ["", "-1", "many", "nan", "inf", "1_0"])
def test_other_max_keys_are_refused(r2: "LocalR2", bucket: str, given: str) -> None:
    """InvalidMaxKeys."""
    reply = r2.send("GET", f"/{bucket}?list-type=2&max-keys={given}")
    assert reply.status == 400
    assert b"<Message>MaxKeys params must be positive integer &lt;= 1000.</Message>" in reply.body


def test_encoding_type_url_escapes_keys(r2: "LocalR2", filled: str) -> None:
    """Without it, they stand as they are."""
    prefix = quote("é")
    encoded = r2.send("GET", f"/{filled}?encoding-type=url&prefix={prefix}").body.decode()
    assert f"<Key>{prefix}</Key>" in encoded
    assert "<EncodingType>url</EncodingType>" in encoded
    assert "<Key>é</Key>" in r2.send("GET", f"/{filled}?prefix={prefix}").body.decode()


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ("list-type=2&owner=me", 501, "ListObjectsV2 search parameter owner not implemented"),
        ("marker=a&start-after=b", 501, "ListObjectsV1 search parameter start-after not implemented"),
        ("list-type=3", 501, "ListObjectsV3 not implemented"),
        ("encoding-type=xml", 501, "Unrecognized encoding-type &quot;xml&quot; not implemented"),
        ("continuation-token=a", 400, "continuation-token not supported in ListObjects"),
        ("list-type=2&continuation-token=%25", 400, "The continuation token provided is incorrect"),
        ("location&prefix=a", 400, "Search param prefix is unsupported for bucket location"),
    ],
)
def test_what_a_listing_does_not_know(r2: "LocalR2", bucket: str, query: str, status: int, text: str) -> None:
    """R2 names it."""
    reply = r2.send("GET", f"/{bucket}?{query}")
    assert reply.status == status
    assert f"<Message>{text}</Message>" in reply.body.decode()


def test_x_id_and_amz_parameters_are_ignored(r2: "LocalR2", bucket: str) -> None:
    """SDKs add them."""
    assert r2.send("GET", f"/{bucket}?list-type=2&x-id=ListObjectsV2&X-Amz-Foo=1").status == 200


@pytest.mark.parametrize("parameter", ["marker", "start-after"])
def test_a_page_begins_after_a_key_as_it_was_shown(s3: Any, bucket: str, parameter: str) -> None:
    """A key in NFD is listed so and ordered by NFC: a client that names it would get the same page for ever."""
    keys = [f"e\u0301{number}" for number in range(3)]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    pages = {"marker": s3.list_objects, "start-after": s3.list_objects_v2}
    name = {"marker": "Marker", "start-after": "StartAfter"}[parameter]
    seen, last = [], ""
    while page := pages[parameter](Bucket=bucket, MaxKeys=1, **{name: last}).get("Contents"):
        last = page[0]["Key"]
        seen.append(last)
        assert len(seen) <= len(keys)
    assert seen == keys
