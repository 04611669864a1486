"""Commands of the local Cloudflare: run it, stop it, ask it, disturb it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from layout.console import Call, Result, run
from layout.exit_status import statuses
from local_cloudflare import admin_commands, commands
from local_cloudflare.r2.faults import FaultAction

__all__ = ["main"]

_FOLDER = Path(".local/cloudflare")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_cloudflare", description=__doc__, epilog=statuses()
    )
    rows = parser.add_subparsers(required=True, metavar="command")
    _add_up(_command(rows, "up", "run in the foreground until Ctrl-C", commands.up))
    _command(rows, "down", "stop the one that runs in the folder", commands.down)
    env = _command(rows, "env", "print what a shell needs, for eval", commands.env)
    env.add_argument(
        "--bucket",
        metavar="NAME",
        help="a bucket; prints a token of it too, which mints temporary credentials",
    )
    env.add_argument(
        "--stack-folder", type=Path, help="a Pulumi workspace; prints its variables too, made if missing"
    )
    clock = _command(rows, "clock", "show its time, or advance it: clock +2d", admin_commands.clock)
    clock.add_argument(
        "step", nargs="?", type=admin_commands.duration, help="such as +2d, +12h, +30m, +1d12h"
    )
    _add_requests(_command(rows, "requests", "show what it was asked", admin_commands.requests))
    _add_faults(_command(rows, "faults", "show, add or end faults on purpose", admin_commands.faults))
    return parser


def _command(
    rows: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    run: Callable[[argparse.Namespace], Result],
) -> argparse.ArgumentParser:
    command = rows.add_parser(name, help=text, description=text, epilog=statuses())
    command.add_argument(
        "--folder", type=Path, default=_FOLDER, help=f"where it keeps its data (default: {_FOLDER})"
    )
    command.set_defaults(run=run)
    return command


def _add_up(up: argparse.ArgumentParser) -> None:
    up.add_argument("--s3-port", type=int, default=0, help="port of the S3 endpoint (default: a free one)")
    up.add_argument("--api-port", type=int, default=0, help="port of the control API (default: a free one)")
    up.add_argument(
        "--bucket", action="append", default=[], metavar="NAME", help="a bucket to have from the start"
    )
    up.add_argument(
        "--no-rate-limit",
        action="store_true",
        help="accept more than one upload or copy a second to a key, for jobs that do that on purpose",
    )
    up.add_argument(
        "--no-continue",
        action="store_true",
        help="never answer `100 Continue`, the strict reading of R2's documents: clients wait for their own time-out",
    )
    up.add_argument(
        "--activation-delay",
        type=admin_commands.duration,
        default=timedelta(0),
        help="how long new tokens are refused, such as 60s; R2 may take a minute (default: 0s)",
    )
    up.add_argument("--json", action="store_true", help="print the endpoints as one line of JSON")
    up.add_argument("--until-stdin-closes", action="store_true", help="end when standard input ends")


def _add_requests(requests: argparse.ArgumentParser) -> None:
    requests.add_argument(
        "--api", action="store_true", help="those of the control API instead of the S3 endpoint"
    )
    requests.add_argument("--follow", action="store_true", help="go on showing new ones until Ctrl-C")
    requests.add_argument("--operation", default="*", help="only these, such as PutObject or 'List*'")
    requests.add_argument("--key", default="*", help="only these keys (with --api: paths), such as 'dev/*'")
    requests.add_argument("--json", action="store_true", help="one line of JSON a request")


def _add_faults(faults: argparse.ArgumentParser) -> None:
    actions = [action.value for action in FaultAction]
    faults.add_argument("action", nargs="?", choices=actions, help="add a rule: what happens to a request")
    faults.add_argument("--clear", action="store_true", help="end all rules first")
    faults.add_argument("--operation", help="which operations, such as PutObject or 'List*' (default: all)")
    faults.add_argument("--key", help="which keys, such as 'dev/*' (default: all)")
    faults.add_argument("--first", type=int, help="the first matching request that is hit (default: 1)")
    faults.add_argument(
        "--every", type=int, help="which ones from then on: 20 is every twentieth (default: 1)"
    )
    faults.add_argument("--spared", type=int, help="requests a second that go through (default: none)")
    faults.add_argument("--times", type=int, help="how many of those are hit; 0 is all (default: 1)")
    faults.add_argument("--status", type=int, help="429, 500 or 503, for the two errors (default: 500)")
    faults.add_argument(
        "--retry-after", type=int, help="seconds in the header Retry-After (default: no header)"
    )
    faults.add_argument("--seconds", type=float, help="how long a delay takes")
    faults.add_argument("--keep-bytes", type=int, help="how much of a truncated body arrives (default: 0)")
    faults.add_argument("--name", help="what the log of requests calls it")
    faults.add_argument("--json", action="store_true", help="one line of JSON a rule")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    return run(lambda: _understand(arguments))


def _understand(arguments: list[str] | None) -> Call:
    options = _parser().parse_args(arguments)
    return Call(lambda: options.run(options))


if __name__ == "__main__":
    sys.exit(main())
