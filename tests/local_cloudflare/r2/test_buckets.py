"""Operations on buckets, and the CORS rules that browsers see."""

import http.client
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.store.models import ObjectMetadata
from local_cloudflare.r2.store.store import BucketMissingError

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


def test_buckets_are_made_listed_and_removed(own: "LocalR2", refused: Any) -> None:
    """A second one of the same name is a conflict."""
    client = own.client()
    for name in ("two", "one"):
        client.create_bucket(Bucket=name)
    assert [found["Name"] for found in client.list_buckets()["Buckets"]] == ["one", "two"]
    assert refused(client.create_bucket, Bucket="one")[:2] == (409, "BucketConflict")
    client.delete_bucket(Bucket="one")
    assert refused(client.head_bucket, Bucket="one")[0] == 404
    assert refused(client.delete_bucket, Bucket="one")[:2] == (404, "NoSuchBucket")


def test_a_bucket_with_contents_cannot_be_removed(own: "LocalR2", refused: Any) -> None:
    """Open uploads count, even if the listing is empty."""
    client, name = own.client(), own.bucket().name
    client.put_object(Bucket=name, Key="key", Body=b"")
    not_empty = (409, "BucketNotEmpty", "The bucket you tried to delete is not empty.")
    assert refused(client.delete_bucket, Bucket=name) == not_empty
    client.delete_object(Bucket=name, Key="key")
    upload = {"Bucket": name, "Key": "key"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    assert refused(client.delete_bucket, Bucket=name) == not_empty
    client.abort_multipart_upload(**upload)
    client.delete_bucket(Bucket=name)


@pytest.mark.parametrize(("location", "shown"), [("auto", "auto"), ("us-east-1", "auto"), ("weur", "WEUR")])
def test_a_location_is_a_hint(own: "LocalR2", location: str, shown: str) -> None:
    """Auto and its alias are none."""
    client = own.client()
    client.create_bucket(Bucket="new", CreateBucketConfiguration={"LocationConstraint": location})
    assert client.get_bucket_location(Bucket="new")["LocationConstraint"] == shown


def test_other_locations_are_refused(own: "LocalR2", refused: Any) -> None:
    """R2 has no AWS regions."""
    arguments = {"Bucket": "new", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    assert refused(own.client().create_bucket, **arguments)[:2] == (400, "InvalidLocationConstraint")


@pytest.mark.parametrize("name", ["ab", "A-b", "a.b", "-ab", "ab-", "a" * 64, "a_b", "%41bc"])
def test_bucket_names_have_rules(r2: "LocalR2", name: str) -> None:
    """3 to 63 lower-case letters, digits and hyphens; the ends are no hyphens."""
    for method, path in (("PUT", f"/{name}"), ("GET", f"/{name}/key")):
        reply = r2.send(method, path)
        assert (reply.status, b"<Code>InvalidBucketName</Code>" in reply.body) == (400, True)


def test_a_missing_bucket_is_said_to_be_missing(s3: Any, refused: Any) -> None:
    """To an admin; 404 NoSuchBucket."""
    missing = (404, "NoSuchBucket", "The specified bucket does not exist.")
    assert refused(s3.put_object, Bucket="no-such-bucket", Key="key", Body=b"") == missing
    assert refused(s3.list_objects_v2, Bucket="no-such-bucket") == missing


def test_an_upload_can_make_its_bucket(r2: "LocalR2") -> None:
    """cf-create-bucket-if-missing, for who may create buckets."""
    wish = {"cf-create-bucket-if-missing": "true"}
    writer = r2.credential(r2.admin.grants[0].permission.OBJECT_READ_WRITE)
    assert r2.send("PUT", "/made-1/key", body=b"x", headers=wish, credential=writer).status == 404
    assert r2.send("PUT", "/made-1/key", body=b"x", headers=wish).status == 200
    assert r2.send("POST", "/made-2/key?uploads", headers=wish).status == 200
    assert r2.send("PUT", "/made-1/key", body=b"y", headers=wish).status == 200
    assert r2.send("GET", "/made-3/key", headers=wish).status == 404


def test_a_list_of_buckets_has_pages(own: "LocalR2") -> None:
    """By R2's parameters, which headers override."""
    for _ in range(5):
        own.bucket()
    reply = own.send("GET", "/?max-keys=4", headers={"cf-max-keys": "2", "cf-prefix": "bucket"})
    assert reply.body.count(b"<Bucket>") == 2
    assert (reply.headers["cf-is-truncated"], reply.headers["cf-next-continuation-token"]) == (
        "true",
        "bucket-1",
    )
    rest = own.send("GET", "/?continuation-token=bucket-1")
    assert (rest.body.count(b"<Bucket>"), rest.headers["cf-is-truncated"]) == (3, "false")


def test_a_list_of_buckets_echoes_where_it_begins(own: "LocalR2") -> None:
    """As R2's page of extensions has it; from a header as from the query, and only if it was given."""
    own.bucket()
    for options in ({"path": "/?start-after=a%26b&continuation-token=b"},
                    {"path": "/", "headers": {"cf-start-after": "a&b", "cf-continuation-token": "b"}}):  # fmt: skip
        body = own.send("GET", **options).body.decode()
        assert "<StartAfter>a&amp;b</StartAfter><ContinuationToken>b</ContinuationToken>" in body
    body = own.send("GET", "/").body.decode()
    assert "StartAfter" not in body
    assert "ContinuationToken" not in body


@pytest.mark.parametrize(
    ("operation", "path"),
    [("ListBuckets", "/"), ("ListMultipartUploads", "/{}?uploads"), ("ListMultipartUploads", "/{}/k?uploads"),
     ("ListParts", "/{}/k?uploadId=u"), ("ListObjectsV1", "/{}"), ("ListObjectsV2", "/{}?list-type=2")],
)  # fmt: skip
@pytest.mark.parametrize("name", ["foo", "max-buckets", "bucket-region", "delimeter", "x-amz-meta-a"])
def test_a_listing_names_the_parameter_that_it_lacks(
    r2: "LocalR2", bucket: str, operation: str, path: str, name: str
) -> None:
    """501; the SDK's own `x-id` and those of a signature are ignored."""
    target = path.format(bucket)
    reply = r2.send("GET", f"{target}{'&' if '?' in target else '?'}x-id=Any&{name}=1")
    text = (
        f"<Code>NotImplemented</Code><Message>{operation} search parameter {name} not implemented</Message>"
    )
    assert (reply.status, text in reply.body.decode()) == (501, True)


@pytest.mark.parametrize(
    "query", ["prefix=a&start-after=b&continuation-token=c&max-keys=1&x-id=ListBuckets", "X-Amz-Meta=1"]
)
def test_a_list_of_buckets_has_four_parameters(r2: "LocalR2", query: str) -> None:
    """R2's extensions, in headers and in a presigned URL too."""
    assert r2.send("GET", f"/?{query}").status == 200
    assert r2.send("GET", "/?prefix=a", expires=60).status == 200


def test_a_jurisdiction_sees_its_own_buckets(own: "LocalR2") -> None:
    """By the first label of the host, as R2's endpoints are named."""
    own.store.create_bucket("europe", jurisdiction="eu")
    own.bucket()
    eu = {"host": f"eu.localhost:{own.server.port}"}
    for name, headers, status in (
        ("europe", eu, 200),
        ("europe", {}, 404),
        ("bucket-0", eu, 404),
        ("bucket-0", {}, 200),
    ):
        target, signed = own.sign("HEAD", f"/{name}", headers=headers)
        assert own.send_raw("HEAD", target, b"", signed).status == status


def test_a_post_on_a_bucket_does_nothing(r2: "LocalR2", bucket: str) -> None:
    """R2 answers an empty 200."""
    reply = r2.send("POST", f"/{bucket}")
    assert (reply.status, reply.body) == (200, b"")


@pytest.mark.parametrize(
    ("method", "query", "status"), [("PUT", "?foo=1", 400), ("DELETE", "?bar", 400), ("PATCH", "", 404)]
)
def test_routes_that_do_not_exist(r2: "LocalR2", bucket: str, method: str, query: str, status: int) -> None:
    """Parameters are named, methods have no route."""
    reply = r2.send(method, f"/{bucket}{query}")
    assert reply.status == status
    assert b"Unsupported search param(s)" in reply.body or b"No route matches this url." in reply.body
    assert r2.store.bucket(bucket) is not None


@pytest.mark.parametrize("value", ["true", "TRUE", "maybe"])
def test_a_bucket_with_object_lock_is_refused(r2: "LocalR2", value: str) -> None:
    """501 with the header's name and value, and no bucket."""
    headers = {"x-amz-bucket-object-lock-enabled": value}
    reply = r2.send("PUT", f"/locked-{value.lower()}", headers=headers)
    text = (
        f"Header &apos;x-amz-bucket-object-lock-enabled&apos; with value &apos;{value}&apos; not implemented"
    )
    assert (reply.status, f"<Message>{text}</Message>".encode() in reply.body) == (501, True)
    assert r2.store.bucket(f"locked-{value.lower()}", "default") is None


@pytest.mark.parametrize("value", ["false", "False"])
def test_a_bucket_without_object_lock_may_say_so(r2: "LocalR2", value: str) -> None:
    """Terraform and boto3 send the default (release notes 2022-07-01)."""
    name = f"not-locked-{value.lower()}-{ord(value[0])}"
    assert r2.send("PUT", f"/{name}", headers={"x-amz-bucket-object-lock-enabled": value}).status == 200


@pytest.mark.parametrize("name", ["x-purpose", "x-id"])
def test_some_parameters_are_ignored_everywhere(r2: "LocalR2", name: str) -> None:
    """By listings, by the creation of a bucket and by its end (release notes 2023-12-11, 2024-06-06)."""
    query, bucket = f"{name}=a", f"ignores-{name}"
    for method, path in (
        ("PUT", f"/{bucket}?{query}"),
        ("GET", f"/{bucket}?{query}"),
        ("GET", f"/{bucket}?list-type=2&{query}"),
        ("GET", f"/{bucket}?location&{query}"),
        ("PUT", f"/{bucket}/key?{query}"),
        ("DELETE", f"/{bucket}/key?{query}"),
        ("DELETE", f"/{bucket}?{query}"),
        ("GET", f"/?{query}"),
    ):
        assert r2.send(method, path).status in {200, 204}, (method, path)


def test_an_upload_whose_bucket_is_deleted_meanwhile_is_refused(r2: "LocalR2") -> None:
    """It would be answered with success and be nowhere, also after a new bucket has the name."""
    bucket, body = r2.bucket(), b"0123456789"
    target, headers = r2.sign("PUT", f"/{bucket.name}/key", body=body)
    connection = http.client.HTTPConnection("127.0.0.1", r2.server.port, timeout=10)
    try:
        connection.putrequest("PUT", target)
        for name, value in (headers | {"Expect": "100-continue"}).items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.sock.recv(1000).startswith(b"HTTP/1.1 100 ")  # the bucket has been looked up
        r2.store.delete_bucket(bucket.name)
        r2.store.create_bucket(bucket.name)
        connection.send(body)
        answer = connection.getresponse()
        assert (answer.status, b"<Code>NoSuchBucket</Code>" in answer.read()) == (404, True)
    finally:
        connection.close()
    assert r2.client().list_objects_v2(Bucket=bucket.name)["KeyCount"] == 0


def test_an_upload_in_parts_needs_its_bucket_when_it_begins(r2: "LocalR2") -> None:
    """Its parts would be kept for ever: no rule and no listing finds them."""
    bucket = r2.bucket()
    r2.store.delete_bucket(bucket.name)
    with pytest.raises(BucketMissingError):
        r2.store.uploads.create(bucket.id, "key", "key", 0, ObjectMetadata(), None)


@pytest.mark.parametrize(
    ("content", "status", "text"),
    [
        ("<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>", 501, "CreateBucket Tags not implemented"),
        ("<Location><Type>AvailabilityZone</Type></Location>", 501, "CreateBucket Location not implemented"),
        (
            "<LocationConstraint>weur</LocationConstraint>" * 2,
            400,
            "The XML you provided was not well formed",
        ),
        ("<Locationconstraint>weur</Locationconstraint>", 400, "The XML you provided was not well formed"),
    ],
)
def test_a_bucket_is_made_as_its_document_says_or_not_at_all(
    r2: "LocalR2", content: str, status: int, text: str
) -> None:
    """What is not read could have meant something."""
    name = f"new-bucket-{next(r2.names)}"
    body = f"<CreateBucketConfiguration>{content}</CreateBucketConfiguration>".encode()
    reply = r2.send("PUT", f"/{name}", body=body)
    assert reply.status == status
    assert f"<Message>{text}" in reply.body.decode()
    assert r2.send("HEAD", f"/{name}").status == 404
