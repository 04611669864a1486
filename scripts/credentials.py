"""Mint a temporary credential: `mint --env dev [--user u] [--read-only] --ttl 12h --format env`.

The parent token, the account and the bucket come from the environment or .env (scripts/env.py writes it).
The credential goes to stdout, or with --output to a file that only its owner can read; errors go to stderr.
Exit status: 0 done, 1 error, 2 usage, 130 interrupted.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if __package__ in {None, ""}:
    # Called by its path from a checkout, which is not installed.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pydantic import SecretStr

from layout.access import CredentialScope, scope_for_environment, scope_for_user, scope_for_whole_bucket
from layout.environment import Environment
from layout.errors import LayoutError
from layout.storage.credentials.formats import FORMATS, parse_lifetime
from layout.storage.credentials.minting import Minter, environment_api_minter, local_minter
from layout.storage.private_file import write_private
from layout.storage.settings import StorageSettings, load_settings

ERROR, INTERRUPTED = 1, 130
MINTERS: dict[str, Callable[[StorageSettings], Minter]] = {
    "signing": local_minter,
    "api": environment_api_minter,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    arguments = _parser().parse_args(argv)
    try:
        settings = load_settings(**_overrides(arguments))
        scope = _scope(arguments, settings)
        credentials = MINTERS[arguments.by](settings)(scope, parse_lifetime(arguments.ttl))
        text = FORMATS[arguments.format](credentials, scope, settings) + "\n"
        if arguments.output:
            write_private(arguments.output, text)
        else:
            sys.stdout.write(text)
    except (LayoutError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        if isinstance(error, LayoutError) and error.hint:
            print(f"Try: {error.hint}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("Error: Interrupted. Run the command again.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _overrides(arguments: argparse.Namespace) -> dict[str, Any]:
    chosen: dict[str, Any] = {"app_env": arguments.env} if arguments.env else {}
    if arguments.by == "api":
        # Only the parent's id is sent, and whoever mints this way need not hold its secret.
        chosen["secret_access_key"] = SecretStr("")
    return chosen


def _scope(arguments: argparse.Namespace, settings: StorageSettings) -> CredentialScope:
    write = not arguments.read_only
    if arguments.whole_bucket:
        return scope_for_whole_bucket(settings.bucket, write)
    if arguments.user is not None:
        return scope_for_user(settings.bucket, settings.app_env, arguments.user, write)
    return scope_for_environment(settings.bucket, settings.app_env, write)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "credentials.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mint = parser.add_subparsers(required=True, metavar="mint").add_parser("mint", help="mint one credential")
    mint.add_argument("--env", choices=[item.value for item in Environment], help="default: APP_ENV")
    reach = mint.add_mutually_exclusive_group()
    reach.add_argument("--user", help="only this user's keys, not all of the environment")
    reach.add_argument("--whole-bucket", action="store_true", help="every key, for 1h at most")
    mint.add_argument("--read-only", action="store_true", help="read and list, no writes")
    mint.add_argument("--ttl", default="1h", help="60s to 7d (default %(default)s)")
    mint.add_argument("--format", choices=FORMATS, default="env", help="default %(default)s")
    mint.add_argument("--by", choices=MINTERS, default="signing", help="api: with CLOUDFLARE_API_TOKEN")
    mint.add_argument("--output", type=Path, help="write to this file with mode 0600")
    return parser


if __name__ == "__main__":
    sys.exit(main())
