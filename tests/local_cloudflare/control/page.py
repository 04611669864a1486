"""The tables of routes in docs/clients.md, written from those of the code.

Run as `python -m tests.local_cloudflare.control.page`.
"""

import sys
from collections import defaultdict
from pathlib import Path

from local_cloudflare.control.routes import ROUTES
from local_cloudflare.control.unimplemented import UNIMPLEMENTED
from local_cloudflare.engine.places import REPOSITORY

__all__ = ["BEGIN", "END", "PAGE", "main", "with_routes"]

PAGE = REPOSITORY / "docs" / "clients.md"
BEGIN = "<!-- routes: python -m tests.local_cloudflare.control.page -->"
END = "<!-- end of routes -->"
_ACCOUNT = "/accounts/{account}"


def with_routes(page: str) -> str:
    """The page with its tables written anew between the marks.

    Raises:
        ValueError: The marks are not there.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} and {END}: put them back")
    return f"{before}{BEGIN}\n\n{_implemented()}\n\n{_refused()}\n\n{END}{after}"


def _implemented() -> str:
    methods = defaultdict(list)
    for route in ROUTES:
        methods[route.path].append(route.method)
    rows = [f"| `{_ACCOUNT}{path}` | {', '.join(found)} |" for path, found in methods.items()]
    return "\n".join(["| implemented | methods |", "|---|---|", *rows])


def _refused() -> str:
    rows = [f"| `{path}` | {what} |" for path, what in UNIMPLEMENTED.items()]
    return "\n".join(["| answers 501 | what it is about |", "|---|---|", *rows])


def main(page: Path = PAGE) -> int:
    """Writes the page."""
    page.write_text(with_routes(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
