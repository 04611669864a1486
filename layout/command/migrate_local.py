"""`r2-layout migrate local`: for each of its commands the plan, the tree, one step, and a result to show."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from layout import program
from layout.command.migrate_local_arguments import GROUP
from layout.console import Result
from layout.environment import current_environment
from layout.errors import PlanError, VerificationError
from layout.exit_status import ExitStatus
from layout.migrate.local import showing
from layout.migrate.local.copying import DECIDE, copy_files
from layout.migrate.local.deleting import check_local_delete, delete_old_files, take_back
from layout.migrate.local.planning import make_local_plan, new_meta, open_tree
from layout.migrate.local.profiles import ProfileSource
from layout.migrate.local.tree import LocalTree
from layout.migrate.local.verifying import verify_files
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.totals import refuse_if_blocked
from layout.migrate.report.progress import Progress
from layout.migrate.report.verdict import Verdict
from layout.migrate.rules.kept import keep_rules
from layout.migrate.rules.reading import read_rules
from layout.mirror.paths import user_data_base

__all__ = ["run_local_command"]


def run_local_command(arguments: argparse.Namespace) -> Result:
    """Runs the command that the arguments name. It needs no credential and no network.

    Raises:
        LayoutError: It could not be done; what was finished is in the plan file.
    """
    with program.within(GROUP):
        return _COMMANDS[arguments.local_command](arguments, Progress(quiet=arguments.json))


def _plan(arguments: argparse.Namespace, progress: Progress) -> Result:
    environment = arguments.env or current_environment()
    tree = LocalTree(user_data_base() if arguments.root is None else arguments.root, environment)
    tree.require_outside(arguments.plan)
    rules = None if arguments.rules is None else read_rules(arguments.rules)
    with (
        _bucket_plan(arguments) as bucket_plan,
        PlanFile.open_or_create(arguments.plan, new_meta(tree, arguments.layout)) as plan,
    ):
        if rules is not None:
            keep_rules(plan, rules)
        source = ProfileSource(bucket_plan, new_profiles=arguments.new_profiles)
        return showing.planned(plan, made=make_local_plan(plan, tree, source, progress))


@contextmanager
def _bucket_plan(arguments: argparse.Namespace) -> Iterator[PlanFile | None]:
    if arguments.bucket_plan is None:
        yield None
        return
    with PlanFile.open(arguments.bucket_plan, finished=True) as plan:
        yield plan


def _copy(arguments: argparse.Namespace, progress: Progress) -> Result:
    with _opened(arguments, writable=arguments.execute) as (plan, tree):
        if not arguments.execute:
            refuse_if_blocked(plan, DECIDE)
            return showing.planned_copy(plan)
        return showing.copied(plan, copy_files(plan, tree, progress))


def _verify(arguments: argparse.Namespace, progress: Progress) -> Result:
    with _opened(arguments, writable=True) as (plan, tree):
        tree.require_outside(arguments.verdict)
        Verdict.check_place(arguments.verdict)
        verdict = verify_files(plan, tree, progress, deep=arguments.deep)
        result = showing.verified(verdict, arguments.verdict)
        try:
            verdict.save(arguments.verdict)
        except VerificationError as trouble:
            return replace(result, status=ExitStatus.ERROR, trouble=trouble)
        return result


def _delete(arguments: argparse.Namespace, progress: Progress) -> Result:
    with _opened(arguments, writable=arguments.execute) as (plan, tree):
        check_local_delete(plan, Verdict.load(arguments.verdict))
        report = delete_old_files(plan, tree, progress, execute=arguments.execute)
        return showing.deleted(report, executed=arguments.execute)


def _rollback(arguments: argparse.Namespace, progress: Progress) -> Result:
    with _opened(arguments, writable=arguments.execute) as (plan, tree):
        report = take_back(plan, tree, progress, execute=arguments.execute)
        return showing.taken_back(report, executed=arguments.execute)


@contextmanager
def _opened(arguments: argparse.Namespace, *, writable: bool) -> Iterator[tuple[PlanFile, LocalTree]]:
    with PlanFile.open(arguments.plan, writable=writable, finished=True) as plan:
        tree = open_tree(plan, arguments.root)
        if arguments.env is not None and arguments.env is not plan.meta.environment:
            raise PlanError(
                f"The plan {str(plan.path)!r} is about the environment {plan.meta.environment.value!r},"
                f" not {arguments.env.value!r}.",
                hint="Check --env, or name another plan file.",
            )
        yield plan, tree


_COMMANDS: dict[str, Callable[[argparse.Namespace, Progress], Result]] = {
    "plan": _plan,
    "copy": _copy,
    "verify": _verify,
    "delete": _delete,
    "rollback": _rollback,
}
