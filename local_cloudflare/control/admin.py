"""The local admin endpoint: clock, request logs, faults and keys for a shell, which no real Cloudflare has.

It lives at `/local` of the control port, never at the S3 endpoint, and takes the secret of the endpoints file
instead of an API token.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from local_cloudflare.clock import Clock
from local_cloudflare.control.envelope import Answer, ApiError, no_route
from local_cloudflare.control.log import ApiLog
from local_cloudflare.control.request import Request
from local_cloudflare.r2.faults import FaultAction, FaultRule
from local_cloudflare.r2.server import R2Server
from local_cloudflare.s3_keys import S3Keys

__all__ = ["Admin"]

_INVALID = 1001
_TEN_YEARS = 10 * 365 * 86400
_LAST_YEAR = 2200
"""Further on, lifecycle rules and dates of tokens leave what a datetime can hold."""


class Step(BaseModel):
    """The body of POST `/local/clock`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    advance_seconds: Annotated[float, Field(ge=0, le=_TEN_YEARS, allow_inf_nan=False)]


class ParentOf(BaseModel):
    """The body of POST `/local/parent`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    bucket: str


class NewFault(BaseModel):
    """The body of POST `/local/faults`: the fields of a FaultRule, within what can be done."""

    model_config = ConfigDict(extra="forbid")
    action: FaultAction
    operation: str = "*"
    key: str = "*"
    first: Annotated[int, Field(ge=1)] = 1
    every: Annotated[int, Field(ge=1)] = 1
    times: Annotated[int, Field(ge=1)] | None = 1
    status: int = 500
    retry_after: Annotated[int, Field(ge=0, le=3600)] | None = None
    seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.0
    keep_bytes: Annotated[int, Field(ge=0)] = 0
    name: str = ""


class Admin:
    """Answers below `/local`.

    Args:
        secret: What the `Authorization: Bearer` header must carry.
        clock: The clock that may be advanced.
        s3: Whose faults and requests these are.
        log: What was asked of the control API.
        parent_keys: Finds or makes the keys of a bucket's parent token; None for a bucket that is not there.
    """

    def __init__(
        self,
        secret: str,
        clock: Clock,
        s3: R2Server,
        log: ApiLog,
        parent_keys: Callable[[str], S3Keys | None],
    ) -> None:
        self._secret = secret
        self._clock = clock
        self._s3 = s3
        self._log = log
        self._parent_keys = parent_keys
        self._routes: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/clock"): self._time,
            ("POST", "/clock"): self._advance,
            ("POST", "/parent"): self._parent,
            ("GET", "/requests"): self._requests,
            ("DELETE", "/requests"): self._forget_requests,
            ("GET", "/api-requests"): self._api_requests,
            ("GET", "/faults"): self._faults,
            ("POST", "/faults"): self._add_fault,
            ("DELETE", "/faults"): self._clear_faults,
        }

    def __call__(self, request: Request) -> Answer:
        """Answers one request.

        Raises:
            ApiError: 401 without the secret, 404 and 405 for other paths and methods, 400 for wrong bodies.
        """
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise ApiError(
                401, 10000, "Authentication error", why="the admin secret is in the endpoints file"
            )
        function = self._routes.get((request.method, request.path))
        if function is None:
            if request.path in {path for _, path in self._routes}:
                raise ApiError(405, 10405, f"Method not allowed: {request.method} /local{request.path}")
            raise no_route(f"/local{request.path}")
        return function(request)

    def _time(self, _request: Request) -> Answer:
        return Answer(
            {"now": self._clock.now().isoformat(), "ahead_seconds": self._clock.offset.total_seconds()}
        )

    def _advance(self, request: Request) -> Answer:
        step = timedelta(seconds=request.document(Step, code=_INVALID).advance_seconds)
        if (self._clock.now() + step).year >= _LAST_YEAR:
            raise ApiError(400, _INVALID, f"The clock does not go beyond the year {_LAST_YEAR - 1}.")
        self._clock.advance(step, clients_follow=False)
        return self._time(request)

    def _parent(self, request: Request) -> Answer:
        keys = self._parent_keys(request.document(ParentOf, code=_INVALID).bucket)
        return Answer(None if keys is None else asdict(keys))

    def _requests(self, request: Request) -> Answer:
        after = request.number("after", 0, lowest=0, highest=10**9, code=_INVALID)
        return Answer([record.to_json() for record in self._s3.requests.after(after)])

    def _forget_requests(self, _request: Request) -> Answer:
        self._s3.requests.clear()
        return Answer({})

    def _api_requests(self, request: Request) -> Answer:
        after = request.number("after", 0, lowest=0, highest=10**9, code=_INVALID)
        return Answer([record.to_json() for record in self._log.after(after)])

    def _faults(self, _request: Request) -> Answer:
        return Answer([_shown(rule) for rule in self._s3.faults])

    def _add_fault(self, request: Request) -> Answer:
        body = request.document(NewFault, code=_INVALID)
        try:
            rule = FaultRule(**dict(body))
        except ValueError as error:
            raise ApiError(400, _INVALID, f"Invalid fault: {error}") from None
        self._s3.faults.add(rule)
        return Answer(_shown(rule))

    def _clear_faults(self, _request: Request) -> Answer:
        self._s3.faults.clear()
        return Answer({})


def _shown(rule: FaultRule) -> dict[str, Any]:
    return asdict(rule)
