"""`r2-layout cleanup`: deletes what one project, scene or user has."""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from layout import program
from layout.cleaning import Cleaned, clean, look_at, prefix_of
from layout.command.clear import growing_lines, left_lines
from layout.command.migrate_arguments import SETTINGS
from layout.command.migrate_references import add_mongo, named_database
from layout.console import Result, UsageError
from layout.environment import Environment
from layout.exit_status import ExitStatus, statuses
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.plan.file import PlanFile
from layout.migrate.report.amounts import size
from layout.migrate.report.progress import Progress
from layout.migrate.report.show.text import reason_lines
from layout.references.owners import RecordOwner
from layout.references.scenes import SCENES_TABLE
from layout.storage.clients import settings_credentials
from layout.storage.credential_reach import check_scope
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.remembered_users import REMEMBERED_SECONDS
from layout.storage.settings import StorageSettings, load_settings

if TYPE_CHECKING:
    from layout.references.tracking import Records

__all__ = ["INTERRUPTED", "make_parser", "run_command"]

INTERRUPTED = "What was deleted stays deleted. Run the command again to go on."


def make_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=program.command("cleanup"),
        description="Delete what one project, one scene or one user has: its objects and open uploads, with --plan also"
        " those at old keys, with --mongo then the records that track them. Nothing is set aside and nothing comes"
        " back. It is a dry run until --execute is given. " + SETTINGS,
        epilog=f"See docs/audit.md. {statuses(differences=True)}",
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="project|scene|user")
    for kind, names in (
        ("project", ("user", "project")),
        ("scene", ("user", "project", "scene")),
        ("user", ("user",)),
    ):
        command = kinds.add_parser(kind, help=f"delete what a {kind} has")
        for name in names:
            command.add_argument(name, metavar=name.upper())
        _add_options(command)
    return parser


def _add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--env",
        type=Environment,
        choices=tuple(Environment),
        metavar="ENV",
        required=True,
        help="the environment",
    )
    command.add_argument(
        "--plan",
        type=Path,
        metavar="FILE",
        help="plan of a migration: its old keys that are the owner's go too",
    )
    add_mongo(command)
    command.add_argument(
        "--default-user",
        metavar="USER",
        help="whose the projects of nobody are (default: as the plan was made)",
    )
    command.add_argument("--execute", action="store_true", help="do it; without this, say what would be done")
    command.add_argument("--json", action="store_true", help="print one JSON object")


def run_command(arguments: argparse.Namespace) -> Result:
    """Deletes what the arguments name, or says what that would delete.

    Raises:
        UsageError: The options do not go together.
        InvalidKeyError: An id cannot be a part of a key.
        DeletionRefusedError: Documents call the project otherwise.
        PlanError: The plan is of another bucket or environment, or not finished.
        LayoutError: It could not be done; what was deleted stays deleted.
    """
    if (arguments.database or arguments.default_user) and not arguments.mongo:
        raise UsageError(
            "The options --database and --default-user are about documents.",
            hint="Add --mongo URI, or leave them out.",
        )
    owner = RecordOwner(arguments.user, getattr(arguments, "project", ""), getattr(arguments, "scene", ""))
    prefix_of(owner, arguments.env)
    settings = load_settings().model_copy(update={"app_env": arguments.env})
    check_scope(settings_credentials(settings)(), settings)
    progress = Progress(quiet=arguments.json)
    with ExitStack() as opened:
        plan = None
        if arguments.plan is not None:
            plan = opened.enter_context(PlanFile.open(arguments.plan, finished=True))
            plan.require(settings.bucket, settings.endpoint, arguments.env)
        records = _records(arguments, plan, opened)
        if records is not None:
            records.require_spelling(owner)
        if arguments.execute:
            if not owner.project:
                _delete_user(owner.user, settings, progress)
            writer = opened.enter_context(closing(BucketWriter(settings)))
            done = clean(writer, owner, arguments.env, plan, records, progress)
        else:
            reader = opened.enter_context(closing(BucketReader(settings)))
            done = look_at(reader, owner, arguments.env, plan, records, progress)
    return _shown(arguments, owner, settings, done)


def _records(arguments: argparse.Namespace, plan: PlanFile | None, opened: ExitStack) -> Records | None:
    if not arguments.mongo:
        return None
    database = opened.enter_context(named_database(arguments, "Documents track what is deleted."))
    from layout.references.tracking import Records

    default_user = arguments.default_user or (plan.meta.default_user if plan is not None else "")
    return Records(database, SCENES_TABLE, default_user)


def _delete_user(user: str, settings: StorageSettings, progress: Progress) -> None:
    """First of all, and then nobody remembers that the user was there: what was uploaded meanwhile is deleted too."""
    with R2Storage(settings) as storage:
        ProfileStore(storage).delete_user(user)
    with progress.task("waiting until every process knows it"):
        time.sleep(REMEMBERED_SECONDS)


def _shown(
    arguments: argparse.Namespace, owner: RecordOwner, settings: StorageSettings, done: Cleaned
) -> Result:
    names = [f"{name} {value!r}" for name, value in asdict(owner).items() if value]
    what = f"{' of the '.join(reversed(names))} in {arguments.env.value} of the bucket {settings.bucket!r}"
    amounts = (
        f"{done.new.objects:,} objects ({size(done.new.bytes)}), {done.old:,} at old keys ({size(done.old_bytes)}),"
        f" {done.new.uploads:,} open uploads and {done.records:,} records"
    )
    lines = [
        f"{amounts} of the {what} were deleted."
        if arguments.execute
        else f"{amounts} of the {what} would be deleted. Add --execute."
    ]
    lines += left_lines(done.new)
    lines += reason_lines("objects at old keys are not as planned and stay: make a new plan", done.changed)
    lines += reason_lines("objects at old keys were not deleted", done.refused)
    lines += reason_lines("records stay", done.kept)
    lines += growing_lines(done.new)
    return Result(
        ExitStatus.DIFFERENCES if done.left else ExitStatus.DONE,
        lines,
        {
            "bucket": settings.bucket,
            "environment": arguments.env.value,
            "owner": asdict(owner),
            "executed": arguments.execute,
            **asdict(done),
        },
    )
