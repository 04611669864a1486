"""Commands of the local Cloudflare: `python -m infra.local up`, `down` and `env`."""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra.local.cloudflare import LocalCloudflare, read_endpoints
from infra.local.engine import engine
from infra.local.stop import stop
from infra.local.workspace import Workspace
from layout.errors import LocalCloudflareError

__all__ = ["main"]

_FOLDER = Path(".local/cloudflare")
_STATUSES = "exit status: 0 done, 1 error, 2 usage"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__, epilog=_STATUSES)
    commands = parser.add_subparsers(required=True, metavar="command")

    up = commands.add_parser("up", help="run in the foreground until Ctrl-C", epilog=_STATUSES)
    up.add_argument("--s3-port", type=int, default=0, help="port of the S3 endpoint (default: a free one)")
    up.add_argument("--api-port", type=int, default=0, help="port of the control API (default: a free one)")
    up.add_argument(
        "--bucket", action="append", default=[], metavar="NAME", help="a bucket to have from the start"
    )
    up.add_argument(
        "--no-rate-limit", action="store_true", help="accept more than one write a second to a key"
    )
    up.add_argument("--json", action="store_true", help="print the endpoints as one line of JSON")
    up.add_argument("--until-stdin-closes", action="store_true", help="end when standard input ends")
    up.set_defaults(run=_up)

    env = commands.add_parser("env", help="print what a shell needs, for eval", epilog=_STATUSES)
    env.add_argument(
        "--stack-folder", type=Path, help="a Pulumi workspace; prints its variables too, made if missing"
    )
    env.set_defaults(run=_env)

    down = commands.add_parser("down", help="stop the one that runs in the folder", epilog=_STATUSES)
    down.set_defaults(run=_down)

    for command in (up, env, down):
        command.add_argument(
            "--folder", type=Path, default=_FOLDER, help=f"where it keeps its data (default: {_FOLDER})"
        )
    return parser


def _up(options: argparse.Namespace) -> int:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with LocalCloudflare(
        options.folder,
        s3_port=options.s3_port,
        api_port=options.api_port,
        rate_limit=not options.no_rate_limit,
        buckets=options.bucket,
    ) as running:
        print(_as_json(running) if options.json else _banner(running), flush=True)
        if options.until_stdin_closes:
            threading.Thread(target=_wait_for_end_of_input, args=(ended.set,), daemon=True).start()
        ended.wait()
    return 0


def _wait_for_end_of_input(then: Callable[[], None]) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    then()


def _as_json(running: LocalCloudflare) -> str:
    """The endpoints without the token: it stands in the endpoints file, which only its owner can read."""
    shown = {name: value for name, value in running.endpoints().items() if name != "api_token"}
    return json.dumps({**shown, "endpoints_file": str(running.endpoints_file)})


def _banner(running: LocalCloudflare) -> str:
    folder = shlex.quote(str(running.folder))
    return "\n".join(
        (
            "Local Cloudflare. This is not Cloudflare: it answers on this machine only, for tests and demos.",
            f"  account      {running.account_id}",
            f"  S3 endpoint  {running.s3_endpoint}",
            f"  control API  {running.api_url}",
            f"  data         {running.folder}",
            f'For a shell: eval "$(python -m infra.local env --folder {folder})".',
            "Ctrl-C ends it; the data stays.",
        )
    )


def _down(options: argparse.Namespace) -> int:
    folder = str(options.folder)
    stopped = stop(options.folder)
    if stopped is None:
        print(f"no local Cloudflare runs in {folder!r}")
    else:
        print(f"stopped the local Cloudflare in {folder!r} (process {stopped}); its data stays")
    return 0


def _env(options: argparse.Namespace) -> int:
    endpoints = read_endpoints(options.folder)
    variables = {
        "CLOUDFLARE_ACCOUNT_ID": endpoints["account_id"],
        "CLOUDFLARE_API_TOKEN": endpoints["api_token"],
        "CLOUDFLARE_BASE_URL": endpoints["api_url"],
        "R2_ENDPOINT": endpoints["s3_endpoint"],
    }
    if options.stack_folder is not None:
        variables |= _stack_variables(options.stack_folder, endpoints)
    for name, value in sorted(variables.items()):
        print(f"export {name}={shlex.quote(value)}")
    return 0


def _stack_variables(folder: Path, endpoints: Mapping[str, Any]) -> dict[str, str]:
    """What the Pulumi CLI needs to use a workspace, without what every shell has."""
    workspace = Workspace(
        folder,
        engine=engine(),
        account_id=endpoints["account_id"],
        api_url=endpoints["api_url"],
        api_token=endpoints["api_token"],
        s3_endpoint=endpoints["s3_endpoint"],
    )
    variables = workspace.environment()
    return {name: value for name, value in variables.items() if name == "PATH" or name.startswith("PULUMI_")}


def main(arguments: list[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except LocalCloudflareError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"  {error.hint}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
