"""The revision marker during a migration: claimed before the first copy, changed once verified or taken back.

Each change is conditional, on there being no marker or on the ETag of the one that was read, so of two operators one
is refused.
"""

from layout import program
from layout.documents.marker import HistoryEntry, Marker, MarkerAct, MarkerPhase
from layout.environment import Environment
from layout.errors import MarkerError
from layout.keys import marker_key
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.live import LiveSince
from layout.migrate.marker_file import FoundMarker, change_marker, changed_marker, find_marker
from layout.migrate.plan.file import PlanFile
from layout.migrate.report.verdict import Verdict
from layout.migrate.who import who
from layout.times import utc_now

__all__ = ["claim_marker", "live_since", "roll_back_marker", "write_marker"]


def live_since(bucket: BucketReader, environment: Environment) -> LiveSince:
    """Since when applications work in the environment: never while everything is `moving` or was `rolled back`.

    Raises:
        InvalidDocumentError: The marker is none.
        MarkerError: It is of another scheme or revision.
    """
    found = find_marker(bucket, environment)
    if found is None or found.marker.phase is MarkerPhase.ROLLED_BACK:
        return LiveSince()
    marker, written = found.marker, found.modified
    users: dict[str, str | None] = dict.fromkeys(marker.waiting_users or ())
    users |= {moved.user: moved.since or written for moved in marker.moved_users}
    others_are = marker.phase is MarkerPhase.MOVED or marker.waiting_users is not None
    return LiveSince((marker.moved_since or written) if others_are else None, users)


def claim_marker(plan: PlanFile, bucket: BucketWriter, by: str | None = None, take_over: str = "") -> bool:
    """Says in the marker that this plan moves the environment; before its first copy.

    Nothing is claimed once everything is moved: a later plan copies what came late, and applications go on.

    Args:
        plan: Open for writing.
        bucket: The plan's.
        by: Who does it, for the history; None: `who()`.
        take_over: The id of another plan that may lose its claim to this one.

    Returns:
        Whether the environment is claimed: False if it is moved already.

    Raises:
        MarkerError: Another plan has claimed the environment, or the marker is of another scheme or revision.
    """
    entry = _entry(plan, MarkerAct.CLAIMED, by)

    def claim(found: FoundMarker | None) -> Marker | None:
        if found is None:
            return changed_marker(None, entry, MarkerPhase.MOVING, plan_id=entry.plan_id)
        marker = found.marker
        if marker.phase is MarkerPhase.MOVED or marker.plan_id == entry.plan_id:
            return None
        if marker.plan_id is None:
            return changed_marker(marker, entry, MarkerPhase.MOVING, plan_id=entry.plan_id)
        if marker.plan_id != take_over:
            raise _claimed(plan, marker)
        taken = entry.model_copy(update={"act": MarkerAct.TAKEN_OVER})
        return changed_marker(marker, taken, MarkerPhase.MOVING, plan_id=entry.plan_id)

    now = change_marker(plan, bucket, claim).marker
    return now is not None and now.phase is MarkerPhase.MOVING


def write_marker(plan: PlanFile, verdict: Verdict, bucket: BucketWriter, by: str | None = None) -> bool:
    """Marks the environment of a verified migration as moved.

    Args:
        plan: Open for writing.
        verdict: Of its last verification.
        bucket: The plan's.
        by: Who does it, for the history; None: `who()`.

    Returns:
        False if it was marked before.

    Raises:
        VerificationError: The verdict did not pass or is not about this plan.
        MarkerError: Another plan has claimed the environment, the migration was rolled back, or the marker is of
            another scheme or revision.
    """
    verdict.require(plan)
    entry = _entry(plan, MarkerAct.MOVED, by)

    def mark(found: FoundMarker | None) -> Marker | None:
        if found is None:
            return changed_marker(None, entry, MarkerPhase.MOVED)
        marker = found.marker
        if marker.phase is MarkerPhase.MOVED:
            return None
        if marker.phase is MarkerPhase.ROLLED_BACK:
            raise _rolled_back(plan, marker)
        if marker.plan_id not in {None, plan.meta.plan_id}:
            raise _claimed(plan, marker)
        return changed_marker(marker, entry, MarkerPhase.MOVED, plan_id=None)

    return change_marker(plan, bucket, mark).written


def roll_back_marker(plan: PlanFile, bucket: BucketWriter, by: str | None = None) -> bool:
    """Says in the marker that this plan's migration was taken back; the first thing that a rollback does.

    Applications that start from then on are refused, and nothing in the environment counts as live any more. The
    next copy of any plan claims the marker again.

    Args:
        plan: Open for writing. It must be the one that claimed or marked the environment last.
        bucket: The plan's.
        by: Who does it, for the history; None: `who()`.

    Returns:
        False if there is nothing to take back: no marker, or one that says so already.

    Raises:
        MarkerError: Another plan, or no plan at all, has moved the environment, or the marker is of another scheme or
            revision.
    """
    entry = _entry(plan, MarkerAct.ROLLED_BACK, by)

    def roll_back(found: FoundMarker | None) -> Marker | None:
        if found is None or found.marker.phase is MarkerPhase.ROLLED_BACK:
            return None
        history = found.marker.history
        if not history or history[-1].plan_id != entry.plan_id:
            raise _of_another(plan, found.marker)
        nobody = {"plan_id": None, "moved_since": None, "moved_users": None, "waiting_users": None}
        return changed_marker(found.marker, entry, MarkerPhase.ROLLED_BACK, **nobody)

    return change_marker(plan, bucket, roll_back).written


def _entry(plan: PlanFile, act: MarkerAct, by: str | None) -> HistoryEntry:
    meta = plan.meta
    name = who() if by is None else by
    return HistoryEntry(act=act, by=name, at=utc_now(), plan_id=meta.plan_id, layout=meta.layout)


def _claimed(plan: PlanFile, marker: Marker) -> MarkerError:
    environment = plan.meta.environment
    claim = marker.told(MarkerAct.CLAIMED, MarkerAct.TAKEN_OVER)
    instead = program.command(
        "migrate", "copy", "--plan", plan.path, "--take-over", str(marker.plan_id), "--execute"
    )
    return MarkerError(
        f"The environment {environment.value!r} is being moved by the plan {marker.plan_id!r},"
        f"{claim and f' {claim},'} not by {plan.meta.plan_id!r}.",
        hint=f"Go on with that plan. If it was given up, this one takes its place: {instead}",
        key=marker_key(environment=environment),
    )


def _rolled_back(plan: PlanFile, marker: Marker) -> MarkerError:
    environment = plan.meta.environment
    told = marker.told(MarkerAct.ROLLED_BACK) or marker.phase
    return MarkerError(
        f"The migration of the environment {environment.value!r} was {told}.",
        hint="Copy and verify again first:"
        f" {program.command('migrate', 'copy', '--plan', plan.path, '--execute')}",
        key=marker_key(environment=environment),
    )


def _of_another(plan: PlanFile, marker: Marker) -> MarkerError:
    environment, told = plan.meta.environment, f"was written by {marker.written_by!r}"
    if marker.history:
        told = f"was {marker.history[-1].told} for the plan {marker.history[-1].plan_id!r}"
    return MarkerError(
        f"The marker of the environment {environment.value!r} {told}, not for {plan.meta.plan_id!r}.",
        hint="Take back the migration of that plan.",
        key=marker_key(environment=environment),
    )
