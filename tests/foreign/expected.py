"""The list of tests that fail against R2 too: read, and held against a run.

The file has a line `## reason` before the tests of that reason, one a line, as `test_s3.py::test_name[case]`;
empty lines and lines that begin with one `#` are for the reader.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

__all__ = ["ExpectedFailures", "read_expected"]


def read_expected(path: Path) -> dict[str, str]:
    """Reasons by test.

    Raises:
        ValueError: A test without a reason, or one that is listed twice.
    """
    reasons: dict[str, str] = {}
    reason = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if text.startswith("## "):
            reason = text.removeprefix("## ")
        elif text and not text.startswith("#"):
            if not reason or text in reasons:
                problem = "is listed twice" if text in reasons else "has no reason before it"
                raise ValueError(f"{path.name}, line {number}: {text!r} {problem}")
            reasons[text] = reason
    return reasons


class ExpectedFailures:
    """A pytest plugin: what is listed must fail, and must exist."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self._reasons = reasons

    def pytest_collection_modifyitems(self, session: pytest.Session, items: Iterable[pytest.Item]) -> None:
        """Marks the listed tests; one that passes fails the run."""
        files, found = set(), set()
        for item in items:
            name = f"{item.path.name}::{item.name}"
            files.add(item.path.name)
            found.add(name)
            if (reason := self._reasons.get(name)) is not None:
                item.add_marker(pytest.mark.xfail(strict=True, reason=reason))
        chosen = any("::" in argument for argument in session.config.args) or session.config.option.keyword
        gone = [name for name in self._reasons if name.partition("::")[0] in files and name not in found]
        if gone and not chosen:
            raise pytest.UsageError(
                f"expected to fail, but not among the tests: {', '.join(gone)}. Remove them from the list."
            )
