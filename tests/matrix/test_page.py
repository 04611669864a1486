"""docs/security.md says what the matrix tries."""

from tests.matrix.areas import AREAS
from tests.matrix.credentials import KINDS
from tests.matrix.page import reach, tables


def test_every_credential_and_every_area_is_in_the_tables() -> None:
    """No row of the matrix is left out of the tables; what all of an environment answers is one row."""
    text = tables()
    assert [kind.who for kind in KINDS if kind.who not in text] == []
    missing = [area for area in AREAS if area.name not in text]
    assert all(f"all of `{area.group}/`" in text for area in missing)


def test_reach_has_three_answers() -> None:
    """Each credential reads and writes, reads, or does nothing in an area; each answer occurs."""
    assert {reach(kind, area) for kind in KINDS for area in AREAS} == {"read and write", "read", "nothing"}
