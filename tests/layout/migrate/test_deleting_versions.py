"""Old objects are deleted as the very version that was verified, whoever writes meanwhile."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import DeletionRefusedError, StorageError
from layout.migrate import BucketWriter, PlanFile, copy_objects, delete_old_objects, verify_plan, write_marker
from layout.migrate.bucket.deletes import honours_times
from layout.migrate.open_uploads import refuse_young_uploads
from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat

AT_ONCE = timedelta(0)
OBJECTS = 5


class WritingWriter(BucketWriter):
    """An application writes an old object in the moment between the look at it and its delete."""

    written: str = game_key(2)

    def delete_version(self, key: str, modified: datetime) -> None:
        """Writes first."""
        if key == self.written:
            self.client.put_object(Bucket=self.name, Key=key, Body=b"written at the last moment")
        super().delete_version(key, modified)


class IgnoringWriter(BucketWriter):
    """A store that does not know R2's condition, as a plain S3 server."""

    def delete_version(self, key: str, modified: datetime) -> None:  # noqa: ARG002 - as of the one it stands for
        """Deletes whatever is there."""
        self.client.delete_object(Bucket=self.name, Key=key)


@pytest.fixture
def verified(flat: Flat) -> Iterator[PlanFile]:
    """A plan of some games that were copied, verified and marked."""
    for number in range(OBJECTS):
        flat.put(game_key(number), b"%d" % number)
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        write_marker(plan, verify_plan(plan, flat.reader, flat.quiet), flat.writer)
        yield plan


def old_keys(flat: Flat) -> list[str]:
    """What is left at old keys."""
    return [key for key in flat.contents() if not key.startswith("dev/")]


def test_a_write_between_the_look_and_the_delete_is_kept(flat: Flat, verified: PlanFile) -> None:
    """It is reported, and all others are gone."""
    with closing(WritingWriter(flat.settings)) as writer:
        report = delete_old_objects(verified, writer, AT_ONCE, flat.quiet)
    assert (report.way, report.deleted) == ("version", OBJECTS - 1)
    assert report.refused.first == {game_key(2): "it was written again after it was looked at"}
    assert flat.body(game_key(2)) == b"written at the last moment"
    assert old_keys(flat) == [game_key(2)]


def test_each_delete_names_the_time_of_its_version(
    flat: Flat, verified: PlanFile, cloudflare: LocalCloudflare
) -> None:
    """One conditional request an object, and no batch but the one that cleans up after the question."""
    before = max(record.number for record in cloudflare.s3.requests)
    delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    asked = Counter(record.operation for record in cloudflare.s3.requests.after(before))
    assert (asked["DeleteObject"], asked["DeleteObjects"]) == (OBJECTS + 1, 1)
    assert old_keys(flat) == []


def test_whether_a_store_honours_the_condition_is_asked_with_an_object_of_our_own(flat: Flat) -> None:
    """Nothing is left of the question, whatever the answer."""
    assert honours_times(flat.writer, Environment.DEV)
    with closing(IgnoringWriter(flat.settings)) as writer:
        assert not honours_times(writer, Environment.DEV)
    assert flat.contents() == {}


def test_a_store_that_does_not_answer_the_question_deletes_nothing(
    flat: Flat, verified: PlanFile, cloudflare: LocalCloudflare
) -> None:
    """No answer is neither yes nor no."""
    fault = FaultRule(FaultAction.ERROR_BEFORE, operation="DeleteObject", times=None, status=503)
    cloudflare.s3.faults.add(fault)
    try:
        with pytest.raises(StorageError, match="No answer about"):
            delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    finally:
        cloudflare.s3.faults.clear()
    assert len(old_keys(flat)) == OBJECTS


def test_a_store_that_ignores_the_condition_gets_small_batches(
    flat: Flat, verified: PlanFile, cloudflare: LocalCloudflare
) -> None:
    """A batch that was not answered is sent again only after another look, so a write in between stays."""
    cloudflare.s3.faults.add(
        FaultRule(FaultAction.ERROR_BEFORE, operation="DeleteObjects", first=2, status=503)
    )
    asked: list[list[str]] = []

    class Writing(IgnoringWriter):
        """Writes an object once its first batch was refused."""

        def delete(self, keys: list[str], *, repeats: bool = True) -> dict[str, str]:
            asked.append(keys)
            try:
                return super().delete(keys, repeats=repeats)
            finally:
                if len(asked) == 2:
                    flat.put(game_key(3), b"written after the refusal")

    try:
        with closing(Writing(flat.settings)) as writer:
            report = delete_old_objects(verified, writer, AT_ONCE, flat.quiet)
    finally:
        cloudflare.s3.faults.clear()
    assert (report.way, report.deleted) == ("small batch", OBJECTS - 1)
    assert [len(keys) for keys in asked] == [1, OBJECTS, OBJECTS - 1]
    assert report.refused.first == {game_key(3): "it was written again after it was looked at"}
    assert flat.body(game_key(3)) == b"written after the refusal"


def test_stopped_writers_allow_batches_of_a_thousand(
    flat: Flat, verified: PlanFile, cloudflare: LocalCloudflare
) -> None:
    """The store is not asked anything: the operator knows."""
    before = max(record.number for record in cloudflare.s3.requests)
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet, writers_stopped=True)
    asked = Counter(record.operation for record in cloudflare.s3.requests.after(before))
    assert (report.way, report.deleted) == ("batch", OBJECTS)
    assert (asked["DeleteObject"], asked["DeleteObjects"]) == (0, 1)


@pytest.mark.parametrize("action", [FaultAction.ERROR_AFTER, FaultAction.RESET_AFTER, FaultAction.RESET])
def test_a_delete_without_an_answer_is_repeated_on_the_same_condition(
    flat: Flat, verified: PlanFile, cloudflare: LocalCloudflare, action: FaultAction
) -> None:
    """Gone already is success, since the condition was the same."""
    cloudflare.s3.faults.add(FaultRule(action, operation="DeleteObject", key="games/*", every=2, times=2))
    try:
        report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    finally:
        cloudflare.s3.faults.clear()
    assert (report.deleted, bool(report.errors)) == (OBJECTS, False)
    assert old_keys(flat) == []


def test_an_object_under_a_lock_rule_stays_and_is_named(
    flat: Flat, verified: PlanFile, cloudflare: LocalCloudflare
) -> None:
    """A lock is no other version: it is what the bucket refuses."""
    rule = {
        "id": "legal hold",
        "enabled": True,
        "prefix": game_key(1),
        "condition": {"type": "Indefinite"},
    }
    cloudflare.store.set_lock_rules(flat.bucket, rules=[rule])
    report = delete_old_objects(verified, flat.writer, AT_ONCE, flat.quiet)
    assert list(report.errors.first) == [game_key(1)]
    assert "is locked by a rule of its bucket" in report.errors.first[game_key(1)]
    assert old_keys(flat) == [game_key(1)]


def test_a_young_upload_to_an_old_key_stops_the_delete(flat: Flat, verified: PlanFile) -> None:
    """Its object would come to a place that nobody looks at any more; an old one is named and stops nothing."""
    upload = flat.client.create_multipart_upload(Bucket=flat.bucket, Key="games/coming.mp4")
    flat.client.create_multipart_upload(Bucket=flat.bucket, Key="dev/games/new.mp4")
    ((_, begun),) = [one for one in flat.reader.uploads() if one[0] == "games/coming.mp4"]
    with pytest.raises(DeletionRefusedError) as caught:
        refuse_young_uploads(verified, flat.reader, timedelta(hours=4))
    assert str(caught.value) == (
        "1 uploads to old keys are open that began less than 4:00:00 ago, the one to 'games/coming.mp4' at"
        f" {begun}."
    )
    assert caught.value.hint == (
        "Their objects come when they are completed, and then belong into the new layout. Let them end,"
        " abort them, wait, or give a smaller --min-age."
    )
    assert refuse_young_uploads(verified, flat.reader, AT_ONCE).first == {
        "games/coming.mp4": f"begun at {begun}"
    }
    flat.client.abort_multipart_upload(
        Bucket=flat.bucket, Key="games/coming.mp4", UploadId=upload["UploadId"]
    )
    assert not refuse_young_uploads(verified, flat.reader, timedelta(hours=4))
