"""How fast keys are built and parsed, beside the least that anybody would write by hand.

    python bench/keys.py

Each row is the best of many short runs, since a busy machine only ever adds time. The ratios, unlike
the times, mean the same on every machine.
"""

from __future__ import annotations

import os
import re
import sys
import timeit
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from layout.environment import Environment
from layout.keys import parse_key, r2_key, scene_file_key

USER = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"
PROFILE = "a1b2c3d4"
PATH = "raw_clips/goal_by_anna.mp4"
ACCENTS = "raw_clips/but_d’été.mp4"
DEV = Environment.DEV
TEXT = f"dev/users/{USER}/profiles/{PROFILE}/{PATH}"
ACCENT_TEXT = f"dev/users/{USER}/profiles/{PROFILE}/{ACCENTS}"
SCENE_TEXT = f"dev/users/{USER}/projects/p1/scenes/s1/audio/voice.mp3"

# What one would write in a hurry: it checks nothing but the slashes.
_BY_HAND = re.compile(
    r"(?P<env>[^/]+)/users/(?P<user>[^/]+)/profiles/(?P<profile>[^/]+)/(?P<path>.+)", re.DOTALL
)


def _f_string(environment: str, user: str, profile: str, path: str) -> str:
    return f"{environment}/users/{user}/profiles/{profile}/{path}"


def _by_hand(text: str) -> dict[str, str]:
    match = _BY_HAND.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return match.groupdict()


Case = tuple[str, Callable[[], object]]
BUILD: list[Case] = [
    ("f-string, no check", lambda: _f_string("dev", USER, PROFILE, PATH)),
    ("r2_key", lambda: r2_key(USER, PATH, PROFILE, environment=DEV)),
    ("r2_key, APP_ENV read at the call", lambda: r2_key(USER, PATH, PROFILE)),
    ("r2_key, accents", lambda: r2_key(USER, ACCENTS, PROFILE, environment=DEV)),
    ("scene_file_key", lambda: scene_file_key(USER, "p1", "s1", "audio", "voice.mp3", environment=DEV)),
]
PARSE: list[Case] = [
    ("regular expression by hand", lambda: _by_hand(TEXT)),
    ("parse_key", lambda: parse_key(TEXT)),
    ("parse_key and its fields", lambda: parse_key(TEXT).fields),
    ("parse_key, accents", lambda: parse_key(ACCENT_TEXT)),
    ("parse_key, a scene's file", lambda: parse_key(SCENE_TEXT)),
]


def best(call: Callable[[], object], *, number: int = 1_000, repeat: int = 300) -> float:
    """Seconds of one call, the best of ``repeat`` runs of ``number`` calls."""
    return min(timeit.repeat(call, number=number, repeat=repeat)) / number


def report(title: str, cases: list[Case]) -> None:
    """Print one table; its first row is what the others are compared with."""
    print(f"{title:36}{'microseconds':>14}{'a second':>14}{'ratio':>8}")
    reference = 0.0
    for name, call in cases:
        seconds = best(call)
        reference = reference or seconds
        print(f"  {name:34}{seconds * 1e6:14.2f}{1 / seconds:14,.0f}{seconds / reference:8.1f}")
    print()


def main() -> int:
    """Print both tables."""
    os.environ.setdefault("APP_ENV", "dev")
    report("build", BUILD)
    report("parse", PARSE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
