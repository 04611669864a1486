"""When two objects count as the same one."""

from layout.migrate.bucket.reader import ObjectHead

__all__ = ["is_multipart", "same_description"]


def is_multipart(etag: str) -> bool:
    """Whether this ETag is of an object uploaded in parts: a hash of hashes and `-N`, no hash of the body.

    What R2 makes of it when the object is copied is not documented, so it must not be compared as if it
    were one. Source: Cloudflare's R2 docs, `objects/multipart-objects`.
    """
    return "-" in etag


def same_description(one: ObjectHead | None, other: ObjectHead | None) -> bool:
    """Whether both are there with equal size, kept headers and user metadata."""
    return (
        one is not None and other is not None and one.size == other.size and one.described == other.described
    )
