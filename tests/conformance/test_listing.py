"""Listings."""

from botocore.awsrequest import AWSRequest

from tests.conformance.area import Area, extra_headers, refusal


def test_order(area: Area) -> None:
    """Keys are listed in the order of their UTF-8 bytes."""
    names = ["Z", "a", "a/b", "a-b", "b", "é", "日", "🎬", "\ufb01"]
    area.fill(names)
    assert area.names() == sorted(names, key=lambda name: name.encode())


def test_pages(area: Area) -> None:
    """A listing in small pages names each key once, in order."""
    names = [f"{number:03}" for number in range(25)]
    area.fill(names)
    assert area.names(PaginationConfig={"PageSize": 7}) == names


def test_more_than_a_page(area: Area) -> None:
    """1,001 keys take two pages."""
    names = [f"{number:04}" for number in range(1_001)]
    area.fill(names)
    first = area.s3.list_objects_v2(Bucket=area.bucket, Prefix=area.prefix)
    assert (first["KeyCount"], first["IsTruncated"]) == (1_000, True)
    assert area.names() == names


def test_prefix(area: Area) -> None:
    """A prefix that ends with a slash leaves out the neighbour whose name begins alike."""
    area.fill(["a/1", "ab/1", "a.1"])
    assert area.names(Prefix=area.key("a/")) == ["a/1"]


def test_delimiter(area: Area) -> None:
    """A delimiter folds what lies below it into common prefixes."""
    area.fill(["a/1", "a/2", "b/1", "c"])
    answer = area.s3.list_objects_v2(Bucket=area.bucket, Prefix=area.prefix, Delimiter="/")
    assert [entry["Prefix"] for entry in answer["CommonPrefixes"]] == [area.key("a/"), area.key("b/")]
    assert [entry["Key"] for entry in answer["Contents"]] == [area.key("c")]


def test_delimiter_pages(area: Area) -> None:
    """Common prefixes count as entries of a page and are named once over all pages."""
    area.fill(["a/1", "a/2", "b/1", "c/1", "d"])
    pages = area.s3.get_paginator("list_objects_v2").paginate(
        Bucket=area.bucket, Prefix=area.prefix, Delimiter="/", PaginationConfig={"PageSize": 1}
    )
    folders = [entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", [])]
    assert folders == [area.key("a/"), area.key("b/"), area.key("c/")]


def test_start_after(area: Area) -> None:
    """start-after leaves out that key and all before it."""
    area.fill(["a", "b", "c"])
    assert area.names(StartAfter=area.key("a")) == ["b", "c"]


def test_start_after_a_missing_key(area: Area) -> None:
    """start-after need not be a key that exists."""
    area.fill(["a", "c"])
    assert area.names(StartAfter=area.key("b")) == ["c"]


def test_max_keys_zero(area: Area) -> None:
    """max-keys may be 0: the answer lists nothing and says whether there is anything."""
    area.fill(["a"])
    answer = area.s3.list_objects_v2(Bucket=area.bucket, Prefix=area.prefix, MaxKeys=0)
    assert (answer.get("Contents", []), answer["IsTruncated"]) == ([], True)


def test_max_keys_above_the_limit(area: Area) -> None:
    """max-keys above 1,000 is accepted."""
    area.fill(["a"])
    answer = area.s3.list_objects_v2(Bucket=area.bucket, Prefix=area.prefix, MaxKeys=5_000)
    assert [entry["Key"] for entry in answer["Contents"]] == [area.key("a")]


def test_what_a_listing_says(area: Area) -> None:
    """An entry has the size, the ETag and the storage class of its object."""
    etag = area.put("object", b"hello")
    entry = area.s3.list_objects_v2(Bucket=area.bucket, Prefix=area.prefix)["Contents"][0]
    assert (entry["Size"], entry["ETag"], entry.get("StorageClass")) == (5, etag, "STANDARD")


def test_version_1(area: Area) -> None:
    """The first version of the call lists with a marker."""
    area.fill(["a", "b", "c"])
    answer = area.s3.list_objects(Bucket=area.bucket, Prefix=area.prefix, Marker=area.key("a"))
    assert [entry["Key"] for entry in answer["Contents"]] == [area.key("b"), area.key("c")]


def test_listed_after_writes(area: Area) -> None:
    """A listing shows every write and every delete that was answered before it."""
    area.fill(["a", "b"])
    area.s3.delete_object(Bucket=area.bucket, Key=area.key("a"))
    assert area.names() == ["b"]


def test_unknown_parameter(area: Area) -> None:
    """A listing with a parameter that R2 does not know is 501 NotImplemented."""

    def unknown(request: AWSRequest, **_: object) -> None:
        request.url = f"{request.url}&made-up=1"

    area.s3.meta.events.register("before-sign.s3.ListObjectsV2", unknown)
    try:
        answer = refusal(lambda: area.s3.list_objects_v2(Bucket=area.bucket, Prefix=area.prefix))
    finally:
        area.s3.meta.events.unregister("before-sign.s3.ListObjectsV2", unknown)
    assert answer == (501, "NotImplemented")


def test_region_header_is_ignored(area: Area) -> None:
    """A header that no operation knows is ignored."""
    with extra_headers(area.s3, "ListObjectsV2", {"x-unrelated": "1"}):
        assert area.names() == []
