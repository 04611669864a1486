"""Who may send a request: signatures in headers and in URLs, and what R2 answers when they are wrong."""

import hashlib
import hmac
import html
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.header import Header
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.auth.signature import signing_key

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


WEEK = (
    "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
    "604800 seconds"
)


def code(reply: Any) -> tuple[int, str]:
    """Status and S3 code of an answer."""
    return reply.status, reply.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()


def message(reply: Any) -> str:
    """The text of an error."""
    return html.unescape(reply.body.partition(b"<Message>")[2].partition(b"</Message>")[0].decode())


def test_a_request_without_a_signature_is_told_so(r2: "LocalR2", bucket: str) -> None:
    """R2 answers 400 InvalidArgument `Authorization`."""
    reply = r2.send_raw("GET", f"/{bucket}/key", b"", {})
    assert code(reply) == (400, "InvalidArgument")
    assert message(reply) == "Authorization"


def test_an_unknown_access_key_is_unauthorized(r2: "LocalR2", bucket: str) -> None:
    """401 Unauthorized, never InvalidAccessKeyId."""
    stranger = replace(r2.admin, access_key_id="f" * 32)
    assert code(r2.send("GET", f"/{bucket}/key", credential=stranger)) == (401, "Unauthorized")


def test_a_wrong_secret_does_not_match(r2: "LocalR2", bucket: str) -> None:
    """403, with what was signed here for comparison."""
    reply = r2.send("GET", f"/{bucket}/key", credential=replace(r2.admin, secret_access_key="wrong"))
    assert code(reply) == (403, "SignatureDoesNotMatch")
    assert message(reply) == (
        "The request signature we calculated does not match the signature you provided. "
        "Check your secret access key and signing method."
    )
    assert f"<CanonicalRequest>GET\n/{bucket}/key\n\nhost:".encode() in reply.body


def test_a_disabled_token_is_unauthorized_and_the_log_says_why(r2: "LocalR2", bucket: str) -> None:
    """The client hears 401, the reason is in the request log."""
    disabled = r2.credential(active=False, reason="the token is disabled")
    assert code(r2.send("GET", f"/{bucket}/key", credential=disabled)) == (401, "Unauthorized")
    assert list(r2.server.requests)[-1].reason == "the token is disabled"


def test_the_clock_may_be_a_quarter_of_an_hour_off(own: "LocalR2") -> None:
    """Beyond 15 minutes of skew R2 answers 403 RequestTimeTooSkewed."""
    own.bucket()
    own.clock.advance(timedelta(minutes=14, seconds=50))
    assert own.send("GET", "/bucket-0").status == 200
    own.clock.advance(timedelta(seconds=20))
    reply = own.send("GET", "/bucket-0")
    assert code(reply) == (403, "RequestTimeTooSkewed")
    assert message(reply) == "The difference between the request time and the server's time is too large."


@pytest.mark.parametrize(
    ("name", "value", "status", "expected"),
    [
        ("x-amz-date", "yesterday", 400, "Date provided in 'x-amz-date' header (yesterday) didn't parse"),
        ("authorization", "Bearer token", 400, "Please use AWS4-HMAC-SHA256"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=00",
            400,
            "at least 5",
        ),
    ],
)
def test_a_malformed_signature_is_a_bad_request(
    r2: "LocalR2", bucket: str, name: str, value: str, status: int, expected: str
) -> None:
    """The message names what is wrong."""
    headers = {
        "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        "authorization": "AWS4-HMAC-SHA256 Credential=k/20260101/auto/s3/aws4_request, SignedHeaders=host, Signature=0",
    }
    reply = r2.send_raw("GET", f"/{bucket}/key", b"", headers | {name: value})
    assert reply.status == status
    assert expected in message(reply)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?AWSAccessKeyId=key&Signature=c2ln&Expires=1900000000", {}),
        ("?Expires=1900000000&AWSAccessKeyId=key&Signature=c2ln&x-amz-security-token=t", {}),
        ("", {"authorization": "AWS key:c2ln", "date": "Thu, 26 Nov 2026 00:00:00 GMT"}),
        ("", {"authorization": "AWS key:c2ln", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
def test_sigv2_is_named(r2: "LocalR2", bucket: str, method: str, query: str, headers: dict[str, str]) -> None:
    """In a URL and in a header: it is what boto3 and the AWS CLI presign with in us-east-1."""
    for path in ("/", f"/{bucket}", f"/{bucket}/key"):
        reply = r2.send_raw(method, path + query, b"", {"Content-Length": "0", **headers})
        assert reply.status == 401
        if method != "HEAD":
            assert code(reply) == (401, "Unauthorized")
            assert message(reply) == "SigV2 authorization is not supported. Please use SigV4 instead."


@pytest.mark.parametrize("signed", ["latin-1", "utf-8"])
# The last byte of an a grave is a space to Python, and none to a signature.
@pytest.mark.parametrize("text", ["caf\u00e9", "voil\u00e0", "\u00e0", "a\u00a0"])
def test_a_header_beyond_ascii_may_be_signed_as_sent_or_as_text(
    r2: "LocalR2", bucket: str, signed: str, text: str
) -> None:
    """Over the bytes that go over the wire, or over the UTF-8 of a value that goes over it in Latin-1."""
    wire = text if signed == "utf-8" else text.encode().decode("latin-1")
    _, headers = r2.sign("PUT", f"/{bucket}/key", headers={"x-amz-meta-m": "placeholder"})
    headers["x-amz-meta-m"] = wire
    canonical = "".join(
        f"{name}:{value}\n"
        for name, value in (
            ("host", f"127.0.0.1:{r2.server.port}"),
            ("x-amz-content-sha256", headers["X-Amz-Content-SHA256"]),
            ("x-amz-date", headers["X-Amz-Date"]),
            ("x-amz-meta-m", wire),
        )
    )
    names = "host;x-amz-content-sha256;x-amz-date;x-amz-meta-m"
    request = f"PUT\n/{bucket}/key\n\n{canonical}\n{names}\n{headers['X-Amz-Content-SHA256']}"
    date = headers["X-Amz-Date"]
    scope = f"{date[:8]}/auto/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(request.encode(signed)).hexdigest()}"
    key = signing_key(r2.admin.secret_access_key, date[:8], "auto")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{r2.admin.access_key_id}/{scope}"
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    assert r2.send_raw("PUT", f"/{bucket}/key", b"", headers).status == 200
    assert r2.send("HEAD", f"/{bucket}/key").headers["x-amz-meta-m"] == Header(text, "utf-8").encode()


@pytest.mark.parametrize("region", ["auto", "us-east-1", "weur"])
def test_the_region_is_auto_or_an_alias(r2: "LocalR2", bucket: str, region: str) -> None:
    """`us-east-1` is an alias of auto, and location hints pass."""
    assert r2.client(region_name=region).list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_another_region_is_refused(r2: "LocalR2", bucket: str, refused: Any) -> None:
    """R2 lists the regions that it knows."""
    assert refused(r2.client(region_name="eu-west-1").list_objects_v2, Bucket=bucket) == (
        400,
        "InvalidRegionName",
        "The region name 'eu-west-1' is not valid. Must be one of: wnam, enam, weur, eeur, apac, oc, auto",
    )


def test_a_body_that_differs_from_its_signed_hash_is_refused(r2: "LocalR2", bucket: str) -> None:
    """400 XAmzContentSHA256Mismatch, and nothing is stored."""
    payload = hashlib.sha256(b"other").hexdigest()
    reply = r2.send("PUT", f"/{bucket}/key", body=b"body", payload=payload)
    assert code(reply) == (400, "XAmzContentSHA256Mismatch")
    assert r2.send("HEAD", f"/{bucket}/key").status == 404


def test_an_unsigned_amz_header_is_refused(r2: "LocalR2", bucket: str) -> None:
    """It could turn an upload into a copy of something else."""
    r2.send("PUT", f"/{bucket}/secret", body=b"secret")
    target, headers = r2.sign("PUT", f"/{bucket}/key", expires=60)
    reply = r2.send_raw("PUT", target, b"", headers | {"x-amz-copy-source": f"/{bucket}/secret"})
    assert code(reply) == (403, "AccessDenied")
    assert message(reply) == "There were headers present in the request which were not signed"


def test_a_presigned_url_reads_and_writes(r2: "LocalR2", bucket: str) -> None:
    """GET and PUT work with nothing but the URL."""
    assert r2.send("PUT", f"/{bucket}/a%20b", body=b"text", expires=60).status == 200
    assert r2.send("GET", f"/{bucket}/a%20b", expires=604800).body == b"text"


def test_a_presigned_url_expires(own: "LocalR2") -> None:
    """403 ExpiredRequest after its seconds."""
    client, name = own.client(), own.bucket().name
    client.put_object(Bucket=name, Key="key", Body=b"text")
    url = client.generate_presigned_url("get_object", {"Bucket": name, "Key": "key"}, ExpiresIn=60)
    target = url.removeprefix(own.server.endpoint)
    assert own.send_raw("GET", target, b"", {}).body == b"text"
    own.clock.advance(timedelta(seconds=61))
    assert code(own.send_raw("GET", target, b"", {})) == (403, "ExpiredRequest")


@pytest.mark.parametrize(
    ("expires", "status", "expected"),
    [
        (0, 403, "Request has expired"),
        (604_801, 400, WEEK),
    ],
)
def test_a_presigned_url_lives_one_second_to_seven_days(
    r2: "LocalR2", bucket: str, expires: int, status: int, expected: str
) -> None:
    """Zero seconds, and more than a week, are refused."""
    reply = r2.send("GET", f"/{bucket}/key", expires=expires)
    assert (reply.status, message(reply)) == (status, expected)


def test_a_header_that_was_signed_must_be_sent(r2: "LocalR2", bucket: str) -> None:
    """So a presigned URL can force a condition on its holder."""
    condition = {"if-none-match": "*"}
    assert r2.send("PUT", f"/{bucket}/once", body=b"1", expires=60, headers=condition).status == 200
    assert r2.send("PUT", f"/{bucket}/once", body=b"2", expires=60, headers=condition).status == 412
    target, _ = r2.sign("PUT", f"/{bucket}/once", expires=60, headers=condition)
    forgetful = r2.send_raw("PUT", target, b"3", {"Content-Length": "1"})
    assert code(forgetful) == (403, "SignatureDoesNotMatch")


def test_a_changed_path_or_query_breaks_the_signature(r2: "LocalR2", bucket: str) -> None:
    """A presigned URL opens one key only."""
    url = r2.client().generate_presigned_url("get_object", {"Bucket": bucket, "Key": "one"}, ExpiresIn=60)
    target = url.removeprefix(r2.server.endpoint)
    for changed in (target.replace("/one", "/two"), target + "&partNumber=1"):
        assert code(r2.send_raw("GET", changed, b"", {})) == (403, "SignatureDoesNotMatch")


def test_a_browser_form_upload_is_not_implemented(r2: "LocalR2", bucket: str) -> None:
    """R2 says so with a doubled "not implemented"."""
    reply = r2.send_raw("POST", f"/{bucket}", b"", {"Content-Length": "0"})
    assert code(reply) == (501, "NotImplemented")
    assert message(reply) == "Presigned post requests are not yet implemented not implemented"


def test_networks_open_and_close_a_credential(r2: "LocalR2", bucket: str) -> None:
    """Denied networks win; with allowed ones, all others are refused."""
    here, elsewhere = "127.0.0.0/8", "203.0.113.0/24"
    cases: tuple[tuple[dict[str, Any], int], ...] = (
        ({"allowed_networks": (here,)}, 200),
        ({"allowed_networks": (elsewhere,)}, 403),
        ({"denied_networks": (elsewhere,)}, 200),
        ({"allowed_networks": (here,), "denied_networks": (here,)}, 403),
    )
    for changes, status in cases:
        assert r2.send("GET", f"/{bucket}", credential=r2.credential(**changes)).status == status
