"""`{env}/layout.json`: which revision of the layout an environment's data is in, and whether all of it is.

It is checked when an application starts. A forgotten setting or a forgotten migration then stops
the start, before new data lies beside old data that nobody finds any more.

A migration claims the marker before its first copy (`moving`), and says in it when everything is there (`moved`) or
when it was taken back (`rolled back`). A marker that names no phase is one of an environment that began in this
layout: it means moved.
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import ClassVar

from pydantic import Field

from layout import program
from layout.documents.model import Document, Part
from layout.environment import Environment
from layout.errors import MarkerError
from layout.keys import marker_key
from layout.times import utc_now

__all__ = [
    "REVISION",
    "SCHEME_NAME",
    "HistoryEntry",
    "Marker",
    "MarkerAct",
    "MarkerAction",
    "MarkerPhase",
    "MovedUser",
    "check_marker",
    "check_revision",
    "new_marker",
]

REVISION = 1
"""The revision that this code reads and writes."""
SCHEME_NAME = "r2-layout"


class MarkerPhase(enum.StrEnum):
    """How much of an environment's data is in the new layout."""

    MOVING = "moving"
    """A migration has begun: some of it, and of some users perhaps all."""
    MOVED = "moved"
    """All of it: applications work there."""
    ROLLED_BACK = "rolled back"
    """None that counts: a migration was taken back, and the data is in the old layout."""


class MarkerAct(enum.StrEnum):
    """What a migration did with the marker."""

    CLAIMED = "claimed"
    TAKEN_OVER = "taken over"
    """Claimed although another plan had: whoever did so has said that the other is given up."""
    MOVED = "moved"
    ROLLED_BACK = "rolled back"


class HistoryEntry(Part):
    """Who did what with the marker, and when."""

    # An enumeration is text in JSON, so it cannot be read strictly.
    act: MarkerAct = Field(strict=False, description="What was done.")
    by: str = Field(description="Who did it: an account, a job, or what the operator gave.")
    at: str = Field(description="When, ISO 8601 in UTC, by the clock of who did it. For people.")
    plan_id: str = Field(description="The migration's plan.")
    layout: str = Field(description="The old layout.")
    users: list[str] | None = Field(
        default=None,
        description="The only users of the new layout that it was about; not given: all, and what is shared.",
    )
    except_users: list[str] | None = Field(
        default=None, description="The users of the new layout that it was not about; not given: none."
    )

    @property
    def told(self) -> str:
        """For people: `claimed by 'anna@host' at 2026-05-04T03:02:01Z`."""
        return f"{self.act} by {self.by!r} at {self.at}"


class MovedUser(Part):
    """A user who is in the new layout already, while others are not."""

    user: str = Field(description="The user's id in the new layout.")
    since: str | None = Field(
        default=None,
        description="Since when, a last-modified time of the marker; not given: since this version was written.",
    )


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
    phase: MarkerPhase = Field(
        default=MarkerPhase.MOVED, strict=False, description="How much of the data is in this layout."
    )
    plan_id: str | None = Field(
        default=None, description="The plan of the migration that has claimed the environment and goes on."
    )
    moved_since: str | None = Field(
        default=None,
        description="Since when all but the users named here are in this layout, a last-modified time of the marker;"
        " not given: since this version was written.",
    )
    moved_users: list[MovedUser] = Field(
        default=[], description="Users who are in this layout with a time of their own."
    )
    waiting_users: list[str] | None = Field(
        default=None,
        description="While moving: the only users who are not in this layout yet; not given: unknown.",
    )
    history: list[HistoryEntry] = Field(default=[], description="What migrations did, the oldest first.")

    def holds(self, user: str) -> bool:
        """Whether all data of a user is in this layout, whatever is of others."""
        if self.phase is not MarkerPhase.MOVING:
            return self.phase is MarkerPhase.MOVED
        if any(moved.user == user for moved in self.moved_users):
            return True
        return self.waiting_users is not None and user not in self.waiting_users

    def told(self, *acts: MarkerAct) -> str:
        """The newest entry of the history that is one of these acts, for people; empty if there is none."""
        return next((entry.told for entry in reversed(self.history) if entry.act in acts), "")


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


def check_marker(
    marker: Marker | None,
    environment_is_empty: bool,
    environment: Environment,
    users: Collection[str] | None = None,
    old_layout: str | None = None,
) -> MarkerAction:
    """Whether an application of this revision may work on an environment.

    Args:
        marker: The environment's marker; None if there is no such object. Never None for a marker
            that could not be read.
        environment_is_empty: Whether no object at all lies under the environment's prefix.
        environment: The environment, for messages.
        users: The only users that the application serves; None: all. They may be in this layout before others are.
        old_layout: The old layout that the application reads too, where this one has no object yet.

    Raises:
        MarkerError: If there is data but no marker, the marker is of another scheme or revision, or the data is
            not all in this layout; with an old layout, if no migration from it has begun.
    """
    key = marker_key(environment=environment)
    if old_layout is not None and (marker is None or all(one.layout != old_layout for one in marker.history)):
        raise MarkerError(
            f"No migration from the layout {old_layout!r} has begun in the environment {environment.value!r}.",
            hint="Check APP_ENV; unset R2_READ_OLD_LAYOUT, or begin the migration:"
            f" {program.command('migrate', 'copy', '--plan', 'FILE', '--execute')}",
            key=key,
        )
    if marker is None:
        if environment_is_empty:
            return MarkerAction.WRITE
        raise MarkerError(
            f"The environment {environment.value!r} holds data, but no marker at {str(key)!r}.",
            hint=f"The data is in an old layout, or its migration is not finished: run {program.command('migrate')}.",
            key=key,
        )
    check_revision(marker, environment)
    waiting = [user for user in users or () if not marker.holds(user)]
    if marker.phase is MarkerPhase.MOVING and old_layout is None and (users is None or waiting):
        reading = "".join(
            f", or read both meanwhile: R2_READ_OLD_LAYOUT={one.layout}" for one in marker.history[-1:]
        )
        plan, claim = "", ""
        if marker.plan_id is not None:
            plan = f" by the plan {marker.plan_id!r}"
            claim = marker.told(MarkerAct.CLAIMED, MarkerAct.TAKEN_OVER)
        raise MarkerError(
            f"The environment {environment.value!r} is being moved into this layout{plan}"
            f"{claim and f', {claim}'}{_not_yet(waiting)}.",
            hint="Start it once everything is moved and the migration has said so by"
            f" {program.command('migrate', 'mark')}{reading}.",
            key=key,
        )
    if marker.phase is MarkerPhase.ROLLED_BACK:
        told = marker.told(MarkerAct.ROLLED_BACK) or marker.phase
        raise MarkerError(
            f"The migration of the environment {environment.value!r} was {told}.",
            hint="Its data is in the old layout: start the application of that layout, or move the data again with"
            f" {program.command('migrate')}.",
            key=key,
        )
    return MarkerAction.NOTHING


def _not_yet(users: list[str]) -> str:
    return f"; not there yet: {', '.join(map(repr, users))}" if users else ""


def check_revision(marker: Marker, environment: Environment) -> None:
    """Whether code of this revision understands a marker, whatever its phase.

    Raises:
        MarkerError: It is of another scheme or revision.
    """
    key = marker_key(environment=environment)
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
