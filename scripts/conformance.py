"""Ask a store whether it does what R2 does: the conformance suite with one command.

    python scripts/conformance.py                       the local R2, miniflare and versitygw
    python scripts/conformance.py --live                the bucket that the settings in the environment name
    python scripts/conformance.py --write docs/conformance.md

The settings of --live are R2_ENDPOINT, R2_BUCKET, CLOUDFLARE_ACCOUNT_ID, and R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY
of a token, from which temporary credentials are minted.
Exit status: 0 every statement held or is a declared difference, 1 error, 2 usage, 3 a statement did not hold.
"""

import argparse
import os
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SUITE = REPOSITORY / "tests" / "conformance"


def main(argv: list[str] | None = None) -> int:
    """Run the suite and print its page."""
    sys.path.insert(0, str(REPOSITORY))
    from tests.conformance.conftest import CHOSEN
    from tests.conformance.page import Recorder, render
    from tests.conformance.servers.install import install
    from tests.conformance.stores import STORES

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    simulators = [name for name in STORES if name != "live"]
    parser.add_argument(
        "--stores", default=",".join(simulators), help="which stores, comma-separated (default: %(default)s)"
    )
    parser.add_argument("--live", action="store_true", help="only the bucket that the environment names")
    parser.add_argument("--write", type=Path, metavar="FILE", help="also write the page to this file")
    arguments = parser.parse_args(argv)
    stores = ["live"] if arguments.live else [name for name in arguments.stores.split(",") if name]
    unknown = sorted(set(stores) - set(STORES))
    if unknown or not stores:
        parser.error(
            f"unknown store {', '.join(map(repr, unknown)) or repr('')}; the known ones are {', '.join(STORES)}"
        )
    if {"miniflare", "versitygw"} & set(stores):
        install()
    os.environ[CHOSEN] = ",".join(stores)
    recorder = Recorder()
    # The page is what this run writes, so the test that compares it has no place in it.
    status = pytest.main(
        [
            str(SUITE),
            f"--ignore={SUITE / 'test_page.py'}",
            "-q",
            "--no-header",
            "-p",
            "no:cacheprovider",
            "--tb=short",
        ],
        plugins=[recorder],
    )
    page = render(recorder.outcomes)
    print(page)
    if arguments.write:
        arguments.write.write_text(page, encoding="utf-8")
    return {pytest.ExitCode.OK: 0, pytest.ExitCode.TESTS_FAILED: 3, pytest.ExitCode.INTERRUPTED: 130}.get(
        pytest.ExitCode(status), 1
    )


if __name__ == "__main__":
    sys.exit(main())
