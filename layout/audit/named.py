"""From a text that an application wrote to the objects of a profile that it may name."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from layout.audit.place import Place
from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import Key, parse_key, profile_prefix, r2_key

__all__ = ["Profile", "candidates", "texts_in"]


@dataclass(frozen=True)
class Profile:
    """A profile of a user in an environment."""

    environment: Environment
    user: str
    profile: str

    @property
    def prefix(self) -> str:
        """Of all its keys."""
        return profile_prefix(self.user, self.profile, environment=self.environment)

    @property
    def place(self) -> Place:
        """Where its files are counted."""
        return Place(self.environment.value, "profile_file", self.user, self.profile)

    def key(self, path: str) -> Key:
        """Of a file in it.

        Raises:
            InvalidKeyError: No file can be called so.
        """
        return r2_key(self.user, path, self.profile, environment=self.environment)


def texts_in(value: Any) -> list[str] | None:
    """A text and, if it is JSON, all texts in that; None for bytes that are none."""
    if isinstance(value, bytes):
        try:
            return list(_leaves(json.loads(value)))
        except ValueError:
            return None
    if not isinstance(value, str):
        return []
    try:
        return [value, *_leaves(json.loads(value))]
    except (ValueError, RecursionError):
        return [value]


def candidates(texts: Iterable[str], profile: Profile, folders: tuple[str, ...]) -> Iterator[str]:
    """The keys that texts may mean: a whole key, a path in the profile, an old key, a name in one of the folders."""
    for text in dict.fromkeys(texts):
        path = unquote(urlsplit(text).path) if "://" in text else text
        path = path.lstrip("/")
        if not path:
            continue
        if "/" not in path:
            meant = ["/".join((folder, path)) for folder in folders]
        else:
            # An address may begin with the bucket, an old key with the user.
            rest = path.partition("/")[2]
            yield from _whole_keys((path, rest))
            meant = [path, path.removeprefix(f"{profile.user}/")]
        for one in meant:
            try:
                yield str(profile.key(one))
            except InvalidKeyError:
                continue


def _whole_keys(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        try:
            yield str(parse_key(text))
        except InvalidKeyError:
            continue


def _leaves(content: Any) -> Iterator[str]:
    """Without recursion: a document may be as deep as its parser lets it."""
    waiting = [content]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
