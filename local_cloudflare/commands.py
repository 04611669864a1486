"""The commands that run the local Cloudflare and tell a shell about it: `up`, `down`, `env`."""

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

from layout.console import Result, say
from layout.exit_status import ExitStatus
from local_cloudflare.admin import Admin
from local_cloudflare.cloudflare import LocalCloudflare, read_endpoints
from local_cloudflare.engine import engine
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.stop import stop
from local_cloudflare.workspace import Workspace

__all__ = ["down", "env", "up"]

_SECRETS = frozenset({"api_token", "admin_secret"})


def up(options: argparse.Namespace) -> Result:
    """Runs in the foreground until SIGINT, SIGTERM or, if asked for, the end of standard input."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with LocalCloudflare(
        options.folder,
        s3_port=options.s3_port,
        api_port=options.api_port,
        rate_limit=not options.no_rate_limit,
        answers_continue=not options.no_continue,
        activation_delay=options.activation_delay,
        buckets=options.bucket,
    ) as running:
        say(_as_json(running) if options.json else _banner(running))
        if options.until_stdin_closes:
            threading.Thread(target=_wait_for_end_of_input, args=(ended.set,), daemon=True).start()
        ended.wait()
    return Result(ExitStatus.DONE, [])


def _wait_for_end_of_input(then: Callable[[], None]) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    then()


def _as_json(running: LocalCloudflare) -> str:
    """The endpoints without secrets: those stand in the endpoints file, which only its owner can read."""
    shown = {name: value for name, value in running.endpoints().items() if name not in _SECRETS}
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
            f'For a shell: eval "$(python -m local_cloudflare env --folder {folder}{_buckets(running)})".',
            "Ctrl-C ends it; the data stays.",
        )
    )


def _buckets(running: LocalCloudflare) -> str:
    """The option that names a bucket, if there is one to name."""
    names = sorted(bucket.name for bucket in running.store.buckets("default"))
    return f" --bucket {names[0]}" if names else ""


def down(options: argparse.Namespace) -> Result:
    """Stops the one that runs in the folder."""
    folder = str(options.folder)
    stopped = stop(options.folder)
    if stopped is None:
        return Result(ExitStatus.DONE, [f"No local Cloudflare runs in {folder!r}."])
    done = f"Stopped the local Cloudflare in {folder!r}, process {stopped}; its data stays."
    return Result(ExitStatus.DONE, [done])


def env(options: argparse.Namespace) -> Result:
    """Prints `export NAME=value` lines."""
    endpoints = read_endpoints(options.folder)
    variables = {
        "CLOUDFLARE_ACCOUNT_ID": endpoints["account_id"],
        "CLOUDFLARE_API_TOKEN": endpoints["api_token"],
        # The SDKs read the first, wrangler the second.
        "CLOUDFLARE_BASE_URL": endpoints["api_url"],
        "CLOUDFLARE_API_BASE_URL": endpoints["api_url"],
        "R2_ENDPOINT": endpoints["s3_endpoint"],
    }
    if options.bucket is not None:
        variables |= _parent_variables(options.folder, options.bucket)
    if options.stack_folder is not None:
        variables |= _stack_variables(options.stack_folder, endpoints)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())]
    return Result(ExitStatus.DONE, lines, exact=True)


def _parent_variables(folder: Path, bucket: str) -> dict[str, str]:
    """The settings of whoever mints temporary credentials for a bucket; each one that `.env` might set otherwise."""
    keys = Admin(folder).send("POST", "/parent", {"bucket": bucket})
    if keys is None:
        raise LocalCloudflareError(
            f"The local Cloudflare in {str(folder)!r} has no bucket {bucket!r}.",
            hint=f"Start it with --bucket {bucket}, or create the bucket through its API (docs/control-api.md).",
        )
    return {
        "R2_BUCKET": bucket,
        "R2_JURISDICTION": "default",
        "R2_ACCESS_KEY_ID": keys["access_key_id"],
        "R2_SECRET_ACCESS_KEY": keys["secret_access_key"],
        "R2_SESSION_TOKEN": "",
    }


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
