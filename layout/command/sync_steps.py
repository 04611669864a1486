"""What `r2-layout sync` does with one database, and the line that it says of it."""

from dataclasses import dataclass
from typing import Any

from layout.errors import DatabaseInUseError, LayoutError, ObjectMissingError
from layout.exit_status import ExitStatus
from layout.storage.r2_storage import R2Storage
from layout.sync.baseline import Baseline
from layout.sync.exchange import Exchange
from layout.sync.exchanged import Exchanged
from layout.sync.location import Database
from layout.sync.position import Local, Position, look

__all__ = ["Step", "pull", "push", "status"]

_MEANINGS = {
    Position.ABSENT: "not on this machine",
    Position.SAME: "as in the bucket when it was asked last",
    Position.CHANGED: "changed here; waits for its upload",
    Position.LOST: "its change lost a conflict and is kept in the backups",
    Position.UNKNOWN: "nobody knows which version it comes from",
}
_OPEN = {Position.CHANGED, Position.LOST, Position.UNKNOWN}


@dataclass(frozen=True)
class Step:
    """What was found of a database, or done with it.

    Attributes:
        database: Which.
        outcome: One word or two: `same`, `changed`, `uploaded`, `would upload`, `conflict`, `error` and others.
        told: The rest of the line.
        status: What it means for the exit status.
        version: Number of the version that the local copy began with; None if nothing is known.
    """

    database: Database
    outcome: str
    told: str
    status: ExitStatus = ExitStatus.DONE
    version: int | None = None

    def line(self) -> str:
        """For people."""
        version = "" if self.version is None else f", version {self.version}"
        return f"{self.outcome:13} {self.database}: {self.told}{version}"

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "database": str(self.database),
            "user": self.database.user_id,
            "profile": self.database.profile_id,
            "name": self.database.name,
            "outcome": self.outcome,
            "told": self.told,
            "version": self.version,
        }


def status(database: Database) -> Step:
    """How it stands, from what is on this machine."""
    try:
        local = look(database)
    except LayoutError as error:
        return _failed(database, error)
    return _position(database, local)


def push(database: Database, exchange: Exchange, *, execute: bool) -> Step:
    """Upload it if it was changed."""
    try:
        local = look(database)
        if local.position is not Position.CHANGED:
            # Also of one that nobody knows: only an access decides about it, and keeps it.
            return _position(database, local)
        if not execute:
            told = "it would be uploaded. Add --execute"
            return Step(database, "would upload", told, version=_version(local.baseline))
        return _exchanged(database, exchange.push(database), "uploaded")
    except LayoutError as error:
        return _failed(database, error)


def pull(database: Database, exchange: Exchange, storage: R2Storage, *, execute: bool) -> Step:
    """Fetch it if the bucket has a newer version; a change that waits is not given up for it."""
    try:
        local = look(database)
        if local.position is Position.CHANGED:
            told = "a change waits here. Push it first: if the bucket has a newer version, it is kept in the backups"
            return Step(database, "refused", told, ExitStatus.DIFFERENCES, _version(local.baseline))
        known = local.baseline.e_tag if local.baseline and local.position is Position.SAME else None
        try:
            found = storage.get_object_info(database.key)
        except ObjectMissingError:
            return Step(database, "missing", "the bucket has none", ExitStatus.DIFFERENCES)
        if found.e_tag == known:
            return Step(database, "same", "the bucket has no newer one", version=_version(local.baseline))
        if execute:
            return _exchanged(database, exchange.fetch(database), "fetched")
        told = f"the bucket's version would be fetched, {found.size:,} bytes. Add --execute"
        return Step(database, "would fetch", told, version=_version(local.baseline))
    except LayoutError as error:
        return _failed(database, error)


def _exchanged(database: Database, done: Exchanged, outcome: str) -> Step:
    version = _version(done.baseline)
    if done.conflict is not None:
        return Step(database, "conflict", str(done.conflict), ExitStatus.DIFFERENCES, version)
    if trouble := done.in_use or done.stale or done.unanswered:
        return _failed(database, trouble)
    return Step(database, outcome, "done", version=version)


def _position(database: Database, local: Local) -> Step:
    found = ExitStatus.DIFFERENCES if local.position in _OPEN else ExitStatus.DONE
    return Step(database, local.position.value, _MEANINGS[local.position], found, _version(local.baseline))


def _failed(database: Database, error: LayoutError) -> Step:
    outcome = "in use" if isinstance(error, DatabaseInUseError) else "error"
    told = str(error) + (f" {error.hint}" if error.hint else "")
    return Step(database, outcome, told, ExitStatus.ERROR)


def _version(baseline: Baseline | None) -> int | None:
    return None if baseline is None else baseline.version
