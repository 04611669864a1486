"""The application on the moved bucket: what its users did before, they do again."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import httpx2

from demo.checks import Check
from demo.running_application import RunningApplication
from demo.screen import Screen
from layout.mirror.paths import DATABASE_NAME
from tests.data.flat_bucket.legacy_data import legacy_objects

USER = "a"
FRESH = "somebody new"
TITLE = "The goal of the season"


def use_application(screen: Screen, variables: Mapping[str, str], folder: Path) -> list[Check]:
    """Sign in, list, play and rename a clip; start again on an empty disk, and look for the new name.

    Args:
        screen: Where to print.
        variables: Settings with a credential that reads and writes ``dev/``.
        folder: Where the databases of each start lie.

    Raises:
        LocalCloudflareError: The application did not start.
    """
    with RunningApplication(variables, folder / "first") as first:
        screen.say(f"python -m examples.backend answers at {first.url}")
        with first.client(USER) as client:
            clips = client.get("/clips").json()
            played = _played(client, clips)
            renamed = client.patch(f"/clips/{clips[0]['id']}", json={"name": TITLE}) if clips else None
            status = renamed.headers.get("x-sync-status") if renamed is not None else None
        with first.client(FRESH) as client:
            fresh = client.get("/profiles").json()
    screen.say(f"{USER!r} has {len(clips)} clips; the first is played and renamed: {status}")
    with RunningApplication(variables, folder / "second") as second, second.client(USER) as client:
        after = client.get("/clips").json()
    screen.say("The application is started again, with an empty disk.")
    return [
        Check("the application lists the clips that the user had before", _all_listed(clips, folder)),
        Check("it plays a clip, byte for byte what was uploaded to the old layout", played),
        Check(
            "a change is there after the application was started again on an empty disk",
            () if after and after[0]["name"] == TITLE else (f"the first clip is {after[:1]}",),
        ),
        Check(
            "a user who is new gets one profile",
            () if len(fresh.get("profiles", [])) == 1 else (f"the profiles are {fresh}",),
        ),
    ]


def _all_listed(clips: list[dict[str, str]], folder: Path) -> tuple[str, ...]:
    """Compare with the rows of the database that lay in the old layout."""
    old = folder / "old.sqlite"
    old.write_bytes(next(item.body for item in legacy_objects() if item.key == f"{USER}/{DATABASE_NAME}"))
    with closing(sqlite3.connect(old)) as database:
        rows = database.execute("SELECT id, name, filename FROM raw_clips ORDER BY id").fetchall()
    listed = [(clip["id"], clip["name"], clip["filename"]) for clip in clips]
    return () if rows and listed == rows else (f"{len(listed)} clips are listed, {len(rows)} were there",)


def _played(client: httpx2.Client, clips: list[dict[str, str]]) -> tuple[str, ...]:
    if not clips:
        return ("there is no clip to be played",)
    old = {item.key: item.body for item in legacy_objects()}
    for clip in clips:
        source = old.get(f"{USER}/raw_clips/{clip['filename']}")
        if source is None:
            continue
        body = httpx2.get(client.get(f"/clips/{clip['id']}/play").json()["url"]).content
        if hashlib.sha256(body).digest() == hashlib.sha256(source).digest():
            return ()
        return (f"clip {clip['id']} has {len(body)} bytes, its source {len(source)}",)
    return ("no clip has a file that was in the old layout",)
