"""The flat layout: users at the root of the bucket, beside the games they share.

::

    {bucket}/                                old                new
      games/{64 hex digits}.mp4              shared games       {env}/games/{64 hex digits}.mp4
      {user}/                                one per user       {env}/users/{user}/profiles/{profile}/
        database.sqlite                                           database.sqlite
        raw_clips/{file}                                          raw_clips/{file}
        ...                                                       ...
      anything else                                             unknown

Nothing at the root says which segments are users. A segment is one if something lies under it that only the
old application wrote, and wrote for users only: see `SHOWN_BY`. Then everything under it is the user's, known
name or not. A common word is not enough: logs/temp/a.log shows no user `logs`.

No user can be called like an environment, `production`, `users` or `games`, since what lies there may be of the
new layout or shared. What looks like the data of such a user is unknown, and the reason says so.
"""

import re
from dataclasses import dataclass
from typing import ClassVar
from unicodedata import normalize

from layout.environment import Environment
from layout.keys import Key, games_prefix, profile_prefix, r2_global_key, r2_key, users_prefix
from layout.legacy.legacy_layout import Evidence, Facts, LegacyLayout, Placement, move, phase_of, unknown

__all__ = ["FLAT", "NEVER_USERS", "SHOWN_BY", "USER_NAMES", "FlatLayout"]

USER_NAMES = frozenset(
    {
        "archive",
        "clip_cache",
        "database.db",
        "database.sqlite",
        "detections",
        "downloads",
        "final_videos",
        "games",
        "highlights",
        "raw_clips",
        "temp",
        "uploads",
        "video_editor.db",
        "working_videos",
    }
)
"""What the old application wrote directly under a user: its code, and the list its own migration had."""

SHOWN_BY = re.compile(
    r"(?:database\.sqlite|database\.db|video_editor\.db)\Z"
    r"|(?:raw_clips|working_videos|final_videos|clip_cache)/"
    r"|archive/[0-9]+\.json\Z"
    r"|detections/[^/]+/frame_[0-9]+\.json\Z"
    r"|downloads/[^/]*_[0-9a-f]{8}[^/]*\.(?:tsv|mp4)\Z"
    r"|games/[0-9a-f]{12}(?:\.[^/.]+)?\Z"
    r"|temp/multi_clip_[^/]+/source_[0-9]+\.mp4\Z"
    r"|uploads/[0-9a-f]{32}(?:\.[^/.]+)?\Z"
)
"""Paths under a root segment that show that it is a user.

A database, or a folder whose name nobody else uses; under a name that any folder may have (`temp/`, `downloads/`,
`uploads/`), only a file named as the old application named them.
"""

GAMES = "games"
ENVIRONMENTS = frozenset(Environment)
NEVER_USERS = ENVIRONMENTS | {"production", "users", GAMES}
"""Root segments that are no user whatever lies under them: `production` is how the application spelled prod."""

_SHARED_GAME = re.compile(r"[0-9a-f]{64}\.mp4")
"""BLAKE3 of the content, or SHA-256 where a script lacked BLAKE3: both have 64 digits."""


@dataclass(frozen=True)
class FlatLayout(LegacyLayout):
    """Users at the root, one flat name space for each, and shared games."""

    name: ClassVar[str] = "flat"
    description: ClassVar[str] = "users at the root and shared games/, into {env}/users/ and {env}/games/"

    def owner_of(self, key: str) -> str | None:
        """The root segment, if it is not reserved."""
        root, slash, _ = key.partition("/")
        owner = normalize("NFC", root)
        return owner if slash and owner and owner not in NEVER_USERS else None

    def evidence_in(self, key: str) -> Evidence | None:
        """What lies under the root segment and shows a user: `SHOWN_BY`."""
        owner = self.owner_of(key)
        path = key.partition("/")[2]
        if owner is None or not SHOWN_BY.match(path):
            return None
        first, slash, _ = path.partition("/")
        return Evidence(owner, first + slash)

    def place_old(self, key: str, facts: Facts) -> Placement:
        """By the root segment."""
        root, slash, path = key.partition("/")
        if not slash:
            return unknown("(root)", "root-object", "it lies at the root of the bucket, under no user")
        if root == GAMES:
            return _place_game(key, path, facts)
        if root in NEVER_USERS:
            return _place_reserved(key, root, path)
        owner = self.owner_of(key)
        profile = None if owner is None else facts.profile_of(owner)
        if owner is None or profile is None:
            return unknown("(other roots)", "unknown-root", _why_no_user(root, path))
        first, slash, _ = path.partition("/")
        area = f"{{user}}/{first}{slash}" if first in USER_NAMES else "{user}/(other)"
        return move(
            key,
            area,
            "user",
            lambda: r2_key(facts.user_of(owner), path, profile, environment=facts.environment),
            owner=owner,
            phase=phase_of(path),
        )

    def old_key(self, new_key: Key, facts: Facts) -> str | None:
        """The flat key; None for other profiles than the one that the user's flat files went to."""
        fields = new_key.fields
        if fields.get("env") != facts.environment:
            return None
        if new_key.template.name == "game":
            return f"{GAMES}/{fields['path']}" if _SHARED_GAME.fullmatch(fields["path"]) else None
        if new_key.template.name != "profile_file":
            return None
        owner = facts.owner_of_user(fields["user"])
        if owner in NEVER_USERS or facts.profile_of(owner) != fields["profile"]:
            return None
        return f"{owner}/{fields['path']}"

    def old_prefix(self, new_prefix: str, facts: Facts) -> str | None:
        """The root segment of the games or of a user, and what follows below the user's profile."""
        if new_prefix == games_prefix(environment=facts.environment):
            return f"{GAMES}/"
        users = users_prefix(environment=facts.environment)
        user = new_prefix.removeprefix(users).partition("/")[0]
        owner = facts.owner_of_user(user)
        profile = None if owner in NEVER_USERS else facts.profile_of(owner)
        if not new_prefix.startswith(users) or profile is None:
            return None
        of_profile = profile_prefix(user, profile, environment=facts.environment)
        if new_prefix.startswith(of_profile):
            return f"{owner}/{new_prefix.removeprefix(of_profile)}"
        # All that is of the profile lies under the new prefix: that of the user, or of all their profiles.
        return f"{owner}/" if of_profile.startswith(new_prefix) else None


FLAT = FlatLayout()


def _place_game(key: str, path: str, facts: Facts) -> Placement:
    if _SHARED_GAME.fullmatch(path):
        return move(key, f"{GAMES}/", "games", lambda: r2_global_key(path, environment=facts.environment))
    if key.endswith("/"):
        return _folder_marker(f"{GAMES}/")
    reason = "it is not named as shared games are, by 64 hex digits and .mp4"
    return unknown(f"{GAMES}/", "no-shared-game", reason + _may_be_of_user(GAMES, path))


def _place_reserved(key: str, root: str, path: str) -> Placement:
    area = f"{root}/"
    if root not in ENVIRONMENTS:
        return unknown(area, "reserved-root", f"{root!r} is never a user" + _may_be_of_user(root, path))
    if key.endswith("/"):
        return _folder_marker(area)
    reason = "the new layout has no such key" + _may_be_of_user(root, path)
    return unknown(area, "no-new-key", reason)


def _may_be_of_user(root: str, path: str) -> str:
    if path.partition("/")[0] not in USER_NAMES:
        return ""
    user = f"; it looks like data of a user called {root!r}"
    if root not in ENVIRONMENTS:
        return user
    return f"{user}, of whom {root}/games/ and {root}/temp/ would pass for the new layout's"


def _why_no_user(root: str, path: str) -> str:
    reason = f"nothing directly under {root!r} shows that it is a user"
    first, slash, _ = path.partition("/")
    if not root or first not in USER_NAMES:
        return reason
    return f"{reason}; {first + slash!r} does not, since others use that name too"


def _folder_marker(area: str) -> Placement:
    return unknown(area, "folder-marker", "it marks a folder; the new layout has none")
