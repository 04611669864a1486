"""What `verify` answers."""

from dataclasses import asdict
from pathlib import Path

from layout.console import Result
from layout.exit_status import ExitStatus
from layout.migrate.report.amounts import size
from layout.migrate.report.reasons import Reasons
from layout.migrate.report.show.text import SHOWN, upload_lines
from layout.migrate.report.verdict import SIGNS, Problem, Verdict

__all__ = ["verdict"]


def verdict(found: Verdict, path: Path, uploads: Reasons) -> Result:
    """The answer of `verify`, with rclone's signs."""
    lines = [f"  {problem.sign} {_about(problem)}{problem.reason}" for problem in found.problems[:SHOWN]]
    if found.problems_total > SHOWN:
        lines.append(f"  and {found.problems_total - SHOWN:,} more")
    lines += [f"  {sign} {found.counts[sign]:>9,}  {meaning}" for sign, meaning in SIGNS.items()]
    lines += upload_lines(uploads)
    if found.other_class:
        lines.append(f"{found.other_class:,} new objects are of another storage class than the old ones.")
    how = "size, ETag and SHA-256 of the bodies" if found.deep else "size and ETag"
    if found.ok:
        lines.append(
            f"Verified: {found.counts['=']:,} objects, {size(found.bytes)}, are equal by {how};"
            f" the profile files of {found.users:,} users are right. Verdict: {path}"
        )
    else:
        lines.append(f"Not verified: {found.problems_total:,} problems. Verdict: {path}")
    return Result(
        ExitStatus.DONE if found.ok else ExitStatus.DIFFERENCES,
        lines,
        {"verdict": str(path), **found.model_dump(mode="json"), "open_uploads": asdict(uploads)},
    )


def _about(problem: Problem) -> str:
    """The key that a problem is about, and nothing of one that is about a user or the whole plan."""
    key = problem.new_key or problem.key
    return f"{key!r}: " if key else ""
