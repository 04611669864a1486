"""CORS rules of a bucket, and what a browser is answered."""

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

ORIGIN = "https://app.example"
CORS = [
    {
        "ID": "web", "AllowedOrigins": [ORIGIN], "AllowedMethods": ["PUT", "GET"],
        "AllowedHeaders": ["content-type"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60,
    }
]  # fmt: skip


def test_cors_rules_have_two_forms(own: "LocalR2", refused: Any) -> None:
    """What the S3 form writes, the API form shows."""
    name, client = own.bucket().name, own.client()
    assert refused(client.get_bucket_cors, Bucket=name)[:2] == (404, "NoSuchCORSConfiguration")
    client.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": CORS})
    assert client.get_bucket_cors(Bucket=name)["CORSRules"] == CORS
    assert own.store.cors(name) == [
        {
            "id": "web",
            "allowed": {"origins": [ORIGIN], "methods": ["PUT", "GET"], "headers": ["content-type"]},
            "exposeHeaders": ["ETag"],
            "maxAgeSeconds": 60,
        }
    ]
    client.delete_bucket_cors(Bucket=name)
    assert own.store.cors(name) is None


@pytest.mark.parametrize(
    ("origin", "method", "headers", "status"),
    [
        (ORIGIN, "PUT", "Content-Type", 204),
        (ORIGIN, "GET", "", 204),
        ("https://evil.example", "PUT", "", 403),
        (ORIGIN, "DELETE", "", 403),
        (ORIGIN, "PUT", "x-amz-meta-a", 403),
    ],
)
def test_a_preflight_is_answered_without_a_signature(
    own: "LocalR2", origin: str, method: str, headers: str, status: int
) -> None:
    """By the bucket's rules."""
    name = own.bucket().name
    own.client().put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": CORS})
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    asked |= {"Access-Control-Request-Headers": headers} if headers else {}
    reply = own.send_raw("OPTIONS", f"/{name}/key", b"", asked)
    assert reply.status == status
    if status == 204:
        assert reply.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert reply.headers["Access-Control-Max-Age"] == "60"
        assert reply.headers.get("Access-Control-Allow-Headers", "") == headers.lower()


def test_answers_to_a_browser_say_who_may_read_them(own: "LocalR2") -> None:
    """Errors too; without a rule, nothing is said."""
    name = own.bucket().name
    target, _ = own.sign("GET", f"/{name}/none", expires=60)
    assert "Access-Control-Allow-Origin" not in own.send_raw("GET", target, b"", {"Origin": ORIGIN}).headers
    own.store.set_cors(name, rules=[{"allowed": {"origins": ["*"], "methods": ["GET"]}}])
    reply = own.send_raw("GET", target, b"", {"Origin": ORIGIN})
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (404, "*")
