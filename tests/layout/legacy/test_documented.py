"""docs/legacy_layouts.md shows a layout that works."""

import re
from pathlib import Path

from layout.legacy import LegacyLayout

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "legacy_layouts.md").read_text(encoding="utf-8")


def test_the_example_is_the_layout_that_the_tests_use() -> None:
    """The code on the page is tests/layout/legacy/versioned.py as it stands, and short."""
    (code,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert code == (ROOT / "tests" / "layout" / "legacy" / "versioned.py").read_text(encoding="utf-8")
    assert len(code.splitlines()) <= 60


def test_every_method_is_explained() -> None:
    """What a subclass must define has a row."""
    explained = re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE)
    assert set(explained) == LegacyLayout.__abstractmethods__
