"""The report for a terminal: the areas as a table, then the findings with their commands."""

from collections.abc import Iterator
from itertools import islice

from layout.audit.report import End, Finding, Node, Report
from layout.migrate.report.amounts import size
from layout.migrate.report.show.text import table

__all__ = ["lines_of"]

_SHOWN = 10
_DOUBT = "~"


def lines_of(report: Report) -> list[str]:
    """The whole report. A number that may be wrong has a `~` behind it, and the reason stands below the table."""
    tree = report.tree
    lines = [f"Bucket {report.bucket!r} at {report.began}: {_objects(tree)}, {size(report.bytes)}"]
    rows = [_row(environment.name, area) for environment in tree.children for area in environment.children]
    lines += table(["environment", "area", "oldest", "newest", "objects", "bytes"], [*rows, _row("", tree)])
    lines += [f"  {_DOUBT} {reason}" for reason in dict.fromkeys(_doubts(tree))]
    if report.users:
        shown = f", the largest {_SHOWN} of them" if report.users_total > _SHOWN else ""
        lines += ["", f"{report.users_total:,} users{shown}:"]
        users = [
            [user.environment, user.user, f"{user.objects:,}", size(user.bytes)]
            for user in islice(report.users, _SHOWN)
        ]
        lines += table(["environment", "user", "objects", "bytes"], users)
    if report.months:
        lines += ["", "Written in, and there still:"]
        months = [[month.name, f"{month.objects:,}", size(month.bytes)] for month in report.months]
        lines += table(["month", "objects", "bytes"], months)
    if report.ends:
        lines += ["", "Expires on:"]
        lines += table(["day", "environment", "area", "objects", "bytes"], [_end(end) for end in report.ends])
    for finding in report.findings:
        lines += ["", *_finding(finding)]
    return lines if report.findings else [*lines, "", "Nothing was found."]


def _row(environment: str, node: Node) -> list[str]:
    name = node.name if environment else "in all"
    return [environment, name, node.oldest[:10], node.newest[:10], _count(node), size(node.bytes)]


def _end(end: End) -> list[str]:
    day = end.day + (" (overdue)" if end.overdue else "")
    return [day, end.environment, end.area, f"{end.objects:,}", size(end.bytes)]


def _count(node: Node) -> str:
    return f"{node.objects:,}" + (f" {_DOUBT}" if node.doubtful else "")


def _objects(node: Node) -> str:
    return f"{_count(node)} objects"


def _doubts(node: Node) -> Iterator[str]:
    """The reasons of a place and of those in it."""
    yield from node.doubts
    for child in node.children:
        yield from _doubts(child)


def _finding(finding: Finding) -> Iterator[str]:
    where = finding.environment or "no environment"
    yield f"{finding.severity.value}: {finding.total:,} {finding.title} ({where})"
    if finding.doubt:
        yield f"  {_DOUBT} {finding.doubt}"
    commands = {example.command for example in finding.examples}
    for example in islice(finding.examples, _SHOWN):
        yield f"  {example.key!r}" + (f": {example.reason}" if example.reason else "")
        if len(commands) > 1:
            yield f"      {example.command}"
    if finding.total > _SHOWN:
        yield f"  and {finding.total - _SHOWN:,} more"
    if len(commands) == 1:
        yield f"  Try: {finding.command}"
