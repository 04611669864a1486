"""``python -m local_cloudflare.engine``: find or build the Pulumi engine and print the path of its CLI."""

import sys

from local_cloudflare.engine import engine
from local_cloudflare.errors import LocalCloudflareError


def main() -> int:
    """Print the path on stdout and the steps on stderr; status 1 if there is no engine."""

    def report(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        print(engine(report).pulumi)
    except LocalCloudflareError as error:
        report(f"error: {error}")
        if error.hint:
            report(f"  {error.hint}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
