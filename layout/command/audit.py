"""`r2-layout audit`: what is in a bucket, and what does not fit together. It only reads."""

import argparse
import tempfile
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from layout import program
from layout.audit.collect import collect
from layout.audit.databases import DatabaseReferences
from layout.audit.inventory import Inventory
from layout.audit.judge import judge
from layout.audit.references import ReferenceSource
from layout.audit.report import Report
from layout.audit.text import lines_of
from layout.command.migrate_options import add_public_host
from layout.command.migrate_references import add_mongo, named_database
from layout.console import Result, UsageError
from layout.errors import AuditError, LayoutError, SettingsError
from layout.exit_status import ExitStatus, statuses
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.report.progress import Progress
from layout.references.scenes import SCENES_TABLE
from layout.storage.clients import settings_credentials
from layout.storage.credential_reach import check_scope
from layout.storage.settings import load_settings
from layout.whole_file import write_whole

__all__ = ["INTERRUPTED", "make_parser", "run_command"]

INTERRUPTED = "Run the command again: it has changed nothing."


def make_parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        prog=program.command("audit"),
        description="Look at a whole bucket and say what is in it, what expires when, and what does not fit together:"
        " unknown keys, profiles and databases that disagree with the objects, open uploads. It only reads; the audit"
        " token of a stack is enough. The bucket and the credential come from R2_BUCKET, R2_ENDPOINT,"
        " R2_ACCESS_KEY_ID and so on, in the environment or in .env.",
        epilog=f"See docs/audit.md. {statuses(differences=True)}",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--html", type=Path, metavar="FILE", help="also write the report as a page for a browser"
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help="also keep the report, as JSON")
    parser.add_argument(
        "--load", type=Path, metavar="FILE", help="show a report that was kept, and ask the bucket nothing"
    )
    add_mongo(parser)
    add_public_host(parser)
    return parser


def run_command(arguments: argparse.Namespace) -> Result:
    """Makes the report, or reads one, and writes it where it is wanted.

    Raises:
        UsageError: The options do not go together, or a file cannot be written where they say.
        SettingsError: The page is wanted and what writes it is not installed.
        LayoutError: It could not be done.
    """
    if arguments.load is not None and arguments.save is not None:
        raise UsageError("The options --load and --save do not go together.", hint="Copy the file.")
    if arguments.load is not None and (arguments.mongo or arguments.database or arguments.public_host):
        raise UsageError(
            "A report that was kept asks no documents.",
            hint="Leave out --mongo, --database and --public-host.",
        )
    for place in (arguments.html, arguments.save):
        if place is not None and (not place.parent.is_dir() or place.is_dir()):
            raise UsageError(
                f"The report cannot be written to {str(place)!r}.",
                hint="Name a file in a folder that exists.",
            )
    if arguments.html is not None:
        _require_page()
    report = _make(arguments) if arguments.load is None else Report.load(arguments.load)
    status = ExitStatus.DONE if report.ok else ExitStatus.DIFFERENCES
    result = Result(status, lines_of(report), report.model_dump(mode="json"))
    try:
        if arguments.save is not None:
            report.save(arguments.save)
        if arguments.html is not None:
            _write_page(report, arguments.html)
    except LayoutError as trouble:
        return replace(result, status=ExitStatus.ERROR, trouble=trouble)
    return result


def _make(arguments: argparse.Namespace) -> Report:
    settings = load_settings()
    check_scope(settings_credentials(settings)(), settings)
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="r2-layout-audit-"))
        bucket = opened.enter_context(closing(BucketReader(settings)))
        inventory = opened.enter_context(Inventory(Path(folder) / "inventory.sqlite"))
        sources: list[ReferenceSource] = [DatabaseReferences(bucket)]
        if arguments.mongo or arguments.database:
            documents = opened.enter_context(named_database(arguments, "Documents are asked for references."))
            from layout.audit.documents import DocumentReferences

            sources.append(DocumentReferences(bucket, documents, SCENES_TABLE, arguments.public_host))
        return judge(collect(bucket, inventory, sources, Progress(quiet=arguments.json)))


def _require_page() -> None:
    """Before minutes of work."""
    try:
        import jinja2  # noqa: F401 - an extra
    except ModuleNotFoundError:
        raise SettingsError(
            f"The package 'jinja2' is not installed, which {program.command('audit', '--html')} needs.",
            hint="Install what writes the page: pip install 'r2-layout[storage,audit]'",
        ) from None


def _write_page(report: Report, path: Path) -> None:
    from layout.audit.page import page

    try:
        write_whole(path, page(report))
    except OSError as error:
        raise AuditError(
            f"The page cannot be written to {str(path)!r}: {error.strerror}.",
            hint="Name a file in a folder that exists.",
        ) from error
