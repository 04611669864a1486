"""What lies in a bucket of the local Cloudflare, read from its store and put there by none of the product's code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from unicodedata import normalize

from local_cloudflare.r2.store.models import ObjectMetadata, StoredObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloudflare.cloudflare import LocalCloudflare
    from local_cloudflare.r2.store.blobs import Body
    from local_cloudflare.r2.store.store import Store

__all__ = ["Contents", "Version", "contents", "store"]


@dataclass(frozen=True)
class Version:
    """All of an object that a migration must not change: its bytes by SHA-256, headers, and user metadata."""

    sha256: str
    headers: tuple[tuple[str, str], ...]
    custom: tuple[tuple[str, str], ...]


Contents = dict[str, Version]
"""A bucket: versions by key."""


def contents(cloudflare: LocalCloudflare, bucket: str) -> Contents:
    """Everything that is in the bucket; what is deleted meanwhile is left out."""
    kept = cloudflare.store
    found = kept.bucket(bucket)
    assert found is not None
    versions: Contents = {}
    for listed in kept.all_objects(found.id):
        key = listed.key.decode()
        with kept.objects.opened(found.id, key) as stored:
            if stored is None:
                continue
            metadata = stored.metadata
            versions[key] = Version(
                _sha256(kept, stored.body),
                tuple(sorted(metadata.headers.items())),
                tuple(sorted(metadata.custom.items())),
            )
    return versions


def store(
    cloudflare: LocalCloudflare, bucket: str, key: str, body: bytes, custom: Mapping[str, str] | None = None
) -> None:
    """Puts an object into the store itself: keys that no client would send, and many in no time."""
    found = cloudflare.store.bucket(bucket)
    assert found is not None
    with cloudflare.store.incoming() as incoming:
        incoming.write(body)
        metadata = ObjectMetadata({"content-type": "video/mp4"}, dict(custom or {}))
        kept, etag = incoming.finish(), incoming.md5().hex()
        normal = normalize("NFC", key)
        stored = StoredObject(normal, key, etag, cloudflare.store.now(), kept, metadata)
        cloudflare.store.objects.put(found.id, stored)
        incoming.keep()


@lru_cache(maxsize=100_000)
def _sha256(kept: Store, body: Body) -> str:
    """By body, which the store never changes in place: a copy shares it, and is not read again."""
    found = hashlib.sha256(body.inline or b"")
    for piece in kept.blobs.read(body.segments):
        found.update(piece)
    return found.hexdigest()
