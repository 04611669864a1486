"""URLs that open one object for a while, for browsers and media players.

A URL that a temporary credential signed opens more: it carries the session token, of which the credential's secret is
the SHA-256 (Cloudflare's R2 docs, `r2/examples/authenticate-r2-temp-credentials`). See docs/security.md.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.utils import percent_encode

from layout.errors import StorageError
from layout.storage.credentials.storage_credentials import CredentialSource, StorageCredentials
from layout.times import current_time

__all__ = ["PresignedUrl", "UrlSigner", "check_lifetime"]

LONGEST = timedelta(days=7)
MOST_KEPT = 10_000
# A URL is handed out again while this part of its life is left.
LEFT_PART = 2

Method = Literal["GET", "HEAD", "PUT"]


@dataclass(frozen=True)
class PresignedUrl:
    """A URL that is a credential itself: whoever holds it may use it until it ends.

    Attributes:
        url: The address; its repr is left out, since it works without a login.
        method: GET, HEAD or PUT.
        headers: Must be sent exactly so; they are part of the signature.
        expires_at: Aware time in UTC. A URL also ends with the temporary credential that signed it.
    """

    url: str
    method: str
    headers: dict[str, str]
    expires_at: datetime

    def __repr__(self) -> str:
        return f"PresignedUrl(method={self.method!r}, expires_at={self.expires_at.isoformat()!r})"


class UrlSigner:
    """Signs URLs of one bucket, and hands the same one out again while at least half of its life is left.

    So a page that is loaded twice shows the same address, and the browser's cache answers. What a URL depends on is all
    part of its place in the cache: method, key, lifetime, query, headers and the credential. Nothing is asked of the
    bucket. Safe to share between threads.
    """

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        credentials: CredentialSource,
        *,
        now: Callable[[], datetime] = current_time,
    ) -> None:
        """`now` is the clock that the cache goes by, wall-clock time: a monotonic one stops while a machine sleeps."""
        self._address = f"{endpoint}/{bucket}"
        self._credentials = credentials
        self._now = now
        self._kept: OrderedDict[tuple[Any, ...], PresignedUrl] = OrderedDict()
        self._lock = threading.Lock()

    def sign(
        self,
        method: Method,
        key: str,
        lifetime: timedelta,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> PresignedUrl:
        """A URL for one request.

        Args:
            method: Of the request.
            key: Of the object, as the bucket has it.
            lifetime: 1 second to 7 days; whole seconds count.
            query: Signed with it, such as `partNumber`.
            headers: Signed with it: the request must carry them exactly so.

        Raises:
            StorageError: The lifetime is none that R2 takes.
        """
        seconds, credentials = check_lifetime(lifetime), self._credentials()
        query, headers = query or {}, headers or {}
        place = method, key, seconds, (*query.items(),), (*headers.items(),), credentials
        now = self._now()
        with self._lock:
            known = self._kept.get(place)
            if known is not None and known.expires_at - now >= timedelta(seconds=seconds) / LEFT_PART:
                self._kept.move_to_end(place)
                return known
        made = self._signed(method, key, seconds, query, headers, credentials, now)
        with self._lock:
            self._kept[place] = made
            self._kept.move_to_end(place)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return made

    def forget(self) -> None:
        """Sign anew from now on, as after a migration."""
        with self._lock:
            self._kept.clear()

    def _signed(
        self,
        method: Method,
        key: str,
        seconds: int,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        credentials: StorageCredentials,
        now: datetime,
    ) -> PresignedUrl:
        token = credentials.session_token.get_secret_value() if credentials.session_token else None
        secret = credentials.secret_access_key.get_secret_value()
        # botocore's signer alone: a client's generate_presigned_url takes more than twice its time for the same URL.
        request = AWSRequest(
            method, f"{self._address}/{percent_encode(key, safe='/~')}", dict(headers), params=dict(query)
        )
        signer = S3SigV4QueryAuth(
            ReadOnlyCredentials(credentials.access_key_id, secret, token), "s3", "auto", expires=seconds
        )
        signer.add_auth(request)
        end = now + timedelta(seconds=seconds)
        expires_at = end if credentials.expires_at is None else min(end, credentials.expires_at)
        return PresignedUrl(str(request.url), method, dict(headers), expires_at)


def check_lifetime(lifetime: timedelta) -> int:
    """Whole seconds. R2 takes 1 second to 7 days (Cloudflare's R2 docs, `api/s3/presigned-urls`).

    Raises:
        StorageError: It is shorter or longer.
    """
    if not timedelta(seconds=1) <= lifetime <= LONGEST:
        raise StorageError(
            f"A presigned URL cannot live {lifetime.total_seconds():g} seconds.",
            hint="Choose a lifetime from 1 second to 7 days.",
        )
    return int(lifetime.total_seconds())
