"""Lock rules: what they hold can be neither overwritten nor deleted, by whatever way."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.store.lock_table import holds

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

DAY = 86_400
NOW = datetime(2026, 6, 1, tzinfo=UTC)
LOCKED = (409, "ObjectLockedByBucketPolicy", "The object is locked by the bucket policy.")
KEPT = "dev/backups/a"


def rule(prefix: str | None = "dev/backups/", enabled: bool = True, **condition: Any) -> dict[str, Any]:
    """A lock rule in the form of Cloudflare's API, by default of 30 days."""
    there = {} if prefix is None else {"prefix": prefix}
    age = {"type": "Age", "maxAgeSeconds": 30 * DAY}
    return {"id": "keep", "enabled": enabled, **there, "condition": condition or age}


@pytest.fixture
def locked(own: "LocalR2") -> str:
    """A bucket whose object `dev/backups/a` was there before the rule that locks it."""
    name = own.bucket().name
    own.client().put_object(Bucket=name, Key=KEPT, Body=b"kept")
    own.store.set_lock_rules(name, rules=[rule()])
    return name


def body(own: "LocalR2", name: str, key: str = KEPT) -> bytes:
    """What a key holds."""
    found: bytes = own.client().get_object(Bucket=name, Key=key)["Body"].read()
    return found


def part_of(client: Any, name: str, key: str) -> dict[str, Any]:
    """An upload of one part, ready to be completed."""
    upload = {"Bucket": name, "Key": key}
    upload["UploadId"] = client.create_multipart_upload(**upload)["UploadId"]
    etag = client.upload_part(**upload, PartNumber=1, Body=b"new")["ETag"]
    return {**upload, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": etag}]}}


WAYS: dict[str, Callable[[Any, str], tuple[Any, dict[str, Any]]]] = {
    "PutObject": lambda client, name: (client.put_object, {"Bucket": name, "Key": KEPT, "Body": b"new"}),
    "PutObject if absent": lambda client, name: (
        client.put_object, {"Bucket": name, "Key": KEPT, "Body": b"new", "IfNoneMatch": "*"}
    ),
    "CopyObject": lambda client, name: (
        client.copy_object, {"Bucket": name, "Key": KEPT, "CopySource": f"{name}/source"}
    ),
    "CopyObject onto itself": lambda client, name: (
        client.copy_object,
        {"Bucket": name, "Key": KEPT, "CopySource": f"{name}/{KEPT}", "MetadataDirective": "REPLACE"},
    ),
    "CompleteMultipartUpload": lambda client, name: (
        client.complete_multipart_upload, part_of(client, name, KEPT)
    ),
    "CompleteMultipartUpload if absent": lambda client, name: (
        client.complete_multipart_upload, {**part_of(client, name, KEPT), "IfNoneMatch": "*"}
    ),
    "DeleteObject": lambda client, name: (client.delete_object, {"Bucket": name, "Key": KEPT}),
}  # fmt: skip


@pytest.mark.parametrize("way", list(WAYS))
def test_no_way_changes_a_locked_object(own: "LocalR2", locked: str, refused: Any, way: str) -> None:
    """Overwriting, copying onto it, completing an upload to it and deleting it are refused, conditions or not."""
    client = own.client()
    client.put_object(Bucket=locked, Key="source", Body=b"new")
    action, arguments = WAYS[way](client, locked)
    assert refused(action, **arguments) == LOCKED
    assert body(own, locked) == b"kept"


def test_a_batch_deletes_what_is_not_locked(own: "LocalR2", locked: str) -> None:
    """Each locked key gets an error of its own, and the others go."""
    own.client().put_object(Bucket=locked, Key="dev/temp/a", Body=b"")
    keys = [{"Key": key} for key in (KEPT, "dev/temp/a", "dev/backups/nothing-there")]
    answer = own.client().delete_objects(Bucket=locked, Delete={"Objects": keys})
    assert [found["Key"] for found in answer["Deleted"]] == ["dev/temp/a", "dev/backups/nothing-there"]
    assert answer["Errors"] == [{"Key": KEPT, "Code": LOCKED[1], "Message": LOCKED[2]}]
    assert body(own, locked) == b"kept"


def test_new_objects_are_made_under_a_lock_and_held_from_then_on(
    own: "LocalR2", locked: str, refused: Any
) -> None:
    """A rule forbids no creation, by PUT, copy or upload; what was created cannot be taken back."""
    client = own.client()
    client.put_object(Bucket=locked, Key="dev/backups/put", Body=b"")
    client.copy_object(Bucket=locked, Key="dev/backups/copy", CopySource=f"{locked}/{KEPT}")
    client.complete_multipart_upload(**part_of(client, locked, "dev/backups/upload"))
    for key in ("put", "copy", "upload"):
        assert refused(client.delete_object, Bucket=locked, Key=f"dev/backups/{key}") == LOCKED


def test_a_refused_completion_loses_no_upload(own: "LocalR2", locked: str, refused: Any) -> None:
    """The parts stay and can be aborted; once the rule is gone the same completion succeeds."""
    client = own.client()
    first, second = part_of(client, locked, KEPT), part_of(client, locked, KEPT)
    assert refused(client.complete_multipart_upload, **first) == LOCKED
    aborted = {name: second[name] for name in ("Bucket", "Key", "UploadId")}
    assert client.abort_multipart_upload(**aborted)["ResponseMetadata"]["HTTPStatusCode"] == 204
    own.store.set_lock_rules(locked)
    client.complete_multipart_upload(**first)
    assert body(own, locked) == b"new"


def test_a_lock_wins_over_a_lifecycle_rule(own: "LocalR2", locked: str) -> None:
    """What should expire after a day stays until the lock has ended, and no longer."""
    expire = {"deleteObjectsTransition": {"condition": {"type": "Age", "maxAge": DAY}}}
    lifecycle = [{"id": "all", "enabled": True, "conditions": {"prefix": ""}, **expire}]
    own.client().put_object(Bucket=locked, Key="dev/temp/a", Body=b"")
    own.store.set_lifecycle(locked, rules=lifecycle)
    own.clock.advance(timedelta(days=29))
    assert [found.spelling for found in own.store.all_objects(1)] == [KEPT]
    own.clock.advance(timedelta(days=1, seconds=1))
    assert not list(own.store.all_objects(1))


def test_locks_end_with_their_time_and_with_their_rule(own: "LocalR2", locked: str, refused: Any) -> None:
    """An age counts from the last write; without a rule nothing is held, whatever held before."""
    client = own.client()
    own.clock.advance(timedelta(days=30, seconds=1), clients_follow=False)
    client.put_object(Bucket=locked, Key=KEPT, Body=b"again")
    assert refused(client.delete_object, Bucket=locked, Key=KEPT) == LOCKED
    own.store.set_lock_rules(locked)
    client.delete_object(Bucket=locked, Key=KEPT)
    assert not list(own.store.all_objects(1))


def test_a_bucket_that_is_gone_leaves_no_rules_behind(own: "LocalR2") -> None:
    """A new bucket of the same name starts without locks, as on R2."""
    name = own.bucket().name
    own.store.set_lock_rules(name, rules=[rule(None)])
    own.store.delete_bucket(name)
    own.store.create_bucket(name)
    assert own.store.lock_rules(name) == []


@pytest.mark.parametrize(
    ("lock", "held"),
    [
        (rule(type="Age", maxAgeSeconds=DAY + 1), True),
        (rule(type="Age", maxAgeSeconds=DAY), False),
        (rule(type="Date", date="2026-06-01T00:00:01Z"), True),
        (rule(type="Date", date="2026-06-01T00:00:00Z"), False),
        (rule(type="Indefinite"), True),
        (rule(type="Indefinite", enabled=False), False),
        (rule("dev/backup", type="Indefinite"), True),
        (rule("dev/temp/", type="Indefinite"), False),
        (rule("", type="Indefinite"), True),
        (rule(None, type="Indefinite"), True),
    ],
)
def test_a_rule_holds_by_age_date_or_for_ever(lock: dict[str, Any], held: bool) -> None:
    """An object of a day ago; a prefix is a plain starts-with, and none means all keys."""
    assert holds(lock, KEPT, NOW - timedelta(days=1), NOW) is held


def test_a_prefix_locks_either_spelling(own: "LocalR2", refused: Any) -> None:
    """Keys are compared in NFC, as everywhere in R2."""
    name = own.bucket().name
    own.client().put_object(Bucket=name, Key="de\u0301v/a", Body=b"")
    own.store.set_lock_rules(name, rules=[rule("de\u0301v/", type="Indefinite")])
    assert refused(own.client().delete_object, Bucket=name, Key="d\u00e9v/a") == LOCKED
