"""CORS rules: what R2 accepts of them, and which origins they match."""

from typing import TYPE_CHECKING

import pytest

from local_cloudflare.r2.store.cors import check_header_name, check_origin, origin_matches

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

ORIGINS = [
    *("*", "https://a.example", "http://localhost", "http://localhost:3000", "https://a.example:65535"),
    *("http://127.0.0.1:8080", "http://[::1]:8080", "capacitor://localhost", "https://*.a.example"),
    *("https://*-app.a.example", "https://xn--bcher-kva.example", "https://A.example"),
]
NO_ORIGINS = [
    *(
        "",
        "a.example",
        "https://a.example/",
        "https://a.example/x",
        "https://a.example?x",
        "https://a.example#x",
    ),
    *("https://", "https:///", "//a.example", "https:a.example", "https://a.example:", "https://a.example:x"),
    *(
        "https://a.example:65536",
        "https://a.example:*",
        "http://localhost:*",
        "https://user@a.example",
        "null",
    ),
    *(
        "https://*.*.example",
        "https://a..example",
        "https://.example",
        " https://a.example",
        "https://a.example ",
    ),
    *(
        "https://a.example,https://b.example",
        "**",
        "https://[::1",
        "https://[x]",
        "https://b\u00fccher.example",
    ),
    *("https://a.example\n", "https://a example", "*://a.example"),
]
RULE = "<AllowedOrigin>{}</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"


def put(r2: "LocalR2", bucket: str, *rules: str) -> tuple[int, str]:
    """Status and code of PutBucketCors with these rules."""
    content = "".join(f"<CORSRule>{rule}</CORSRule>" for rule in rules)
    body = f"<CORSConfiguration>{content}</CORSConfiguration>".encode()
    reply = r2.send("PUT", f"/{bucket}?cors", body=body)
    return reply.status, reply.body.decode().partition("<Code>")[2].partition("<")[0]


@pytest.mark.parametrize("origin", ORIGINS)
def test_an_origin_is_what_a_browser_sends(r2: "LocalR2", bucket: str, origin: str) -> None:
    """Scheme, host and port, with one wildcard in the host, or everything."""
    assert check_origin(origin) == origin
    assert put(r2, bucket, RULE.format(origin)) == (200, "")


@pytest.mark.parametrize("origin", NO_ORIGINS)
def test_anything_else_is_no_origin(r2: "LocalR2", bucket: str, origin: str) -> None:
    """It would never match: no browser sends it."""
    with pytest.raises(ValueError, match=r"^an origin is scheme, host and port as browsers send them"):
        check_origin(origin)
    assert put(r2, bucket, RULE.format(origin)) == (400, "MalformedXML")
    assert r2.store.cors(bucket) is None


OK = RULE.format("https://a.example")


@pytest.mark.parametrize(
    "rule",
    [
        f"{OK}<Foo>1</Foo>",
        f"{OK}<MaxAge>1</MaxAge>",
        f"{OK}<AllowedHeader></AllowedHeader>",
        f"{OK}<AllowedHeader>content-type</AllowedHeader><AllowedHeader/>",
        f"{OK}<AllowedHeader>a b</AllowedHeader>",
        f"{OK}<AllowedHeader>a,b</AllowedHeader>",
        f"{OK}<ExposeHeader></ExposeHeader>",
        f"{OK}<ExposeHeader>\u00e4</ExposeHeader>",
        f"{OK}<MaxAgeSeconds>86401</MaxAgeSeconds>",
        f"{OK}<MaxAgeSeconds>-1</MaxAgeSeconds>",
        f"{OK}<MaxAgeSeconds></MaxAgeSeconds>",
        f"{OK}<MaxAgeSeconds>1</MaxAgeSeconds><MaxAgeSeconds>2</MaxAgeSeconds>",
        f"{OK}<ID>a</ID><ID>b</ID>",
        f"{OK}stray",
        f"{OK}<AllowedMethod>PATCH</AllowedMethod>",
        f"{OK}<AllowedMethod>get</AllowedMethod>",
        "<AllowedOrigin><Foo/>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>",
        "<AllowedMethod>GET</AllowedMethod>",
        "<AllowedOrigin>*</AllowedOrigin>",
        "",
    ],
)
def test_a_rule_has_known_elements_and_values(r2: "LocalR2", bucket: str, rule: str) -> None:
    """One wrong rule refuses all, and those that were there stay."""
    assert put(r2, bucket, OK) == (200, "")
    before = r2.store.cors(bucket)
    assert put(r2, bucket, OK, rule) == (400, "MalformedXML")
    assert r2.store.cors(bucket) == before


@pytest.mark.parametrize(
    "content", ["", "<Foo/>", f"<CORSRule>{OK}</CORSRule><Foo/>", f"<CORSRule>{OK}</CORSRule>x"]
)
def test_a_configuration_holds_rules_alone(r2: "LocalR2", bucket: str, content: str) -> None:
    """An unknown element beside them is refused too; more than 100 rules are."""
    body = f"<CORSConfiguration>{content}</CORSConfiguration>".encode()
    assert r2.send("PUT", f"/{bucket}?cors", body=body).status == 400
    assert put(r2, bucket, *[OK] * 101) == (400, "MalformedXML")
    assert put(r2, bucket, *[OK] * 100) == (200, "")


def test_the_longest_age_is_a_day(r2: "LocalR2", bucket: str) -> None:
    """86,400 seconds, as R2's page says."""
    assert put(r2, bucket, f"{OK}<MaxAgeSeconds>86400</MaxAgeSeconds>") == (200, "")


@pytest.mark.parametrize(
    ("allowed", "origin", "matches"),
    [
        ("*", "https://a.example", True),
        ("https://a.example", "https://a.example", True),
        ("https://a.example", "https://a.example:8443", False),
        ("https://*.a.example", "https://b.a.example", True),
        ("https://*.a.example", "https://a.example", False),
        ("https://*.a.example", "http://b.a.example", False),
        ("https://*-app.a.example", "https://1f2e-app.a.example", True),
        ("https://*-app.a.example", "https://other.a.example", False),
        ("https://*.a.example", "https://b.a.example:8443", False),
        ("https://*.a.example", "https://evil.test/.a.example", False),
        ("https://*.a.example", "https://b-a-example", False),
    ],
)
def test_a_wildcard_stands_for_a_part_of_the_host(allowed: str, origin: str, matches: bool) -> None:
    """As was tried on a real bucket."""
    assert origin_matches(allowed, origin) is matches


def test_a_preflight_honours_a_wildcard(r2: "LocalR2", bucket: str) -> None:
    """The answer names the origin, not the pattern."""
    assert put(r2, bucket, RULE.format("https://*.a.example")) == (200, "")
    for origin, status in (("https://b.a.example", 204), ("https://b.example", 403)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        reply = r2.send_raw("OPTIONS", f"/{bucket}/key", b"", headers)
        allowed = origin if status == 204 else None
        assert (reply.status, reply.headers.get("Access-Control-Allow-Origin")) == (status, allowed)


@pytest.mark.parametrize("name", ["", "a b", "a:b", "\u00e4", "a\n"])
def test_a_header_has_the_name_of_a_header(name: str) -> None:
    """Or is `*`."""
    with pytest.raises(ValueError, match=r"^a header's name is a word like content-type, or \*$"):
        check_header_name(name)
    assert [check_header_name(good) for good in ("*", "x-amz-*", "ETag")] == ["*", "x-amz-*", "ETag"]
