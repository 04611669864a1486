# Written by `make generate` from tests/layout/storage/_async/test_parts.py: change that.
"""Uploads in parts by somebody else: begun, signed, listed, completed or aborted by the storage."""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import ConditionFailedError, ObjectMissingError, StorageError
from layout.keys import r2_key
from layout.storage.limits import SMALLEST_PART
from layout.storage.presence import Presence
from layout.storage.r2_storage import R2Storage
from layout.storage.uploaded import UploadedPart

if TYPE_CHECKING:
    from layout.storage.presigned import PresignedUrl

pytestmark = pytest.mark.anyio

CLIP = r2_key("anna", "raw_clips/Tor #1.mp4", "p1", environment=Environment.DEV)
HOUR = timedelta(hours=1)
BODIES = {1: b"a" * SMALLEST_PART, 2: b"end"}


def _send(url: PresignedUrl, body: bytes) -> int:
    request = urllib.request.Request(url.url, data=body, method=url.method, headers=url.headers)  # noqa: S310 - local
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - same
            status: int = response.status
            return status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def _begun(storage: R2Storage) -> str:
    upload_id = storage.begin_parts(CLIP, content_type="video/mp4", metadata={"title": "goal"})
    for number, body in BODIES.items():
        assert (
            _send(storage.presign_part(CLIP, upload_id, number, size=len(body), lifetime=HOUR), body) == 200
        )
    return upload_id


def test_an_object_is_made_of_parts_that_a_browser_sent(storage: R2Storage) -> None:
    """Each by a URL of its own; what has arrived is listed with its size."""
    upload_id = _begun(storage)
    parts = storage.list_parts(CLIP, upload_id)
    assert [(part.number, part.size) for part in parts] == [(1, SMALLEST_PART), (2, 3)]
    done = storage.complete_parts(CLIP, upload_id, parts)
    found = storage.get(CLIP)
    assert (done.size, done.e_tag) == (SMALLEST_PART + 3, found.e_tag)
    assert found.body == b"".join(BODIES.values())
    assert (found.content_type, found.metadata) == ("video/mp4", {"title": "goal"})


def test_a_completion_is_repeated(storage: R2Storage) -> None:
    """Whoever did not get the answer asks again, and hears of the same object."""
    upload_id = _begun(storage)
    parts = storage.list_parts(CLIP, upload_id)
    done = storage.complete_parts(CLIP, upload_id, parts, only_if_absent=True)
    assert storage.complete_parts(CLIP, upload_id, parts, only_if_absent=True) == done


def test_a_completion_overwrites_nothing_if_it_is_told_so(storage: R2Storage) -> None:
    """An object came meanwhile."""
    upload_id = _begun(storage)
    storage.put(CLIP, b"other")
    with pytest.raises(ConditionFailedError):
        storage.complete_parts(CLIP, upload_id, storage.list_parts(CLIP, upload_id), only_if_absent=True)
    assert (storage.get(CLIP)).body == b"other"


def test_an_aborted_upload_is_gone(storage: R2Storage) -> None:
    """A second abort is no error; nothing was written."""
    upload_id = _begun(storage)
    storage.abort_parts(CLIP, upload_id)
    storage.abort_parts(CLIP, upload_id)
    with pytest.raises(ObjectMissingError):
        storage.list_parts(CLIP, upload_id)
    with pytest.raises(ObjectMissingError):
        storage.complete_parts(CLIP, upload_id, [UploadedPart(1, 3, '"a"')])
    assert storage.exists(CLIP) is Presence.ABSENT


def test_the_size_of_a_part_is_signed(storage: R2Storage) -> None:
    """The holder of the URL can send no other."""
    upload_id = storage.begin_parts(CLIP, content_type="video/mp4")
    url = storage.presign_part(CLIP, upload_id, 1, size=4, lifetime=HOUR)
    url.headers["Content-Length"] = "3"
    assert _send(url, b"abc") == 403


@pytest.mark.parametrize(("number", "size"), [(0, 1), (10_001, 1), (1, 0), (1, 5 * 1024**3)])
def test_a_part_that_is_none_is_refused(storage: R2Storage, number: int, size: int) -> None:
    """Before a browser has sent it."""
    with pytest.raises(StorageError) as caught:
        storage.presign_part(CLIP, "upload", number, size=size, lifetime=HOUR)
    assert str(caught.value) == f"There is no part {number:,} of {size:,} bytes."
    assert caught.value.hint == "Number parts from 1 to 10,000, each of 1 to 5,358,223,360 bytes."
