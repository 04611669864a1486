"""What several results are written with: tables, and lists of reasons."""

from itertools import islice

from layout.migrate.report.reasons import Reasons

__all__ = ["SHOWN", "reason_lines", "table", "upload_lines"]

SHOWN = 50
"""So many objects, users or problems are shown to people; machines get more."""


def reason_lines(title: str, reasons: Reasons) -> list[str]:
    """How many objects have the title in common, and of the first of them the reason; nothing for none."""
    if not reasons:
        return []
    lines = [f"{reasons.total:,} {title}:"]
    lines += [f"  {key!r}: {reason}" for key, reason in islice(reasons.first.items(), SHOWN)]
    return lines + ([f"  and {reasons.total - SHOWN:,} more"] if reasons.total > SHOWN else [])


def upload_lines(uploads: Reasons) -> list[str]:
    """A hint only: most such uploads are never completed, and R2 ends them after seven days."""
    return reason_lines(
        "uploads to old keys are open, and their objects come when they are completed", uploads
    )


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    """Columns as wide as their content, the last two aligned to the right."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    return [
        "  "
        + "  ".join(
            cell.rjust(width) if column >= len(heads) - 2 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [heads, *rows]
    ]
