"""Replaced versions that are kept, and bringing one back."""

import dataclasses
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from layout.errors import ObjectMissingError, StorageError
from layout.keys import Key
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.stored_object import StoredObject
from layout.sync.backups import Backup, Why, new_backup_key
from layout.sync.baseline import Baseline
from layout.sync.install import downloaded
from layout.sync.location import Database
from layout.sync.registry import require_profile
from layout.sync.snapshot import content_hash, with_version
from layout.sync.stamps import stamps, version_of, writer_name

__all__ = ["History", "Restored", "restore"]

_DAY = 86_400.0


class History:
    """Sets aside the version of the bucket that an upload is about to replace.

    Nobody can delete what is set aside for 30 days, so a number of versions cannot be kept by deleting the oldest.
    What is limited is how many are set aside: `keep` at once, and `keep` a day, spread over it, from then on.

    Args:
        storage: The bucket.
        keep: How many; 0 keeps none.
    """

    def __init__(self, storage: R2Storage, keep: int) -> None:
        self._storage = storage
        self._keep = keep

    def set_aside(self, database: Database, baseline: Baseline, size: int) -> float:
        """Copy the version that the baseline names, on the server: one request, if its turn has come.

        Args:
            database: Which.
            baseline: What is known of it.
            size: Of the version, in bytes, more or less: only above 5 GB it matters.

        Returns:
            `kept_until` of the next baseline.

        Raises:
            ConditionFailedError: The bucket has another version: the upload would be refused too.
        """
        if not self._keep or baseline.e_tag is None:
            return baseline.kept_until
        now, each = time.time(), _DAY / self._keep
        if baseline.kept_until - (self._keep - 1) * each > now:
            return baseline.kept_until
        target = new_backup_key(database, Why.REPLACED, baseline.version, baseline.sha256)
        copier = self._storage.copier
        try:
            copier.copy(str(database.key), str(target), e_tag=baseline.e_tag, size=size, only_if_absent=True)
        except ObjectMissingError:
            # It is at its old key still, or gone: the upload itself finds out.
            return baseline.kept_until
        return max(baseline.kept_until, now) + each


@dataclass(frozen=True)
class Restored:
    """A version that was brought back.

    Attributes:
        version: Its number now.
        kept: Where what it replaced is; None if there was nothing.
    """

    version: int
    kept: Key | None


def restore(storage: R2Storage, profiles: ProfileStore, database: Database, backup: Backup) -> Restored:
    """Make a version that was set aside the newest one; what it replaces is set aside.

    Machines that have the database open learn of it as of any other writer's version: at their next start, when an
    access asks, or by a conflict at their next write.

    Raises:
        ConditionFailedError: Somebody wrote in between; nothing was replaced.
        NoProfileError: There is no such profile any more.
        StorageError: The backup is damaged, or is the newest version already.
    """
    content, image = _content(database, storage.get(backup.key))
    writer = writer_name()
    try:
        current = storage.get(database.key)
    except ObjectMissingError:
        require_profile(profiles, database)
        version = backup.version + 1
        body, metadata = with_version(image, version), stamps(version, content, writer)
        storage.create(database.key, body, metadata=metadata)
        return Restored(version, None)
    replaced, there = _content(database, current)
    # The number inside is not what a person wants to have back.
    if content_hash(with_version(there, 0)) == content_hash(with_version(image, 0)):
        raise StorageError(
            f"The database {str(database)!r} is what {backup.name!r} holds.",
            hint="Choose another one: r2-layout sync restore --list shows them.",
            bucket=storage.bucket,
            key=database.key,
        )
    now = version_of(current.metadata) or 0
    kept = new_backup_key(database, Why.RESTORED, now, replaced)
    copier = storage.copier
    copier.copy(str(database.key), str(kept), e_tag=current.e_tag, size=current.size, only_if_absent=True)
    version = now + 1
    storage.replace(
        database.key, with_version(image, version), current.e_tag, metadata=stamps(version, content, writer)
    )
    return Restored(version, kept)


def _content(database: Database, found: StoredObject) -> tuple[str, bytes]:
    """Hash and image of a verified version, in a folder of its own: this machine need not have the database."""
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = dataclasses.replace(database, path=Path(folder) / "database.sqlite")
        with downloaded(elsewhere, found) as new:
            return new.content.sha256, new.content.image
