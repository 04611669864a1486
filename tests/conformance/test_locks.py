"""Bucket locks: what a lock rule of the bucket holds. The local R2 has one for keys under `conformance-locked/`.

A live bucket is asked with `--to-be-seen`, and needs such a rule, which nobody makes for it; what is put there stays
for as long as the rule says.
"""

import uuid
from collections.abc import Iterator

import pytest

from tests.conformance.area import Area, refusal
from tests.conformance.stores import LOCKED_PREFIX

LOCKED = (409, "ObjectLockedByBucketPolicy")
NEEDS = "needs a lock rule for `conformance-locked/`"
SOURCES = f"403 (error codes, 10069); 409 as every user of bucket locks shows it; {NEEDS}"


@pytest.fixture
def locked(area: Area) -> Iterator[Area]:
    """A corner of the bucket under the lock rule, with one object; what no rule holds is removed afterwards."""
    under_lock = Area(area.s3, area.bucket, f"{LOCKED_PREFIX}{uuid.uuid4().hex}/")
    under_lock.put("object")
    yield under_lock
    under_lock.clear()


@pytest.mark.to_be_seen(SOURCES)
def test_overwrite_and_delete(locked: Area) -> None:
    """A locked object is neither overwritten nor deleted: 409 ObjectLockedByBucketPolicy."""
    assert refusal(lambda: locked.put("object", b"other")) == LOCKED
    key = locked.key("object")
    assert refusal(lambda: locked.s3.delete_object(Bucket=locked.bucket, Key=key)) == LOCKED
    assert locked.get("object") == b"body"


@pytest.mark.to_be_seen("one user's account of a create-only upload; " + SOURCES)
def test_lock_before_condition(locked: Area) -> None:
    """A lock refuses before a condition does: an upload that may only create is 409 too, and not 412."""
    assert refusal(lambda: locked.put("object", b"other", IfNoneMatch="*")) == LOCKED


@pytest.mark.to_be_seen(f"no source; {NEEDS}")
def test_locked_key_of_a_batch(locked: Area) -> None:
    """A batch names each locked key with its own error, and reports the others as deleted."""
    keys = [locked.key("object"), locked.key("missing")]
    answer = locked.s3.delete_objects(
        Bucket=locked.bucket, Delete={"Objects": [{"Key": key} for key in keys]}
    )
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [(keys[0], LOCKED[1])]
    assert [entry["Key"] for entry in answer["Deleted"]] == keys[1:]


@pytest.mark.to_be_seen(f"no source; {NEEDS}")
def test_refused_completion(locked: Area) -> None:
    """A completion onto a locked object is refused, and its upload can still be aborted."""
    upload = locked.start_upload("object")
    part = upload.part(1, b"other")
    assert refusal(lambda: upload.complete([part])) == LOCKED
    locked.s3.abort_multipart_upload(**upload.address)
    assert locked.get("object") == b"body"
