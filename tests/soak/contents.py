"""What lies in a bucket of the local Cloudflare, read from its store and so by none of the product's code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from local_cloudflare.r2.store.blobs import Body
    from local_cloudflare.r2.store.store import Store

__all__ = ["Contents", "Version", "contents"]


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
    store = cloudflare.store
    found = store.bucket(bucket)
    assert found is not None
    versions: Contents = {}
    for listed in store.all_objects(found.id):
        key = listed.key.decode()
        with store.objects.opened(found.id, key) as stored:
            if stored is None:
                continue
            metadata = stored.metadata
            versions[key] = Version(
                _sha256(store, stored.body),
                tuple(sorted(metadata.headers.items())),
                tuple(sorted(metadata.custom.items())),
            )
    return versions


@lru_cache(maxsize=100_000)
def _sha256(store: Store, body: Body) -> str:
    """By body, which the store never changes in place: a copy shares it, and is not read again."""
    found = hashlib.sha256(body.inline or b"")
    for piece in store.blobs.read(body.segments):
        found.update(piece)
    return found.hexdigest()
