"""`{env}/layout.json`: which revision of the layout an environment's data is in.

It is checked when an application starts. A forgotten setting or a forgotten migration then stops
the start, before new data lies beside old data that nobody finds any more.
"""

from __future__ import annotations

import enum
from typing import ClassVar

from pydantic import Field

from layout import program
from layout.documents.model import Document
from layout.environment import Environment
from layout.errors import MarkerError
from layout.keys import marker_key
from layout.times import utc_now

__all__ = ["REVISION", "SCHEME_NAME", "Marker", "MarkerAction", "check_marker", "new_marker"]

REVISION = 1
"""The revision that this code reads and writes."""
SCHEME_NAME = "r2-layout"


class Marker(Document):
    """The revision marker."""

    file_name: ClassVar[str] = "layout.json"

    revision: int = Field(ge=1, description="Revision of the layout that the data is in.")
    scheme: str = Field(min_length=1, description="Name of the scheme that the data follows.")
    written_at: str | None = Field(
        default=None, description="When it was written, ISO 8601 in UTC. For people; nothing depends on it."
    )
    written_by: str | None = Field(
        default=None, description="What wrote it: an application or a migration. For people."
    )


def new_marker(written_by: str) -> Marker:
    """A marker of this revision, written now.

    Args:
        written_by: The application or the migration, for people.
    """
    return Marker(revision=REVISION, scheme=SCHEME_NAME, written_at=utc_now(), written_by=written_by)


class MarkerAction(enum.StrEnum):
    """What a start has to do about the marker."""

    NOTHING = "nothing"
    """It is there, and right."""
    WRITE = "write"
    """The environment is empty: write the marker, on the condition that there is none."""


def check_marker(marker: Marker | None, environment_is_empty: bool, environment: Environment) -> MarkerAction:
    """Whether code of this revision may work on an environment.

    Args:
        marker: The environment's marker; None if there is no such object. Never None for a marker
            that could not be read.
        environment_is_empty: Whether no object at all lies under the environment's prefix.
        environment: The environment, for messages.

    Raises:
        MarkerError: If there is data but no marker, or the marker is of another scheme or revision.
    """
    key = marker_key(environment=environment)
    if marker is None:
        if environment_is_empty:
            return MarkerAction.WRITE
        raise MarkerError(
            f"The environment {environment.value!r} holds data, but no marker at {str(key)!r}.",
            hint=f"The data is in an old layout, or its migration is not finished: run {program.command('migrate')}.",
            key=key,
        )
    if marker.scheme != SCHEME_NAME:
        raise MarkerError(
            f"The marker {str(key)!r} is of the scheme {marker.scheme!r}, not of {SCHEME_NAME!r}.",
            hint="Another application owns this bucket: check the bucket's name in the settings.",
            key=key,
        )
    if marker.revision > REVISION:
        raise MarkerError(
            f"The marker {str(key)!r} has the revision {marker.revision}, newer than {REVISION}.",
            hint="This code is older than the data: deploy a newer version.",
            key=key,
        )
    if marker.revision < REVISION:
        raise MarkerError(
            f"The marker {str(key)!r} has the revision {marker.revision}, older than {REVISION}.",
            hint=f"The data is in an old layout: run {program.command('migrate')}.",
            key=key,
        )
    return MarkerAction.NOTHING
