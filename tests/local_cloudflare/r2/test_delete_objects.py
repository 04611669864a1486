"""DeleteObjects deletes what its document names, under no other condition than it says."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

MALFORMED = (400, "MalformedXML", "The XML you provided was not well formed")


@pytest.mark.parametrize(
    ("entries", "status", "code", "text"),
    [
        ("<Object><Key>a</Key><Key>b</Key></Object>", *MALFORMED),
        ("<Object><Key>a<b/>c</Key></Object>", *MALFORMED),
        ("<Object><Key>a</Key></Object><object><Key>b</Key></object>", *MALFORMED),
        ("<Object><Key>a</Key>and b</Object>", *MALFORMED),
        ("<Object><Key>a</Key><Unless>b</Unless></Object>", *MALFORMED),
        ("<Object><Key>a</Key></Object><Quiet>true</Quiet><Quiet>false</Quiet>", *MALFORMED),
        (
            '<Object><Key>a</Key><ETag>"0"</ETag></Object>',
            *(501, "NotImplemented", "DeleteObjects ETag not implemented"),
        ),
        (
            "<Object><Key>b</Key></Object><Object><Key>a</Key><Size>9</Size></Object>",
            *(501, "NotImplemented", "DeleteObjects Size not implemented"),
        ),
        (
            "<Object><Key>a</Key><LastModifiedTime>Thu, 01 Jan 2026 00:00:00 GMT</LastModifiedTime></Object>",
            *(501, "NotImplemented", "DeleteObjects LastModifiedTime not implemented"),
        ),
    ],
)
def test_a_document_that_is_not_understood_deletes_nothing(
    r2: "LocalR2", bucket: str, entries: str, status: int, code: str, text: str
) -> None:
    """Neither what stands beside the part that cannot be read."""
    for key in ("a", "b"):
        r2.send("PUT", f"/{bucket}/{key}", body=b"there")
    reply = r2.send("POST", f"/{bucket}?delete=", body=f"<Delete>{entries}</Delete>".encode())
    assert reply.status == status
    assert f"<Code>{code}</Code><Message>{text}" in reply.body.decode()
    assert [r2.send("GET", f"/{bucket}/{key}").status for key in ("a", "b")] == [200, 200]


def test_an_empty_version_and_a_namespace_are_fine(r2: "LocalR2", bucket: str) -> None:
    """Clients send both."""
    r2.send("PUT", f"/{bucket}/a", body=b"there")
    body = b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key><VersionId/></Object></Delete>'
    assert r2.send("POST", f"/{bucket}?delete=", body=body).status == 200
    assert r2.send("GET", f"/{bucket}/a").status == 404
