"""`python -m local_cloudflare.engine`: find or build the Pulumi engine and print the path of its CLI."""

import sys

from layout.console import Call, LastingStream, Result, run
from layout.exit_status import ExitStatus
from local_cloudflare.engine import engine


def main() -> int:
    """Prints the path on stdout and the steps on stderr; status 1 if there is no engine."""
    steps = LastingStream(sys.stderr)

    def report(line: str) -> None:
        steps.write(f"{line}\n")

    return run(lambda: Call(lambda: Result(ExitStatus.DONE, [str(engine(report).pulumi)], exact=True)))


if __name__ == "__main__":
    sys.exit(main())
