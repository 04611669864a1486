"""Pages of listings, parsed by this project: equal to botocore's own parsing, and nothing less than a whole page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest

from layout.errors import AccessDeniedError, StorageUnavailableError
from layout.storage.clients import s3_client
from layout.storage.error_translation import storage_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from layout.storage.settings import StorageSettings
    from tests.layout.conftest import FixedAnswer

NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
KEYS = [
    "a/raw_clips/1.mp4",
    "control\x01\t\x7f",
    "a+b c%2Fd%",
    "quotes\"'<&>",
    "e\u0301 é 🎬",
    "//",
    " ",
    "back\\slash",
]


def entry(key: str, size: str = "3") -> str:
    """One object of a page, its key encoded as `encoding-type=url` says."""
    return (
        f"<Contents><Key>{escape(quote(key, safe='/'))}</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>"
        f"<ETag>&quot;abc-2&quot;</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )


def page(
    *entries: str, truncated: str = "false", token: str = "", count: str | None = None, rest: str = ""
) -> bytes:
    """A page of a listing."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult{NAMESPACE}><Name>films</Name><Prefix></Prefix>'
        f"<EncodingType>url</EncodingType><MaxKeys>1000</MaxKeys>{''.join(entries)}{rest}"
        f"<KeyCount>{len(entries) if count is None else count}</KeyCount>"
        f"<IsTruncated>{truncated}</IsTruncated>{token}</ListBucketResult>"
    ).encode()


TOKEN = "<NextContinuationToken>1/next+==</NextContinuationToken>"
PREFIXES = "<CommonPrefixes><Prefix>a%2B/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>"


@pytest.fixture
def client(fixed_answer: FixedAnswer, settings: StorageSettings) -> S3Client:
    """A client of the fixed answer that parses its pages here."""
    return s3_client(settings.model_copy(update={"endpoint": fixed_answer.endpoint}), timestamps_as_text=True)


def _without_time(answer: Any) -> Any:
    """What two parsers must agree on; one of them makes a `datetime` of the time."""
    for one in answer.get("Contents", ()):
        one["LastModified"] = str(one["LastModified"])[:10]
    answer["ResponseMetadata"]["HTTPHeaders"].pop("date")
    return answer


@pytest.mark.parametrize(
    "body",
    [
        page(*map(entry, KEYS)),
        page(*map(entry, KEYS), truncated="true", token=TOKEN),
        page(),
        page(entry("a"), rest=PREFIXES, count="3"),
        page(rest=PREFIXES, count="0"),
        page(entry("a")).replace(NAMESPACE.encode(), b""),
    ],
    ids=["whole", "truncated", "empty", "prefixes", "prefixes-not-counted", "no-namespace"],
)
def test_a_page_is_what_botocore_makes_of_it(
    body: bytes, fixed_answer: FixedAnswer, client: S3Client, settings: StorageSettings
) -> None:
    """Keys come back byte for byte, control characters, signs and spaces included."""
    fixed_answer.body = body
    plain = s3_client(settings.model_copy(update={"endpoint": fixed_answer.endpoint}))
    ours, theirs = (_without_time(one.list_objects_v2(Bucket="films")) for one in (client, plain))
    assert ours == theirs
    if body.count(b"<Contents>") == len(KEYS):
        assert [one["Key"] for one in ours["Contents"]] == KEYS


def test_the_count_of_keys_is_there_when_the_bucket_leaves_it_out(
    fixed_answer: FixedAnswer, client: S3Client
) -> None:
    """Whoever asks whether a prefix is empty gets a number."""
    fixed_answer.body = page(entry("a")).replace(b"<KeyCount>1</KeyCount>", b"")
    assert client.list_objects_v2(Bucket="films")["KeyCount"] == 1


WHOLE = page(entry("a"), entry("b"), truncated="true", token=TOKEN)
HOSTILE = {
    "empty": b"",
    "cut-in-the-middle": WHOLE[: len(WHOLE) // 2],
    "cut-before-the-end": WHOLE[:-1],
    "no-xml": b"\x00\xff",
    "web-page": b"<html><body>busy</body></html>",
    "other-answer": b"<LocationConstraint/>",
    "an-answer-that-ends-alike": b"<NotListBucketResult><IsTruncated>false</IsTruncated></NotListBucketResult>",
    "raw-control-character": page(entry("a").replace("<Key>a", "<Key>a\x01")),
    "not-said-whether-more-follows": page(entry("a"), truncated=""),
    "more-follows-but-not-from-where": page(entry("a"), truncated="true"),
    "fewer-keys-than-counted": page(entry("a"), count="2"),
    "more-keys-than-counted": page(entry("a"), entry("b"), count="1"),
    "count-is-no-number": page(entry("a"), count="one"),
    "no-key": page(entry("a").replace("<Key>a</Key>", "")),
    "empty-key": page(entry("")),
    "no-etag": page(entry("a").replace("<ETag>&quot;abc-2&quot;</ETag>", "")),
    "negative-size": page(entry("a", size="-1")),
    "size-in-other-digits": page(entry("a", size="٣")),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_whole_page_counts_as_a_server_error(body: bytes, client: S3Client) -> None:
    """Botocore asks again for it, and nothing of it is taken."""
    answer, taken = {"status_code": 200, "headers": {}, "body": body}, dict[str, object]()
    client.meta.events.emit(
        "before-parse.s3.ListObjectsV2",
        operation_model=client.meta.service_model.operation_model("ListObjectsV2"),
        response_dict=answer,
        customized_response_dict=taken,
    )
    assert (answer["status_code"], taken) == (500, {})


def test_a_page_that_was_cut_off_is_asked_for_again(fixed_answer: FixedAnswer, client: S3Client) -> None:
    """The second answer is the page, all of it."""
    fixed_answer.body = page(entry("a"), entry("b"))
    fixed_answer.before = [fixed_answer.body[:-40]]
    answer = client.list_objects_v2(Bucket="films")
    assert [one["Key"] for one in answer["Contents"]] == ["a", "b"]
    assert len(fixed_answer.requests) == 2


def test_a_page_that_stays_cut_off_is_no_answer(fixed_answer: FixedAnswer, settings: StorageSettings) -> None:
    """An error after the last attempt, never a short page. Without the pauses between attempts."""
    client = s3_client(
        settings.model_copy(update={"endpoint": fixed_answer.endpoint}), timestamps_as_text=True
    )
    # The first handler that answers decides, and False is an answer.
    client.meta.events.register_first("needs-retry.s3.ListObjectsV2", lambda **_: False)  # type: ignore[arg-type]
    fixed_answer.body = WHOLE[:-40]
    with pytest.raises(StorageUnavailableError) as caught, storage_errors("films"):
        client.list_objects_v2(Bucket="films")
    assert str(caught.value) == "No answer about bucket 'films': 500."
    assert caught.value.hint == (
        "Try again later; whether a write took effect is unknown until it is read back."
    )


def test_an_error_under_the_status_200_stays_that_error(fixed_answer: FixedAnswer, client: S3Client) -> None:
    """Asked for again as botocore does, and read by its code when it is not answered better."""
    whole = page(entry("a"))
    fixed_answer.before = [b"<Error><Code>InternalError</Code><Message>m</Message></Error>"]
    fixed_answer.body = whole
    assert client.list_objects_v2(Bucket="films")["KeyCount"] == 1
    assert len(fixed_answer.requests) == 2


def test_a_refusal_is_translated_as_before(fixed_answer: FixedAnswer, client: S3Client) -> None:
    """What is no page is botocore's to read."""
    fixed_answer.refuse(403, "AccessDenied")
    with pytest.raises(AccessDeniedError) as caught, storage_errors("films"):
        client.list_objects_v2(Bucket="films")
    assert str(caught.value) == "The credential does not open bucket 'films': 403 AccessDenied."
    assert (
        caught.value.hint == "Use one that is for this bucket and prefix, and may write if this was a write."
    )
