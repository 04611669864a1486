"""From what was read to the report: pure, it asks nobody anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from layout.audit.cases import Kind
from layout.audit.collect import Collected, overdue_before
from layout.audit.commands import Bucket, command_for
from layout.audit.report import Amount, End, Example, Finding, Report, Severity, UserRow, check_sums
from layout.audit.tree import make_tree

__all__ = ["judge"]


@dataclass(frozen=True)
class _Rule:
    """What a kind of findings means."""

    severity: Severity
    title: str
    meaning: str
    too_many: bool | None = None
    """Where references could not be read: whether there may be fewer of these, or more; None: it changes nothing."""


_RULES = {
    Kind.MISSING_OBJECT: _Rule(
        Severity.LOST,
        "references without objects",
        "Something names an object that is not there. Look for a copy in the backups or under an old key, and put it"
        " back; if there is none, the application has to forget the name.",
        too_many=False,
    ),
    Kind.DAMAGED_DATABASE: _Rule(
        Severity.LOST,
        "databases that cannot be read",
        "The profile's data is in them. Kept versions can be brought back, and its other machines may have a good"
        " one. What they name is unknown until then.",
    ),
    Kind.DAMAGED_DOCUMENT: _Rule(
        Severity.LOST,
        "documents that cannot be read",
        "The application cannot sign these users in. Correct the document by hand, or put back a copy of it.",
    ),
    Kind.NO_REGISTRY: _Rule(
        Severity.RISK,
        "users without profiles.json",
        "At their next access they get a new, empty profile, and their files are of a profile that nobody knows."
        " Write the registry before that; where a user has several profiles, a person says which is the default.",
    ),
    Kind.UNREGISTERED_PROFILE: _Rule(
        Severity.RISK,
        "profiles with objects that nobody registered",
        "No user reaches these objects, and whoever tidies up may take them for waste. Register the profile, or move"
        " what is in it.",
    ),
    Kind.EMPTY_PROFILE: _Rule(
        Severity.RISK,
        "registered profiles without objects",
        "A profile that was made just now has none; of any other, the objects are gone. See whether versions of its"
        " database were set aside.",
    ),
    Kind.UNKNOWN_KEY: _Rule(
        Severity.RISK,
        "keys that the scheme does not know",
        "No application of this layout reads them. If they are of an old layout, a migration moves them; the plan"
        " only reads, and says of each object what it is.",
    ),
    Kind.DELETED_PROFILE: _Rule(
        Severity.HARMLESS,
        "deleted profiles that still have objects",
        "A delete was cut off, or a late upload came after it. The command deletes again and keeps what it finds in"
        " the backups for their time.",
    ),
    Kind.UNREFERENCED_OBJECT: _Rule(
        Severity.HARMLESS,
        "media objects without references",
        "Nothing that was read names them. Before anything is done, see that no machine has a database that waits to"
        " be uploaded. The command sets the object aside: it stays in the backups for their time.",
        too_many=True,
    ),
    Kind.OPEN_UPLOAD: _Rule(
        Severity.HARMLESS,
        "uploads that have begun and not ended",
        "They are stored and in no listing. A browser may still complete one; R2 ends them after seven days. The"
        " command says what it would abort, and does it with --execute.",
    ),
    Kind.OVERDUE: _Rule(
        Severity.HARMLESS,
        "days whose objects should have expired",
        "The bucket's lifecycle rules are missing, off or not those of the scheme. Bringing the stack up compares"
        " them.",
    ),
    Kind.WRONG_TYPE: _Rule(
        Severity.HARMLESS,
        "objects without the content type of the scheme",
        "A browser or a proxy that goes by it may refuse them.",
    ),
    Kind.NO_VERSION: _Rule(
        Severity.HARMLESS,
        "databases without a version in their metadata",
        "They are read as version 0. The next write of the application gives them one, and so does the command.",
    ),
}


def judge(found: Collected) -> Report:
    """The report of what was read.

    Raises:
        AuditError: Its numbers do not add up.
    """
    limit = overdue_before(found.began)
    report = Report(
        bucket=found.bucket,
        endpoint=found.endpoint,
        began=found.began,
        objects=found.objects,
        bytes=found.bytes,
        tree=make_tree(found.bucket, found.inventory.sums()),
        months=[Amount(name=row.month, objects=row.objects, bytes=row.bytes) for row in found.months],
        ends=[End(**row._asdict(), overdue=row.day < limit) for row in found.expiring],
        users=[
            UserRow(environment=row.environment, user=row.user, objects=row.objects, bytes=row.bytes)
            for row in found.users
        ],
        users_total=found.users_total,
        sources=found.sources,
        findings=list(_findings(found)),
    )
    check_sums(report)
    return report


def _findings(found: Collected) -> Iterator[Finding]:
    """Worst first, then by environment."""
    order = list(Kind)
    for kind, environment in sorted(found.cases, key=lambda pair: (order.index(pair[0]), pair[1])):
        cases, rule = found.cases[kind, environment], _RULES[kind]
        bucket = Bucket(found.bucket, found.endpoint, environment)
        examples = [
            Example(
                key=case.key,
                reason=case.reason,
                objects=case.objects,
                bytes=case.bytes,
                command=command_for(kind, case, bucket),
            )
            for case in cases.first
        ]
        yield Finding(
            kind=kind,
            environment=environment,
            severity=rule.severity,
            title=rule.title,
            meaning=rule.meaning,
            command=examples[0].command,
            total=cases.total,
            objects=cases.objects,
            bytes=cases.bytes,
            doubt=_doubt(rule, found.unread.get(environment)),
            examples=examples,
        )


def _doubt(rule: _Rule, unread: str | None) -> str:
    if unread is None or rule.too_many is None:
        return ""
    return f"there may be {'fewer' if rule.too_many else 'more'}: {unread}"
