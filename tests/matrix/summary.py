"""One line at the end of a test run: how many cells of the matrix were tried."""

import pytest

__all__ = ["CELLS", "pytest_terminal_summary"]

CELLS = "cells of the scope matrix"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Adds up what the tests of the matrix recorded, from all workers."""
    tried = [
        int(str(value))
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        for name, value in report.user_properties
        if name == CELLS
    ]
    if tried:
        terminalreporter.write_line(
            f"Scope matrix: {sum(tried):,} cells tried with {len(tried)} credentials."
        )
