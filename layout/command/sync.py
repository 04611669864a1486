"""`r2-layout sync`: the synced databases of this machine, for an operator."""

import argparse
from collections.abc import Callable
from pathlib import Path

from layout import program
from layout.command.sync_steps import Step, pull, push, status
from layout.console import Result, UsageError
from layout.environment import Environment, current_environment
from layout.exit_status import ExitStatus, statuses
from layout.mirror.paths import DATABASE_NAME
from layout.storage.clients import settings_credentials
from layout.storage.credential_reach import check_scope
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings
from layout.sync.backups import Backup, backups_of
from layout.sync.exchange import Exchange
from layout.sync.history import restore
from layout.sync.local_databases import local_databases
from layout.sync.location import Database, locate

__all__ = ["INTERRUPTED", "make_parser", "run_command"]

INTERRUPTED = "Run the command again: each database is exchanged whole or not at all."


def make_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=program.command("sync"),
        description="Look at the SQLite databases that this machine keeps in the bucket, and exchange them. An"
        " application does all of it by itself; it may run meanwhile. What changes data is a dry run until --execute"
        " is given.",
        epilog=f"See docs/sync.md. {statuses(differences=True)}",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in (
        ("status", "how each database of this machine stands; asks the bucket nothing"),
        ("push", "upload what was changed here and waits"),
        ("pull", "fetch what is newer in the bucket"),
        ("restore", "bring a version back that was set aside"),
    ):
        command = commands.add_parser(
            name, help=summary, description=f"{summary.capitalize()}.", epilog=statuses(differences=True)
        )
        required = name == "restore"
        command.add_argument(
            "--user", required=required, help="the owner" + ("" if required else "; all if left out")
        )
        command.add_argument("--profile", required=required, help="the owner's profile")
        command.add_argument(
            "--name", default=DATABASE_NAME, help="path in the profile (default %(default)s)"
        )
        command.add_argument(
            "--base", type=Path, help="of the local mirror (default: USER_DATA_BASE, or user_data)"
        )
        command.add_argument("--json", action="store_true", help="print the result as JSON")
        if name == "restore":
            command.add_argument("--list", action="store_true", help="only show what there is")
            command.add_argument("--backup", metavar="NAME", help="which one, as --list shows it")
        if name != "status":
            command.add_argument("--execute", action="store_true", help="do it")
    return parser


def run_command(arguments: argparse.Namespace) -> Result:
    """Does what the arguments say.

    Raises:
        UsageError: They do not go together.
        LayoutError: It could not be done.
    """
    if (arguments.user is None) != (arguments.profile is None):
        raise UsageError("The options --user and --profile go together.", hint="Give both, or neither.")
    if arguments.command == "status":
        environment = current_environment()
        return _shown([status(database) for database in _chosen(arguments, environment)])
    settings = load_settings()
    check_scope(settings_credentials(settings)(), settings)
    with R2Storage(settings) as storage:
        return _COMMANDS[arguments.command](arguments, storage)


def _push(arguments: argparse.Namespace, storage: R2Storage) -> Result:
    exchange = Exchange(storage, ProfileStore(storage))
    chosen = _chosen(arguments, storage.environment)
    return _shown([push(database, exchange, execute=arguments.execute) for database in chosen])


def _pull(arguments: argparse.Namespace, storage: R2Storage) -> Result:
    exchange = Exchange(storage, ProfileStore(storage))
    chosen = _chosen(arguments, storage.environment)
    return _shown([pull(database, exchange, storage, execute=arguments.execute) for database in chosen])


def _restore(arguments: argparse.Namespace, storage: R2Storage) -> Result:
    (database,) = _chosen(arguments, storage.environment)
    backups = list(backups_of(storage, database))
    if arguments.list or arguments.backup is None:
        lines = [f"{one.name}  {one.size:,} bytes" for one in backups]
        return Result(
            ExitStatus.DONE,
            lines or [f"Nothing of {str(database)!r} is set aside."],
            {"database": str(database), "backups": [_backup(one) for one in backups]},
        )
    found = next((one for one in backups if one.name == arguments.backup), None)
    if found is None:
        raise UsageError(
            f"There is no backup {arguments.backup!r} of {str(database)!r}.",
            hint="See which there are: "
            + program.command(
                "sync",
                "restore",
                *("--user", database.user_id, "--profile", database.profile_id, "--name", database.name),
                "--list",
            ),
        )
    if not arguments.execute:
        line = f"{found.name} would be the newest version of {database}. Add --execute."
        return Result(ExitStatus.DONE, [line], {"database": str(database), "would restore": found.name})
    restored = restore(storage, ProfileStore(storage), database, found)
    line = f"{found.name} is version {restored.version} of {database} now"
    kept = f"; what it replaced is kept as {restored.kept}" if restored.kept else ""
    data = {
        "database": str(database),
        "restored": found.name,
        "version": restored.version,
        "kept": restored.kept and str(restored.kept),
    }
    return Result(ExitStatus.DONE, [f"{line}{kept}."], data)


_COMMANDS: dict[str, Callable[[argparse.Namespace, R2Storage], Result]] = {
    "push": _push,
    "pull": _pull,
    "restore": _restore,
}


def _chosen(arguments: argparse.Namespace, environment: Environment) -> list[Database]:
    base = arguments.base
    if arguments.user is None:
        return list(local_databases(environment, base))
    return [locate(arguments.user, arguments.profile, arguments.name, environment=environment, base=base)]


def _shown(steps: list[Step]) -> Result:
    lines = [step.line() for step in steps] or ["This machine has no synced database."]
    found = max((step.status for step in steps), key=_SEVERITY.index, default=ExitStatus.DONE)
    return Result(found, lines, {"databases": [step.to_json() for step in steps]})


_SEVERITY = [ExitStatus.DONE, ExitStatus.DIFFERENCES, ExitStatus.ERROR]


def _backup(backup: Backup) -> dict[str, object]:
    return {
        "name": backup.name,
        "key": str(backup.key),
        "time": backup.time,
        "why": backup.why.value,
        "version": backup.version,
        "size": backup.size,
    }
