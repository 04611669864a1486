"""Whether the store at hand replaces an object by a copy only if it is the version that the copy names.

R2 does (`cf-copy-destination-if-match`). A plain S3 server ignores the header and overwrites whatever is there, so
before the first such copy of a run it is asked with two objects of our own.
"""

import secrets

from layout.environment import Environment
from layout.errors import ConditionFailedError, StorageError
from layout.keys import temporary_key
from layout.migrate.bucket.writer import BucketWriter

__all__ = ["require_replacing_copies"]

_BODIES = (b"a", b"b")
_OTHER = "0" * 32


def require_replacing_copies(bucket: BucketWriter, environment: Environment) -> None:
    """Refuses a store that would replace any version; its two small objects under `temp/` are removed again.

    Raises:
        StorageError: It would, or it does not answer.
    """
    name = f"replacing-copies-{secrets.token_hex(8)}"
    keys = [str(temporary_key(f"{name}/{number}", environment=environment)) for number in range(len(_BODIES))]
    try:
        for key, body in zip(keys, _BODIES, strict=True):
            bucket.put_if_absent(key, body, "text/plain")
        source = bucket.head(keys[0])
        etag = "" if source is None else source.etag
        try:
            bucket.copy_large(keys[0], keys[1], etag, len(_BODIES[0]), replaces=_OTHER)
        except ConditionFailedError:
            return
    finally:
        bucket.delete(keys)
    raise StorageError(
        f"The store at {bucket.endpoint!r} ignores the header cf-copy-destination-if-match:"
        " it would replace any object.",
        hint="Replace objects on R2 only; elsewhere set the newer object aside by hand, delete it, and copy again.",
        bucket=bucket.name,
    )
