"""The rules that a plan was made with: the plan file keeps them, and no other rules go on with it."""

from collections.abc import Callable
from dataclasses import dataclass

from layout.errors import RulesError
from layout.legacy import LEGACY_LAYOUTS, LegacyLayout
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.filtering import kept_filter
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.rule_rows import rule_counts, rule_file
from layout.migrate.rules.reading import parse_rules
from layout.migrate.rules.rule import NO_RULES, ObjectRule, Rules, UserRule
from layout.migrate.rules.ruled_layout import RuledLayout

__all__ = ["RuleMatches", "keep_rules", "kept_rules", "left_alone", "postponed_by", "rule_matches"]


@dataclass(frozen=True)
class RuleMatches:
    """A rule, and how many keys of the bucket it is about."""

    rule: ObjectRule | UserRule
    objects: int


def keep_rules(plan: PlanFile, rules: Rules) -> None:
    """Writes the rules into a plan in which nothing has been decided, and recognises them in any other.

    Raises:
        RulesError: The plan was made with other rules.
    """
    kept = kept_rules(plan)
    if kept.text == rules.text:
        return
    if not kept.text and not plan.meta.listed and plan.meta.listed_to is None:
        with plan.transaction():
            Journal(plan).rules_kept(rules.name, rules.text)
        return
    made = f"with other rules than {rules.name!r} holds now" if kept.text else "without rules"
    raise RulesError(
        f"The plan {str(plan.path)!r} was made {made}.",
        hint="Rules are part of a plan: name another file with --plan to make a plan with these.",
    )


def kept_rules(plan: PlanFile) -> Rules:
    """The rules of a plan; none if it was made without."""
    kept = rule_file(plan)
    return NO_RULES if kept is None else parse_rules(kept.name, kept.text)


def left_alone(plan: PlanFile) -> Callable[[str], bool]:
    """Whether the plan leaves what is at an old key where it is, also what came after the plan was made.

    Because a rule says so, or because it is of a user that the plan is not of.
    """
    rules = kept_rules(plan)
    if rules is NO_RULES and not kept_filter(plan):
        return lambda _: False
    layout = RuledLayout(LEGACY_LAYOUTS[plan.meta.layout], rules)
    postponed = postponed_by(plan, layout)
    return lambda key: postponed(key) or layout.ignores(key)


def postponed_by(plan: PlanFile, layout: LegacyLayout) -> Callable[[str], bool]:
    """Whether what is at an old key is of a user that the plan is not of; `layout` says whose it is."""
    users = kept_filter(plan)
    if not users:
        return lambda _: False
    return lambda key: not users.includes(layout.owner_of(key))


def rule_matches(plan: PlanFile) -> list[RuleMatches]:
    """All rules of a plan in the order of their lines, those that match nothing included."""
    matches, rules = rule_counts(plan), kept_rules(plan)
    every: list[ObjectRule | UserRule] = [*rules.objects, *rules.users]
    ordered = sorted(every, key=lambda rule: rule.line)
    return [RuleMatches(rule, matches.get(rule.line, 0)) for rule in ordered]
