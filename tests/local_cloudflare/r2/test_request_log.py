"""The request log."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.request_log import RequestLog

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


def test_a_request_is_written_down(own: "LocalR2") -> None:
    """Who asked for what, how much, and how it ended."""
    name = own.bucket().name
    minted = own.temporary(name, prefixes=["dev/"])
    own.send("PUT", f"/{name}/dev/caf%C3%A9", body=b"12345", credential=minted)
    own.send("GET", f"/{name}/dev/caf%C3%A9")
    own.send("GET", f"/{name}/prod/a", credential=minted)
    put, get, refused = own.server.requests
    assert (put.operation, put.bucket, put.key) == ("PutObject", name, "dev/café")
    assert (put.bytes_in, put.bytes_out, put.status, put.error) == (5, 0, 200, "")
    assert put.access_key_id == own.admin.access_key_id
    assert put.scope == f"temporary object-read-write on {name}: dev/"
    assert (get.bytes_in, get.bytes_out, get.scope) == (0, 5, "admin-read-write on *")
    assert (refused.status, refused.error, refused.reason) == (403, "AccessDenied", "the key is out of scope")
    assert [record.number for record in own.server.requests.after(1)] == [2, 3]


def test_no_secret_is_written_down(own: "LocalR2") -> None:
    """Neither secrets nor tokens nor signatures, presigned ones included."""
    name = own.bucket().name
    minted = own.temporary(name)
    target, _ = own.sign("GET", f"/{name}/key", credential=minted, expires=60)
    own.send_raw("GET", target, b"", {})
    own.send("GET", f"/{name}/key", credential=minted)
    text = "".join(str(record.to_json()) for record in own.server.requests)
    for secret in (minted.secret_access_key, minted.session_token, own.admin.secret_access_key, "X-Amz-"):
        assert secret not in text


def record(log: RequestLog, operation: str) -> None:
    """Adds something."""
    values: dict[str, Any] = dict.fromkeys(
        ("method", "bucket", "key", "access_key_id", "scope", "error", "reason", "fault"), ""
    )
    log.add(
        operation=operation, time=datetime(2026, 1, 1, tzinfo=UTC), seconds=0.1, bytes_in=0, bytes_out=0,
        status=200, **values,
    )  # fmt: skip


def test_it_keeps_the_latest() -> None:
    """Numbers go on when it forgets."""
    log = RequestLog(2)
    for operation in ("A", "B", "B"):
        record(log, operation)
    assert [found.number for found in log] == [2, 3]
    assert (len(log), log.count()) == (2, {"B": 2})
    log.clear()
    record(log, "C")
    assert [(found.number, found.to_json()["time"]) for found in log] == [(4, "2026-01-01T00:00:00+00:00")]


@pytest.mark.parametrize("path", ["/", "/x", "//", "/%zz/%FF"])
def test_requests_that_mean_nothing_are_written_down_too(own: "LocalR2", path: str) -> None:
    """With their error."""
    own.send_raw("BREW", path, b"", {})
    assert [found.error for found in own.server.requests] == ["InvalidArgument"]
