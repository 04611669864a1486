"""The rules that a plan was made with: the plan file keeps them, and no other rules go on with it."""

from collections.abc import Callable
from dataclasses import dataclass

from layout.errors import RulesError
from layout.legacy import LEGACY_LAYOUTS
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.rule_rows import rule_counts, rule_file
from layout.migrate.rules.reading import parse_rules
from layout.migrate.rules.rule import NO_RULES, ObjectRule, Rules, UserRule
from layout.migrate.rules.ruled_layout import RuledLayout

__all__ = ["RuleMatches", "ignored_by_rule", "keep_rules", "kept_rules", "rule_matches"]


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


def ignored_by_rule(plan: PlanFile) -> Callable[[str], bool]:
    """Whether a rule of the plan leaves what is at an old key where it is, also what came after the plan was made."""
    rules = kept_rules(plan)
    if rules is NO_RULES:
        return lambda _: False
    return RuledLayout(LEGACY_LAYOUTS[plan.meta.layout], rules).ignores


def rule_matches(plan: PlanFile) -> list[RuleMatches]:
    """All rules of a plan in the order of their lines, those that match nothing included."""
    matches, rules = rule_counts(plan), kept_rules(plan)
    every: list[ObjectRule | UserRule] = [*rules.objects, *rules.users]
    ordered = sorted(every, key=lambda rule: rule.line)
    return [RuleMatches(rule, matches.get(rule.line, 0)) for rule in ordered]
