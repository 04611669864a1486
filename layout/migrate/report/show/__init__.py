"""Results as text for people and as data for machines, a file for each command."""

from layout.migrate.report.amounts import size
from layout.migrate.report.show.copy_result import copied, planned_copy
from layout.migrate.report.show.delete_result import deleted
from layout.migrate.report.show.follow_result import Passes, looked
from layout.migrate.report.show.list_result import states
from layout.migrate.report.show.mark_result import marked
from layout.migrate.report.show.plan_result import plan
from layout.migrate.report.show.rollback_result import removed, rolled_back
from layout.migrate.report.show.verify_result import verdict

__all__ = [
    "Passes",
    "copied",
    "deleted",
    "looked",
    "marked",
    "plan",
    "planned_copy",
    "removed",
    "rolled_back",
    "size",
    "states",
    "verdict",
]
