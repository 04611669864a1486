"""What a plan does with one key, and by which rule."""

from dataclasses import dataclass

from layout.errors import PlanError
from layout.legacy import LEGACY_LAYOUTS
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.rule_rows import DecidedObject, decided_object
from layout.migrate.rules.kept import kept_rules
from layout.migrate.rules.rule import ObjectRule, UserRule
from layout.migrate.rules.ruled_layout import rule_name

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """What a plan says of one object, and which rules of the file are about it.

    Attributes:
        object: What the plan says.
        decided_by: The rule of the file that decided; None if the layout did.
        also: Rules of the file that match too, and were not asked since a narrower one decided, or because they are
            about the object's user.
    """

    object: DecidedObject
    decided_by: ObjectRule | UserRule | None
    also: tuple[ObjectRule | UserRule, ...]


def explain(plan: PlanFile, key: str) -> Explanation:
    """What becomes of the object at an old key, or of the one that moves to a new key.

    Raises:
        PlanError: The plan has no such key, old or new.
    """
    found = decided_object(plan, key)
    if found is None:
        raise PlanError(
            f"The plan {str(plan.path)!r} has no object with the key {key!r}, old or new.",
            hint="Give the whole key as it is listed, case included. What came later is in a new plan only.",
        )
    matching = _matching(plan, found.key)
    decided = next((rule for rule in matching if rule_name(rule.line) == found.rule), None)
    return Explanation(found, decided, tuple(rule for rule in matching if rule is not decided))


def _matching(plan: PlanFile, key: str) -> list[ObjectRule | UserRule]:
    """All rules about a key, the narrowest first."""
    rules = kept_rules(plan)
    matching: list[ObjectRule | UserRule] = [*rules.all_for_object(key)]
    owner = LEGACY_LAYOUTS[plan.meta.layout].owner_of(key) if rules.users else None
    user_rule = rules.for_user(owner)
    return matching if user_rule is None else [*matching, user_rule]
