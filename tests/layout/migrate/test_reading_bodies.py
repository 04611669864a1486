"""What `verify --deep` reads through obstore, what through boto3, and that both say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from obstore.exceptions import GenericError

from layout.migrate import BucketReader, PlanFile, copy_objects, verify_plan
from layout.migrate.bucket.reader import ReadBody
from layout.storage.settings import StorageSettings
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layout.migrate import Verdict
    from tests.layout.migrate.conftest import Flat

PARTS = [b"1" * (5 << 20), b"2"]


class CountingReader(BucketReader):
    """Notes what it reads through boto3."""

    def __init__(self, settings: StorageSettings) -> None:
        super().__init__(settings)
        self.asked: list[str] = []

    def read_through(self, key: str, etag: str) -> ReadBody:
        """A GET of a whole body."""
        self.asked.append(key)
        return super().read_through(key, etag)


class Unanswering:
    """A store that gets no answer."""

    async def get_async(self, *_: Any, **__: Any) -> Any:
        """No answer."""
        raise GenericError("error sending request")


class ChangingOnTheWay(BucketReader):
    """A bucket in which something happens between the listing and the reading."""

    def __init__(self, settings: StorageSettings, happens: Any) -> None:
        super().__init__(settings)
        self.happens = happens

    def pages(self, prefix: str = "", start_after: str = "") -> Iterator[list[Any]]:
        """The pages; it happens after the first of a folder that shows something."""
        for page in super().pages(prefix, start_after):
            if page and prefix.endswith("/") and self.happens:
                self.happens()
                self.happens = None
            yield page


@pytest.fixture
def reader(flat: Flat) -> Iterator[CountingReader]:
    """A reader that counts."""
    reader = CountingReader(flat.settings)
    yield reader
    reader.close()


@pytest.fixture
def copied(flat: Flat) -> Iterator[PlanFile]:
    """A plan whose objects have been copied, one of them with every header and metadata."""
    headers: dict[str, Any] = {
        "CacheControl": "no-cache",
        "ContentDisposition": "attachment",
        "ContentEncoding": "x-none",
        "ContentLanguage": "de",
        "ContentType": "video/mp4",
        "Metadata": {"ref_count": "2", "content-type": "of the user"},
    }
    flat.put(game_key(1), **headers)
    flat.put(game_key(2), b"")
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        yield plan


def found(verdict: Verdict) -> list[tuple[str, str, str]]:
    """Sign, old key and reason of each problem."""
    return [(problem.sign, problem.key, problem.reason) for problem in verdict.problems]


def test_copies_that_the_plan_knows_are_read_without_boto3(
    flat: Flat, copied: PlanFile, reader: CountingReader
) -> None:
    """Headers and metadata as obstore shows them are equal, and the plan keeps the proof."""
    verdict = verify_plan(copied, reader, flat.quiet, deep=True)
    assert (verdict.ok, verdict.counts["="], reader.asked) == (True, 2, [])
    assert copied.value("SELECT count(*) FROM objects WHERE proof = 'bodies'") == 2


def test_objects_in_parts_go_through_boto3(flat: Flat, reader: CountingReader) -> None:
    """Their copies may have been made header by header, and obstore does not show every header."""
    flat.put_in_parts(game_key(1), PARTS)
    flat.put(game_key(2))
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        assert verify_plan(plan, reader, flat.quiet, deep=True).ok
    assert reader.asked == [game_key(1), f"dev/{game_key(1)}"]


def test_what_obstore_gets_no_answer_about_is_asked_of_boto3(
    flat: Flat, copied: PlanFile, reader: CountingReader
) -> None:
    """The verdict is the same."""
    reader.store = Unanswering()  # type: ignore[assignment]
    assert verify_plan(copied, reader, flat.quiet, deep=True).ok
    assert len(reader.asked) == 4


@pytest.mark.parametrize(
    ("old", "happens", "reason"),
    [
        (True, "delete", "the old object vanished after it was planned"),
        (True, "put", "the old object was written again after it was planned"),
        (False, "delete", "the object at dev/{} was written again while it was compared"),
        (False, "put", "the object at dev/{} was written again while it was compared"),
    ],
)
def test_a_version_that_changes_before_it_is_read_is_a_difference(
    flat: Flat, copied: PlanFile, old: bool, happens: str, reason: str
) -> None:
    """Each GET is on the condition that it is the version in question."""
    key = game_key(1) if old else f"dev/{game_key(1)}"

    def change() -> None:
        if happens == "delete":
            flat.delete(key)
        else:
            flat.put(key, game_key(7).encode())

    verdict = verify_plan(copied, ChangingOnTheWay(flat.settings, change), flat.quiet, deep=True)
    assert ("*", game_key(1), reason.format(game_key(1))) in found(verdict)


def test_a_body_above_a_megabyte_is_streamed(flat: Flat, reader: CountingReader) -> None:
    """It comes in chunks, and is the same object."""
    flat.put(game_key(1), bytes(range(256)) * (3 << 12) + b"end")
    with flat.plan() as plan:
        copy_objects(plan, flat.writer, flat.quiet)
        assert verify_plan(plan, reader, flat.quiet, deep=True).ok
    assert reader.asked == []
