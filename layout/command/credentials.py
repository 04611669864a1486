"""`r2-layout credentials`: mint a temporary credential."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from layout import program
from layout.access import CredentialScope, scope_for_environment, scope_for_user, scope_for_whole_bucket
from layout.console import Result
from layout.environment import Environment
from layout.exit_status import ExitStatus, statuses
from layout.storage.credentials.formats import FORMATS
from layout.storage.credentials.minting import Minter, environment_api_minter, local_minter
from layout.storage.private_file import write_private
from layout.storage.settings import StorageSettings, load_settings
from layout.times import parse_time_span

__all__ = ["INTERRUPTED", "make_parser", "run_command"]

INTERRUPTED = "Run the command again."
MINTERS: dict[str, Callable[[StorageSettings], Minter]] = {
    "signing": local_minter,
    "api": environment_api_minter,
}


def make_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=program.command("credentials"),
        description="Mint a temporary credential. The parent token, the account and the bucket come from the"
        f" environment or .env ({program.command('env')} writes it).",
        epilog=statuses(),
    )
    mint = parser.add_subparsers(required=True, metavar="mint").add_parser(
        "mint",
        help="mint one credential",
        description="Mint one credential. It goes to stdout, or with --output to a file that only its owner can"
        " read; errors go to stderr.",
        epilog=statuses(),
    )
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


def run_command(arguments: argparse.Namespace) -> Result:
    """Mints one credential.

    Raises:
        LayoutError: Settings, scope or lifetime are wrong, or Cloudflare's API refuses.
        OSError: The file cannot be written.
    """
    settings = load_settings(**_overrides(arguments))
    scope = _scope(arguments, settings)
    credentials = MINTERS[arguments.by](settings)(scope, parse_time_span(arguments.ttl))
    text = FORMATS[arguments.format](credentials, scope, settings)
    if arguments.output:
        write_private(arguments.output, f"{text}\n")
        return Result(ExitStatus.DONE, [])
    return Result(ExitStatus.DONE, [text], exact=True)


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
