"""Documents that name objects, for the commands of `r2-layout migrate`: their options, their database, `references`.

What talks to MongoDB is imported only once a command has an address of one, so that nobody else needs PyMongo.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from layout import program
from layout.console import Result, UsageError
from layout.errors import PlanError
from layout.legacy import LegacyLayout
from layout.migrate.plan.file import PlanFile, PlanMeta
from layout.migrate.report.progress import Progress
from layout.migrate.report.show.references_result import references_left, rewritten, with_restored
from layout.references.connecting import Documents, open_database
from layout.references.scenes import SCENES_TABLE

if TYPE_CHECKING:
    from layout.migrate.delete_look import StillNamed
    from layout.migrate.document_steps import DocumentSteps

__all__ = [
    "add_mongo",
    "asked_before_delete",
    "check_documents",
    "document_steps",
    "documents_of",
    "made_with",
    "named_database",
    "refuse_named",
    "require_same",
    "restored",
    "rewrite",
]

VARIABLE = "MONGODB_URI"


def add_mongo(command: argparse.ArgumentParser) -> None:
    """Where the documents are."""
    command.add_argument(
        "--mongo", metavar="URI", help=f"MongoDB with the documents that name objects (default: {VARIABLE})"
    )
    command.add_argument("--database", metavar="NAME", help="its database, if the URI does not name it")


def check_documents(arguments: argparse.Namespace, layout: LegacyLayout) -> bool:
    """Whether a plan of this layout is made with documents.

    Raises:
        UsageError: It needs documents and has none, or the other way round.
    """
    if layout.has_profiles:
        if arguments.mongo or arguments.database or arguments.default_user or arguments.public_host:
            raise UsageError(
                f"The layout {layout.name} asks no documents.",
                hint="Leave out --mongo, --database, --default-user and --public-host.",
            )
        return False
    if arguments.only_user or arguments.except_user:
        raise UsageError(
            f"Keys of the layout {layout.name} do not say whose they are: it is planned for all users."
        )
    _uri(arguments, f"The layout {layout.name} asks documents whose an object is.")
    return True


@contextmanager
def named_database(arguments: argparse.Namespace, why: str) -> Iterator[Documents]:
    """The database that the arguments, or the environment, name.

    Raises:
        UsageError: They name none; `why` says what it is needed for.
        SettingsError: PyMongo is not installed, or the address is none.
        StorageUnavailableError: It does not answer.
    """
    with open_database(_uri(arguments, why), arguments.database) as database:
        yield database


@contextmanager
def documents_of(plan: PlanFile, arguments: argparse.Namespace) -> Iterator[Documents | None]:
    """The database of a plan's documents; None if it was made without.

    Raises:
        PlanError: It is another one than the plan's.
        UsageError: None is named.
    """
    if plan.meta.documents is None:
        yield None
        return
    with named_database(
        arguments, f"Documents in the database {plan.meta.documents!r} name objects of this plan."
    ) as (database):
        from layout.migrate.referring import require_database

        require_database(plan, database.name)
        yield database


def made_with(meta: PlanMeta, database: str, arguments: argparse.Namespace) -> PlanMeta:
    """The facts of a plan that is made with documents; of the address only the database's name."""
    facts = {"default_user": arguments.default_user or "", "hosts": arguments.public_host}
    return meta.model_copy(update={"documents": database, **facts})


def require_same(plan: PlanFile, meta: PlanMeta) -> None:
    """Refuses to go on with a plan that was begun with other documents, another default user or other hosts.

    Raises:
        PlanError: Names both.
    """
    for name, planned, asked in (
        ("database", plan.meta.documents, meta.documents),
        ("default user", plan.meta.default_user, meta.default_user),
        ("public hosts", plan.meta.hosts, meta.hosts),
    ):
        if planned != asked:
            raise PlanError(
                f"The plan {str(plan.path)!r} was begun with the {name} {planned!r}, not {asked!r}.",
                hint="Give what it was begun with, or name another plan file.",
            )


def rewrite(plan: PlanFile, arguments: argparse.Namespace, progress: Progress) -> Result:
    """`migrate references`: a dry run only reads the plan.

    Raises:
        PlanError: The plan was made without documents, or with another database.
        StorageUnavailableError: The database did not answer; the same command goes on.
    """
    if plan.meta.documents is None:
        raise PlanError(
            f"The plan {str(plan.path)!r} was made without documents.",
            hint=f"Make one with them: {program.command('migrate', 'plan', 'scenes', '--mongo', 'URI')}",
        )
    if not arguments.execute:
        return references_left(plan)
    with named_database(arguments, "Documents name objects of this plan.") as database:
        from layout.migrate import referring

        referring.require_database(plan, database.name)
        steps = referring.PlanReferences(plan, database, SCENES_TABLE, progress)
        steps.read()
        referring.resolve_references(plan, progress)
        report = referring.rewrite_references(plan, database, progress)
        # Once more from the documents themselves: what counts is what they say now.
        steps.read()
        referring.resolve_references(plan, progress)
        return rewritten(plan, report.written, report.changed)


def document_steps(plan: PlanFile, database: Documents, progress: Progress) -> DocumentSteps:
    """What planning does with the documents."""
    from layout.migrate.referring import PlanReferences

    return PlanReferences(plan, database, SCENES_TABLE, progress)


def asked_before_delete(plan: PlanFile, database: Documents, progress: Progress, execute: bool) -> StillNamed:
    """Which old keys documents still name; before a delete they are read whole, since new ones may name them too."""
    from layout.migrate import referring

    if execute:
        referring.PlanReferences(plan, database, SCENES_TABLE, progress).read()
        referring.resolve_references(plan, progress)
    return partial(referring.still_named, plan, database)


def restored(plan: PlanFile, database: Documents, progress: Progress, result: Result) -> Result:
    """What a rollback gives back to documents, once the objects are back; its answer with that."""
    from layout.migrate.referring import restore_references

    report = restore_references(plan, database, progress)
    return with_restored(result, report.written, report.changed)


def _uri(arguments: argparse.Namespace, why: str) -> str:
    uri: str = arguments.mongo or os.environ.get(VARIABLE, "")
    if not uri:
        raise UsageError(why, hint=f"Add --mongo URI, or set {VARIABLE}.")
    return uri


def refuse_named(plan: PlanFile, database: Documents, progress: Progress) -> None:
    """Refuses the removal of new objects while documents name any.

    Raises:
        DeletionRefusedError: They do.
    """
    from layout.migrate.referring import require_no_new_key

    require_no_new_key(plan, database, SCENES_TABLE, progress)
