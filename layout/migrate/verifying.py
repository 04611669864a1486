"""Verification: what is at the new keys, compared with the plan object by object.

The destination is listed once and compared by size and ETag. An object uploaded in parts has an ETag that
is no hash of its body, so its copy must have the ETag that the copy answered, and equal headers; `deep`
reads both bodies of every object. The old side is listed too: what was written there after the plan was
made is missing in the new layout. The bucket is only read.
"""

import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from unicodedata import normalize

from layout.environment import Environment
from layout.errors import StorageError
from layout.keys import environment_prefix, parse_key, profiles_key, selected_profile_key
from layout.legacy import is_new_key
from layout.migrate.body_readers import BodyReader, NobodyReads, ReadHere
from layout.migrate.bucket.observing import listed_at
from layout.migrate.bucket.old_side import old_side_pages
from layout.migrate.bucket.pace import BATCH, IN_FLIGHT
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.equality import Known, is_planned_version
from layout.migrate.judging import Judged, judge, needs_bucket, source_difference
from layout.migrate.live import LiveSince, gone_reason, is_from_before, written_since
from layout.migrate.marking import live_since
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.moves import TO_MOVE, Proof, State
from layout.migrate.plan.rows import PlannedObject, PlannedUser, expected_at, planned_for, unmet, users_after
from layout.migrate.plan.schema import UserState
from layout.migrate.plan.totals import count_to_move
from layout.migrate.profile_files import profile_problem
from layout.migrate.report.findings import Findings
from layout.migrate.report.progress import Progress
from layout.migrate.report.verdict import Verdict
from layout.migrate.rules.kept import left_alone

__all__ = ["is_more", "verify_plan"]

USERS_BATCH = 1_000
_MANAGED = {"marker", "profiles", "selected_profile"}


def verify_plan(
    plan: PlanFile,
    bucket: BucketReader,
    progress: Progress,
    *,
    deep: bool = False,
    bodies: BodyReader | None = None,
) -> Verdict:
    """Compares the bucket with the plan and notes in the plan what was compared.

    Args:
        plan: Open for writing.
        bucket: The plan's.
        progress: Shown while it runs.
        deep: Whether all bodies are read.
        bodies: Who reads them; None: this process.

    Raises:
        StorageError: A listing failed; there is no verdict then.
    """
    run, findings = plan.meta.verification + 1, Findings()
    with plan.transaction():
        plan.note(verification=run, verification_id=uuid.uuid4().hex)
    total, live = count_to_move(plan), live_since(bucket, plan.meta.environment)
    reader = bodies or (ReadHere(bucket) if deep else NobodyReads())
    with ThreadPoolExecutor(IN_FLIGHT) as pool, reader:
        with progress.task("comparing", total) as step:
            prefix = environment_prefix(environment=plan.meta.environment)
            pages = (_pairs_of(plan, page, findings) for page in bucket.pages(prefix))
            for pairs, read in reader.read_each(pages):
                judged = []
                for one in _judge_each(bucket, pool, live, read, pairs):
                    judged.append(one)
                    step(1)
                _note(plan, run, judged, findings)
        with progress.task("listing the old keys") as step:
            # A user of an old layout may be called like the environment.
            seen = None if findings.old_beside_new else str(prefix)
            for page in old_side_pages(bucket, but=seen):
                _check_sources(plan, run, bucket, pool, page, findings)
                step(len(page))
        _check_missing(plan, run, live, findings)
        _check_users(plan, bucket, pool, live, findings)
    return findings.verdict(plan, run, deep=reader.deep)


def _pairs_of(
    plan: PlanFile, page: list[ListedObject], findings: Findings
) -> list[tuple[PlannedObject, ListedObject]]:
    """What the plan moves to a page of new keys, and the objects beside it; the rest is counted."""
    pairs = []
    for item in page:
        # A listing shows the Unicode spelling that was uploaded last; the plan has NFC.
        row = planned_for(plan, normalize("NFC", item.key))
        is_old = (row is None or not item.key.isascii()) and not is_new_key(item.key)
        findings.old_beside_new = findings.old_beside_new or is_old
        if row is None:
            findings.counts["-"] += is_more(item.key)
        elif row.state is State.SUPERSEDED or row.state in TO_MOVE:
            pairs.append((row, item))
    return pairs


def _judge_each(
    bucket: BucketReader,
    pool: ThreadPoolExecutor,
    live: LiveSince,
    read: Mapping[int, Known] | None,
    pairs: list[tuple[PlannedObject, ListedObject]],
) -> Iterator[Judged]:
    """In order. Only what may have to wait for the bucket goes through a thread, which costs more than judging."""
    look = partial(judge, bucket, live, read)
    judged: list[Judged | Future[Judged]] = [
        pool.submit(look, *pair) if needs_bucket(read, *pair) else look(*pair) for pair in pairs
    ]
    for one in judged:
        yield one.result() if isinstance(one, Future) else one


def is_more(key: str) -> bool:
    """Whether it is of the new layout, and none of the files that the migration writes beside the objects."""
    return is_new_key(key) and parse_key(key).template.name not in _MANAGED


def _note(plan: PlanFile, run: int, judged: list[Judged], findings: Findings) -> None:
    journal, same = Journal(plan), list[tuple[PlannedObject, ListedObject, Proof]]()
    with plan.transaction():
        for one in judged:
            findings.counts[one.sign] += 1
            findings.other_class += one.sign == "=" and one.found.storage_class != one.row.storage_class
            if one.sign == ">":
                journal.changed_live(one.row, run)
            elif one.proof is not None:
                findings.bytes += one.found.size
                same.append((one.row, one.found, one.proof))
            else:
                findings.problem(one.sign, one.reason, one.row.key, one.found.key)
                journal.different(one.row, one.reason, run)
        journal.same(same, run)


def _check_sources(
    plan: PlanFile,
    run: int,
    bucket: BucketReader,
    pool: ThreadPoolExecutor,
    page: list[ListedObject],
    findings: Findings,
) -> None:
    """Old objects that are not as planned: what was written there last is not in the new layout."""
    looked_at: list[tuple[PlannedObject | None, ListedObject]] = []
    alone = left_alone(plan)
    for item in page:
        row = expected_at(plan, item.key)
        if row is None and alone(item.key):
            continue
        if row is None or (_is_looked_at(row, run) and not is_planned_version(row, item)):
            looked_at.append((row, item))
    differences = list(pool.map(partial(_source_difference, bucket, run), looked_at))
    with plan.transaction():
        for (row, item), difference in zip(looked_at, differences, strict=True):
            if row is None:
                findings.counts["+"] += 1
                findings.problem("+", difference, item.key)
            else:
                _note_source(plan, run, row, item, difference, findings)


def _is_looked_at(row: PlannedObject, run: int) -> bool:
    """Whether its old object matters: nothing wrong is known of it so far, or there should be none any more."""
    met = row.checked_in == run
    return row.state is State.SUPERSEDED or (row.problem is None if met else row.state is State.DELETED)


def _source_difference(
    bucket: BucketReader, run: int, pair: tuple[PlannedObject | None, ListedObject]
) -> str:
    row, item = pair
    return "was written after the plan was made" if row is None else source_difference(bucket, row, item, run)


def _note_source(
    plan: PlanFile, run: int, row: PlannedObject, item: ListedObject, difference: str, findings: Findings
) -> None:
    if not difference:
        Journal(plan).renewed(row, item.modified)
        return
    findings.counts["*"] += 1
    findings.problem("*", difference, item.key, row.new_key)
    if row.changed_in == run:
        findings.counts[">"] -= 1
    elif row.checked_in == run:
        findings.counts["="] -= 1
        findings.bytes -= row.size
    if row.state is not State.SUPERSEDED:
        Journal(plan).different(row, difference, run)


def _check_missing(plan: PlanFile, run: int, live: LiveSince, findings: Findings) -> None:
    """What is not at its new key: to be copied again, or deleted there by somebody since it went live."""
    journal, last = Journal(plan), ""
    while rows := unmet(plan, run, last, BATCH):
        last = rows[-1].new_key
        with plan.transaction():
            for row in rows:
                is_live = live.at(row.new_key) is not None
                if row.state is State.DELETED and is_live:
                    findings.counts[">"] += 1
                    journal.changed_live(row, run)
                    continue
                if row.state is State.DELETED:
                    reason = "is missing at its new key, and the old object was deleted"
                    findings.counts["+"] += 1
                    findings.problem("+", reason, row.key, row.new_key)
                    journal.different(row, reason, run)
                    continue
                removed = is_live and (row.proof is not None or is_from_before(row, live))
                reason = gone_reason(row) if removed else "is missing at its new key"
                findings.counts["+"] += 1
                findings.problem("+", reason, row.key, row.new_key)
                if removed:
                    journal.gone(row, reason, run)
                else:
                    journal.missing(row, reason, run)


def _check_users(
    plan: PlanFile, bucket: BucketReader, pool: ThreadPoolExecutor, live: LiveSince, findings: Findings
) -> None:
    last = ""
    while users := users_after(plan, last, USERS_BATCH):
        last = users[-1].owner
        check = partial(_user_problem, bucket, plan.meta.environment, live)
        with_files = [user for user in users if user.state is not UserState.NO_PROFILES]
        problems = list(pool.map(check, with_files))
        with plan.transaction():
            for user, problem in zip(with_files, problems, strict=True):
                findings.users += 1
                if problem:
                    findings.problem("!", f"user {user.user_id!r}: {problem}")
                    Journal(plan).user_unsure(user.owner)


def _user_problem(bucket: BucketReader, environment: Environment, live: LiveSince, user: PlannedUser) -> str:
    try:
        problem = profile_problem(bucket, user.user_id, environment, user.profile_id)
        files = [key(user.user_id, environment=environment) for key in (profiles_key, selected_profile_key)]
        if problem and live.at(files[0]) is not None:
            found = [listed_at(bucket, key) for key in files]
            if any(one is None or written_since(one, live) for one in found):
                return ""  # The application has changed or deleted the user's profiles since.
    except StorageError as error:
        return str(error)
    return problem
