"""What is generated is committed, and up to date."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.generate import GENERATED, between_marks, generate

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("path", GENERATED)
def test_what_is_generated_is_up_to_date(path: str) -> None:
    """Each file is what `make generate` writes."""
    assert (ROOT / path).read_text(encoding="utf-8") == generate(path), f"{path} is old: run make generate"


def test_prose_around_the_marks_stays() -> None:
    """Only what stands between the marks is replaced."""
    page = "before\n<!-- tree: written by make generate -->\nold\n<!-- tree: end -->\nafter\n"
    assert between_marks(page, "tree", "new") == (
        "before\n<!-- tree: written by make generate -->\n\nnew\n\n<!-- tree: end -->\nafter\n"
    )


@pytest.mark.parametrize(
    "page", ["prose", "<!-- tree: written by make generate -->", "<!-- tree: end --><!-- tree: written -->"]
)
def test_a_page_without_marks_is_refused(page: str) -> None:
    """Whoever removed them is told what to put back."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole message is compared
        between_marks(page, "tree", "new")
    assert str(caught.value) == (
        "The page lacks the line '<!-- tree: written by make generate -->' or, after it, "
        "'<!-- tree: end -->': put both back."
    )
