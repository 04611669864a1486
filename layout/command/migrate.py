"""`r2-layout migrate`: for each of its commands the settings, the plan, one step, and a result to show."""

import argparse
from contextlib import ExitStack, closing
from dataclasses import replace

from layout.command.migrate_arguments import make_parser
from layout.command.migrate_local import run_local_command
from layout.command.migrate_local_arguments import GROUP
from layout.command.migrate_references import (
    asked_before_delete,
    check_documents,
    document_steps,
    documents_of,
    made_with,
    named_database,
    require_same,
    rewrite,
)
from layout.command.migrate_rollback import rollback
from layout.command.migrate_run import Stage, run_stages
from layout.console import Result, UsageError
from layout.environment import Environment
from layout.errors import RulesError, VerificationError
from layout.exit_status import ExitStatus
from layout.legacy import LEGACY_LAYOUTS
from layout.migrate.bucket.pace import Pace
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.copying import copy_objects
from layout.migrate.dask_workers import DaskWorkers
from layout.migrate.deleting import check_delete, delete_old_objects, list_deletable
from layout.migrate.following import Following, look_at_old_side
from layout.migrate.marker_file import find_marker
from layout.migrate.marking import read_live, write_marker
from layout.migrate.open_uploads import find_open_uploads, refuse_young_uploads
from layout.migrate.plan.file import PlanFile, PlanMeta
from layout.migrate.plan.filtering import group_of, keep_filter, kept_filter
from layout.migrate.plan.totals import refuse_if_blocked
from layout.migrate.plan.user_filter import UserFilter
from layout.migrate.planning import make_plan
from layout.migrate.report import show
from layout.migrate.report.progress import Progress
from layout.migrate.report.show.later import with_later
from layout.migrate.report.show.references_result import with_references
from layout.migrate.report.verdict import Verdict
from layout.migrate.report.wrong_question import nothing_found
from layout.migrate.rules.explaining import explain
from layout.migrate.rules.kept import keep_rules
from layout.migrate.rules.reading import read_rules
from layout.migrate.rules.rule import NO_RULES
from layout.migrate.rules.showing import explained, with_ignored, with_suggestion
from layout.migrate.rules.suggesting import check_place, suggest_rules
from layout.migrate.survey import survey
from layout.migrate.verifying import verify_plan
from layout.storage.clients import settings_credentials
from layout.storage.credential_reach import check_scope
from layout.storage.settings import StorageSettings, load_settings

__all__ = ["INTERRUPTED", "make_parser", "run_command"]

INTERRUPTED = "Run the command again to go on; what was finished is in the plan."


def run_command(arguments: argparse.Namespace) -> Result:
    """Runs the command that the arguments name.

    Raises:
        LayoutError: It could not be done; what was finished is in the plan file.
    """
    if arguments.command == GROUP:
        return run_local_command(arguments)
    settings = load_settings()
    check_scope(settings_credentials(settings)(), settings)
    progress = Progress(quiet=arguments.json)
    return _COMMANDS[arguments.command](arguments, settings, progress)


def _list(arguments: argparse.Namespace, settings: StorageSettings, progress: Progress) -> Result:
    environment = arguments.env or settings.app_env
    with closing(BucketReader(settings)) as bucket:
        rules = NO_RULES if arguments.rules is None else read_rules(arguments.rules)
        states = survey(bucket, LEGACY_LAYOUTS.values(), environment, progress, rules)
    return show.states(settings.bucket, environment, states, with_rules=rules is not NO_RULES)


def _plan(arguments: argparse.Namespace, settings: StorageSettings, progress: Progress) -> Result:
    environment: Environment = arguments.env or settings.app_env
    layout = LEGACY_LAYOUTS[arguments.layout]
    meta = PlanMeta.new(layout.name, settings, environment)
    rules = None if arguments.rules is None else read_rules(arguments.rules)
    users = UserFilter.of(arguments.only_user, arguments.except_user)
    with_documents = check_documents(arguments, layout)
    if arguments.suggest is not None:
        check_place(arguments.suggest)
    with ExitStack() as opened:
        bucket = opened.enter_context(closing(BucketReader(settings)))
        database = None
        if with_documents:
            database = opened.enter_context(named_database(arguments, ""))
            meta = made_with(meta, database.name, arguments)
        if not arguments.plan.exists():
            # A bucket that does not answer leaves no plan behind that is about a wrong endpoint.
            bucket.now()
        uploads = find_open_uploads(bucket)
        with PlanFile.open_or_create(arguments.plan, meta) as plan:
            if rules is not None:
                keep_rules(plan, rules)
            keep_filter(plan, users)
            require_same(plan, meta)
            steps = None if database is None else document_steps(plan, database, progress)
            made = make_plan(plan, bucket, layout, progress, arguments.read_limit, steps)
            result = with_references(plan, show.plan(plan, made=made, uploads=uploads))
            if arguments.suggest is None:
                return result
            try:
                suggested = suggest_rules(plan, layout, arguments.suggest)
            except RulesError as trouble:
                return replace(result, status=ExitStatus.ERROR, trouble=trouble)
            return with_suggestion(result, suggested, arguments.suggest)


def _explain(arguments: argparse.Namespace, settings: StorageSettings, _progress: Progress) -> Result:
    with PlanFile.open(arguments.plan, finished=True) as plan:
        _require_settings(plan, settings, arguments)
        return explained(plan, explain(plan, arguments.key))


def _copy(arguments: argparse.Namespace, settings: StorageSettings, progress: Progress) -> Result:
    if arguments.until_equal and not arguments.follow:
        raise UsageError("The option --until-equal is about a copy that follows.", hint="Add --follow.")
    if arguments.follow:
        return _follow(arguments, settings, progress)
    with PlanFile.open(arguments.plan, writable=arguments.execute, finished=True) as plan:
        _require_settings(plan, settings, arguments)
        if not arguments.execute:
            # A dry run only reads the plan: there is no bucket in reach.
            refuse_if_blocked(plan)
            return show.planned_copy(plan)
        with closing(BucketWriter(settings, pace=Pace(arguments.rate))) as bucket:
            report = copy_objects(
                plan,
                bucket,
                progress,
                arguments.read_limit,
                by=arguments.by,
                take_over=arguments.take_over,
            )
            return show.copied(plan, report)


def _follow(arguments: argparse.Namespace, settings: StorageSettings, progress: Progress) -> Result:
    with PlanFile.open(arguments.plan, writable=arguments.execute, finished=True) as plan:
        _require_settings(plan, settings, arguments)
        if not arguments.execute:
            with closing(BucketReader(settings)) as reader:
                return show.looked(plan, look_at_old_side(plan, reader, progress))
        with closing(BucketWriter(settings, pace=Pace(arguments.rate))) as bucket:
            following = Following(
                plan,
                bucket,
                progress,
                arguments.read_limit,
                by=arguments.by,
                take_over=arguments.take_over,
            )
            tell = show.Passes(plan, as_json=arguments.json)
            following.run(tell.told, arguments.interval, until_equal=arguments.until_equal)
            return tell.result()


def _verify(arguments: argparse.Namespace, settings: StorageSettings, progress: Progress) -> Result:
    if arguments.scheduler is not None and not arguments.deep:
        raise UsageError(
            "The option --scheduler spreads the reading of bodies, and without --deep none is read."
        )
    with (
        PlanFile.open(arguments.plan, writable=True, finished=True) as plan,
        closing(BucketReader(settings)) as bucket,
    ):
        _require_settings(plan, settings, arguments)
        Verdict.check_place(arguments.verdict)
        uploads = find_open_uploads(bucket)
        bodies = None if arguments.scheduler is None else DaskWorkers(arguments.scheduler, plan)
        verdict = verify_plan(plan, bucket, progress, deep=arguments.deep, bodies=bodies)
        result = with_later(plan, with_ignored(plan, show.verdict(verdict, arguments.verdict, uploads)))
        result = replace(result, trouble=nothing_found(plan, verdict))
        try:
            verdict.save(arguments.verdict)
        except VerificationError as trouble:
            # What hours of work found is told all the same.
            return replace(result, status=ExitStatus.ERROR, trouble=trouble)
        return result


def _mark(arguments: argparse.Namespace, settings: StorageSettings, _progress: Progress) -> Result:
    with PlanFile.open(arguments.plan, writable=arguments.execute, finished=True) as plan:
        _require_settings(plan, settings, arguments)
        verdict = Verdict.load(arguments.verdict)
        verdict.require(plan)
        if not arguments.execute:
            with closing(BucketReader(settings)) as reader:
                found = find_marker(reader, plan.meta.environment)
            there = group_of(plan).is_live(read_live(found))
        else:
            with closing(BucketWriter(settings)) as bucket:
                there = not write_marker(plan, verdict, bucket, arguments.by)
                found = find_marker(bucket, plan.meta.environment)
        phase = None if found is None else found.marker.phase
        return show.marked(
            plan.meta.environment, kept_filter(plan), phase, there=there, executed=arguments.execute
        )


def _references(arguments: argparse.Namespace, settings: StorageSettings, progress: Progress) -> Result:
    with PlanFile.open(arguments.plan, writable=arguments.execute, finished=True) as plan:
        _require_settings(plan, settings, arguments)
        return rewrite(plan, arguments, progress)


def _delete(arguments: argparse.Namespace, settings: StorageSettings, progress: Progress) -> Result:
    with (
        PlanFile.open(arguments.plan, writable=arguments.execute, finished=True) as plan,
        documents_of(plan, arguments) as database,
    ):
        _require_settings(plan, settings, arguments)
        verdict = Verdict.load(arguments.verdict)
        named = None if database is None else asked_before_delete(plan, database, progress, arguments.execute)
        if not arguments.execute:
            with closing(BucketReader(settings)) as reader:
                check_delete(plan, verdict, reader, arguments.bucket)
                uploads = refuse_young_uploads(plan, reader, arguments.min_age)
                report = list_deletable(plan, reader, arguments.min_age, progress, named)
            result = show.deleted(report, executed=False, min_age=arguments.min_age, uploads=uploads)
            return with_later(plan, with_ignored(plan, result))
        with closing(BucketWriter(settings, pace=Pace(arguments.rate))) as bucket:
            check_delete(plan, verdict, bucket, arguments.bucket)
            # Before the effects: nothing may keep the report of what was deleted from being told.
            uploads = refuse_young_uploads(plan, bucket, arguments.min_age)
            report = delete_old_objects(
                plan,
                bucket,
                arguments.min_age,
                progress,
                writers_stopped=arguments.writers_stopped,
                still_named=named,
            )
            result = show.deleted(report, executed=True, min_age=arguments.min_age, uploads=uploads)
            return with_later(plan, with_ignored(plan, result))


def _rollback(arguments: argparse.Namespace, settings: StorageSettings, progress: Progress) -> Result:
    with PlanFile.open(arguments.plan, writable=arguments.execute, finished=True) as plan:
        _require_settings(plan, settings, arguments)
        return rollback(plan, arguments, settings, progress)


def _require_settings(plan: PlanFile, settings: StorageSettings, arguments: argparse.Namespace) -> None:
    plan.require(settings.bucket, settings.endpoint, arguments.env or settings.app_env)


def _run(arguments: argparse.Namespace, settings: StorageSettings, progress: Progress) -> Result:
    return run_stages(_COMMANDS, arguments, settings, progress)


_COMMANDS: dict[str, Stage] = {
    "list": _list,
    "plan": _plan,
    "explain": _explain,
    "copy": _copy,
    "verify": _verify,
    "mark": _mark,
    "references": _references,
    "delete": _delete,
    "rollback": _rollback,
    "run": _run,
}
