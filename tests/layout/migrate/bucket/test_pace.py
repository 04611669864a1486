"""How many requests are under way at once, and how many writes begin in a second."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from layout.errors import SettingsError
from layout.migrate import BucketWriter, CopyLimits, copy_objects
from layout.migrate.bucket.pace import IN_FLIGHT, MOST_IN_FLIGHT, Pace
from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.names import game_key

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat

OBJECTS = 5_000


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Bucket:
    """Answers requests of one pace in so many seconds of a clock, as many at once as the pace lets."""

    def __init__(self, rate: int = 100_000) -> None:
        self.clock = Clock()
        self.pace = Pace(rate, clock=self.clock)

    def round(self, *, seconds: float = 0.05, busy: bool = False, retry_after: float = 0.0) -> int:
        """All requests that may be sent now; gives how many."""
        began = self.clock.now
        sent = 0
        while not self.pace.enter():
            sent += 1
        self.clock.now += seconds
        for _ in range(sent):
            self.pace.end(began, busy=busy, measured=not busy, retry_after=retry_after)
        return sent

    def wait(self) -> float:
        """Lets the time pass for which everything is held back; gives the seconds."""
        delay = self.pace.enter()
        self.clock.now += delay
        return delay


def test_a_busy_bucket_gets_one_request_at_a_time_and_ever_longer_pauses() -> None:
    """Each round of refused requests halves what is under way and doubles the pause, up to ten seconds."""
    bucket = Bucket()
    sent, pauses = [], []
    for _ in range(9):
        sent.append(bucket.round(busy=True))
        pauses.append(round(bucket.wait(), 3))
        bucket.pace._under_way = 0
    assert sent == [16, 8, 4, 2, 1, 1, 1, 1, 1]
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0, 10.0]


def test_what_a_busy_bucket_says_to_wait_holds_for_all() -> None:
    """Retry-After of one answer is longer than the first pause."""
    bucket = Bucket()
    bucket.round(busy=True, retry_after=3)
    assert bucket.wait() == pytest.approx(3)


def test_one_refused_request_in_twenty_holds_nothing_back() -> None:
    """It is about that request: the others go on as before, and more of them."""
    bucket = Bucket()
    for number in range(400):
        assert not bucket.pace.enter()
        bucket.pace.end(bucket.clock.now, busy=number % 20 == 19, measured=True)
    assert bucket.pace.in_flight == IN_FLIGHT
    assert bucket.round() == IN_FLIGHT


def test_quick_answers_let_more_copies_go_at_once() -> None:
    """One more after each round, up to the most."""
    bucket = Bucket()
    sent = [bucket.round() for _ in range(MOST_IN_FLIGHT)]
    assert sent[:4] == [16, 17, 18, 19]
    assert sent[-1] == MOST_IN_FLIGHT


def test_answers_that_become_slower_take_away_what_quick_ones_had_given() -> None:
    """No fewer than at the start, though: a slow bucket is not helped by fewer."""
    bucket = Bucket()
    for _ in range(40):
        bucket.round()
    before = bucket.pace.in_flight
    bucket.round(seconds=0.09)
    assert bucket.pace.in_flight == before
    sent = [bucket.round(seconds=0.5) for _ in range(30)]
    assert sent[0] == before > sent[1] > sent[2]
    assert sent[-1] == IN_FLIGHT


def test_requests_that_wait_for_nothing_do_not_raise_what_may_be_under_way() -> None:
    """Only who uses all places learns whether more would do."""
    pace = Pace()
    for _ in range(1_000):
        assert not pace.enter()
        pace.end(0.0, busy=False, measured=True)
    assert pace.in_flight == IN_FLIGHT


def test_writes_begin_no_faster_than_the_rate() -> None:
    """Each takes the next moment; a twentieth of a second that was not used may be made up for."""
    clock = Clock()
    pace = Pace(100, clock=clock)
    clock.now += 10
    delays = [round(pace.reserve(1), 3) for _ in range(9)]
    assert delays == [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.01, 0.02, 0.03]
    assert pace.reserve(100) == pytest.approx(0.04)
    assert pace.reserve(1) == pytest.approx(1.04)


@pytest.mark.parametrize("rate", [0, -1, 100_001])
def test_a_rate_out_of_bounds_is_refused(rate: int) -> None:
    """By its value."""
    with pytest.raises(SettingsError) as caught:
        Pace(rate)
    assert str(caught.value) == f"A rate is 1 to 100,000 writes a second, not {rate:,}."


class CountingPace(Pace):
    """Counts writes."""

    writes = 0

    def reserve(self, writes: int) -> float:
        """Takes the next moment."""
        self.writes += writes
        return super().reserve(writes)


class FixedPace(Pace):
    """What was there before: always as many under way, whatever the bucket says."""

    def _reduce(self, now: float, retry_after: float) -> None:
        """Nothing."""

    def _adapt(self) -> None:
        """Nothing."""


def refused_in_a_storm(flat: Flat, cloudflare: LocalCloudflare, bucket: str, pace: Pace, objects: int) -> int:
    """Copies with that pace while the bucket refuses nearly every copy of the first three seconds; gives how many."""
    made = cloudflare.store.bucket(bucket)
    assert made is not None
    for number in range(objects):
        cloudflare.store.declare_object(made, game_key(number), 0, etag="d41d8cd98f00b204e9800998ecf8427e")
    faults = cloudflare.s3.faults
    rule = FaultRule(FaultAction.ERROR_BEFORE, operation="CopyObject", status=429, spared=5, times=None)
    # It is there before the first copy: a quick machine is through before a storm that comes later.
    faults.add(rule)
    end = threading.Timer(3, faults.clear)
    with flat.plan() as plan, closing(BucketWriter(flat.settings, pace=pace)) as writer:
        cloudflare.s3.requests.clear()
        end.start()
        report = copy_objects(plan, writer, flat.quiet)
        end.join()
    assert (report.copied, report.complete) == (objects, True)
    statuses = Counter(one.status for one in cloudflare.s3.requests if one.operation == "CopyObject")
    return statuses[429]


def test_a_storm_of_refusals_costs_few_requests(flat: Flat, cloudflare: LocalCloudflare, bucket: str) -> None:
    """Counted at a bucket that takes five copies a second for three seconds; all is copied in the end."""
    refused = refused_in_a_storm(flat, cloudflare, bucket, Pace(), OBJECTS)
    assert 0 < refused < 50


def test_a_fixed_number_of_requests_at_once_costs_more_of_them(
    flat: Flat, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """The same storm, so that the test above shows something."""
    assert refused_in_a_storm(flat, cloudflare, bucket, FixedPace(), OBJECTS // 3) > 50


def test_a_rate_holds_for_all_ways_of_copying(flat: Flat, cloudflare: LocalCloudflare) -> None:
    """Through obstore and through boto3 together: counted at the bucket, second by second."""
    for number in range(20):
        flat.put(game_key(number))
    for number in range(20, 40):
        flat.put_in_parts(game_key(number), [b"%d" % number])
    with flat.plan() as plan, closing(BucketWriter(flat.settings, pace=Pace(20))) as writer:
        cloudflare.s3.requests.clear()
        assert copy_objects(plan, writer, flat.quiet).complete
    writes = ("CopyObject", "PutObject")
    times = sorted(one.time for one in cloudflare.s3.requests if one.operation in writes)
    assert len(times) == 41
    assert (times[-1] - times[0]).total_seconds() > 1.8


def test_parts_of_a_copy_count_as_writes(flat: Flat) -> None:
    """Requests count, not objects: three parts, and one to begin and one to end them."""
    pace = CountingPace()
    flat.put(game_key(1), bytes(12 << 20))
    limits = CopyLimits(single=8 << 20, part=5 << 20)
    with flat.plan() as plan, closing(BucketWriter(flat.settings, limits, pace)) as writer:
        assert copy_objects(plan, writer, flat.quiet).complete
        writer.delete([f"temp/{number}" for number in range(5)])
    assert pace.writes == 1 + 5 + 5
