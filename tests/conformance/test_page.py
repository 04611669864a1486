"""The page of a run or of what the suite declares."""

from tests.conformance.page import Outcomes, render


def test_cases_that_differ_have_rows_of_their_own() -> None:
    """The cases of a statement share a row unless a store holds only some of them."""
    outcomes = Outcomes()
    outcomes.add("test_x::test_a[1]", "It holds.", "one", None)
    outcomes.add("test_x::test_a[2]", "It holds.", "one", "because")
    outcomes.add("test_x::test_b[1]", "So does this.", "one", None)
    outcomes.add("test_x::test_b[2]", "So does this.", "one", None)
    rows = [line for line in render(outcomes).splitlines() if line.startswith(("| It", "| So"))]
    assert rows == ["| It holds. (1) | yes |", "| It holds. (2) | no (1) |", "| So does this. | yes |"]
