"""The demonstration from start to end: seven steps, then what was verified."""

import hashlib
import platform
from collections.abc import Iterable
from pathlib import Path

from rich.text import Text

from demo import reading
from demo.access import account_settings, read_variables, settings_of
from demo.checks import Check
from demo.commands import Commands
from demo.credentials import hand_out
from demo.folder import DemoFolder
from demo.moving import Migration
from demo.running import Endpoints, RunningCloudflare
from demo.screen import Screen
from demo.stacks import bring_up
from demo.studio import StudioMove
from demo.using import use_application
from layout.environment import Environment
from layout.storage.clients import s3_client
from local_cloudflare.engine import Engine, find_engine
from local_cloudflare.engine.places import REPOSITORY
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.sdk import sdk
from local_cloudflare.workspace import Workspace
from tests.clients.install import missing
from tests.data.flat_bucket import legacy_data

FAILED = 1
_PROBLEMS_SHOWN = 5

NEXT_STEPS = """\
The same commands on a real account, without anything of local_cloudflare:
  export CLOUDFLARE_API_TOKEN=...     # may edit R2 and account API tokens
  export CLOUDFLARE_ACCOUNT_ID=...    # 32 hexadecimal digits
  pulumi login ...                    # where your state is to live
  pulumi up --stack prod              # adopts the bucket that Pulumi.prod.yaml names; then staging, dev
  python scripts/env.py --stack dev   # writes .env, which every script reads
  python scripts/migrate.py list      # then mint, plan, copy, verify, mark, delete as above
README.md says what to decide before: a bucket per environment or one for all, and what adopting means."""


def run_demo(screen: Screen, folder: Path) -> int:
    """Run the demonstration in a folder; return the exit status, 0 if every statement holds.

    Args:
        screen: Where to print.
        folder: Made if missing, emptied if an earlier demonstration left it.

    Raises:
        LocalCloudflareError: A step could not be done.
    """
    engine = _check_setup(screen)
    with (
        DemoFolder(folder) as claimed,
        RunningCloudflare(claimed.path / "cloudflare", REPOSITORY, lock=claimed.lock) as cloudflare,
    ):
        checks = _steps(screen, claimed, cloudflare.endpoints, engine)
    checks.append(Check("the local Cloudflare is stopped", cloudflare.survivors()))
    screen.say(f"\n{NEXT_STEPS}")
    return summarise(screen, checks)


def _steps(screen: Screen, claimed: DemoFolder, endpoints: Endpoints, engine: Engine) -> list[Check]:
    folder = claimed.path
    _fill_account(screen, endpoints)

    screen.step(3, "pulumi up: prod, staging, dev")
    workspace = Workspace(
        folder / "pulumi",
        engine=engine,
        account_id=endpoints.account_id,
        api_url=endpoints.api_url,
        api_token=endpoints.api_token,
        s3_endpoint=endpoints.s3_endpoint,
    )
    commands = Commands(screen, REPOSITORY)
    checks = bring_up(screen, commands, workspace)

    screen.step(4, "the flat bucket moves into dev/")
    screen.say("Each job gets a temporary credential for what it does, minted from the stack's token.")
    credentials = hand_out(commands, folder, workspace.environment("dev"))
    checks += Migration(screen, commands, credentials, legacy_data.BUCKET, Environment.DEV, folder).run()

    screen.step(5, "a file is read by its new key")
    settings = settings_of(read_variables(credentials.application))
    checks += reading.read_back(screen, settings, _source_sha256(f"{reading.USER}/{reading.PATH}"))

    screen.step(6, "the application runs on the new layout")
    checks += use_application(screen, read_variables(credentials.backend), folder)

    screen.step(7, "the second application moves: seven generations of keys, and documents that name them")
    return checks + StudioMove(screen, commands, endpoints, folder, claimed.lock).run()


def _check_setup(screen: Screen) -> Engine:
    screen.step(1, "what is installed")
    engine = find_engine(screen.say)
    if engine is None:
        raise LocalCloudflareError(
            "There is no Pulumi engine.", hint="Build one, in about 4 minutes: make setup"
        )
    if missing("mongo"):
        raise LocalCloudflareError(
            "There is no server of MongoDB's protocol.", hint="Install one, in about a minute: make demo"
        )
    screen.say(f"Python {platform.python_version()}, Pulumi CLI {engine.pulumi}")
    return engine


def _fill_account(screen: Screen, endpoints: Endpoints) -> None:
    screen.step(2, "an account that already owns a bucket of user files")
    screen.say(f"This is not Cloudflare: it answers on 127.0.0.1 only. Account {endpoints.account_id}")
    screen.say(f"S3 endpoint {endpoints.s3_endpoint}, control API {endpoints.api_url}")
    with sdk(api_token=endpoints.api_token, base_url=endpoints.api_url) as api:
        api.r2.buckets.create(account_id=endpoints.account_id, name=legacy_data.BUCKET)
    client = s3_client(account_settings(endpoints))
    try:
        filled = legacy_data.fill(client, legacy_data.BUCKET)
    finally:
        client.close()
    users = ", ".join(legacy_data.USERS)
    screen.say(f"{legacy_data.BUCKET}: {filled.objects} objects, {filled.bytes:,} bytes, users {users}")


def _source_sha256(key: str) -> str:
    """Return the hash of what was uploaded under an old key."""
    body = next(item.body for item in legacy_data.legacy_objects() if item.key == key)
    return hashlib.sha256(body).hexdigest()


def summarise(screen: Screen, checks: Iterable[Check]) -> int:
    """Print each statement with its verdict, and what contradicts it."""
    screen.say("\nVerified:", style="bold")
    failed = 0
    for check in checks:
        failed += not check.holds
        sign, style = ("ok    ", "green") if check.holds else ("FAILED", "bold red")
        screen.show(Text.assemble("  ", (sign, style), "  ", check.statement))
        for problem in check.problems[:_PROBLEMS_SHOWN]:
            screen.say(f"            {problem}")
        if len(check.problems) > _PROBLEMS_SHOWN:
            screen.say(f"            and {len(check.problems) - _PROBLEMS_SHOWN} more")
    verdict = f"{failed} of the statements do not hold" if failed else "All of it holds"
    screen.say(f"{verdict}. {screen.seconds:.0f} s.", style="bold")
    return FAILED if failed else 0
