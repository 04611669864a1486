"""Verification: what is at the new keys, compared with the plan object by object.

The destination is listed once and compared by size and ETag. An object uploaded in parts has an ETag that
is no hash of its body, so its copy must have the ETag that the copy answered, and equal headers; `deep`
reads both bodies of every object. The old side is listed too: what was written there after the plan was
made is missing in the new layout. The bucket is only read.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from unicodedata import normalize

from layout.errors import ObjectMissingError, StorageError
from layout.keys import environment_prefix, parse_key
from layout.legacy import is_new_key
from layout.migrate.bucket.old_side import old_side_pages
from layout.migrate.bucket.reader import BucketReader, ListedObject
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.moves import TO_MOVE, State
from layout.migrate.plan.rows import (
    PlannedObject,
    PlannedUser,
    missed,
    planned_at,
    planned_for,
    users_after,
)
from layout.migrate.plan.totals import count_blocked, count_missed, count_to_move
from layout.migrate.profile_files import profile_problem
from layout.migrate.report.progress import Progress
from layout.migrate.report.verdict import Problem, Sign, Verdict
from layout.migrate.same_object import is_multipart, same_description
from layout.times import utc_now

__all__ = ["verify_plan"]

READERS = 16
KEPT_PROBLEMS = 1_000
USERS_BATCH = 1_000
_MANAGED = {"marker", "profiles", "selected_profile"}


@dataclass
class _Findings:
    """What has been found so far; problems beyond the first thousand are only counted."""

    counts: dict[Sign, int] = field(default_factory=lambda: {"=": 0, "+": 0, "-": 0, "*": 0, "!": 0})
    bytes: int = 0
    users: int = 0
    problems: list[Problem] = field(default_factory=list)
    problems_total: int = 0

    def problem(self, sign: Sign, reason: str, key: str = "", new_key: str = "") -> None:
        self.problems_total += 1
        if len(self.problems) < KEPT_PROBLEMS:
            self.problems.append(Problem(sign=sign, key=key, new_key=new_key, reason=reason))


@dataclass(frozen=True)
class _Compared:
    """One object that is at its new key: its row, what was listed, and the difference if there is one."""

    row: PlannedObject
    found: ListedObject
    sign: Sign
    reason: str = ""


def verify_plan(plan: PlanFile, bucket: BucketReader, progress: Progress, *, deep: bool = False) -> Verdict:
    """Compares the bucket with the plan and notes in the plan what was compared.

    Raises:
        StorageError: A listing failed; there is no verdict then.
    """
    run, findings = plan.meta.verification + 1, _Findings()
    with plan.transaction():
        plan.note(verification=run)
    total = count_to_move(plan)
    with ThreadPoolExecutor(READERS) as pool:
        with progress.task("comparing", total) as step:
            prefix = environment_prefix(environment=plan.meta.environment)
            for page in bucket.pages(prefix):
                compared = []
                for one in pool.map(partial(_compare, bucket, deep), *_rows_of(plan, page, findings)):
                    compared.append(one)
                    step(1)
                _note(plan, run, compared, findings)
        with progress.task("listing the old keys") as step:
            for page in old_side_pages(bucket):
                _check_sources(plan, run, page, findings)
                step(len(page))
        _check_missing(plan, run, findings)
        _check_users(plan, bucket, pool, findings)
    return _verdict(plan, run, findings, deep=deep)


def _rows_of(
    plan: PlanFile, page: list[ListedObject], findings: _Findings
) -> tuple[list[PlannedObject], list[ListedObject]]:
    """What the plan moves to a page of new keys, and the objects beside it; the rest is counted."""
    rows, objects = [], []
    for item in page:
        # A listing shows the Unicode spelling that was uploaded last; the plan has NFC.
        row = planned_for(plan, normalize("NFC", item.key))
        if row is None:
            findings.counts["-"] += _is_more(item.key)
        elif row.state in TO_MOVE:
            rows.append(row)
            objects.append(item)
    return rows, objects


def _is_more(key: str) -> bool:
    """Whether it is of the new layout, and none of the files that the migration writes beside the objects."""
    return is_new_key(key) and parse_key(key).template.name not in _MANAGED


def _compare(bucket: BucketReader, deep: bool, row: PlannedObject, found: ListedObject) -> _Compared:
    try:
        reason = _difference(bucket, row, found) or (_deep_difference(bucket, row, found) if deep else "")
    except StorageError as error:
        return _Compared(row, found, "!", str(error))
    return _Compared(row, found, "*" if reason else "=", reason)


def _difference(bucket: BucketReader, row: PlannedObject, found: ListedObject) -> str:
    if found.size != row.size:
        return f"has {found.size} bytes, planned are {row.size}"
    if found.etag == row.etag:
        return _unrecorded_difference(bucket, row, found)
    if not (is_multipart(row.etag) or is_multipart(found.etag)):
        return f"has the ETag {found.etag!r}, planned is {row.etag!r}"
    if row.new_etag is not None and row.new_etag != found.etag:
        return f"has the ETag {found.etag!r}, its copy had {row.new_etag!r}"
    if row.state is State.DELETED:
        return ""
    source = bucket.head(row.key)
    if source is None or source.etag != row.etag:
        return "cannot be compared by headers: the old object is gone or was written again"
    if not same_description(source, bucket.head(found.key)):
        return "has other headers or user metadata than the old object"
    return ""


def _unrecorded_difference(bucket: BucketReader, row: PlannedObject, found: ListedObject) -> str:
    """For equal bytes that no copy of this plan put there: another tool may have left the headers behind."""
    source = bucket.head(row.key) if row.state is State.COPY else None
    if source is None or same_description(source, bucket.head(found.key)):
        return ""
    return "was not copied by this plan, and has other headers or user metadata than the old object"


def _deep_difference(bucket: BucketReader, row: PlannedObject, found: ListedObject) -> str:
    if row.state is State.DELETED:
        return ""
    try:
        if bucket.sha256(row.key) != bucket.sha256(found.key):
            return "has another SHA-256 than the old object"
    except ObjectMissingError as error:
        return f"cannot be compared in depth: {error}"
    if not same_description(bucket.head(row.key), bucket.head(found.key)):
        return "has other headers or user metadata than the old object"
    return ""


def _note(plan: PlanFile, run: int, compared: list[_Compared], findings: _Findings) -> None:
    journal = Journal(plan)
    with plan.transaction():
        for one in compared:
            findings.counts[one.sign] += 1
            if one.sign == "=":
                findings.bytes += one.found.size
                journal.same(one.row, one.found, run)
            else:
                findings.problem(one.sign, one.reason, one.row.key, one.found.key)
                journal.different(one.row, one.reason, run)


def _check_sources(plan: PlanFile, run: int, page: list[ListedObject], findings: _Findings) -> None:
    """Objects at old keys that are not as planned: their latest content is not in the new layout."""
    with plan.transaction():
        for item in page:
            row = planned_at(plan, item.key)
            if row is None:
                findings.counts["+"] += 1
                findings.problem("+", "was written after the plan was made", item.key)
                continue
            unchanged = (row.etag, row.size) == (item.etag, item.size)
            if not unchanged and row.checked_in == run and row.problem is None:
                findings.counts["="] -= 1
                findings.bytes -= row.size
                findings.counts["*"] += 1
                reason = "the old object was written again after the plan was made"
                findings.problem("*", reason, item.key, row.new_key)
                Journal(plan).different(row, reason, run)


def _check_missing(plan: PlanFile, run: int, findings: _Findings) -> None:
    reason = "is missing at its new key"
    count = count_missed(plan, run)
    findings.counts["+"] += count
    findings.problems_total += count
    for row in missed(plan, run, KEPT_PROBLEMS - len(findings.problems)):
        findings.problems.append(Problem(sign="+", key=row.key, new_key=row.new_key, reason=reason))
    with plan.transaction():
        Journal(plan).missing(run, reason)


def _check_users(plan: PlanFile, bucket: BucketReader, pool: ThreadPoolExecutor, findings: _Findings) -> None:
    last = ""
    while users := users_after(plan, last, USERS_BATCH):
        last = users[-1].owner
        for user, problem in zip(users, pool.map(partial(_user_problem, bucket, plan), users), strict=True):
            findings.users += 1
            if problem:
                findings.problem("!", f"user {user.user_id!r}: {problem}")


def _user_problem(bucket: BucketReader, plan: PlanFile, user: PlannedUser) -> str:
    try:
        return profile_problem(bucket, user.user_id, plan.meta.environment, user.profile_id)
    except StorageError as error:
        return str(error)


def _verdict(plan: PlanFile, run: int, findings: _Findings, *, deep: bool) -> Verdict:
    compared = findings.counts["="] + findings.counts["*"]
    if not compared:
        findings.problem("!", "nothing was compared: no planned object is at its new key")
    if blocked := count_blocked(plan):
        findings.problem("!", f"{blocked} objects of the plan are unknown, in conflict or in collision")
    return Verdict(
        ok=findings.problems_total == 0,
        plan_id=plan.meta.plan_id,
        plan_fingerprint=plan.meta.fingerprint or "",
        run=run,
        layout=plan.meta.layout,
        bucket=plan.meta.bucket,
        endpoint=plan.meta.endpoint,
        environment=plan.meta.environment,
        deep=deep,
        verified_at=utc_now(),
        counts=findings.counts,
        compared=compared,
        bytes=findings.bytes,
        users=findings.users,
        problems=findings.problems,
        problems_total=findings.problems_total,
    )
