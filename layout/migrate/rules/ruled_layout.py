"""An old layout together with the rules of an operator: another layout, which planning treats like any."""

from collections import Counter
from dataclasses import replace
from typing import ClassVar

from layout.errors import InvalidKeyError
from layout.keys import Key
from layout.legacy import (
    Decision,
    Evidence,
    Facts,
    LegacyLayout,
    Naming,
    Placement,
    is_new_key,
    phase_of,
    unknown,
)
from layout.migrate.rules.rule import (
    CONFLICT_ACTIONS,
    Action,
    MatchedRule,
    ObjectRule,
    Rules,
    UserAction,
    UserRule,
)
from layout.migrate.rules.targets import renamed_key
from layout.set_aside import set_aside_key

__all__ = ["RuledLayout", "rule_name"]

AREA = "(rules)"


def rule_name(line: int) -> str:
    """What a plan calls the rule on a line, in the column `rule` of its objects."""
    return f"line {line}"


class RuledLayout(LegacyLayout):
    """A layout whose answers rules may change.

    The narrowest rule decides: the one for exactly this key, then the first glob of the file that matches it, then
    the one about its user, then the layout. A key of the new layout is kept whatever the rules say.

    Attributes:
        matches: How many keys each rule, by line, was asked for and matched since somebody took the counts.
    """

    name: ClassVar[str] = "ruled"
    description: ClassVar[str] = "an old layout, and the rules of an operator"

    def __init__(self, layout: LegacyLayout, rules: Rules) -> None:
        self.layout = layout
        self.rules = rules
        self.matches: Counter[int] = Counter()
        self._facts: tuple[Facts, Facts] | None = None

    @property
    def has_profiles(self) -> bool:
        """As the layout says."""
        return self.layout.has_profiles

    def owner_of(self, key: str) -> str | None:
        """As the layout says."""
        return self.layout.owner_of(key)

    def user_of(self, owner: str) -> str:
        """The id that a rule maps an owner to, or the owner."""
        return self.rules.mapped.get(owner, owner)

    def evidence_in(self, key: str) -> Evidence | None:
        """Nothing of an owner who is skipped, or who is no user."""
        evidence = self.layout.evidence_in(key)
        rule = None if evidence is None else self.rules.for_user(evidence.owner)
        return evidence if rule is None or rule.action is UserAction.MAP else None

    def naming_of(self, key: str) -> Naming | None:
        """As the layout says."""
        return self.layout.naming_of(key)

    def place_old(self, key: str, facts: Facts) -> Placement:
        """By the narrowest rule, or as the layout says."""
        if not (self.rules.objects or self.rules.users):
            return self.layout.place_old(key, facts)
        facts = self._mapped(facts)
        owner = self.layout.owner_of(key)
        user_rule = self.rules.for_user(owner)
        if user_rule is not None:
            self.matches[user_rule.line] += 1
        found = self.rules.for_object(key)
        if found is not None and found.rule.action not in CONFLICT_ACTIONS:
            self.matches[found.rule.line] += 1
            return self._by_rule(key, owner, found, facts)
        if user_rule is not None and user_rule.action is UserAction.SKIP:
            return _ignored(user_rule)
        return self.layout.place_old(key, facts)

    def ignores(self, key: str) -> bool:
        """Whether a rule leaves the object at this old key where it is."""
        if is_new_key(key):
            return False
        found = self.rules.for_object(key)
        if found is not None and found.rule.action not in CONFLICT_ACTIONS:
            return found.rule.action is Action.IGNORE
        rule = self.rules.for_user(self.layout.owner_of(key))
        return rule is not None and rule.action is UserAction.SKIP

    def old_key(self, new_key: Key, facts: Facts) -> str | None:
        """As the layout says, with the owners' ids."""
        return self.layout.old_key(new_key, self._mapped(facts))

    def _by_rule(self, key: str, owner: str | None, found: MatchedRule, facts: Facts) -> Placement:
        rule = found.rule
        if rule.action is Action.IGNORE:
            return _ignored(rule)
        name = rule_name(rule.line)
        if rule.action is Action.BACKUP:
            backup = set_aside_key(self.layout.name, key, facts.environment)
            return Placement(Decision.MOVE, AREA, name, rule.reason, new_key=backup, phase=phase_of(backup))
        try:
            new_key, new_owner = renamed_key(found, owner, facts)
        except InvalidKeyError as error:
            return unknown(
                AREA, name, f"the rule on line {rule.line} cannot rename it: {str(error).rstrip('.')}"
            )
        return Placement(Decision.MOVE, AREA, name, rule.reason, new_owner, new_key, phase_of(new_key))

    def _mapped(self, facts: Facts) -> Facts:
        """The facts with the new ids; made once, since they are asked with every key."""
        if self._facts is None or self._facts[0] is not facts:
            self._facts = facts, replace(facts, mapped=self.rules.mapped)
        return self._facts[1]


def _ignored(rule: ObjectRule | UserRule) -> Placement:
    return Placement(Decision.IGNORE, AREA, rule_name(rule.line), rule.reason)
