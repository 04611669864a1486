"""What a rule file says, once it has been read."""

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from unicodedata import normalize

from layout.migrate.rules.globs import compile_glob

__all__ = [
    "CONFLICT_ACTIONS",
    "NO_RULES",
    "Action",
    "MatchedRule",
    "ObjectRule",
    "Rules",
    "UserAction",
    "UserRule",
]


class Action(enum.StrEnum):
    """What becomes of an object."""

    IGNORE = "ignore"
    """It stays where it is, and no command touches it."""
    RENAME = "rename"
    """It moves to the key that the rule gives."""
    BACKUP = "backup"
    """It moves to `{env}/backups/`, where it is locked for 30 days and then expires."""
    TAKE_SOURCE = "take source"
    """Where another object is at its new key, that one is set aside in `{env}/backups/`, and then replaced."""
    TAKE_DESTINATION = "take destination"
    """Where another object is at its new key, that one stays, and this one is set aside in `{env}/backups/`."""


CONFLICT_ACTIONS = (Action.TAKE_SOURCE, Action.TAKE_DESTINATION)
"""What decides about an object only if another one is at its new key; else the layout decides."""


class UserAction(enum.StrEnum):
    """What becomes of an owner of the old layout."""

    MAP = "map"
    """They get another id in the new layout."""
    SKIP = "skip"
    """All that is theirs stays where it is."""
    NO_USER = "is not a user"
    """What lies there is nobody's, whatever it looks like."""


@dataclass(frozen=True, slots=True)
class ObjectRule:
    """A rule about objects.

    Attributes:
        line: Where it stands in the file; also its name in a plan.
        action: What is to be done.
        reason: Why, in the operator's words.
        key: The one key that it is about, or the empty text.
        glob: The keys that it is about, or the empty text.
        path: For a rename: the path in a user's profile, or the empty text.
        user: For a rename to a path: the owner whose profile it is; empty: the owner of the key.
        to: For a rename: the new key, `{env}/` and the rest, or the empty text.
    """

    line: int
    action: Action
    reason: str
    key: str = ""
    glob: str = ""
    path: str = ""
    user: str = ""
    to: str = ""

    @property
    def about(self) -> str:
        """The key or glob, as a message shows it."""
        return repr(self.key or self.glob)

    @property
    def target(self) -> str:
        """Where a rename leads, as it is written."""
        return self.path or self.to


@dataclass(frozen=True, slots=True)
class UserRule:
    """A rule about an owner: line, action, reason, the owner reference `id`, and the new id of a `map`."""

    line: int
    action: UserAction
    reason: str
    id: str
    to: str = ""

    @property
    def about(self) -> str:
        """The user, as a message shows them."""
        return f"user {self.id!r}"

    @property
    def target(self) -> str:
        """The new id of a `map`."""
        return self.to


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """The rule that decides about an object, and what the wildcards of its glob matched."""

    rule: ObjectRule
    matched: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rules:
    """A rule file.

    Attributes:
        name: Of the file, as the operator gave it.
        text: The file, as it was.
        objects: In the order of the file.
        users: In the order of the file.
    """

    name: str = ""
    text: str = ""
    objects: tuple[ObjectRule, ...] = field(default=())
    users: tuple[UserRule, ...] = field(default=())

    def for_object(self, key: str) -> MatchedRule | None:
        """The rule that decides about a key: the one for exactly this key, else the first glob that matches it.

        Both are compared in NFC: two spellings are one object of R2.
        """
        return next(self._matches(key), None)

    def all_for_object(self, key: str) -> Iterator[ObjectRule]:
        """All rules about a key, the one that decides first."""
        return (found.rule for found in self._matches(key))

    def _matches(self, key: str) -> Iterator[MatchedRule]:
        if not self.objects:
            return
        normal = normalize("NFC", key)
        if rule := self._by_key.get(normal):
            yield MatchedRule(rule)
        for pattern, rule in self._by_glob:
            if found := pattern.fullmatch(normal):
                yield MatchedRule(rule, found.groups())

    def for_user(self, owner: str | None) -> UserRule | None:
        """The rule about an owner reference."""
        return None if owner is None else self._by_owner.get(owner)

    @cached_property
    def mapped(self) -> Mapping[str, str]:
        """New ids by owner reference."""
        return {rule.id: rule.to for rule in self.users if rule.action is UserAction.MAP}

    @cached_property
    def _by_key(self) -> dict[str, ObjectRule]:
        return {rule.key: rule for rule in self.objects if rule.key}

    @cached_property
    def _by_glob(self) -> list[tuple[re.Pattern[str], ObjectRule]]:
        return [(compile_glob(rule.glob), rule) for rule in self.objects if rule.glob]

    @cached_property
    def _by_owner(self) -> dict[str, UserRule]:
        return {rule.id: rule for rule in self.users}


NO_RULES = Rules()
