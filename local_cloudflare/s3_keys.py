"""A token as an S3 client holds it."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["S3Keys"]


@dataclass(frozen=True)
class S3Keys:
    """What an S3 client needs: a token's id and the SHA-256 of its value."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
