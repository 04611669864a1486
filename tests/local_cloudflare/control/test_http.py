"""The control API as a server: whatever comes is answered in the envelope, never with a fault of its own."""

import contextlib
import json
import socket
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.control.body import MAXIMUM_BODY
from local_cloudflare.control.objects import MAXIMUM_UPLOAD
from local_cloudflare.control.routes import ROUTES
from tests.local_cloudflare.conftest import Api


def raw(cloudflare: LocalCloudflare, request: bytes) -> tuple[int, dict[str, Any]]:
    """Sends bytes, closes that direction, and reads the one answer."""
    port = int(cloudflare.api_url.rsplit(":", 1)[1].split("/")[0])
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall(request)
        # The server may have refused and closed already; its answer is still there to be read.
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        while block := connection.recv(65536):
            answer += block
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


@pytest.mark.parametrize(
    ("request_bytes", "status", "message"),
    [
        (b"nonsense\r\n\r\n", 400, "Bad request syntax ('nonsense')"),
        (b"BREW /client/v4/accounts HTTP/1.1\r\nHost: x\r\n\r\n", 405, "Unsupported method ('BREW')"),
        (b"GET /client/v4/x\r\n\r\n", 400, "The request is not HTTP/1.1."),
        (b"GET /client/v4/x HTTP/3.0\r\nHost: x\r\n\r\n", 400, "Invalid HTTP version (3.0)"),
        (
            b"POST /client/v4/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            400,
            "The chunks of the body are broken, or it ended before the last of them.",
        ),
        (
            b"POST /client/v4/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
            400,
            "The chunks of the body are broken, or it ended before the last of them.",
        ),
        (
            b"POST /client/v4/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
            400,
            "The chunks of the body are broken, or it ended before the last of them.",
        ),
        (
            b"POST /client/v4/x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" + b"x" * 0xFFFFFF,
            413,
            f"The body in chunks is larger than {MAXIMUM_BODY}.",
        ),
        (
            b"PUT /client/v4/accounts/" + b"0" * 32 + b"/r2/buckets/films/objects/a HTTP/1.1\r\n"
            b"Content-Length: %d\r\n\r\n" % (MAXIMUM_UPLOAD + 1),
            413,
            f"The body of {MAXIMUM_UPLOAD + 1} bytes is larger than {MAXIMUM_UPLOAD}.",
        ),
        (b"GET /client/v4/x%ff HTTP/1.1\r\n\r\n", 400, "The specified object name is not valid."),
        (
            b"POST /client/v4/x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            400,
            "The Content-Length HTTP header is not a number: '-1'.",
        ),
        (
            b"POST /client/v4/x HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc",
            400,
            "The body ended after 3 of 10 bytes.",
        ),
        (
            f"POST /client/v4/x HTTP/1.1\r\nContent-Length: {MAXIMUM_BODY + 1}\r\n\r\n".encode(),
            413,
            f"The body of {MAXIMUM_BODY + 1} bytes is larger than {MAXIMUM_BODY}.",
        ),
        (
            b"GET //[ HTTP/1.1\r\n\r\n",
            404,
            "Could not route to /[, perhaps your object identifier is invalid?",
        ),
        (
            b"GET /elsewhere HTTP/1.1\r\n\r\n",
            404,
            "Could not route to /elsewhere, perhaps your object identifier is invalid?",
        ),
    ],
)
def test_what_is_no_request_is_refused_in_the_envelope(
    cloudflare: LocalCloudflare, request_bytes: bytes, status: int, message: str
) -> None:
    """Broken requests get a status below 500 and the JSON envelope."""
    found, envelope = raw(cloudflare, request_bytes)
    assert (found, envelope["success"], envelope["errors"][0]["message"]) == (status, False, message)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            b"{",
            "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            b"\xff",
            "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
        ),
        (b'{"name": NaN}', "ValueError: NaN is not JSON"),
        (
            b'{"name": "\\ud800"}',
            (
                "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800' in position 10: "
                "surrogates not allowed"
            ),
        ),
    ],
)
def test_what_is_no_json_is_refused(api: Api, body: bytes, detail: str) -> None:
    """Bodies that are not JSON, or not Unicode, are 400 with the reason."""
    answer = api("POST", "/r2/buckets", content=body)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"code": 10040, "message": f"The JSON you provided was not well formed. {detail}"}
    ]


def test_deep_json_is_refused(api: Api) -> None:
    """A body nested 100,000 deep is 400, not a fault."""
    answer = api("POST", "/r2/buckets", content=b"[" * 100_000)
    assert answer.status_code == 400


def test_answers_are_compact_json(api: Api) -> None:
    """No blank follows a colon or a comma: what Cloudflare's provider keeps of an answer is then the program's text."""
    for answer in (api("GET", "/tokens"), api("GET", "/r2/buckets/none")):
        assert answer.content == json.dumps(answer.json(), separators=(",", ":")).encode()


def test_a_method_that_a_path_does_not_take_is_405(api: Api, bucket: str) -> None:
    """The path exists, the method does not: code 10405."""
    answer = api("DELETE", f"/r2/buckets/{bucket}/lifecycle")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (405, 10405)


def test_a_connection_serves_many_requests(cloudflare: LocalCloudflare) -> None:
    """HTTP/1.1 keeps the connection, also over refusals with a body."""
    headers = {"authorization": f"Bearer {cloudflare.api_token}"}
    with httpx.Client(trust_env=False, limits=httpx.Limits(max_connections=1)) as client:
        ports = set()
        for _ in range(5):
            answer = client.post(f"{cloudflare.api_url}/nothing", content=b"x" * 1000, headers=headers)
            ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
            assert answer.status_code == 404
    assert len(ports) == 1


def test_a_body_may_come_in_chunks(cloudflare: LocalCloudflare, api: Api, bucket: str) -> None:
    """As Cloudflare's API takes it; the connection goes on behind the last chunk and its trailer."""
    rules = json.dumps({"rules": []}).encode()
    chunks = b"".join(b"%x;name=value\r\n%s\r\n" % (len(piece), piece) for piece in (rules[:5], rules[5:]))
    target = f"/client/v4/accounts/{cloudflare.account_id}/r2/buckets/{bucket}/lifecycle"
    lines = f"HTTP/1.1\r\nAuthorization: Bearer {cloudflare.api_token}\r\n".encode()
    first = b"PUT %s %sTransfer-Encoding: chunked\r\n\r\n%s0\r\nx: y\r\n\r\n" % (
        target.encode(),
        lines,
        chunks,
    )
    second = b"GET %s %sConnection: close\r\n\r\n" % (target.encode(), lines)
    port = int(cloudflare.api_url.rsplit(":", 1)[1].split("/")[0])
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall(first + second)
        answers = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert api("GET", f"/r2/buckets/{bucket}/lifecycle").json()["result"] == {"rules": []}


def test_a_client_is_asked_for_its_body(cloudflare: LocalCloudflare) -> None:
    """What says `Expect` waits for the interim answer before it sends the rest."""
    port = int(cloudflare.api_url.rsplit(":", 1)[1].split("/")[0])
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall(b"POST /client/v4/x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")


def test_stopping_ends_open_connections(tmp_path: Path) -> None:
    """After `stop` no kept connection is answered any more."""
    running = LocalCloudflare(tmp_path).start()
    with httpx.Client(trust_env=False) as client:
        assert client.get(f"{running.api_url}/accounts").status_code == 400
        running.stop()
        with pytest.raises(httpx.TransportError):
            client.get(f"{running.api_url}/accounts")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
fields = st.dictionaries(
    st.sampled_from(
        ["name", "policies", "rules", "condition", "expires_on", "bucket", "ttlSeconds", "permission"]
    ),
    json_values,
)
segments = st.text(st.characters(codec="utf-8", exclude_characters="/?#"), min_size=1, max_size=20)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    route=st.sampled_from(ROUTES),
    body=fields | json_values,
    bucket_name=segments | st.just("fuzzed"),
    query=st.dictionaries(
        st.sampled_from(["page", "per_page", "cursor", "direction", "name"]), st.text(max_size=12)
    ),
    jurisdiction=st.none() | st.sampled_from(["default", "eu", "mars"]),
)
def test_no_request_is_a_fault(
    cloudflare: LocalCloudflare,
    http: httpx.Client,
    route: Any,
    body: Any,
    bucket_name: str,
    query: dict[str, str],
    jurisdiction: str | None,
) -> None:
    """Any path, body and query on any route is answered with a status below 500 and an envelope."""
    if cloudflare.store.bucket("fuzzed") is None:
        cloudflare.store.create_bucket("fuzzed")
    name = quote(bucket_name, safe="")
    path = route.path.replace("{bucket}", name).replace("{token}", name).replace("{key...}", name)
    target = f"{cloudflare.api_url}/accounts/{cloudflare.account_id}{path}?{urlencode(query)}"
    headers = {"authorization": f"Bearer {cloudflare.api_token}"}
    if jurisdiction is not None:
        headers["cf-r2-jurisdiction"] = jurisdiction
    content = json.dumps(body).encode()
    answer = http.request(route.method, target, content=content, headers=headers)
    assert answer.status_code < 500, answer.text
    if answer.status_code != 200 or "{key...}" not in route.path or route.method != "GET":
        assert set(answer.json()) >= {"success", "errors", "messages", "result"}


@pytest.mark.parametrize(
    ("version", "headers", "ends"),
    [
        ("1.0", b"", True),
        ("1.0", b"Connection: keep-alive\r\n", False),
        ("1.1", b"Connection: TE, Close\r\n", True),
        ("1.1", b"", False),
    ],
)
def test_a_connection_ends_if_the_client_expects_it(
    cloudflare: LocalCloudflare, version: str, headers: bytes, ends: bool
) -> None:
    """Whoever reads to its end would wait for a minute; HTTP/1.0 goes on only where both say so."""
    port = int(cloudflare.api_url.rsplit(":", 1)[1].split("/")[0])
    request = f"GET /client/v4/x HTTP/{version}\r\nHost: x\r\n".encode() + headers + b"\r\n"
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall(request)
        answer = connection.recv(65536)
        assert b"\r\nConnection: close\r\n" in answer if ends else b"Connection: close" not in answer
        assert (b"\r\nConnection: keep-alive\r\n" in answer) is (version == "1.0" and not ends)
        if not ends:
            connection.sendall(request)
        assert connection.recv(65536).startswith(b"" if ends else b"HTTP/1.1 ")


@pytest.mark.parametrize("value", [b"a\x01b", b"a\x7f", b"a\r\n b"])
def test_a_header_with_control_characters_is_refused(cloudflare: LocalCloudflare, value: bytes) -> None:
    """Kept with an object, it would stand in the head of an answer that no client reads."""
    status, body = raw(cloudflare, b"GET /client/v4/x HTTP/1.1\r\nContent-Type: " + value + b"\r\n\r\n")
    message = "The header content-type holds a line end or another control character."
    assert (status, body["errors"]) == (400, [{"code": 10400, "message": message}])
