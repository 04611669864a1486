"""`r2-layout migrate rollback`: taking a migration back, and then the new keys away."""

import argparse
from contextlib import closing

from layout.command.migrate_references import documents_of, refuse_named, restored
from layout.console import Result, UsageError
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.plan.file import PlanFile
from layout.migrate.removing import check_removal, remove_new_objects
from layout.migrate.report import show
from layout.migrate.report.progress import Progress
from layout.migrate.rolling_back import look_at_rollback, roll_back
from layout.storage.settings import StorageSettings

__all__ = ["rollback"]


def rollback(
    plan: PlanFile, arguments: argparse.Namespace, settings: StorageSettings, progress: Progress
) -> Result:
    """Does what the arguments say with an open plan of these settings.

    Raises:
        UsageError: The bucket's name is missing, or stands where nothing is removed.
        LayoutError: It could not be done; what was finished is in the plan file.
    """
    if arguments.delete_new:
        return _remove(plan, arguments, settings, progress)
    if arguments.bucket is not None:
        raise UsageError("The option --bucket confirms a removal.", hint="Add --delete-new, or leave it out.")
    if not arguments.execute:
        with closing(BucketReader(settings)) as reader:
            report = look_at_rollback(plan, reader, progress, arguments.read_limit)
            return show.rolled_back(plan, report, executed=False)
    with documents_of(plan, arguments) as database, closing(BucketWriter(settings)) as bucket:
        report = roll_back(plan, bucket, progress, arguments.read_limit, arguments.by)
        result = show.rolled_back(plan, report, executed=True)
        # Old keys are named again only once all that could go back is there.
        return result if database is None or report.errors else restored(plan, database, progress, result)


def _remove(
    plan: PlanFile, arguments: argparse.Namespace, settings: StorageSettings, progress: Progress
) -> Result:
    if arguments.bucket is None:
        raise UsageError(
            "The option --delete-new removes objects, and the bucket's name confirms it.",
            hint="Add --bucket NAME.",
        )
    with (
        documents_of(plan, arguments) as database,
        closing(BucketWriter(settings) if arguments.execute else BucketReader(settings)) as bucket,
    ):
        check_removal(plan, bucket, arguments.bucket)
        if database is not None:
            refuse_named(plan, database, progress)
        report = remove_new_objects(plan, bucket, arguments.min_age, progress)
        return show.removed(report, executed=arguments.execute, min_age=arguments.min_age)
