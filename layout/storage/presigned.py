"""URLs that open one object for a while, for browsers and media players.

A URL that a temporary credential signed opens more: it carries the session token, of which the credential's secret is
the SHA-256 (Cloudflare's R2 docs, `r2/examples/authenticate-r2-temp-credentials`). See docs/security.md.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from layout.errors import ObjectMissingError, StorageError
from layout.keys import Key
from layout.storage.r2_storage import R2Storage
from layout.storage.sendable import check_content_type

__all__ = ["PresignedUrl", "presigned_get", "presigned_put"]

LONGEST = timedelta(days=7)


@dataclass(frozen=True)
class PresignedUrl:
    """A URL that is a credential itself: whoever holds it may use it until it ends.

    Attributes:
        url: The address; its repr is left out, since it works without a login.
        method: GET or PUT.
        headers: Must be sent exactly so; they are part of the signature.
        expires_at: Aware time in UTC. A URL also ends with the temporary credential that signed it.
    """

    url: str
    method: str
    headers: dict[str, str]
    expires_at: datetime

    def __repr__(self) -> str:
        return f"PresignedUrl(method={self.method!r}, expires_at={self.expires_at.isoformat()!r})"


def presigned_get(storage: R2Storage, key: Key, *, lifetime: timedelta) -> PresignedUrl:
    """A URL that reads the object; nothing is asked of the bucket, so it may be of a missing object.

    With `R2_READ_OLD_LAYOUT` the bucket is asked whether the URL has to be of the old key.

    Raises:
        StorageError: It has to be, and only a temporary credential could sign it.
    """
    seconds, client, place = _seconds(lifetime), storage.client, str(storage.own(key))
    if storage.old_layout and (old_key := _old_key(storage, key)):
        client, place = storage.old_layout.signing_client(), old_key
    url = client.generate_presigned_url("get_object", {"Bucket": storage.bucket, "Key": place}, seconds)
    return PresignedUrl(url, "GET", {}, _end(storage, lifetime))


def presigned_put(
    storage: R2Storage, key: Key, *, lifetime: timedelta, content_type: str, only_if_absent: bool = False
) -> PresignedUrl:
    """A URL that writes the object with this content type.

    Args:
        storage: Whose credential signs.
        key: The object.
        lifetime: 1 second to 7 days.
        content_type: Signed, so the holder can send no other. Printable ASCII.
        only_if_absent: Signs `If-None-Match: *` too: the first upload wins, the next gets 412.
    """
    parameters = {
        "Bucket": storage.bucket,
        "Key": storage.own(key),
        "ContentType": check_content_type(content_type),
    }
    headers = {"Content-Type": content_type}
    if only_if_absent:
        storage.refuse_if_old(key)
        parameters["IfNoneMatch"] = "*"
        headers["If-None-Match"] = "*"
    url = storage.client.generate_presigned_url("put_object", parameters, _seconds(lifetime))
    return PresignedUrl(url, "PUT", headers, _end(storage, lifetime))


def _old_key(storage: R2Storage, key: Key) -> str | None:
    try:
        return storage.head(key).old_key
    except ObjectMissingError:
        return None


def _seconds(lifetime: timedelta) -> int:
    """Whole seconds. R2 takes 1 second to 7 days (Cloudflare's R2 docs, `api/s3/presigned-urls`)."""
    if not timedelta(seconds=1) <= lifetime <= LONGEST:
        raise StorageError(
            f"A presigned URL cannot live {lifetime.total_seconds():g} seconds.",
            hint="Choose a lifetime from 1 second to 7 days.",
        )
    return int(lifetime.total_seconds())


def _end(storage: R2Storage, lifetime: timedelta) -> datetime:
    end = datetime.now(UTC) + timedelta(seconds=_seconds(lifetime))
    expires_at = storage.credentials().expires_at
    return end if expires_at is None else min(end, expires_at)
