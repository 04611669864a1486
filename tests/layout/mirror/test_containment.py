"""100,000 hostile ids and paths: each is refused, or stays inside its owner's prefix and folder."""

from __future__ import annotations

import os
import random
import unicodedata
from collections import Counter
from pathlib import Path

from layout.environment import Environment
from layout.errors import InvalidKeyError, LocalPathError
from layout.keys import parse_key, r2_key
from layout.mirror.paths import local_path

COUNT = 100_000
# Drawn from, joined and repeated: what people and tools have used to leave a folder.
PIECES = (
    "..", ".", "/", "//", "\\", "../", "..\\", "/..", "./", ".../", "....//", "%2e%2e", "%2e%2e%2f",
    "..%2f", "%5c", "%00", "%252e%252e%255c", "%c0%ae%c0%ae/", "..;/", "\0", "\x00.mp4", "\n", "\r\n",
    "\t", "\x1b[2J", "\x7f", "\x85", "\u202e", "\u202a", "\u2066", "\u200b", "\u200d", "\ufeff",
    "\u2215", "\u2044", "\uff0f", "\uff3c", "\u2024\u2024", "\uff0e\uff0e", "e\u0301", "\u00e9",
    "A\u030a", "\u212b", "\u1e9b\u0323", "\u0958", "\u0344", "\u0338", "\u0301", "\ud800", "\udfff",
    "\ufffe", "\uffff", "\U0001ffff", "CON", "nul", "aux.txt", "COM1", "PRN.", "LPT9", "a:b", "C:",
    "C:\\", "~", "~root", "$HOME", "`id`", "|", ">", "*", "?", "#", "&", "+", " ", "  ", "a ", "a.",
    ".git", "-rf", "{user}", "%s", "%(user)s", "{0}", "dev", "prod", "users", "profiles",
    "profiles.json", "layout.json", "games", "projects", "user_data", "victim", "owner", "owner2",
    "own", "database.sqlite", "\U0001f469\u200d\U0001f4bb", "", "a",
)  # fmt: skip


def border(random_: random.Random) -> str:
    """A name at, just below or just above 255 bytes, or a path at 1,024."""
    letter, size = random_.choice((("x", 1), ("é", 2), ("e\u0301", 2), ("日", 3), ("\U0001f600", 4)))
    if random_.random() < 0.5:
        return letter * (255 // size + random_.choice((-1, 0, 1)))
    return "/".join([letter * (200 // size)] * 5) + "y" * random_.randint(0, 40)


def hostile(random_: random.Random) -> str:
    """One hostile text."""
    if random_.random() < 0.04:
        return border(random_)
    return "".join(random_.choices(PIECES, k=random_.choice((1, 1, 1, 2, 2, 3, 4))))


def outcome(base: Path, user: str, profile: str, path: str) -> str:
    """What became of one triple: where it was refused, or that it is contained."""
    try:
        key = r2_key(user, path, profile, environment=Environment.DEV)
    except InvalidKeyError:
        return "refused as a key"
    user, profile = (unicodedata.normalize("NFC", name) for name in (user, profile))
    prefix = f"dev/users/{user}/profiles/{profile}/"
    assert key.startswith(prefix)
    assert not {"", ".", ".."} & set(key.split("/"))
    assert (key.count("/"), len(key.encode()) <= 1024) == (prefix.count("/") + path.count("/"), True)
    assert parse_key(key).fields == key.fields
    assert (key.fields["user"], key.fields["profile"]) == (user, profile)
    try:
        place = local_path(key, base=base)
    except LocalPathError:
        return "refused on this disk"
    assert str(place).startswith(str(base.joinpath(user, "profiles", profile)) + os.sep)
    assert ".." not in place.parts
    return "contained"


def test_hostile_names_are_refused_or_contained(tmp_path: Path) -> None:
    """No id and no path, however hostile, gets a key or a local path outside its owner's."""
    random_ = random.Random(85)  # noqa: S311 - the same names in every run
    base = tmp_path.resolve()
    seen = Counter(
        outcome(base, *(hostile(random_) if random_.random() < 0.5 else "owner" for _ in range(3)))
        for _ in range(COUNT)
    )
    assert seen.total() == COUNT
    assert min(seen["refused as a key"], seen["contained"]) > COUNT / 10
