"""Moving data from an old layout into the new one: plan, copy, verify, mark, delete.

::

    plan      list the whole bucket, decide about every object     reads the bucket   writes the plan file
    copy      claim the environment, copy, never over anything     writes new keys    journal in the plan
    verify    compare old and new                                  reads the bucket   writes the verdict
    mark      say that the environment is in the new layout        writes one key
    delete    remove the old objects                               deletes old keys   journal in the plan

The plan is one SQLite file: account, journal, and what one CI job hands to the next. docs/migration.md is
the operator's page.
"""

from layout.migrate.bucket.part_copies import CopyLimits
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.copying import CopyReport, copy_objects
from layout.migrate.deleting import DeleteReport, check_delete, delete_old_objects, list_deletable
from layout.migrate.marking import claim_marker, roll_back_marker, write_marker
from layout.migrate.plan.file import PlanFile, PlanMeta
from layout.migrate.planning import make_plan
from layout.migrate.report.progress import Progress
from layout.migrate.report.verdict import Verdict
from layout.migrate.survey import LayoutState, survey
from layout.migrate.verifying import verify_plan

__all__ = [
    "BucketReader",
    "BucketWriter",
    "CopyLimits",
    "CopyReport",
    "DeleteReport",
    "LayoutState",
    "PlanFile",
    "PlanMeta",
    "Progress",
    "Verdict",
    "check_delete",
    "claim_marker",
    "copy_objects",
    "delete_old_objects",
    "list_deletable",
    "make_plan",
    "roll_back_marker",
    "survey",
    "verify_plan",
    "write_marker",
]
