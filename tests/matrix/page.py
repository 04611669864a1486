"""The tables in docs/security.md: who can reach what, from the same rows that the test tries.

`make generate` writes them anew between their two marks; the prose around them stays.
"""

import textwrap
from collections.abc import Sequence

from layout.access import ObjectPermission
from tests.matrix.areas import AREAS, Area
from tests.matrix.credentials import KINDS, Kind, Way
from tests.matrix.expected import ALLOWED, expected
from tests.matrix.operations import OPERATIONS

__all__ = ["reach", "tables"]

_COLUMNS = 118


def reach(kind: Kind, area: Area) -> str:
    """What a credential may do in an area: `read and write`, `read` or `nothing`."""
    allowed = {operation.writes for operation in OPERATIONS if expected(kind, operation, area) == ALLOWED}
    return "read and write" if True in allowed else "read" if allowed else "nothing"


def tables() -> str:
    """Both tables and what stands below them, in Markdown."""
    writing = [kind for kind in KINDS if kind.scope.permission is ObjectPermission.READ_WRITE]
    reading = [kind for kind in KINDS if kind.scope.permission is ObjectPermission.READ_ONLY]
    return "\n\n".join(
        (
            "Credentials that were made to write:",
            _table(writing),
            "Credentials that were made to read:",
            _table(reading),
            _wrapped(_operations()),
            _wrapped(_count()),
        )
    )


def _table(kinds: Sequence[Kind]) -> str:
    columns = {_title(kind): kind for kind in kinds}  # signed or asked for: the same
    lines = [f"| area | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for title, areas in _rows(list(columns.values())):
        cells = " | ".join(reach(kind, areas[0]) for kind in columns.values())
        lines.append(f"| {title} | {cells} |")
    return "\n".join(lines)


def _title(kind: Kind) -> str:
    if kind.way is Way.TOKEN:
        return f"token `{kind.who}`"
    return (
        kind.who
        if kind.may_write or kind.parent.name == "backend"
        else f"{kind.who}, from `{kind.parent.name}`"
    )


def _rows(kinds: Sequence[Kind]) -> list[tuple[str, list[Area]]]:
    """Areas of one group that answer alike share a row."""
    rows: dict[tuple[str, ...], list[Area]] = {}
    for area in AREAS:
        rows.setdefault((area.group, *(reach(kind, area) for kind in kinds)), []).append(area)
    return [(_row_title(areas), areas) for areas in rows.values()]


def _row_title(areas: Sequence[Area]) -> str:
    in_scheme = areas[0].key.startswith(f"{areas[0].group}/")
    if not in_scheme:
        return "; ".join(area.name for area in areas)
    whole = [area for area in AREAS if area.group == areas[0].group]
    return (
        f"all of `{areas[0].group}/`"
        if len(areas) == len(whole)
        else "<br>".join(f"`{a.name}`" for a in areas)
    )


def _operations() -> str:
    def names(writes: bool) -> str:
        return ", ".join(
            dict.fromkeys(
                operation.name.partition(",")[0] for operation in OPERATIONS if operation.writes is writes
            )
        )

    return (
        f"To read is {names(False)}; to write is also {names(True)}. A copy, of an object or of a part, needs both "
        "its source and its destination in the scope. A listing needs a prefix that lies in the scope, with its "
        "last slash. A batch delete answers for each key by itself."
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _COLUMNS)


def _count() -> str:
    cells = len(KINDS) * len(OPERATIONS) * len(AREAS)
    return (
        f"Tried on the local R2 by every run of the tests: {len(KINDS)} credentials, {len(OPERATIONS)} operations, "
        f"{len(AREAS)} areas, {cells:,} cells. What is not allowed is answered with 403 AccessDenied, changes nothing "
        "and shows nothing."
    )
