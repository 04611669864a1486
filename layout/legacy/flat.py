"""The flat layout: users at the root of the bucket, beside the games they share.

::

    {bucket}/                                old                new
      games/{path}                           shared games       {env}/games/{path}
      {user}/                                one per user       {env}/users/{user}/profiles/{profile}/
        database.sqlite                                           database.sqlite
        raw_clips/{file}                                          raw_clips/{file}
        ...                                                       ...
      dev/ staging/ prod/                    the new layout     kept
      anything else                                             unknown

Nothing at the root says which segments are users. A segment is one if a name that the old application
wrote for its users lies directly under it; then everything under it is the user's, known name or not.
"""

from dataclasses import dataclass
from typing import ClassVar

from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import Key, r2_global_key, r2_key
from layout.legacy.legacy_layout import Decision, Facts, LegacyLayout, Phase, Placement

__all__ = ["FLAT", "NEVER_USERS", "USER_NAMES", "FlatLayout"]

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

GAMES = "games"
USERS = "users"
ENVIRONMENTS = frozenset(Environment)
NEVER_USERS = ENVIRONMENTS | {"production", USERS, GAMES}
"""Root segments that are no user even if a user's names lie under them: `production` is how the
application spelled prod, and `games/games/` would otherwise turn the shared games into a user."""

_DATABASE_SUFFIXES = (
    ".sqlite",
    ".sqlite-wal",
    ".sqlite-shm",
    ".sqlite-journal",
    ".db",
    ".sqlite.pre-migration",
)


@dataclass(frozen=True)
class FlatLayout(LegacyLayout):
    """Users at the root, one flat name space for each, and shared games."""

    name: ClassVar[str] = "flat"
    description: ClassVar[str] = "users at the root and shared games/, into {env}/users/ and {env}/games/"

    def user_shown_by(self, key: str) -> str | None:
        """The root segment, if a name of a user lies directly under it and it is not reserved."""
        root, _, path = key.partition("/")
        if path.partition("/")[0] in USER_NAMES and root and root not in NEVER_USERS:
            return root
        return None

    def place(self, key: str, facts: Facts) -> Placement:
        """Where the object at an old key belongs."""
        root, slash, path = key.partition("/")
        if slash and root in ENVIRONMENTS:
            return Placement(Decision.KEEP, f"{root}/", "environment", "it is in the new layout already")
        if not slash:
            return _unknown("(root)", "root-object", "it lies at the root of the bucket, under no user")
        if root == GAMES:
            return _place_game(key, path, facts)
        if root in NEVER_USERS:
            return _unknown(f"{root}/", "reserved-root", f"{root!r} is never a user")
        profile = facts.profile_of(root)
        if profile is None:
            reason = f"nothing directly under {root!r} shows that it is a user"
            return _unknown("(other roots)", "unknown-root", reason)
        return _place_of_user(key, root, path, profile, facts)

    def old_key(self, new_key: Key, facts: Facts) -> str | None:
        """The flat key; None for other profiles than the one that the user's flat files went to."""
        fields = new_key.fields
        if fields.get("env") != facts.environment:
            return None
        if new_key.template.name == "game":
            return f"{GAMES}/{fields['path']}"
        if new_key.template.name != "profile_file" or fields["user"] in NEVER_USERS:
            return None
        if facts.profile_of(fields["user"]) != fields["profile"]:
            return None
        return f"{fields['user']}/{fields['path']}"


FLAT = FlatLayout()


def _place_game(key: str, path: str, facts: Facts) -> Placement:
    area = f"{GAMES}/"
    try:
        new_key = r2_global_key(path, environment=facts.environment)
    except InvalidKeyError as error:
        return _inexpressible(key, area, "", error)
    return Placement(Decision.MOVE, area, "games", new_key=new_key)


def _place_of_user(key: str, root: str, path: str, profile: str, facts: Facts) -> Placement:
    first, slash, _ = path.partition("/")
    area = f"{{user}}/{first}{slash}" if first in USER_NAMES else "{user}/(other)"
    try:
        new_key = r2_key(root, path, profile, environment=facts.environment)
    except InvalidKeyError as error:
        return _inexpressible(key, area, root, error)
    phase = Phase.DATABASE if path.endswith(_DATABASE_SUFFIXES) else Phase.MEDIA
    return Placement(Decision.MOVE, area, "user", owner=root, new_key=new_key, phase=phase)


def _inexpressible(key: str, area: str, root: str, error: InvalidKeyError) -> Placement:
    if key.endswith("/"):
        return _unknown(area, "folder-marker", "it marks a folder; the new layout has none", root)
    return _unknown(area, "inexpressible", f"the new layout cannot express its key: {error}", root)


def _unknown(area: str, rule: str, reason: str, root: str = "") -> Placement:
    return Placement(Decision.UNKNOWN, area, rule, reason, root)
