"""POST `/graphql`: the one question of Cloudflare's analytics that `wrangler r2 bucket info` asks.

wrangler reads any other answer as an empty bucket, whatever its status.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from local_cloudflare.account import Account
from local_cloudflare.control.access import authorize
from local_cloudflare.control.envelope import PlainAnswer
from local_cloudflare.control.request import Request, checked
from local_cloudflare.control.unimplemented import MESSAGE
from local_cloudflare.r2.store.store import Store
from local_cloudflare.tokens import Token, timestamp

__all__ = ["answer_graphql"]

_QUESTION = "r2StorageAdaptiveGroups"
_MALFORMED = 10040


class Filter(BaseModel):
    """Which bucket: `films`, or `eu_films` in a jurisdiction. The time is always now."""

    model_config = ConfigDict(extra="ignore", strict=True)
    bucket: str = Field(alias="bucketName")


class Variables(BaseModel):
    """What the question is about."""

    model_config = ConfigDict(extra="ignore", strict=True)
    account: str = Field(alias="accountTag")
    filter: Filter


class Question(BaseModel):
    """The body of a GraphQL request."""

    model_config = ConfigDict(extra="ignore", strict=True)
    query: str


class StorageQuestion(Question):
    """The question that is answered."""

    variables: Variables


def answer_graphql(
    account: Account, token: Token, store: Store, request: Request, needs: tuple[str, ...]
) -> PlainAnswer:
    """How many objects a bucket holds and how many bytes those have; other questions are refused with 501.

    Raises:
        ApiError: 400 (10040) the body is no question, 403 (10000) the token may not read R2.
    """
    content = request.json(code=_MALFORMED)
    if _QUESTION not in checked(Question, content, code=_MALFORMED).query:
        return _document(501, {"data": None, "errors": [{"message": MESSAGE}]})
    asked = checked(StorageQuestion, content, code=_MALFORMED).variables
    authorize(account, token, asked.account, needs, code=10000)
    jurisdiction, _, name = asked.filter.bucket.rpartition("_")
    bucket = store.bucket(name, jurisdiction or "default")
    groups = []
    if bucket is not None:
        sizes = [found.size for found in store.all_objects(bucket.id)]
        most = {"objectCount": len(sizes), "payloadSize": sum(sizes), "metadataSize": 0}
        groups.append({"max": most, "dimensions": {"datetime": timestamp(account.clock.now())}})
    return _document(200, {"data": {"viewer": {"accounts": [{_QUESTION: groups}]}}, "errors": None})


def _document(status: int, content: dict[str, Any]) -> PlainAnswer:
    payload = json.dumps(content, separators=(",", ":")).encode()
    return PlainAnswer(status, {"Content-Type": "application/json"}, payload, len(payload))
