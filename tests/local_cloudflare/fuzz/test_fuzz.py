"""Ten thousand strange requests to a local Cloudflare: none is a fault of the server, none sees beyond its scope."""

import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.local_cloudflare.fuzz.api_requests import api_request
from tests.local_cloudflare.fuzz.place import SECRET, Place, started
from tests.local_cloudflare.fuzz.s3_requests import signed, unsigned
from tests.local_cloudflare.fuzz.spelling import broken

SIGNED, UNSIGNED, BROKEN, API, BROKEN_API = 4500, 1000, 1500, 2000, 1000
_STATUS = re.compile(rb"^HTTP/1\.[01] (\d{3})", re.MULTILINE)

Address = tuple[str, int]


def _statuses(place: Place, address: Address, make: Callable[[], bytes], count: int) -> Counter[int]:
    """Sends `count` requests, and counts the statuses; 0 is a connection that ends without an answer."""
    seen: Counter[int] = Counter()
    for _ in range(count):
        request = make()
        answer = place.send(address, request)
        statuses = [int(status) for status in _STATUS.findall(answer)] or [0]
        faults = [status for status in statuses if status >= 500 and status != 501]
        assert not faults, f"{request!r} was answered with {answer!r}"
        shown = [text for text in place.hidden if text in answer and text not in request]
        assert not shown, f"{request!r} was shown {shown} in {answer!r}"
        seen.update(statuses)
    return seen


def test_the_s3_endpoint_answers_and_shows_nothing(tmp_path: Path) -> None:
    """7,000 requests: signed by a user's credential, unsigned, and broken. What is out of scope stays as it was."""
    with started(tmp_path) as place:
        source = random.Random(1)  # noqa: S311 - the same requests in every run
        endpoint, address = place.endpoints["s3_endpoint"], place.s3_address

        def sign() -> bytes:
            return signed(source, endpoint, place.credentials, place.uploads)

        well_signed = _statuses(place, address, sign, SIGNED)
        others = _statuses(place, address, lambda: unsigned(source), UNSIGNED)
        some_broken = _statuses(place, address, lambda: broken(source, sign()), BROKEN)
        assert place.outside() == place.before
        assert [body for body in place.inside() if SECRET in body] == []
        assert place.stop() == ""
    assert {200, 204, 400, 403, 404, 501} <= well_signed.keys()
    assert {200, 204, 206, 412}.isdisjoint(others)
    assert 0 not in well_signed + others
    assert {200, 400, 403} <= some_broken.keys()


def test_the_control_api_answers_and_shows_nothing(tmp_path: Path) -> None:
    """3,000 requests with tokens of several permissions, made-up ones and none, a third of them broken."""
    with started(tmp_path) as place:
        source = random.Random(2)  # noqa: S311 - the same requests in every run

        def make() -> bytes:
            return api_request(source, place)

        whole = _statuses(place, place.api_address, make, API)
        some_broken = _statuses(place, place.api_address, lambda: broken(source, make()), BROKEN_API)
        assert place.outside() == place.before
        assert place.stop() == ""
    assert {200, 400, 401, 403, 404, 405} <= whole.keys()
    assert not {0, 501} & whole.keys()
    assert {200, 400, 401} <= some_broken.keys()
