"""Deleting one version of an object, as far as R2 allows: its DeleteObject has a condition on the time, to the second.

Source: `x-amz-if-match-last-modified-time` in Cloudflare's R2 docs (cloudflare-docs#30169). A store that does not know
the header deletes whatever is there, so who asks for this has looked just before.
"""

from datetime import datetime

from layout.errors import ConditionFailedError, StorageError
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.bucket.writer import BucketWriter
from layout.storage.error_translation import storage_errors

__all__ = ["remove_version"]


def remove_version(bucket: BucketWriter, seen: ListedObject) -> str:
    """Deletes an object that was last written when it was seen; nothing there is no failure.

    Returns:
        Why it was not deleted; empty if it was.
    """
    written = datetime.fromisoformat(seen.modified).replace(microsecond=0)
    try:
        with storage_errors(bucket.name, seen.key):
            bucket.client.delete_object(Bucket=bucket.name, Key=seen.key, IfMatchLastModifiedTime=written)
    except ConditionFailedError:
        return f"the object at {seen.key} was written again just now: it stays"
    except StorageError as error:
        return str(error)
    return ""
