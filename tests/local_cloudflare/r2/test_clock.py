"""The clock of the local Cloudflare."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_cloudflare.clock import Clock

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


def test_it_runs_ahead_of_real_time_by_what_it_was_advanced() -> None:
    """And goes on from there."""
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    clock.advance(timedelta(days=2))
    clock.advance(timedelta(hours=1))
    assert clock.offset == timedelta(days=2, hours=1)
    assert abs(clock.now() - datetime.now(UTC) - clock.offset) < timedelta(seconds=5)


def test_it_never_goes_back() -> None:
    """Objects from the future would never expire."""
    with pytest.raises(ValueError, match="only advances") as caught:
        Clock().advance(timedelta(seconds=-1))
    assert str(caught.value) == (
        "a clock only advances, and datetime.timedelta(days=-1, seconds=86399) is negative: "
        "give a step of zero or more"
    )


def test_listeners_hear_the_new_time_until_they_leave() -> None:
    """The store applies its lifecycle rules this way."""
    clock, heard = Clock(), list[datetime]()
    leave = clock.subscribe(heard.append)
    now = clock.advance(timedelta(days=1))
    leave()
    leave()
    clock.advance(timedelta(days=1))
    assert heard == [now]


def test_answers_are_dated_by_it(own: LocalR2) -> None:
    """`Date` and `Last-Modified` are of one clock, so an age is what it says; refusals are dated too."""
    bucket = own.bucket().name
    own.send("PUT", f"/{bucket}/key", body=b"x")
    own.clock.advance(timedelta(hours=5), clients_follow=False)
    found = own.send("HEAD", f"/{bucket}/key").headers
    dated, modified = (parsedate_to_datetime(found[name]) for name in ("Date", "Last-Modified"))
    assert timedelta(hours=5) <= dated - modified < timedelta(hours=6)
    refused = own.send_raw("GET", f"/{bucket}/key", b"", {})
    assert parsedate_to_datetime(refused.headers["Date"]) >= dated


class FollowingSigner(S3SigV4Auth):
    """botocore's signer with a clock that is ahead, as that of a client that follows `Date`."""

    def __init__(self, own: LocalR2, ahead: timedelta) -> None:
        super().__init__(Credentials(own.admin.access_key_id, own.admin.secret_access_key), "s3", "auto")
        self._ahead = ahead

    def _modify_request_before_signing(self, request: AWSRequest) -> None:
        request.context["timestamp"] = (datetime.now(UTC) + self._ahead).strftime("%Y%m%dT%H%M%SZ")
        super()._modify_request_before_signing(request)  # type: ignore[misc]  # not in the stubs


@pytest.mark.parametrize(("hours", "status"), [(0, 200), (5, 200), (3, 403), (6, 403)])
def test_a_client_may_follow_the_date(own: LocalR2, hours: int, status: int) -> None:
    """Once the clock was advanced by 5 hours, real time and the account's time are right, and no other."""
    own.clock.advance(timedelta(hours=5), clients_follow=False)
    request = AWSRequest("GET", own.server.endpoint + "/")
    FollowingSigner(own, timedelta(hours=hours)).add_auth(request)
    assert own.send_raw("GET", "/", b"", dict(request.headers.items())).status == status


def test_clients_may_stay_behind() -> None:
    """What they sign is then judged by the time that they know."""
    clock = Clock()
    clock.advance(timedelta(days=2), clients_follow=False)
    clock.advance(timedelta(hours=1))
    assert clock.now() - clock.client_now() == pytest.approx(timedelta(days=2), abs=timedelta(seconds=5))
