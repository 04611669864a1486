"""Reading the revision marker of a bucket, and changing it on the condition of what was read.

What a plan did with the marker stands in the marker's history, and in the plan's.
"""

from collections.abc import Callable
from dataclasses import dataclass

from layout.documents.marker import HistoryEntry, Marker, MarkerPhase, check_revision, new_marker
from layout.environment import Environment
from layout.errors import MarkerError
from layout.keys import marker_key
from layout.migrate.bucket.observing import listed_at
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.plan.file import PlanFile

__all__ = ["Change", "FoundMarker", "change_marker", "changed_marker", "find_marker"]

JSON_TYPE = "application/json"
ATTEMPTS = 5


@dataclass(frozen=True)
class FoundMarker:
    """The marker as it was read: its content, ETag without quotes, and last-modified time in ISO 8601."""

    marker: Marker
    etag: str
    modified: str


def find_marker(bucket: BucketReader, environment: Environment) -> FoundMarker | None:
    """The environment's marker, which is of this revision, or None if there is none.

    Raises:
        InvalidDocumentError: It is no marker.
        MarkerError: It is of another scheme or revision.
    """
    key = marker_key(environment=environment)
    for _ in range(ATTEMPTS):
        version = bucket.read_version(key)
        if version is None:
            return None
        body, etag = version
        marker = Marker.from_json(body, key=key)
        check_revision(marker, environment)
        # A GET tells whole seconds only.
        listed = listed_at(bucket, key)
        if listed is not None and listed.etag == etag:
            return FoundMarker(marker, etag, listed.modified)
    raise _changes_again(environment)


def changed_marker(marker: Marker | None, entry: HistoryEntry, phase: MarkerPhase, **facts: object) -> Marker:
    """A marker in this phase, with one more entry in its history, and without those of `facts` that are None.

    What else is in it stays.
    """
    written_by = f"migration {entry.layout}, plan {entry.plan_id}"
    old = new_marker(written_by) if marker is None else marker
    history = [*old.history, entry]
    content = old.model_dump(exclude_unset=True) | {
        "written_at": entry.at,
        "written_by": written_by,
        "phase": phase,
        **facts,
        "history": [one.model_dump(exclude_unset=True) for one in history],
    }
    return Marker.model_validate(
        {name: value for name, value in content.items() if name not in facts or value is not None}
    )


@dataclass(frozen=True)
class Change:
    """The marker after an attempt to change it, and whether it was this attempt that changed it."""

    marker: Marker | None
    written: bool


def change_marker(
    plan: PlanFile, bucket: BucketWriter, wanted: Callable[[FoundMarker | None], Marker | None]
) -> Change:
    """Writes what `wanted` makes of the marker, unless that is None, and notes in the plan what the plan did.

    `wanted` is asked again with what is there then if somebody else wrote it meanwhile.
    """
    environment = plan.meta.environment
    key = marker_key(environment=environment)
    tried: list[HistoryEntry] = []
    for _ in range(ATTEMPTS):
        found = find_marker(bucket, environment)
        # The answer to a write may have been lost: then its entry is in the history that is found.
        known = [] if found is None else found.marker.history
        if found is not None and any(_is_in(known, entry) for entry in tried):
            return _noted(plan, Change(found.marker, written=True))
        changed = wanted(found)
        if changed is None:
            return _noted(plan, Change(None if found is None else found.marker, written=False))
        body = changed.to_json()
        if (
            bucket.put_if_absent(key, body, JSON_TYPE)
            if found is None
            else bucket.put_if_match(key, body, JSON_TYPE, found.etag)
        ):
            return _noted(plan, Change(changed, written=True))
        tried.append(changed.history[-1])
    raise _changes_again(environment)


def _noted(plan: PlanFile, change: Change) -> Change:
    """The same, after what this plan did with the marker, now or in a run that was killed, stands in the plan too."""
    history = [] if change.marker is None else change.marker.history
    new = [
        entry
        for entry in history
        if entry.plan_id == plan.meta.plan_id and not _is_in(plan.meta.history, entry)
    ]
    if new:
        with plan.transaction():
            plan.note(history=[*plan.meta.history, *new])
    return change


def _is_in(history: list[HistoryEntry], entry: HistoryEntry) -> bool:
    return any(one.model_dump() == entry.model_dump() for one in history)


def _changes_again(environment: Environment) -> MarkerError:
    return MarkerError(
        f"The marker of the environment {environment.value!r} was changed by somebody else {ATTEMPTS} times in a row.",
        hint="Find out who does so, then run the command again.",
        key=marker_key(environment=environment),
    )
