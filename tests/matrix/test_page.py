"""docs/security.md says what the matrix tries."""

from pathlib import Path

import pytest

from tests.matrix.areas import AREAS
from tests.matrix.credentials import KINDS
from tests.matrix.page import BEGIN, END, PAGE, main, reach, with_tables


def test_page_is_up_to_date() -> None:
    """Its tables are what `python -m tests.matrix.page` writes."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_tables(page)


def test_every_credential_and_every_area_is_in_the_page() -> None:
    """No row of the matrix is left out of the tables; what all of an environment answers is one row."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    tables = rest.partition(END)[0]
    assert [kind.who for kind in KINDS if kind.who not in tables] == []
    missing = [area for area in AREAS if area.name not in tables]
    assert all(f"all of `{area.group}/`" in tables for area in missing)


def test_writing_keeps_the_prose(tmp_path: Path) -> None:
    """Only what stands between the marks is replaced."""
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert main(page) == 0
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\nCredentials")
    assert text.endswith(f"\n\n{END}\nafter\n")
    assert "old\n" not in text


def test_a_page_without_marks_is_refused() -> None:
    """Whoever removed them is told what to put back."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared
        with_tables("prose")
    assert str(caught.value) == f"The page lacks the line {BEGIN!r} or, after it, {END!r}: put both back."


def test_reach_has_three_answers() -> None:
    """Each credential reads and writes, reads, or does nothing in an area; each answer occurs."""
    assert {reach(kind, area) for kind in KINDS for area in AREAS} == {"read and write", "read", "nothing"}
