"""Buckets of the control API: create, list, read, change, delete."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from local_cloudflare.control.call import Call
from local_cloudflare.control.envelope import Answer, ApiError, no_such_bucket
from local_cloudflare.r2.operations.metadata import STORAGE_CLASSES
from local_cloudflare.r2.store.models import Bucket
from local_cloudflare.r2.store.store import BucketExistsError, BucketNotEmptyError

__all__ = ["change", "create", "delete", "existing", "is_bucket_name", "list_page", "read"]

MALFORMED = 10040
"""R2's number for a body that it does not take (CFD r2/api/error-codes.mdx, MalformedXML)."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")


class NewBucket(BaseModel):
    """The body of POST `/r2/buckets`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    storage_class: Annotated[Literal["Standard", "InfrequentAccess"] | None, Field(alias="storageClass")] = (
        None
    )
    location: Annotated[
        Literal["apac", "eeur", "enam", "weur", "wnam", "oc"] | None, Field(alias="locationHint")
    ] = None


def is_bucket_name(text: str) -> bool:
    """Whether R2 takes the name: 3 to 63 lower-case letters, digits and inner hyphens."""
    return _NAME.fullmatch(text) is not None


def existing(call: Call) -> Bucket:
    """The bucket that the path names.

    Raises:
        ApiError: 404 (10006).
    """
    name, jurisdiction = call.parts["bucket"], call.request.jurisdiction()
    bucket = call.store.bucket(name, jurisdiction)
    if bucket is None:
        raise no_such_bucket(name, jurisdiction)
    return bucket


def _answer(bucket: Bucket) -> dict[str, Any]:
    """A bucket as the API shows it. Without a hint the location is where the first writer was; here WEUR."""
    created = bucket.created.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "name": bucket.name,
        "creation_date": created,
        "location": (bucket.location or "weur").upper(),
        "storage_class": bucket.storage_class,
        "jurisdiction": bucket.jurisdiction,
    }


def create(call: Call) -> Answer:
    """POST `/r2/buckets`."""
    body = call.request.document(NewBucket, code=MALFORMED)
    jurisdiction = call.request.jurisdiction()
    if not is_bucket_name(body.name):
        raise ApiError(
            400,
            10005,
            "The specified bucket name is not valid.",
            why=f"{body.name!r} is not 3 to 63 lower-case letters, digits and hyphens inside",
        )
    try:
        bucket = call.store.create_bucket(
            body.name,
            storage_class=body.storage_class or "Standard",
            location=body.location,
            jurisdiction=jurisdiction,
        )
    except BucketExistsError:
        raise ApiError(409, 10004, "The bucket you tried to create already exists, and you own it.") from None
    return Answer(_answer(bucket))


def list_page(call: Call) -> Answer:
    """GET `/r2/buckets`: pages by cursor, names ascending or descending."""
    request = call.request
    per_page = request.number("per_page", 20, lowest=1, highest=1000, code=MALFORMED)
    backwards = request.query.get("direction", "asc") == "desc"
    after = (
        _cursor(request.query["cursor"]) if "cursor" in request.query else request.query.get("start_after")
    )
    phrase = request.query.get("name_contains", "")
    buckets = sorted(
        call.store.buckets(request.jurisdiction()), key=lambda each: each.name, reverse=backwards
    )
    wanted = [
        bucket
        for bucket in buckets
        if phrase in bucket.name
        and (after is None or (bucket.name < after if backwards else bucket.name > after))
    ]
    page = wanted[:per_page]
    info: dict[str, Any] = {"per_page": per_page}
    if len(wanted) > per_page:
        info["cursor"] = base64.urlsafe_b64encode(page[-1].name.encode()).decode()
    return Answer({"buckets": [_answer(bucket) for bucket in page]}, result_info=info)


def _cursor(text: str) -> str:
    try:
        return base64.b64decode(text.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise ApiError(
            400, MALFORMED, f"Invalid query parameter: cursor is {text!r}, use one from a list."
        ) from None


def read(call: Call) -> Answer:
    """GET `/r2/buckets/{bucket}`."""
    return Answer(_answer(existing(call)))


def change(call: Call) -> Answer:
    """PATCH `/r2/buckets/{bucket}`: the storage class, in the header `cf-r2-storage-class`."""
    bucket = existing(call)
    storage_class = call.request.headers.get("cf-r2-storage-class")
    if storage_class not in STORAGE_CLASSES:
        raise ApiError(
            400,
            10062,
            f"The storage class is not valid: header cf-r2-storage-class is {storage_class!r}, "
            f"must be {' or '.join(STORAGE_CLASSES)}.",
        )
    changed = call.store.update_bucket(bucket.name, bucket.jurisdiction, storage_class=storage_class)
    return Answer(_answer(changed))


def delete(call: Call) -> Answer:
    """DELETE `/r2/buckets/{bucket}`: objects or open multipart uploads forbid it (409, 10008)."""
    bucket = existing(call)
    try:
        call.store.delete_bucket(bucket.name, bucket.jurisdiction)
    except BucketNotEmptyError:
        raise ApiError(409, 10008, "The bucket you tried to delete is not empty.") from None
    return Answer({})
