"""The report of an audit: a document that can be kept, shown again, and compared with the next one."""

import enum
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from layout.audit.cases import Kind
from layout.errors import AuditError
from layout.whole_file import write_whole

__all__ = ["Amount", "End", "Example", "Finding", "Node", "Report", "Severity", "UserRow", "check_sums"]


class Severity(enum.StrEnum):
    """Whether data can be lost."""

    LOST = "lost"
    """Something that is referred to is not there, or cannot be read."""
    RISK = "risk"
    """Data is there, and the application or its operators do not know it."""
    HARMLESS = "harmless"
    """No data is in danger: it is about space, or about what a browser is told."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Amount(_Part):
    """Objects and their bytes; `name` says of what: a month, or an area."""

    name: str
    objects: int
    bytes: int


class Node(_Part):
    """A place in the bucket and what lies in it, the places in it among that.

    Attributes:
        name: Of the place, in the one that it is in.
        kind: What the place is.
        objects: How many objects it has.
        bytes: Their size.
        oldest: When the oldest object was written, as the bucket writes it; empty without objects.
        newest: When the newest was.
        doubts: Why the numbers of this very place may be wrong.
        doubtful: Whether they may be: this place has doubts, or one in it has.
        children: The places in it, the largest first; the smallest are one of the kind `others`.
    """

    name: str
    kind: Literal["bucket", "environment", "area", "user", "owner", "others"]
    objects: int
    bytes: int
    oldest: str = ""
    newest: str = ""
    doubts: list[str] = []
    doubtful: bool = False
    children: list["Node"] = []


class UserRow(_Part):
    """A user of an environment, over all areas."""

    environment: str
    user: str
    objects: int
    bytes: int


class End(_Part):
    """What expires on a day; `overdue` if that was so long ago that it should be gone."""

    environment: str
    area: str
    day: str
    objects: int
    bytes: int
    overdue: bool


class Example(_Part):
    """One case of a finding: the key, what is to be said of it, and the command that resolves this very case."""

    key: str
    reason: str
    objects: int
    bytes: int
    command: str


class Finding(_Part):
    """Something that does not fit together, in one environment.

    Attributes:
        kind: What it is.
        environment: Where; empty for keys that begin with no environment.
        severity: Whether data can be lost.
        title: In one line.
        meaning: What it means, and what to do, in sentences.
        command: What resolves it, or goes on with it.
        total: How many cases.
        objects: How many objects they are about.
        bytes: Their size.
        doubt: Why these numbers may be wrong; empty if they are not.
        examples: The first cases.
    """

    kind: Kind
    environment: str
    severity: Severity
    title: str
    meaning: str
    command: str
    total: int
    objects: int
    bytes: int
    doubt: str
    examples: list[Example]


class Report(_Part):
    """The whole report. `objects` and `bytes` are those of the listing, counted by themselves.

    Attributes:
        format: Of this document.
        bucket: Its name.
        endpoint: S3 endpoint that it was read through.
        began: When, by the bucket's clock, ISO 8601 in UTC.
        objects: How many objects the listing showed.
        bytes: Their size.
        tree: The bucket, by environment, area, user, and profile or project.
        months: What was written in each month and is there still; what was deleted since is in none.
        ends: What expires when.
        users: Users with the most bytes.
        users_total: How many there are.
        sources: What was asked for references.
        findings: What does not fit together, worst first.
    """

    format: Literal[1] = 1
    bucket: str
    endpoint: str
    began: str
    objects: int
    bytes: int
    tree: Node
    months: list[Amount]
    ends: list[End]
    users: list[UserRow]
    users_total: int
    sources: list[str]
    findings: list[Finding]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def save(self, path: Path) -> None:
        """Writes the file, whole or not at all.

        Raises:
            AuditError: The file cannot be written.
        """
        try:
            write_whole(path, self.model_dump_json(indent=2) + "\n")
        except OSError as error:
            raise AuditError(
                f"The report cannot be written to {str(path)!r}: {error.strerror}.",
                hint="Name a file in a folder that exists.",
            ) from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a report that was kept.

        Raises:
            AuditError: There is no such file, it is no report, or its sums are wrong.
        """
        hint = "Name a file that --save has written."
        try:
            report = cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise AuditError(
                f"The report {str(path)!r} cannot be read: {error.strerror}.", hint=hint
            ) from error
        except ValidationError as error:
            raise AuditError(
                f"The file {str(path)!r} is not a report: {error.errors()[0]['msg']}.", hint=hint
            ) from error
        check_sums(report)
        return report


def check_sums(report: Report) -> None:
    """Nothing, if every row adds up to what it is a part of, and all of them to the listing.

    Raises:
        AuditError: They do not: this audit is wrong, whatever it says.
    """
    months = Amount(
        name="the months",
        objects=sum(month.objects for month in report.months),
        bytes=sum(month.bytes for month in report.months),
    )
    for part in (report.tree, months):
        _agree(part.name, part, "the listing", report)
    waiting = [report.tree]
    while waiting:
        node = waiting.pop()
        if node.children:
            total = Amount(
                name="its parts",
                objects=sum(child.objects for child in node.children),
                bytes=sum(child.bytes for child in node.children),
            )
            _agree(total.name, total, node.name, node)
            waiting += node.children


def _agree(name: str, part: Amount | Node, whole_name: str, whole: Node | Report) -> None:
    if (part.objects, part.bytes) != (whole.objects, whole.bytes):
        raise AuditError(
            f"The audit does not add up: {name!r} has {part.objects:,} objects of {part.bytes:,} bytes,"
            f" {whole_name!r} has {whole.objects:,} of {whole.bytes:,}.",
            hint="Believe none of its numbers, and report this: it is a fault of the audit, not of the bucket.",
        )
