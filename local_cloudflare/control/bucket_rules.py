"""Lifecycle, lock and CORS rules of a bucket.

A PUT replaces them all (CFD object-lifecycles.mdx, bucket-locks.mdx, WSDK packages/wrangler/src/r2/lifecycle.ts).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from local_cloudflare.control.buckets import MALFORMED, existing
from local_cloudflare.control.call import Call
from local_cloudflare.control.envelope import Answer, ApiError
from local_cloudflare.r2.operations.limits import MAX_KEY_BYTES
from local_cloudflare.r2.store.cors import MAX_AGE_SECONDS, MAX_CORS_RULES, check_header_name, check_origin
from local_cloudflare.tokens import rfc3339

__all__ = [
    "CorsDocument",
    "LifecycleDocument",
    "LockDocument",
    "cors",
    "delete_cors",
    "lifecycle",
    "lock",
    "set_cors",
    "set_lifecycle",
    "set_lock",
]

HeaderName = Annotated[str, AfterValidator(check_header_name)]
MaximumAge = Annotated[int, Field(ge=0, le=2**31 - 1)]


def _prefix(text: str) -> str:
    if len(text.encode()) > MAX_KEY_BYTES:
        raise ValueError(f"a prefix has at most {MAX_KEY_BYTES} bytes, as a key has")
    return text


Prefix = Annotated[str, AfterValidator(_prefix)]


def _date(text: str) -> str:
    return rfc3339(text + "T00:00:00Z" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text)


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Age(_Document):
    """After this many seconds."""

    type: Literal["Age"]
    maxAge: MaximumAge  # noqa: N815 - the API's spelling


class Date(_Document):
    """From this day."""

    type: Literal["Date"]
    date: Annotated[str, AfterValidator(_date)]


class AbortUploads(_Document):
    """Abort open multipart uploads."""

    condition: Age


class DeleteObjects(_Document):
    """Delete objects."""

    condition: Annotated[Age | Date, Field(discriminator="type")]


class ChangeClass(_Document):
    """Move objects to another storage class; back to Standard is impossible (CFD storage-classes.mdx)."""

    condition: Annotated[Age | Date, Field(discriminator="type")]
    storageClass: Literal["InfrequentAccess"]  # noqa: N815 - the API's spelling


class Conditions(_Document):
    """Which objects: a literal beginning of the key; `""` means all."""

    prefix: Prefix


class LifecycleRule(_Document):
    """One rule. It may do nothing (TFCF r2_bucket_lifecycle/testdata/r2_lifecycle_minimal_rules.tf)."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    enabled: bool
    conditions: Conditions
    abortMultipartUploadsTransition: AbortUploads | None = None  # noqa: N815 - the API's spelling
    deleteObjectsTransition: DeleteObjects | None = None  # noqa: N815
    storageClassTransitions: list[ChangeClass] | None = None  # noqa: N815


class LifecycleDocument(_Document):
    """The body of PUT `/lifecycle`. No `rules`, or null, is the empty set: it clears all."""

    rules: Annotated[list[LifecycleRule], Field(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _ids_differ(self) -> LifecycleDocument:
        _refuse_equal_ids([rule.id for rule in self.rules or ()])
        return self


class LockAge(_Document):
    """For so many seconds from an object's upload."""

    type: Literal["Age"]
    maxAgeSeconds: Annotated[int, Field(ge=0, le=2**31 - 1)]  # noqa: N815 - the API's spelling


class Indefinite(_Document):
    """For as long as the rule is there."""

    type: Literal["Indefinite"]


class LockRule(_Document):
    """One lock rule. Without a prefix it is about all objects."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    enabled: bool
    prefix: Prefix | None = None
    condition: Annotated[LockAge | Date | Indefinite, Field(discriminator="type")]


class LockDocument(_Document):
    """The body of PUT `/lock`. No `rules`, or null, is the empty set: it unlocks all."""

    rules: Annotated[list[LockRule], Field(max_length=1000)] | None = None

    @model_validator(mode="after")
    def _ids_differ(self) -> LockDocument:
        _refuse_equal_ids([rule.id for rule in self.rules or ()])
        return self


class Allowed(_Document):
    """What a browser on another origin may do."""

    methods: Annotated[list[Literal["GET", "PUT", "POST", "DELETE", "HEAD"]], Field(min_length=1)]
    origins: Annotated[list[Annotated[str, AfterValidator(check_origin)]], Field(min_length=1)]
    headers: list[HeaderName] | None = None


class CorsRule(_Document):
    """One CORS rule."""

    allowed: Allowed
    id: str | None = None
    exposeHeaders: list[HeaderName] | None = None  # noqa: N815 - the API's spelling
    maxAgeSeconds: Annotated[int, Field(ge=0, le=MAX_AGE_SECONDS)] | None = None  # noqa: N815


class CorsDocument(_Document):
    """The body of PUT `/cors`."""

    rules: Annotated[list[CorsRule], Field(max_length=MAX_CORS_RULES)]


def _refuse_equal_ids(names: list[str]) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"rule id {min(twice)!r} appears twice")


def _plain(rules: list[Any]) -> list[dict[str, Any]]:
    return [rule.model_dump(exclude_none=True) for rule in rules]


def lifecycle(call: Call) -> Answer:
    """GET `/lifecycle`: every rule, in the order of the last PUT."""
    bucket = existing(call)
    return Answer({"rules": call.store.lifecycle(bucket.name, bucket.jurisdiction)})


def set_lifecycle(call: Call) -> Answer:
    """PUT `/lifecycle`: replaces every rule, the default one for multipart uploads included."""
    bucket = existing(call)
    body = call.request.document(LifecycleDocument, code=MALFORMED)
    call.store.set_lifecycle(bucket.name, bucket.jurisdiction, _plain(body.rules or []))
    return Answer({})


def lock(call: Call) -> Answer:
    """GET `/lock`: every rule, in the order of the last PUT; a new bucket has none."""
    bucket = existing(call)
    return Answer({"rules": call.store.lock_rules(bucket.name, bucket.jurisdiction)})


def set_lock(call: Call) -> Answer:
    """PUT `/lock`: replaces every rule. The rules hold from this answer on."""
    bucket = existing(call)
    body = call.request.document(LockDocument, code=MALFORMED)
    call.store.set_lock_rules(bucket.name, bucket.jurisdiction, _plain(body.rules or []))
    return Answer({})


def cors(call: Call) -> Answer:
    """GET `/cors`: 404 (10059) where none was set."""
    bucket = existing(call)
    rules = call.store.cors(bucket.name, bucket.jurisdiction)
    if rules is None:
        raise ApiError(404, 10059, "The CORS configuration does not exist.")
    return Answer({"rules": rules})


def set_cors(call: Call) -> Answer:
    """PUT `/cors`: replaces every rule."""
    bucket = existing(call)
    body = call.request.document(CorsDocument, code=MALFORMED)
    call.store.set_cors(bucket.name, bucket.jurisdiction, _plain(body.rules))
    return Answer({})


def delete_cors(call: Call) -> Answer:
    """DELETE `/cors`: none to delete is fine."""
    bucket = existing(call)
    call.store.delete_cors(bucket.name, bucket.jurisdiction)
    return Answer({})
