"""The revision marker during a migration: claimed before the first copy, changed once verified or taken back.

Each change is conditional, on there being no marker or on the ETag of the one that was read, so of two operators one
is refused.
"""

from layout import program
from layout.documents.live_since import LiveSince, live_since_of
from layout.documents.marker import HistoryEntry, Marker, MarkerAct, MarkerPhase
from layout.environment import Environment
from layout.errors import MarkerError
from layout.keys import marker_key
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.marker_file import FoundMarker, change_marker, changed_marker, find_marker
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.filtering import group_of
from layout.migrate.report.verdict import Verdict
from layout.migrate.user_group import live_facts, phase_of_live
from layout.migrate.who import who
from layout.times import utc_now

__all__ = ["claim_marker", "live_since", "read_live", "roll_back_marker", "write_marker"]


def live_since(bucket: BucketReader, environment: Environment) -> LiveSince:
    """Since when applications work in the environment: never while everything is `moving` or was `rolled back`.

    Raises:
        InvalidDocumentError: The marker is none.
        MarkerError: It is of another scheme or revision.
    """
    return read_live(find_marker(bucket, environment))


def read_live(found: FoundMarker | None) -> LiveSince:
    """Since when applications work in the environment, as a marker says."""
    return LiveSince() if found is None else live_since_of(found.marker, found.modified)


def claim_marker(plan: PlanFile, bucket: BucketWriter, by: str | None = None, take_over: str = "") -> bool:
    """Says in the marker that this plan moves the environment; before its first copy.

    Nothing is claimed once all that the plan moves is moved: then it copies what came late, and applications go on.

    Args:
        plan: Open for writing.
        bucket: The plan's.
        by: Who does it, for the history; None: `who()`.
        take_over: The id of another plan that may lose its claim to this one.

    Returns:
        Whether the environment is claimed: False if it is moved already, or those users are.

    Raises:
        MarkerError: Another plan has claimed the environment, or the marker is of another scheme or revision.
    """
    entry, group = _entry(plan, MarkerAct.CLAIMED, by), group_of(plan)

    def claim(found: FoundMarker | None) -> Marker | None:
        live = read_live(found)
        if found is None:
            return changed_marker(None, entry, MarkerPhase.MOVING, plan_id=entry.plan_id)
        marker = found.marker
        if group.is_live(live) or marker.plan_id == entry.plan_id:
            return None
        claimed = entry
        if marker.plan_id is not None:
            if marker.plan_id != take_over:
                raise _claimed(plan, marker)
            claimed = entry.model_copy(update={"act": MarkerAct.TAKEN_OVER})
        return changed_marker(marker, claimed, MarkerPhase.MOVING, plan_id=entry.plan_id, **live_facts(live))

    now = change_marker(plan, bucket, claim).marker
    return now is not None and now.plan_id == entry.plan_id


def write_marker(plan: PlanFile, verdict: Verdict, bucket: BucketWriter, by: str | None = None) -> bool:
    """Marks the environment of a verified migration as moved, or the users that the plan is of.

    The environment stays `moving` until the last of its users, and what they share, is moved.

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
    entry, group = _entry(plan, MarkerAct.MOVED, by), group_of(plan)

    def mark(found: FoundMarker | None) -> Marker | None:
        live, marker = read_live(found), None if found is None else found.marker
        if marker is not None:
            if group.is_live(live) and marker.plan_id != entry.plan_id:
                return None
            if marker.phase is MarkerPhase.ROLLED_BACK:
                raise _rolled_back(plan, marker)
            if marker.plan_id not in {None, entry.plan_id}:
                raise _claimed(plan, marker)
        after = group.added_to(live)
        return changed_marker(marker, entry, phase_of_live(after), plan_id=None, **live_facts(after))

    return change_marker(plan, bucket, mark).written


def roll_back_marker(plan: PlanFile, bucket: BucketWriter, by: str | None = None) -> bool:
    """Says in the marker that this plan's migration was taken back; the first thing that a rollback does.

    Applications that start from then on are refused, and nothing in the environment counts as live any more. The
    next copy of any plan claims the marker again. Of a plan of some users only that holds for them: the others stay
    as they are.

    Args:
        plan: Open for writing. It must be the one that claimed or marked the environment last; of some users, one
            that did at any time.
        bucket: The plan's.
        by: Who does it, for the history; None: `who()`.

    Returns:
        False if there is nothing to take back: no marker, or one that says so already.

    Raises:
        MarkerError: Another plan, or no plan at all, has moved the environment, or the marker is of another scheme or
            revision.
    """
    entry, group = _entry(plan, MarkerAct.ROLLED_BACK, by), group_of(plan)

    def roll_back(found: FoundMarker | None) -> Marker | None:
        if found is None or found.marker.phase is MarkerPhase.ROLLED_BACK:
            return None
        marker, live = found.marker, read_live(found)
        known = marker.history[-1:] if group.is_everybody else marker.history
        if all(one.plan_id != entry.plan_id for one in known):
            raise _of_another(plan, marker)
        after = group.taken_from(live)
        if after == live and marker.plan_id != entry.plan_id:
            return None
        claim = None if marker.plan_id == entry.plan_id else marker.plan_id
        phase = MarkerPhase.MOVING if after or claim else MarkerPhase.ROLLED_BACK
        return changed_marker(marker, entry, phase, plan_id=claim, **live_facts(after))

    return change_marker(plan, bucket, roll_back).written


def _entry(plan: PlanFile, act: MarkerAct, by: str | None) -> HistoryEntry:
    meta, group, name = plan.meta, group_of(plan), who() if by is None else by
    entry = HistoryEntry(act=act, by=name, at=utc_now(), plan_id=meta.plan_id, layout=meta.layout)
    if group.is_everybody:
        return entry
    return entry.model_copy(update={"except_users" if group.others else "users": sorted(group.users)})


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
