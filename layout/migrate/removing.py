"""Taking the new keys away after a rollback: what came after the plan was made, and is back at its old key.

A step of its own, like the deleting of old objects: of each object both sides are looked at again, and it goes only if
both are the versions that the rollback compared. Profile files go with the last object of their user, if they are
as this migration wrote them. What was in the new layout before stays, and so does the marker, which tells it all.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from layout.documents.profiles import Profiles, SelectedProfile
from layout.errors import DeletionRefusedError
from layout.keys import marker_key, parse_key, profiles_key, selected_profile_key, user_prefix
from layout.legacy import is_new_key
from layout.migrate.bucket.deletes import Deleted, choose_way
from layout.migrate.bucket.pace import BATCH
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.finding_returns import Differences, different_returns, source_of
from layout.migrate.marker_file import find_marker
from layout.migrate.marking import read_live
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.filtering import group_of
from layout.migrate.plan.return_states import ReturnState
from layout.migrate.plan.returns import Return, ReturnJournal, return_batches
from layout.migrate.plan.rows import PlannedObject, PlannedUser, users_after
from layout.migrate.report.progress import Progress
from layout.migrate.report.reasons import Reasons
from layout.migrate.user_group import group_of_entry

__all__ = ["RemovalReport", "check_removal", "remove_new_objects"]


@dataclass
class RemovalReport:
    """What was removed, or would be.

    Attributes:
        removed: New objects that are gone; in a dry run those that would go.
        bytes: Their size.
        profiles: Users whose profile files are gone, or would go.
        before: New objects that were gone before.
        young: Objects that stay, since their old ones were written too short a time ago.
        kept: New keys that stay, and why.
        errors: New keys that the bucket did not delete.
    """

    removed: int = 0
    bytes: int = 0
    profiles: int = 0
    before: int = 0
    young: int = 0
    kept: Reasons = field(default_factory=Reasons)
    errors: Reasons = field(default_factory=Reasons)


def check_removal(plan: PlanFile, bucket: BucketReader, typed_name: str) -> None:
    """All that must hold before anything is removed.

    Raises:
        DeletionRefusedError: The bucket's name was typed wrongly, the marker does not say that the migration was
            rolled back, or another plan is moving the same users again.
        MarkerError: The marker is of another scheme or revision.
    """
    if typed_name != plan.meta.bucket:
        raise DeletionRefusedError(
            f"The bucket of this plan is {plan.meta.bucket!r}, and --bucket says {typed_name!r}.",
            hint="Type the name of the bucket from which new objects are to be removed.",
            bucket=plan.meta.bucket,
        )
    environment = plan.meta.environment
    found = find_marker(bucket, environment)
    live = read_live(found)
    group = group_of(plan)
    key = marker_key(environment=environment)
    if found is not None and group.taken_from(live) == live and found.marker.plan_id != plan.meta.plan_id:
        for claim in found.marker.history:
            if claim.plan_id == found.marker.plan_id and group_of_entry(claim).overlaps(group):
                raise DeletionRefusedError(
                    f"The environment {environment.value!r} is being moved again by the plan {claim.plan_id!r},"
                    f" {claim.told}: it counts on the new objects.",
                    hint="Go on with that plan, or roll it back and remove with it.",
                    bucket=plan.meta.bucket,
                    key=key,
                )
        return
    says = f"There is no marker at {str(key)!r}"
    if found is not None:
        says = f"The marker {str(key)!r} says {str(found.marker.phase)!r}"
    raise DeletionRefusedError(
        f"{says}: nothing says that this migration was rolled back.",
        hint="Roll it back first: without --delete-new, with --execute.",
        bucket=plan.meta.bucket,
        key=key,
    )


def remove_new_objects(
    plan: PlanFile, bucket: BucketReader, min_age: timedelta, progress: Progress
) -> RemovalReport:
    """Removes what is back at its old key. Call `check_removal` before. A reader that cannot write changes nothing.

    Raises:
        StorageError: The bucket did not answer; what was removed is in the plan.
    """
    report, before = RemovalReport(), bucket.now() - min_age
    states = (ReturnState.VERIFIED, ReturnState.REMOVED)
    with ExitStack() as stack:
        way = None
        if isinstance(bucket, BucketWriter):
            way = stack.enter_context(
                closing(choose_way(bucket, plan.meta.environment, writers_stopped=False))
            )
        step = stack.enter_context(progress.task("removing"))
        for batch in return_batches(plan, states, BATCH if way is None else way.batch):
            waiting = [one for one in batch if one.state is ReturnState.VERIFIED and one.removable]
            report.before += sum(one.state is ReturnState.REMOVED for one in batch)
            journal = None if way is None else ReturnJournal(plan)
            removable, gone = _removable(bucket, waiting, before, report)
            done = Deleted() if way is None else way.delete([(one, source_of(one)) for one in removable])
            with plan.transaction() if journal is not None else nullcontext():
                for one in removable:
                    _note(journal, one, done, report)
                for one in gone:
                    # A run that was cut off removed it and could not note that.
                    report.before += 1
                    if journal is not None:
                        journal.removed(one)
            step(len(batch))
    _remove_profiles(plan, bucket, report)
    return report


def _note(journal: ReturnJournal | None, one: PlannedObject, done: Deleted, report: RemovalReport) -> None:
    if reason := done.changed.get(one.key):
        report.kept.add(one.key, reason)
    elif reason := done.failed.get(one.key):
        report.errors.add(one.key, reason)
        if journal is not None:
            journal.kept(one, reason)
    else:
        report.removed += 1
        report.bytes += one.size
        if journal is not None:
            journal.removed(one)


def _removable(
    bucket: BucketReader, waiting: list[Return], before: datetime, report: RemovalReport
) -> tuple[list[PlannedObject], list[PlannedObject]]:
    """What may go now, and what is gone already; the others are counted with their reasons."""
    different = different_returns(bucket, waiting) if waiting else Differences()
    removable, gone = [], []
    for one in waiting:
        problem = different.problems.get(one.planned.id)
        if parse_key(one.planned.key).template.name == "backup":
            problem = "a backup is locked, and goes by itself 30 days after it was made"
        if problem:
            report.kept.add(one.planned.key, problem)
        elif one.planned.id in different.gone:
            gone.append(one.planned)
        elif datetime.fromisoformat(one.planned.new_modified or "") > before:
            report.young += 1
        else:
            removable.append(one.planned)
    return removable, gone


def _remove_profiles(plan: PlanFile, bucket: BucketReader, report: RemovalReport) -> None:
    """The two files of each user of whom nothing else is there, if they are as a copy writes them."""
    last = ""
    while users := users_after(plan, last, BATCH):
        last = users[-1].owner
        for user in users:
            if user.origin == "reserved" and _is_as_written(plan, bucket, user):
                report.profiles += 1
                if isinstance(bucket, BucketWriter):
                    failed = bucket.delete(list(_files(plan, user)))
                    for key, reason in failed.items():
                        report.errors.add(key, reason)


def _files(plan: PlanFile, user: PlannedUser) -> Iterator[str]:
    for key in (selected_profile_key, profiles_key):
        yield str(key(user.user_id, environment=plan.meta.environment))


def _is_as_written(plan: PlanFile, bucket: BucketReader, user: PlannedUser) -> bool:
    """Whether nothing of the user is in the new layout but the registry and the selection of this plan."""
    prefix = user_prefix(user.user_id, environment=plan.meta.environment)
    selected, registry = _files(plan, user)
    found = [item.key for item in next(bucket.pages(prefix), []) if is_new_key(item.key)]
    if set(found) != {selected, registry}:
        return False
    wanted = Profiles.first(user.profile_id).to_json(), SelectedProfile(profile_id=user.profile_id).to_json()
    return (bucket.read(registry), bucket.read(selected)) == wanted
