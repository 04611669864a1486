"""Lost answers, busy buckets and credentials that do not reach far enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from layout.environment import Environment
from layout.errors import AccessDeniedError, StorageError
from layout.legacy import FLAT
from layout.migrate import BucketReader, BucketWriter, copy_objects, survey, verify_plan
from layout.migrate.equality import DEFAULT_READ_LIMIT
from layout.migrate.following import FAILED_PASSES, Following
from local_cloudflare.r2.faults import FaultAction, FaultRule, Faults
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from layout.storage.settings import StorageSettings
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat


@pytest.fixture
def faults(cloudflare: LocalCloudflare) -> Iterator[Faults]:
    """The fault rules of the local R2, empty again afterwards."""
    yield cloudflare.s3.faults
    cloudflare.s3.faults.clear()


@pytest.fixture
def reading(flat: Flat, cloudflare: LocalCloudflare) -> StorageSettings:
    """Settings with the audit token's rights: objects may be read, not written."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Read", bucket=flat.bucket)
    secret = SecretStr(keys.secret_access_key)
    changes = {"access_key_id": keys.access_key_id, "secret_access_key": secret}
    return flat.settings.model_copy(update=changes)


@pytest.mark.parametrize("action", [FaultAction.ERROR_AFTER, FaultAction.RESET_AFTER])
def test_a_copy_whose_answer_was_lost_is_recognised(flat: Flat, faults: Faults, action: FaultAction) -> None:
    """The client repeats it and is told that something is there: its own copy, not a conflict."""
    flat.put(game_key(1))
    flat.put_in_parts(game_key(2), [b"1" * (5 << 20), b"2"])
    with flat.plan() as plan:
        faults.add(FaultRule(action, operation="CopyObject", key=f"dev/{game_key(1)}"))
        faults.add(FaultRule(action, operation="CopyObject", key=f"dev/{game_key(2)}"))
        report = copy_objects(plan, flat.writer, flat.quiet)
        assert (report.copied, report.complete) == (2, True)
        assert verify_plan(plan, flat.reader, flat.quiet, deep=True).ok


def test_a_busy_bucket_is_asked_again(flat: Flat, faults: Faults) -> None:
    """429 and 503 delay the copy and change nothing else."""
    for number in range(5):
        flat.put(game_key(number))
    with flat.plan() as plan:
        faults.add(FaultRule(FaultAction.ERROR_BEFORE, operation="CopyObject", times=2, status=429))
        faults.add(FaultRule(FaultAction.ERROR_BEFORE, operation="ListObjectsV2", times=1, status=503))
        report = copy_objects(plan, flat.writer, flat.quiet)
    assert (report.copied, report.complete) == (5, True)


def test_a_lost_answer_about_a_registry_is_no_conflict(flat: Flat, faults: Faults) -> None:
    """The registry that is there afterwards decides, whoever wrote it."""
    flat.put("a/database.sqlite")
    with flat.plan() as plan:
        faults.add(FaultRule(FaultAction.ERROR_AFTER, operation="PutObject", key="*/profiles.json"))
        report = copy_objects(plan, flat.writer, flat.quiet)
    assert report.complete


def test_listing_planning_and_verifying_need_no_right_to_write(flat: Flat, reading: StorageSettings) -> None:
    """An audit job runs them with the token that only reads."""
    flat.put(game_key(1))
    flat.put(f"dev/{game_key(1)}", game_key(1).encode())
    flat.reader.close()
    flat.reader = BucketReader(reading)
    assert survey(flat.reader, [FLAT], Environment.DEV, flat.quiet)[0].objects == 1
    with flat.plan() as plan:
        assert verify_plan(plan, flat.reader, flat.quiet, deep=True).ok


def test_a_copy_without_the_right_to_write_ends_at_once(flat: Flat, reading: StorageSettings) -> None:
    """If every copy of a batch is refused, the next batch is not tried; the plan stays as it was."""
    for number in range(3):
        flat.put(game_key(number))
    writer = BucketWriter(reading)
    with flat.plan() as plan:
        with pytest.raises(AccessDeniedError):
            copy_objects(plan, writer, flat.quiet)
        assert plan.value("SELECT count(*) FROM objects WHERE state = 'copy'") == 3
        assert copy_objects(plan, flat.writer, flat.quiet).complete
    writer.close()


def test_a_copy_that_follows_without_the_right_to_write_ends_at_once(
    flat: Flat, reading: StorageSettings
) -> None:
    """A credential that is refused is no silence of the bucket, after which the next pass would go on."""
    flat.put(game_key(1))
    writer = BucketWriter(reading)
    with flat.plan() as plan:
        following = Following(plan, writer, flat.quiet, DEFAULT_READ_LIMIT)
        with pytest.raises(AccessDeniedError):
            following.run(lambda _: None, timedelta(0), until_equal=True)
    writer.close()


def test_a_pass_that_the_bucket_does_not_answer_is_told_and_repeated(flat: Flat, faults: Faults) -> None:
    """After some in a row the command ends with what the bucket said last."""
    flat.put(game_key(1))
    told = []
    with flat.plan() as plan:
        following = Following(plan, flat.writer, flat.quiet, DEFAULT_READ_LIMIT)
        silence = FaultRule(FaultAction.ERROR_BEFORE, operation="ListObjectsV2", times=None, status=503)
        faults.add(silence)
        with pytest.raises(StorageError):
            following.run(lambda one: told.append(bool(one.failure)), timedelta(0), until_equal=True)
        assert told == [True] * FAILED_PASSES
        faults.clear()
        assert following.run(lambda _: None, timedelta(0), until_equal=True).equal
