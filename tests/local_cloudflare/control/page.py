"""The tables of routes in docs/control-api.md, from those of the code; `make generate` writes them."""

from collections import defaultdict

from local_cloudflare.control.routes import ROUTES
from local_cloudflare.control.unimplemented import UNIMPLEMENTED

__all__ = ["routes"]

_ACCOUNT = "/accounts/{account}"


def routes() -> str:
    """Both tables in Markdown."""
    return f"{_implemented()}\n\n{_refused()}"


def _implemented() -> str:
    methods = defaultdict(list)
    for route in ROUTES:
        methods[route.path].append(route.method)
    rows = [f"| `{_ACCOUNT}{path}` | {', '.join(found)} |" for path, found in methods.items()]
    return "\n".join(["| implemented | methods |", "|---|---|", *rows])


def _refused() -> str:
    rows = [f"| `{path}` | {what} |" for path, what in UNIMPLEMENTED.items()]
    return "\n".join(["| answers 501 | what it is about |", "|---|---|", *rows])
