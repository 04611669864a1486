"""`r2-layout clear`: empties an environment, or a whole bucket."""

import argparse
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta

from layout import program
from layout.clearing import MOST_PASSES, Cleared, clear, look
from layout.command.migrate_arguments import SETTINGS
from layout.command.migrate_options import age
from layout.console import Result, UsageError
from layout.environment import Environment
from layout.errors import DeletionRefusedError
from layout.exit_status import ExitStatus, statuses
from layout.keys import environment_prefix
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.report.amounts import size
from layout.migrate.report.progress import Progress
from layout.migrate.report.show.text import reason_lines
from layout.storage.clients import settings_credentials
from layout.storage.credential_reach import check_scope
from layout.storage.settings import StorageSettings, load_settings

__all__ = ["INTERRUPTED", "growing_lines", "left_lines", "make_parser", "run_command"]

INTERRUPTED = "What was deleted stays deleted. Run the command again to go on."


def make_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=program.command("clear"),
        description="Delete everything of an environment, or of the whole bucket, and abort its open uploads. Nothing"
        " is set aside and nothing comes back. It is a dry run until --execute is given. " + SETTINGS,
        epilog=f"See docs/audit.md. {statuses(differences=True)}",
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--env", type=Environment, choices=tuple(Environment), metavar="ENV", help="the environment to empty"
    )
    what.add_argument(
        "--whole-bucket", action="store_true", help="every environment, and what is in none; wants --bucket"
    )
    parser.add_argument("--bucket", metavar="NAME", help="the bucket's name, typed: only with --whole-bucket")
    parser.add_argument(
        "--allow-prod", action="store_true", help="let it be prod, or a bucket with prod in it"
    )
    parser.add_argument("--uploads-only", action="store_true", help="only abort open uploads")
    parser.add_argument(
        "--min-age",
        type=age,
        default=timedelta(0),
        metavar="SPAN",
        help="leave uploads alone that began less than this ago, such as 12h or 7d (default: 0)",
    )
    parser.add_argument("--execute", action="store_true", help="do it; without this, say what would be done")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def run_command(arguments: argparse.Namespace) -> Result:
    """Empties what the arguments name, or says what that would delete.

    Raises:
        UsageError: The options do not go together.
        DeletionRefusedError: It is prod, or has prod in it, and nobody allowed that; or another bucket was named.
        LayoutError: It could not be done; what was deleted stays deleted.
    """
    if (arguments.bucket is not None) != arguments.whole_bucket:
        raise UsageError(
            "The options --whole-bucket and --bucket go together.",
            hint="Give both, or name an environment: --env dev",
        )
    settings = load_settings()
    check_scope(settings_credentials(settings)(), settings)
    progress = Progress(quiet=arguments.json)
    prefix = "" if arguments.whole_bucket else environment_prefix(environment=arguments.env)
    objects = not arguments.uploads_only
    with closing(BucketReader(settings)) as reader:
        _refuse(arguments, settings, reader)
        if not arguments.execute:
            found = look(reader, prefix, arguments.min_age, progress, objects=objects)
            return _shown(arguments, settings, found)
    with closing(BucketWriter(settings)) as writer:
        return _shown(
            arguments, settings, clear(writer, prefix, arguments.min_age, progress, objects=objects)
        )


def left_lines(done: Cleared) -> list[str]:
    """What was not deleted, and why."""
    return [
        *reason_lines("uploads were not aborted", done.refused_uploads),
        *reason_lines("objects are locked and stay until their time", done.locked),
        *reason_lines("objects were not deleted", done.failed),
    ]


def growing_lines(done: Cleared) -> list[str]:
    """That somebody goes on writing, if they do."""
    told = f"New objects were found {MOST_PASSES} times in a row: somebody goes on writing. Stop the writers first."
    return [told] if done.growing else []


def _refuse(arguments: argparse.Namespace, settings: StorageSettings, reader: BucketReader) -> None:
    """Nothing, if nobody's data is at risk that was not named."""
    if arguments.whole_bucket and arguments.bucket != settings.bucket:
        raise DeletionRefusedError(
            f"The bucket is {settings.bucket!r}, and {arguments.bucket!r} was typed.",
            hint="Type the name of the bucket that is to be emptied.",
            bucket=settings.bucket,
        )
    if arguments.allow_prod:
        return
    prod = environment_prefix(environment=Environment.PROD)
    if arguments.env is Environment.PROD:
        told = "The environment prod holds what people use."
    elif arguments.whole_bucket and (reader.page_after("", 1, prod)[0] or any(reader.open_uploads(prod))):
        told = f"The bucket {settings.bucket!r} holds the environment prod, which people use."
    else:
        return
    raise DeletionRefusedError(
        told, hint="If it is really to be emptied, add --allow-prod.", bucket=settings.bucket
    )


def _shown(arguments: argparse.Namespace, settings: StorageSettings, done: Cleared) -> Result:
    what = f"bucket {settings.bucket!r}"
    if not arguments.whole_bucket:
        what = f"environment {arguments.env.value} of the {what}"
    amount = f"{done.objects:,} objects ({size(done.bytes)})"
    if arguments.execute:
        lines = [f"{amount} were deleted and {done.uploads:,} uploads aborted in the {what}."]
    else:
        lines = [
            f"{amount} would be deleted and {done.uploads:,} uploads aborted in the {what}. Add --execute."
        ]
    lines += reason_lines("uploads are too young and were left alone", done.young)
    lines += [*left_lines(done), *growing_lines(done)]
    status = ExitStatus.DIFFERENCES if done.left else ExitStatus.DONE
    name = None if arguments.whole_bucket else arguments.env.value
    return Result(
        status,
        lines,
        {
            "bucket": settings.bucket,
            "environment": name,
            "executed": arguments.execute,
            **asdict(done),
        },
    )
