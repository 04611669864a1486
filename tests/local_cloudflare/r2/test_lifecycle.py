"""Lifecycle rules act when the clock moves."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.store.lifecycle import Due, due_for_object, parse_date, upload_is_due

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

DAY = 86_400
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def rule(prefix: str, enabled: bool = True, **transitions: Any) -> dict[str, Any]:
    """A rule in the form of Cloudflare's API."""
    return {"id": prefix, "enabled": enabled, "conditions": {"prefix": prefix}, **transitions}


def after(seconds: float) -> dict[str, Any]:
    """A condition on the age."""
    return {"condition": {"type": "Age", "maxAge": seconds}}


def keys(own: "LocalR2", name: str) -> list[str]:
    """What the bucket holds."""
    return [found["Key"] for found in own.client().list_objects_v2(Bucket=name).get("Contents", ())]


def test_objects_expire_under_their_prefix(own: "LocalR2") -> None:
    """A prefix is a plain starts-with, so `dev/temp` would also hit `dev/temporary`."""
    name, client = own.bucket().name, own.client()
    for key in ("dev/temp/a", "dev/temporary", "dev/users/a"):
        client.put_object(Bucket=name, Key=key, Body=b"x" * 100_000)
    own.store.set_lifecycle(name, rules=[rule("dev/temp/", deleteObjectsTransition=after(DAY))])
    own.clock.advance(timedelta(hours=23))
    assert len(list(own.store.all_objects(1))) == 3
    own.clock.advance(timedelta(hours=2))
    assert [found.spelling for found in own.store.all_objects(1)] == ["dev/temporary", "dev/users/a"]


def test_a_prefix_means_either_spelling(own: "LocalR2") -> None:
    """Keys are compared in NFC, as everywhere in R2."""
    name, client = own.bucket().name, own.client()
    client.put_object(Bucket=name, Key="de\u0301v/temp/a", Body=b"")
    own.store.set_lifecycle(name, rules=[rule("d\u00e9v/temp/", deleteObjectsTransition=after(DAY))])
    own.clock.advance(timedelta(hours=25))
    assert not list(own.store.all_objects(1))


def test_a_rewritten_object_is_young_again(own: "LocalR2") -> None:
    """Age counts from the last write."""
    name = own.bucket().name
    found = own.store.bucket(name)
    assert found is not None
    own.store.set_lifecycle(name, rules=[rule("", deleteObjectsTransition=after(DAY))])
    own.store.declare_object(found, "key", 1)
    own.clock.advance(timedelta(hours=20))
    own.store.declare_object(found, "key", 1)
    own.clock.advance(timedelta(hours=20))
    assert [listed.spelling for listed in own.store.all_objects(found.id)] == ["key"]
    own.clock.advance(timedelta(hours=5))
    assert not list(own.store.all_objects(found.id))


def test_a_new_bucket_aborts_uploads_after_seven_days(own: "LocalR2") -> None:
    """R2's default rule, with its id."""
    name, client = own.bucket().name, own.client()
    assert own.store.lifecycle(name) == [
        {
            "id": "Default Multipart Abort Rule",
            "enabled": True,
            "conditions": {"prefix": ""},
            "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}},
        }
    ]
    client.create_multipart_upload(Bucket=name, Key="key")
    own.clock.advance(timedelta(days=6))
    assert len(own.store.uploads.of_bucket(1)) == 1
    own.clock.advance(timedelta(days=1))
    assert not own.store.uploads.of_bucket(1)


def test_objects_change_their_class(own: "LocalR2") -> None:
    """Time and tag stay."""
    name, client = own.bucket().name, own.client()
    client.put_object(Bucket=name, Key="key", Body=b"text")
    before = own.store.objects.get(1, "key")
    cold = [{**after(30 * DAY), "storageClass": "InfrequentAccess"}]
    own.store.set_lifecycle(name, rules=[rule("", storageClassTransitions=cold)])
    own.clock.advance(timedelta(days=31))
    found = own.store.objects.get(1, "key")
    assert before is not None
    assert found is not None
    assert found.metadata.storage_class == "STANDARD_IA"
    assert (found.modified, found.etag, found.body) == (before.modified, before.etag, before.body)


def test_a_deletion_wins_over_a_transition() -> None:
    """Whatever the order of the rules."""
    cold = rule("", storageClassTransitions=[{**after(1), "storageClass": "InfrequentAccess"}])
    gone = rule("", deleteObjectsTransition=after(1))
    for rules in ([cold, gone], [gone, cold]):
        due = due_for_object(rules, "key", NOW - timedelta(days=1), "STANDARD", NOW)
        assert due == Due(delete=True)
    assert due_for_object([cold], "key", NOW - timedelta(days=1), "STANDARD_IA", NOW) == Due()


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"type": "Age", "maxAge": DAY}, True),
        ({"type": "Age", "maxAge": DAY + 1}, False),
        ({"type": "Date", "date": "2026-06-01"}, True),
        ({"type": "Date", "date": "2026-06-01T00:00:01Z"}, False),
        ({"type": "Date", "date": "someday"}, False),
        ({"type": "Age"}, False),
        ({}, False),
    ],
)
def test_conditions_are_an_age_or_a_date(condition: dict[str, Any], met: bool) -> None:
    """An age in seconds; anything else never happens."""
    rules = [rule("", deleteObjectsTransition={"condition": condition})]
    assert due_for_object(rules, "key", NOW - timedelta(days=1), "STANDARD", NOW).delete is met
    aborting = [rule("", abortMultipartUploadsTransition={"condition": condition})]
    assert upload_is_due(aborting, "key", NOW - timedelta(days=1), NOW) is met


def test_a_disabled_rule_does_nothing() -> None:
    """Nor one of another prefix."""
    gone: dict[str, Any] = {"deleteObjectsTransition": after(0)}
    for rules in ([rule("", enabled=False, **gone)], [rule("other/", **gone)]):
        assert due_for_object(rules, "key", NOW, "STANDARD", NOW) == Due()


@pytest.mark.parametrize("text", ["2026-06-01", "2026-06-01T00:00:00Z", "2026-06-01T02:00:00+02:00"])
def test_dates_without_a_zone_are_in_utc(text: str) -> None:
    """All three are the same moment."""
    assert parse_date(text) == NOW


EXPIRING = [
    {**rule("dev/", deleteObjectsTransition=after(9 * DAY)), "id": "nine days"},
    {**rule("dev/temp/", deleteObjectsTransition=after(DAY)), "id": 'one "day"'},
    {**rule("dev/", enabled=False, deleteObjectsTransition=after(1)), "id": "disabled"},
    {
        **rule("cold/", storageClassTransitions=[{**after(DAY), "storageClass": "InfrequentAccess"}]),
        "id": "cold",
    },
    {
        **rule("dated/", deleteObjectsTransition={"condition": {"type": "Date", "date": "2030-01-02"}}),
        "id": "date",
    },
]


def expiring(own: "LocalR2", key: str, days: int, rule_id: str) -> str:
    """The header that an object must have which was last written now."""
    found = own.store.objects.get(1, key)
    assert found is not None
    date = formatdate(-(-found.modified // 1000) + days * DAY, usegmt=True)  # a second that has begun counts
    return f'expiry-date="{date}", rule-id="{rule_id}"'


def test_answers_say_when_an_object_ends(own: "LocalR2") -> None:
    """Every write and read, from the earliest of the enabled rules that delete it."""
    name, client = own.bucket().name, own.client()
    own.store.set_lifecycle(name, rules=EXPIRING)
    upload = {"Bucket": name, "Key": "dev/temp/parts"}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    part = {"PartNumber": 1, "ETag": client.upload_part(PartNumber=1, Body=b"1", **upload)["ETag"]}
    written = {
        "dev/temp/put": client.put_object(Bucket=name, Key="dev/temp/put", Body=b"1"),
        "dev/temp/parts": client.complete_multipart_upload(MultipartUpload={"Parts": [part]}, **upload),
        "dev/temp/copy": client.copy_object(
            Bucket=name, Key="dev/temp/copy", CopySource={"Bucket": name, "Key": "dev/temp/put"}
        ),
    }
    for key, answer in written.items():
        shown = expiring(own, key, 1, "one%20%22day%22")
        reads = (client.get_object, client.head_object)
        answers = [answer, *(read(Bucket=name, Key=key) for read in reads)]
        assert [one["Expiration"] for one in answers] == [shown] * 3
    client.put_object(Bucket=name, Key="dev/other", Body=b"1")
    assert client.head_object(Bucket=name, Key="dev/other")["Expiration"] == expiring(
        own, "dev/other", 9, "nine%20days"
    )
    dated = client.put_object(Bucket=name, Key="dated/a", Body=b"1")["Expiration"]
    assert dated == 'expiry-date="Wed, 02 Jan 2030 00:00:00 GMT", rule-id="date"'


@pytest.mark.parametrize("key", ["cold/a", "elsewhere"])
def test_answers_say_nothing_where_no_rule_deletes(own: "LocalR2", key: str) -> None:
    """Nor after the rules have gone: those in force count."""
    name, client = own.bucket().name, own.client()
    own.store.set_lifecycle(name, rules=EXPIRING)
    assert "Expiration" not in client.put_object(Bucket=name, Key=key, Body=b"1")
    client.put_object(Bucket=name, Key="dev/a", Body=b"1")
    own.store.set_lifecycle(name, rules=[])
    for read in (client.get_object, client.head_object):
        assert "Expiration" not in read(Bucket=name, Key=key)
        assert "Expiration" not in read(Bucket=name, Key="dev/a")


def test_rules_act_as_real_time_passes(start: Any) -> None:
    """A server sweeps by itself."""
    own = start(lifecycle_interval_seconds=0.02)
    found = own.bucket()
    own.store.declare_object(found, "key", 1)
    own.store.set_lifecycle(found.name, rules=[rule("", deleteObjectsTransition=after(0))])
    deadline = time.monotonic() + 20
    while list(own.store.all_objects(found.id)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not list(own.store.all_objects(found.id))
