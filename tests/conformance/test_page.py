"""The committed page says what the suite declares, and the suite checks what it declares."""

from pathlib import Path

import pytest

from tests.conformance.page import Outcomes, Recorder, render

SUITE = Path(__file__).resolve().parent
PAGE = SUITE.parents[1] / "docs" / "conformance.md"


def test_page_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/conformance.md is what `python scripts/conformance.py --write docs/conformance.md` writes."""
    monkeypatch.delenv("CONFORMANCE_STORES", raising=False)
    recorder = Recorder()
    pytest.main(
        [str(SUITE), "--collect-only", "-qq", "--no-header", "-p", "no:cacheprovider"],
        plugins=[recorder],
    )
    assert PAGE.read_text(encoding="utf-8") == render(recorder.declared)


def test_cases_that_differ_have_rows_of_their_own() -> None:
    """The cases of a statement share a row unless a store holds only some of them."""
    outcomes = Outcomes()
    outcomes.add("test_x::test_a[1]", "It holds.", "one", None)
    outcomes.add("test_x::test_a[2]", "It holds.", "one", "because")
    outcomes.add("test_x::test_b[1]", "So does this.", "one", None)
    outcomes.add("test_x::test_b[2]", "So does this.", "one", None)
    rows = [line for line in render(outcomes).splitlines() if line.startswith(("| It", "| So"))]
    assert rows == ["| It holds. (1) | yes |", "| It holds. (2) | no (1) |", "| So does this. | yes |"]
