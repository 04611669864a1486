"""Lifecycle and lock rules as values that can be compared, and the refusal to lose any that somebody else wrote.

A bucket has one lifecycle configuration and one lock configuration, and writing one replaces all of it. A rule is
this stack's if the scheme produces it, or if the stack itself wrote it last: its outputs say so, since a refresh
takes over into the state what others wrote, and leaves outputs alone. Any other is foreign, under whatever id: a
rule of ours that somebody lengthened or switched off says that somebody wants to keep what it is about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from infra.settings import StackSettings, config_key
from layout.errors import SettingsError

__all__ = ["BucketRule", "age", "check_rules", "effect", "gives_up_all"]

# In config `replaceRules`: every rule that is there may go.
_ALL = "*"
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class BucketRule:
    """What one rule of a bucket is about and does.

    Attributes:
        kind: `lifecycle` or `lock`.
        id: its name in its configuration.
        prefix: of the keys that it is about; empty means all.
        does: all that it does, in words. Two rules that do the same have the same words.
    """

    kind: str
    id: str
    prefix: str
    does: str

    def __str__(self) -> str:
        return f"{self.kind} rule {self.id!r} (prefix {self.prefix!r}: {self.does})"

    def output(self) -> dict[str, str]:
        """The rule as the stack exports it."""
        return {"id": self.id, "prefix": self.prefix, "does": self.does}

    @classmethod
    def from_outputs(cls, kind: str, exported: object) -> list[BucketRule]:
        """The rules of an output; none of one that is missing or was written by an older version."""
        rules = exported if isinstance(exported, Sequence) and not isinstance(exported, str) else ()
        return [
            cls(kind, str(rule["id"]), str(rule["prefix"]), str(rule["does"]))
            for rule in rules
            if isinstance(rule, Mapping) and {"id", "prefix", "does"} <= set(rule)
        ]


def age(seconds: int) -> str:
    """`30 days`, or `100 seconds` where they make no whole days."""
    days, rest = divmod(seconds, _SECONDS_A_DAY)
    number, unit = (seconds, "second") if rest or not days else (days, "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"


def effect(enabled: bool, deeds: Iterable[str]) -> str:
    """What a rule does, from its parts."""
    does = ", ".join(deeds) or "nothing"
    return does if enabled else f"switched off, {does}"


def check_rules(
    settings: StackSettings,
    *,
    there: Iterable[BucketRule],
    ours: Iterable[BucketRule],
    written: Iterable[BucketRule],
) -> None:
    """Stop at rules that this `up` would replace and that are not this stack's.

    Args:
        settings: of the stack.
        there: the rules that the bucket has.
        ours: those that the scheme produces.
        written: those that this stack's last `up` wrote.

    Raises:
        SettingsError: There are foreign rules, and `replaceRules` does not list all of them.
    """
    if gives_up_all(settings):
        return
    wanted = {(rule.kind, rule.id): rule for rule in ours}
    known = {*wanted.values(), *written}
    foreign = [rule for rule in there if rule not in known and rule.id not in settings.replace_rules]
    if foreign:
        raise SettingsError(
            f"Bucket {settings.bucket_name!r} has rules that neither the scheme nor this stack wrote and that "
            "this update would replace: "
            + ", ".join(_beside(rule, wanted.get((rule.kind, rule.id))) for rule in foreign)
            + ".",
            hint="Declare what they do in layout/scheme/table.py, or give them up: list their ids in config "
            f"{config_key('replaceRules')}.",
        )


def gives_up_all(settings: StackSettings) -> bool:
    """Whether config lets every rule go that is there."""
    return _ALL in settings.replace_rules


def _beside(rule: BucketRule, ours: BucketRule | None) -> str:
    """A foreign rule, and what would take its place."""
    if ours is None:
        return str(rule)
    return f"{rule}, where the scheme has prefix {ours.prefix!r}: {ours.does}"
