"""The revision marker: it says that an environment's data is all in the new layout.

A step of its own, so that verification works with credentials that only read.
"""

from layout.documents.marker import Marker, check_marker, new_marker
from layout.environment import Environment
from layout.errors import MarkerError
from layout.keys import marker_key
from layout.migrate.bucket.observing import listed_at
from layout.migrate.bucket.reader import BucketReader
from layout.migrate.bucket.writer import BucketWriter
from layout.migrate.plan.file import PlanFile
from layout.migrate.report.verdict import Verdict

__all__ = ["checked_marker", "live_since", "write_marker"]


def checked_marker(bucket: BucketReader, environment: Environment) -> Marker | None:
    """The environment's marker, which is of this revision, or None if there is none.

    Raises:
        InvalidDocumentError: It is no marker.
        MarkerError: It is of another scheme or revision.
    """
    key = marker_key(environment=environment)
    body = bucket.read(key)
    if body is None:
        return None
    marker = Marker.from_json(body, key=key)
    check_marker(marker, environment_is_empty=False, environment=environment)
    return marker


def live_since(bucket: BucketReader, environment: Environment) -> str | None:
    """The last-modified time of the environment's marker, ISO 8601: since then applications work on it.

    None if there is no marker. It is the bucket's time, like those of all objects that it is compared with.
    """
    listed = listed_at(bucket, marker_key(environment=environment))
    return None if listed is None else listed.modified


def write_marker(plan: PlanFile, verdict: Verdict, bucket: BucketWriter) -> bool:
    """Writes the marker of a verified migration unless there is one.

    Returns:
        False if the marker was there before.

    Raises:
        VerificationError: The verdict did not pass or is not about this plan.
        MarkerError: There is a marker of another scheme or revision.
    """
    verdict.require(plan)
    environment = plan.meta.environment
    marker = new_marker(f"migration {plan.meta.layout}, plan {plan.meta.plan_id}")
    key = marker_key(environment=environment)
    written = bucket.put_if_absent(key, marker.to_json(), "application/json")
    if checked_marker(bucket, environment) is None:
        raise MarkerError(
            f"The marker {str(key)!r} is not there after it was written.",
            hint="Run the command again.",
            key=key,
        )
    return written
