"""How the old application named its files (the rules that its uploads followed, quirks included)."""

import hashlib
import re
from random import Random

# Titles as people type them: every script, punctuation, and the two that leave nothing but dots or nothing.
TITLES = (
    "Great goal!",
    "Tor: 1:0 (Elfmeter)",
    "Диагональный пас",
    "得点シーン 前半",
    "مراوغة جميلة",
    "Åse – hodestøt i 90. minutt",
    "1v1 dribble & cross",
    "Save #3, 100% reflex",
    "..",
    "💥💥💥",
    "長い題名の付いた" * 8,
    "First touch",
    "counter attack 2-on-1",
    "Γκολ από κόρνερ",
    "헤딩 슛",
    "corner.routine.v2",
)
PROJECTS = (
    "Spring cup 2026",
    "Highlights für Oma",
    "College recruiting reel - fall season, first half, all touches and every defensive header",
    "!!!",
    "北海道遠征",
)


def clip_name(title: str) -> str:
    """Return a clip's file name without its extension.

    Colons become ``-``, spaces ``_``; of the rest only word characters of any script, ``-`` and ``.`` stay;
    cut to 50 characters, which can be 200 bytes. An empty result is ``clip``; the title ``..`` stays ``..``.
    """
    text = title.replace(":", "-").replace(" ", "_")
    return re.sub(r"[^\w\-.]", "", text)[:50] or "clip"


def unique_clip_names(titles: list[str]) -> list[str]:
    """Return the names that one export gives: a repeated title gets ``_1``, ``_2``, ... behind it."""
    names: list[str] = []
    for title in titles:
        base, number = clip_name(title), 0
        name = base
        while name in names:
            number += 1
            name = f"{base}_{number}"
        names.append(name)
    return names


def project_name(name: str, project: int) -> str:
    """Return a project's name as a file name: word characters of any script and ``-``, no length limit."""
    return re.sub(r"[^\w\-]", "", re.sub(r"\s+", "_", name)) or f"project_{project}"


def hex_digits(random: Random, digits: int) -> str:
    """Return that many lower-case hexadecimal digits."""
    return f"{random.getrandbits(4 * digits):0{digits}x}"


def game_name(body: bytes) -> str:
    """Return a shared game's name, 64 hexadecimal digits.

    BLAKE3 in a browser; SHA-256 from the script that filled the tree without the BLAKE3 module. Both look
    alike, so nothing may depend on which one it is.
    """
    return hashlib.sha256(body).hexdigest()


def game_key(number: int) -> str:
    """Return a key that a shared game may have, another one for each number, sorted as the numbers are."""
    return f"games/{number:064x}.mp4"
