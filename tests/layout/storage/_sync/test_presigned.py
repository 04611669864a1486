# Written by `make generate` from tests/layout/storage/_async/test_presigned.py: change that.
"""URLs that open one object, used by a plain HTTP client against the local R2."""

from __future__ import annotations

import base64
import hashlib
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from layout.access import scope_for_environment
from layout.environment import Environment
from layout.errors import InvalidKeyError, StorageError
from layout.keys import profiles_key, r2_key
from layout.storage.credentials.minting import local_minter
from layout.storage.credentials.renewing import RenewingCredentials
from layout.storage.presigned import PresignedUrl
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import StorageSettings

pytestmark = pytest.mark.anyio

CLIP = r2_key("anna", "raw_clips/Tor #1 100% ä.mp4", "a1b2c3d4", environment=Environment.DEV)
HOUR = timedelta(hours=1)


def _send(presigned: PresignedUrl, body: bytes | None = None, **headers: str) -> bytes:
    request = urllib.request.Request(  # noqa: S310 - a local address
        presigned.url, data=body, method=presigned.method, headers=presigned.headers | headers
    )
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - same
        answer: bytes = response.read()
        return answer


def _status(presigned: PresignedUrl, body: bytes | None = None, **headers: str) -> int:
    with pytest.raises(urllib.error.HTTPError) as caught:
        _send(presigned, body, **headers)
    caught.value.close()
    return caught.value.code


def test_a_url_reads_the_object_without_credentials(storage: R2Storage) -> None:
    """Any key of the layout, whatever its characters."""
    storage.put(CLIP, b"film")
    assert _send(storage.presign_get(CLIP, lifetime=HOUR)) == b"film"


def test_a_url_writes_the_object_with_its_media_type(storage: R2Storage) -> None:
    """The headers to be sent are part of the answer."""
    url = storage.presign_put(CLIP, lifetime=HOUR, content_type="video/mp4", size=4)
    assert url.headers == {"Content-Type": "video/mp4", "Content-Length": "4"}
    _send(url, b"film")
    assert ((storage.get(CLIP)).body, (storage.get(CLIP)).content_type) == (b"film", "video/mp4")


def test_another_media_type_is_refused(storage: R2Storage) -> None:
    """The holder cannot turn a film into a page with scripts."""
    url = storage.presign_put(CLIP, lifetime=HOUR, content_type="video/mp4", size=4)
    assert _status(url, b"film", **{"Content-Type": "text/html"}) == 403


def test_a_url_for_one_upload_takes_one(storage: R2Storage) -> None:
    """The condition is signed, so it cannot be left out."""
    url = storage.presign_put(CLIP, lifetime=HOUR, content_type="video/mp4", only_if_absent=True, size=4)
    assert url.headers == {"Content-Type": "video/mp4", "Content-Length": "4", "If-None-Match": "*"}
    _send(url, b"film")
    assert _status(url, b"copy") == 412
    assert (storage.get(CLIP)).body == b"film"


def test_a_url_says_when_it_ends(storage: R2Storage) -> None:
    """In wall-clock time, which goes on while a machine sleeps."""
    url = storage.presign_get(CLIP, lifetime=HOUR)
    assert abs(url.expires_at - (datetime.now(UTC) + HOUR)) < timedelta(seconds=5)


def test_a_url_ends_with_the_credential_that_signed_it(local: StorageSettings) -> None:
    """A URL for a day from a credential for an hour is one for an hour."""
    scope = scope_for_environment(local.bucket, local.app_env, write=True)
    credentials = RenewingCredentials(local_minter(local), scope, HOUR)
    storage = R2Storage(local, credentials=credentials)
    url = storage.presign_get(CLIP, lifetime=timedelta(days=1))
    assert url.expires_at == credentials().expires_at
    storage.put(CLIP, b"film")
    assert _send(url) == b"film"


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(milliseconds=999), timedelta(days=7, seconds=1)])
def test_lifetimes_have_limits(storage: R2Storage, lifetime: timedelta) -> None:
    """R2's own: 1 second to 7 days."""
    with pytest.raises(StorageError) as caught:
        storage.presign_get(CLIP, lifetime=lifetime)
    assert str(caught.value) == f"A presigned URL cannot live {lifetime.total_seconds():g} seconds."
    assert caught.value.hint == "Choose a lifetime from 1 second to 7 days."


def test_a_key_of_another_environment_is_refused(storage: R2Storage) -> None:
    """Signing asks nobody, so it must be refused here."""
    with pytest.raises(InvalidKeyError) as caught:
        storage.presign_get(profiles_key("anna", environment=Environment.PROD), lifetime=HOUR)
    assert str(caught.value) == "The key 'prod/users/anna/profiles.json' is of prod, but APP_ENV is 'dev'."


def test_the_url_is_not_shown(storage: R2Storage) -> None:
    """It opens the object for whoever reads the log."""
    url = storage.presign_get(CLIP, lifetime=HOUR)
    assert repr(url) == f"PresignedUrl(method='GET', expires_at={url.expires_at.isoformat()!r})"


def test_a_url_that_a_temporary_credential_signed_tells_that_credential(local: StorageSettings) -> None:
    """docs/security.md says so: its finder reads the object beside it. One that a token signed tells nothing."""
    scope = scope_for_environment(local.bucket, Environment.DEV, write=True)
    made = local_minter(local)(scope, HOUR)
    beside = r2_key("anna", "database.sqlite", "a1b2c3d4", environment=Environment.DEV)
    R2Storage(local).put(beside, b"rows")
    url = urlsplit((R2Storage(local, credentials=lambda: made).presign_get(CLIP, lifetime=HOUR)).url)
    (token,) = parse_qs(url.query)["X-Amz-Security-Token"]
    secret = hashlib.sha256(base64.b64decode(token).removeprefix(b"jwt/")).hexdigest()
    found = local.model_copy(
        update={"secret_access_key": SecretStr(secret), "session_token": SecretStr(token)}
    )
    assert (R2Storage(found).get(beside)).body == b"rows"
    assert "X-Amz-Security-Token" not in (R2Storage(local).presign_get(CLIP, lifetime=HOUR)).url
