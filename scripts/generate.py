"""Write everything that is generated anew: `make generate`, after a change to what it is made from.

In a file that people write too, only what stands between two marks is replaced.
"""

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from textwrap import indent

if __package__ in {None, ""}:
    # Called by its path from a checkout, which is not installed.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pytest

from layout.documents.schemas import DOCUMENTS, generated_schema
from layout.migrate.plan.moves import LIFE
from layout.migrate.plan.return_states import RETURN_LIFE
from layout.scheme.table import SCHEME, Scheme
from layout.sync.states import SYNC_LIFE
from scripts.reference import PAGES
from scripts.sync_twins import differences, twins, write_tree
from tests.conformance.conftest import CHOSEN
from tests.conformance.page import Recorder, render
from tests.local_cloudflare.control.page import routes
from tests.matrix.page import tables

__all__ = ["GENERATED", "between_marks", "generate", "main", "readme_tree"]

REPOSITORY = Path(__file__).resolve().parent.parent
BEGIN = "<!-- {}: written by make generate -->"
END = "<!-- {}: end -->"


def between_marks(text: str, name: str, body: str) -> str:
    """The text with another body between the two marks of this name.

    Raises:
        ValueError: The text has no such marks.
    """
    begin, end = BEGIN.format(name), END.format(name)
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"The page lacks the line {begin!r} or, after it, {end!r}: put both back.")
    return f"{before}{begin}\n\n{body}\n\n{end}{after}"


def readme_tree(scheme: Scheme = SCHEME) -> str:
    """The layout of a bucket as README shows it."""
    return f"```\n{{bucket}}/\n{indent(scheme.tree(), '  ')}\n```"


def docstring_tree(module: str) -> str:
    """The source of the table, with the tree that its docstring draws."""
    example = ">>> print(SCHEME.tree())\n"
    before, _, rest = module.partition(example)
    _, quotes, after = rest.partition('"""')
    return f"{before}{example}{SCHEME.tree()}\n{quotes}{after}"


def conformance_page(_: str) -> str:
    """What the suite declares, without a run: pytest only collects it."""
    chosen = os.environ.pop(CHOSEN, None)
    recorder = Recorder()
    try:
        with redirect_stdout(io.StringIO()):
            pytest.main(
                [
                    str(REPOSITORY / "tests" / "conformance"),
                    *("--collect-only", "-qq", "--no-header", "-p", "no:cacheprovider"),
                ],
                plugins=[recorder],
            )
    finally:
        if chosen is not None:
            os.environ[CHOSEN] = chosen
    return render(recorder.declared)


def _schema(name: str) -> Callable[[str], str]:
    return lambda _: generated_schema(name)


GENERATED: dict[str, Callable[[str], str]] = {
    **{f"layout/documents/schemas/{name}": _schema(name) for name in DOCUMENTS},
    "layout/scheme/table.py": docstring_tree,
    "README.md": lambda text: between_marks(text, "layout", readme_tree()),
    "docs/rolling_back.md": lambda text: between_marks(
        text, "an object's way back", RETURN_LIFE.markdown().strip()
    ),
    "docs/migration.md": lambda text: between_marks(text, "an object's life", LIFE.markdown().strip()),
    "docs/sync.md": lambda text: between_marks(text, "states", SYNC_LIFE.markdown().strip()),
    "docs/security.md": lambda text: between_marks(text, "tables", tables()),
    "docs/control-api.md": lambda text: between_marks(text, "routes", routes()),
    "docs/conformance.md": conformance_page,
    "docs/index.md": lambda text: between_marks(text, "layout", readme_tree()),
    **PAGES,
}
"""What makes each file, from its text as it is; a new file starts empty."""


def generate(path: str, root: Path = REPOSITORY) -> str:
    """The text that a file must have.

    Args:
        path: One of `GENERATED`.
        root: Where the checkout is.
    """
    file = root / path
    return GENERATED[path](file.read_text(encoding="utf-8") if file.is_file() else "")


def main() -> int:
    """Writes what differs and names it. Returns the exit status."""
    # First: the pages describe modules that import the twins.
    for folder, wanted in twins().items():
        for name in differences(wanted, REPOSITORY / folder):
            print(f"{folder}/{name.partition(' ')[0]} written")
        write_tree(wanted, REPOSITORY / folder)
    for path in GENERATED:
        file, text = REPOSITORY / path, generate(path)
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"{path} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
