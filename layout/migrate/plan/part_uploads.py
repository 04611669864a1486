"""The multipart uploads that copies of very large objects have begun, so that a run that is cut off loses no part.

An upload tells neither who began it nor of what: only one that is written down here is this plan's own.
"""

from layout.migrate.bucket.part_copies import BegunUpload
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.rows import PlannedObject

__all__ = ["PartUploads"]


class PartUploads:
    """Those of one plan. A row stays after its copy: the bucket then says that there is no such upload."""

    def __init__(self, plan: PlanFile) -> None:
        self._plan = plan

    def begun(self, planned: PlannedObject) -> BegunUpload | None:
        """The last upload that was begun for an object."""
        query = "SELECT upload, source FROM part_uploads WHERE object = ?"
        for upload, source in self._plan.rows(query, planned.id):
            return BegunUpload(upload, source)
        return None

    def keep(self, planned: PlannedObject, begun: BegunUpload) -> None:
        """Writes one down at once."""
        with self._plan.transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO part_uploads (object, upload, source) VALUES (?, ?, ?)",
                (planned.id, begun.id, begun.source),
            )
