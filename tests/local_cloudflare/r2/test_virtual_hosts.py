"""A bucket in front of the host: every operation means the bucket and the object that the client means."""

import http.client
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from botocore.config import Config

from local_cloudflare.r2.protocol.errors import S3Error
from local_cloudflare.r2.protocol.host import Address, address_of

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2, Reply

ACCOUNT = "0123456789abcdef" * 2


def virtual_client(r2: "LocalR2", jurisdiction: str = "") -> Any:
    """A boto3 client that puts the bucket before the host.

    Whether `*.localhost` resolves depends on the machine; as its own proxy the server gets the same requests anywhere.
    """
    return r2.client(
        endpoint_url=f"http://{jurisdiction}localhost:{r2.server.port}",
        config=Config(
            s3={"addressing_style": "virtual"},
            proxies={"http": r2.server.endpoint},
            retries={"total_max_attempts": 1},
            request_checksum_calculation="when_required",
        ),
    )


@pytest.fixture
def send(r2: "LocalR2") -> Callable[..., "Reply"]:
    """Sends a signed request to a host of the shared server."""

    def call(method: str, host: str, path: str, **signing: Any) -> "Reply":
        headers = {"host": f"{host}:{r2.server.port}"} | signing.pop("headers", {})
        return r2.send(method, path, headers=headers, **signing)

    return call


def test_deleting_an_object_deletes_no_bucket(
    r2: "LocalR2", bucket: str, send: Callable[..., "Reply"]
) -> None:
    """The object has the name of a bucket of the account."""
    precious = r2.bucket().name
    assert send("DELETE", f"{bucket}.localhost", f"/{precious}").status == 204
    assert r2.store.bucket(precious, "default") is not None


def test_putting_an_object_creates_no_bucket(
    r2: "LocalR2", bucket: str, send: Callable[..., "Reply"], s3: Any
) -> None:
    """An empty object whose key could be the name of a bucket."""
    assert send("PUT", f"{bucket}.localhost", "/marker-file").status == 200
    assert r2.store.bucket("marker-file", "default") is None
    assert s3.head_object(Bucket=bucket, Key="marker-file")["ContentLength"] == 0


def test_the_root_of_a_buckets_host_is_the_bucket(bucket: str, s3: Any, send: Callable[..., "Reply"]) -> None:
    """A listing of its objects, not of the account's buckets."""
    s3.put_object(Bucket=bucket, Key="k1", Body=b"")
    reply = send("GET", f"{bucket}.localhost", "/?list-type=2")
    assert f"<Name>{bucket}</Name><Contents><Key>k1</Key>".encode() in reply.body


def test_a_client_works_in_both_styles(r2: "LocalR2", s3: Any) -> None:
    """The same objects, whichever way a bucket is named."""
    client, name = virtual_client(r2), "made-by-host"
    client.create_bucket(Bucket=name)
    client.put_object(Bucket=name, Key="a/ b+ä", Body=b"body")
    client.copy_object(Bucket=name, Key="copy", CopySource={"Bucket": name, "Key": "a/ b+ä"})
    upload = {"Bucket": name, "Key": "parts"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = client.upload_part(PartNumber=1, Body=b"part", **upload)["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
    client.complete_multipart_upload(MultipartUpload=parts, **upload)
    for reader in (client, s3):
        listed = [found["Key"] for found in reader.list_objects_v2(Bucket=name)["Contents"]]
        assert listed == ["a/ b+ä", "copy", "parts"]
        assert reader.get_object(Bucket=name, Key="a/ b+ä")["Body"].read() == b"body"
    keys = [{"Key": key} for key in listed]
    assert len(client.delete_objects(Bucket=name, Delete={"Objects": keys})["Deleted"]) == 3
    client.delete_bucket(Bucket=name)
    assert r2.store.bucket(name, "default") is None


def test_a_jurisdiction_stands_between_bucket_and_host(r2: "LocalR2") -> None:
    """Two buckets of one name are two buckets."""
    name = r2.bucket().name
    european = virtual_client(r2, "eu.")
    european.create_bucket(Bucket=name)
    european.put_object(Bucket=name, Key="key", Body=b"eu")
    assert "Contents" not in virtual_client(r2).list_objects_v2(Bucket=name)
    assert european.get_object(Bucket=name, Key="key")["Body"].read() == b"eu"


def test_a_presigned_url_of_a_buckets_host(r2: "LocalR2", bucket: str) -> None:
    """Signed over that host; another bucket's host does not fit."""
    client, other = virtual_client(r2), r2.bucket().name
    client.put_object(Bucket=bucket, Key="key", Body=b"body")
    url = urlsplit(client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "key"}))
    assert url.hostname == f"{bucket}.localhost"
    target = f"{url.path}?{url.query}"
    found = r2.send_raw("GET", target, b"", {"Host": url.netloc})
    assert (found.status, found.body) == (200, b"body")
    elsewhere = r2.send_raw("GET", target, b"", {"Host": url.netloc.replace(bucket, other)})
    assert (elsewhere.status, b"<Code>SignatureDoesNotMatch</Code>" in elsewhere.body) == (403, True)


def test_the_buckets_cors_rules_answer_on_its_host(r2: "LocalR2", bucket: str) -> None:
    """Preflight requests and answers."""
    client, origin = virtual_client(r2), "https://app.example"
    rule = {"AllowedOrigins": [origin], "AllowedMethods": ["GET"]}
    client.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    host = {"Host": f"{bucket}.localhost:{r2.server.port}", "Origin": origin}
    preflight = r2.send_raw("OPTIONS", "/key", b"", host | {"Access-Control-Request-Method": "GET"})
    assert (preflight.status, preflight.headers["Access-Control-Allow-Origin"]) == (204, origin)
    assert r2.send_raw("GET", "/key", b"", host).headers["Access-Control-Allow-Origin"] == origin


def test_a_scoped_credential_stays_in_its_scope_on_a_buckets_host(r2: "LocalR2", bucket: str) -> None:
    """The endpoint is its audience, the bucket's host is where it is used."""
    other = r2.bucket().name
    scoped = r2.temporary(bucket, prefixes=["mine/"])
    answers = {
        (host, path): r2.send(
            "PUT", path, headers={"host": f"{host}.localhost:{r2.server.port}"}, credential=scoped
        ).status
        for host, path in ((bucket, "/mine/key"), (bucket, "/other/key"), (other, "/mine/key"))
    }
    assert list(answers.values()) == [200, 403, 403]


def test_the_request_log_names_bucket_and_key(r2: "LocalR2", bucket: str) -> None:
    """As for a request in path style."""
    virtual_client(r2).put_object(Bucket=bucket, Key="a/b", Body=b"")
    last = list(r2.server.requests)[-1]
    assert (last.operation, last.bucket, last.key) == ("PutObject", bucket, "a/b")


@pytest.mark.parametrize(
    "host", ["films.example.com", "films.127.0.0.1", "a,b", "films.cloudflare", ".localhost"]
)
@pytest.mark.parametrize("method", ["DELETE", "PUT", "GET", "OPTIONS", "POST"])
def test_any_other_host_is_refused(
    r2: "LocalR2", send: Callable[..., "Reply"], method: str, host: str
) -> None:
    """Its first label may be a bucket or not: nothing is done."""
    precious = r2.bucket().name
    reply = send(method, host, f"/{precious}")
    text = (
        f"The host &apos;{host}:{r2.server.port}&apos; is none of this endpoint&apos;s. Use 127.0.0.1, localhost or "
        "&lt;bucket&gt;.localhost, with eu., fedramp. or us. before localhost for a jurisdiction."
    )
    assert reply.status == 400
    assert f"<Code>InvalidRequest</Code><Message>{text}</Message>".encode() in reply.body
    assert r2.store.bucket(precious, "default") is not None


def test_a_target_without_a_path_is_the_account(r2: "LocalR2") -> None:
    """In the form for proxies its host is no bucket."""
    _, headers = r2.sign("GET", "/")
    connection = http.client.HTTPConnection("127.0.0.1", r2.server.port)
    connection.putrequest("GET", "http://a-bucket", skip_host=True)
    for name, value in ({"Host": r2.server.host} | headers).items():
        connection.putheader(name, value)
    connection.endheaders()
    assert b"<ListAllMyBucketsResult" in connection.getresponse().read()
    connection.close()


@pytest.mark.parametrize(
    ("host", "jurisdiction", "bucket"),
    [
        ("", "default", None),
        ("127.0.0.1", "default", None),
        ("[::1]:9470", "default", None),
        ("cloudflare:9470", "default", None),
        ("LocalHost.:9470", "default", None),
        ("eu.localhost:9470", "eu", None),
        ("fedramp.localhost", "fedramp", None),
        ("films.localhost", "default", "films"),
        ("FILMS.us.localhost:1", "us", "films"),
        ("a.b.localhost", "default", "a.b"),
        ("films.host.docker.internal:9470", "default", "films"),
        (f"{ACCOUNT}.r2.cloudflarestorage.com", "default", None),
        (f"{ACCOUNT}.eu.r2.cloudflarestorage.com", "eu", None),
        (f"films.{ACCOUNT}.r2.cloudflarestorage.com", "default", "films"),
        (f"fedramp.{ACCOUNT}.fedramp.r2.cloudflarestorage.com:443", "fedramp", "fedramp"),
    ],
)
def test_what_a_host_stands_for(host: str, jurisdiction: str, bucket: str | None) -> None:
    """Bucket, account and jurisdiction in R2's order, and the local names."""
    assert address_of(host) == Address(jurisdiction, bucket)


@pytest.mark.parametrize("host", ["r2.cloudflarestorage.com", "films.r2.cloudflarestorage.com", "1.2.3"])
def test_what_a_host_cannot_stand_for(host: str) -> None:
    """An endpoint of R2 has an account, and an address four numbers."""
    with pytest.raises(S3Error, match="is none of this endpoint's"):
        address_of(host)
