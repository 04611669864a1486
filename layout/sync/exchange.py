"""One database and the bucket: what is fetched, what is uploaded, and what becomes of a conflict.

Each call is one critical section for its database on this machine: the local copy and its baseline are looked at, a
decision follows, and one conditional request makes it true or fails. The bucket is never asked first and written then.
"""

import dataclasses

from layout.errors import (
    ConditionFailedError,
    DatabaseConflictError,
    DatabaseInUseError,
    LockedObjectError,
    NoProfileError,
    ObjectMissingError,
    StorageError,
    StorageUnavailableError,
)
from layout.keys import Key
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.stored_object import StoredObject
from layout.sync.backups import Why, new_backup_key
from layout.sync.baseline import Baseline, forget_baseline, write_baseline
from layout.sync.conflict_log import log_conflict
from layout.sync.exchanged import Exchanged
from layout.sync.file_locks import exclusive
from layout.sync.history import History
from layout.sync.install import downloaded, install, is_content_of, make_empty, remove
from layout.sync.location import Database
from layout.sync.position import Local, Position, look
from layout.sync.registry import require_profile
from layout.sync.snapshot import with_version
from layout.sync.stamps import CONTENT, WRITTEN_AT, WRITTEN_BY, stamps, version_of, writer_name

__all__ = ["Exchange"]

_WORK = "work"


class Exchange:
    """Fetches and uploads databases of one environment. Safe to share between threads.

    Every method raises what `layout.storage.error_translation.storage_errors` lists, `DatabaseInUseError` where a
    writer lets nobody read, and `NoProfileError` where a database would be made for a profile that there is not.

    Args:
        storage: The bucket.
        profiles: Asked before a database is made that the bucket does not have; None asks nobody.
        keep: How many replaced versions are kept: `layout.sync.history.History`.
    """

    def __init__(self, storage: R2Storage, profiles: ProfileStore | None, *, keep: int = 0) -> None:
        self._storage = storage
        self._history = History(storage, keep)
        self._profiles = profiles
        self._writer = writer_name()

    def fetch(self, database: Database) -> Exchanged:
        """Make the local copy the newest version: one request, and none to learn what to ask for.

        A change that waits for its upload is uploaded, which says the same: the version it began with is the newest.
        """
        with exclusive(database.beside(_WORK)):
            local = look(database)
            try:
                return self._fetch(database, local)
            except StorageUnavailableError as error:
                if local.position not in {Position.SAME, Position.CHANGED}:
                    raise
                return Exchanged(local.baseline, unanswered=error)

    def push(self, database: Database) -> Exchanged:
        """Upload the local copy if it was changed: one request, which fails if the bucket has another version."""
        with exclusive(database.beside(_WORK)):
            local = look(database, by_content=True)
            match local.position:
                case Position.CHANGED:
                    return self._push(database, local)
                case Position.UNKNOWN | Position.LOST:
                    return self._settle(database, local)
                case Position.SAME:
                    return Exchanged(_marked(database, local))
                case Position.ABSENT:
                    return Exchanged(local.baseline)

    def give_up(self, database: Database) -> None:
        """Take the local copy of a deleted profile away; what was never uploaded is kept in the backups.

        Raises:
            StorageError: The profile exists, or nobody can say.
            DatabaseInUseError: It is open.
        """
        if self._profiles is None:
            raise StorageError(
                f"No registry tells whether the profile of {str(database)!r} was deleted.",
                hint="Pass profiles= to DatabaseSync, so that it can ask.",
                key=database.key,
            )
        with exclusive(database.beside(_WORK)):
            try:
                require_profile(self._profiles, database)
            except NoProfileError:
                self._give_up(database, look(database))
                forget_baseline(database)
                return
        raise StorageError(
            f"The database {str(database)!r} is of a profile that exists.",
            hint="Delete the profile first; its machines give up their copies then.",
            key=database.key,
        )

    def _fetch(self, database: Database, local: Local) -> Exchanged:
        if local.position is Position.CHANGED:
            return self._push(database, local)
        if local.position in {Position.UNKNOWN, Position.LOST}:
            return self._settle(database, local)
        known = local.baseline.e_tag if local.baseline and local.position is Position.SAME else None
        try:
            if known is None:
                found: StoredObject | None = self._storage.get(database.key)
            else:
                found = self._storage.get_if_changed(database.key, known)
        except ObjectMissingError:
            return self._missing(database, local)
        if found is None:
            return Exchanged(_marked(database, local))
        with downloaded(database, found) as new:
            expected = local.baseline.sha256 if local.baseline and local.mark else None
            try:
                return Exchanged(install(database, new, instead_of=expected))
            except DatabaseInUseError as error:
                return Exchanged(local.baseline, stale=error)

    def _push(self, database: Database, local: Local) -> Exchanged:
        baseline, content, mark = local.baseline, local.content, local.mark
        if baseline is None or content is None or mark is None:
            raise ValueError(f"{database} was not looked at by its content: look again")
        if baseline.e_tag is None:
            if content.is_empty:
                return Exchanged(_marked(database, local))
            self._require_profile(database)
        version = baseline.version + 1
        body, metadata = with_version(content.image, version), stamps(version, content.sha256, self._writer)
        try:
            kept_until = self._history.set_aside(database, baseline, len(body))
            # Before it is sent: a process that is killed now must know its own upload again.
            baseline = baseline.sending(content.sha256)
            write_baseline(database, baseline)
            if baseline.e_tag is None:
                e_tag = self._storage.create(database.key, body, metadata=metadata)
            else:
                e_tag = self._storage.replace(database.key, body, baseline.e_tag, metadata=metadata)
        except LockedObjectError:
            raise
        except ConditionFailedError:
            return self._settle(database, dataclasses.replace(local, baseline=baseline))
        uploaded = Baseline.of(
            database, mark, e_tag=e_tag, version=version, sha256=content.sha256, kept_until=kept_until
        )
        write_baseline(database, uploaded)
        return Exchanged(uploaded, sent=True)

    def _settle(self, database: Database, local: Local) -> Exchanged:
        """The bucket's version takes the place of the local one, which is kept if it says anything else."""
        try:
            found = self._storage.get(database.key)
        except ObjectMissingError:
            return self._missing(database, local)
        content, mark = local.content, local.mark
        if content is None or mark is None:
            raise ValueError(f"{database} was not looked at by its content: look again")
        if (
            local.baseline is not None
            and local.position is Position.CHANGED
            and found.metadata.get(CONTENT) in local.baseline.sent
        ):
            return self._go_on(database, local.baseline, found)
        with downloaded(database, found) as new:
            if is_content_of(found, content) or new.content.sha256 == content.sha256:
                # Its own upload, whose answer was lost, or a copy of the very version.
                own = Baseline.of(database, mark, e_tag=new.e_tag, version=new.version, sha256=content.sha256)
                write_baseline(database, own)
                return Exchanged(own)
            conflict = self._refuse(database, local, found, new.version)
            try:
                return Exchanged(install(database, new, instead_of=content.sha256), conflict)
            except DatabaseInUseError as error:
                return Exchanged(local.baseline, conflict, in_use=error)

    def _go_on(self, database: Database, baseline: Baseline, found: StoredObject) -> Exchanged:
        """The bucket has an earlier upload of this machine, whose answer was lost: the change goes on top of it."""
        own = {
            "e_tag": found.e_tag,
            "version": version_of(found.metadata) or baseline.version,
            "sha256": found.metadata[CONTENT],
            "sent": (),
            "mark": None,
        }
        write_baseline(database, baseline.model_copy(update=own))
        local = look(database, by_content=True)
        return (
            self._push(database, local) if local.position is Position.CHANGED else Exchanged(local.baseline)
        )

    def _refuse(
        self, database: Database, local: Local, winner: StoredObject, version: int
    ) -> DatabaseConflictError | None:
        """Keep the change that lost, and note that its content may be replaced."""
        kept = self._set_aside(database, local)
        if kept is None:
            return None
        return DatabaseConflictError(
            f"The database {str(database)!r} was changed by another writer: version {version}, written by"
            f" {winner.metadata.get(WRITTEN_BY, 'nobody known')} at"
            f" {winner.metadata.get(WRITTEN_AT) or winner.last_modified.isoformat()}. The change made here is kept"
            f" as {str(kept)!r}.",
            hint="Make the change again: the next access starts from the other version. r2-layout sync restore can"
            " bring the kept one back instead.",
            bucket=self._storage.bucket,
            key=database.key,
        )

    def _set_aside(self, database: Database, local: Local) -> Key | None:
        """Put a local content into the backups, unless it is nothing, or is there already."""
        content, mark, baseline = local.content, local.mark, local.baseline
        if content is None or mark is None or content.is_empty or local.position is Position.LOST:
            return None
        version = (baseline.version if baseline else 0) + 1
        kept = new_backup_key(database, Why.CONFLICT, version, content.sha256)
        body, metadata = with_version(content.image, version), stamps(version, content.sha256, self._writer)
        try:
            self._storage.create(kept, body, metadata=metadata)
        except ConditionFailedError:
            # The first answer was lost and the request repeated: the name has the hash of what is there.
            if self._storage.get_object_info(kept).size != len(body):
                raise
        log_conflict(database, kept)
        if baseline is None:
            baseline = Baseline.of(database, mark, e_tag=None, version=0, sha256="")
        write_baseline(database, baseline.model_copy(update={"lost": content.sha256, "mark": None}))
        return kept

    def _missing(self, database: Database, local: Local) -> Exchanged:
        """The bucket says that there is no such database: it may be new, taken away, or of a deleted profile."""
        try:
            self._require_profile(database)
        except NoProfileError:
            self._give_up(database, local)
            raise
        if local.mark is None:
            return Exchanged(make_empty(database))
        known = local.baseline
        if known is not None and known.e_tag is None and local.position is Position.SAME:
            return Exchanged(_marked(database, local))
        if known is not None and known.e_tag is not None and self._profiles is None:
            raise StorageError(
                f"The database {str(database)!r} is gone from the bucket, and no registry tells whether its profile"
                " is.",
                hint="Pass profiles= to DatabaseSync, so that it can ask; the local copy is as it was.",
                bucket=self._storage.bucket,
                key=database.key,
            )
        # The profile is alive, so the only copy is this one.
        version = known.version if known else 0
        write_baseline(database, Baseline.of(database, local.mark, e_tag=None, version=version, sha256=""))
        return self._push(database, look(database, by_content=True))

    def _give_up(self, database: Database, local: Local) -> None:
        """Of a deleted profile nothing comes back: what was never uploaded is kept, the local copy goes."""
        if local.mark is None:
            return
        content = look(database, by_content=True).content
        if local.position not in {Position.SAME, Position.LOST}:
            self._set_aside(database, local)
        if content is not None:
            remove(database, instead_of=content.sha256)

    def _require_profile(self, database: Database) -> None:
        if self._profiles is not None:
            require_profile(self._profiles, database)


def _marked(database: Database, local: Local) -> Baseline | None:
    """The baseline of a copy that is the same still, with the mark by which the next look need not read it."""
    baseline, mark = local.baseline, local.mark
    if baseline is None or mark is None or not mark.is_settled or baseline.is_of(mark):
        return baseline
    content = {"sha256": local.content.sha256} if local.content else {}
    renewed = baseline.model_copy(update={"inode": mark.inode, "mark": mark.files, **content})
    write_baseline(database, renewed)
    return renewed
