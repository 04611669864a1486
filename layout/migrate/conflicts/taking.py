"""What a rule decides about an object whose new key another object has."""

from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.journal import Journal
from layout.migrate.plan.rows import TakenKey
from layout.migrate.rules.kept import kept_rules
from layout.migrate.rules.rule import CONFLICT_ACTIONS, Action
from layout.migrate.rules.ruled_layout import AREA, rule_name
from layout.set_aside import replaced_key, set_aside_key

__all__ = ["decide_by_rule"]


def decide_by_rule(plan: PlanFile, taken: TakenKey) -> bool:
    """Writes down whether the old object or the one at its new key stays; the other one is set aside.

    Returns:
        False if no rule says so: it is a conflict.
    """
    planned, meta = taken.planned, plan.meta
    found = kept_rules(plan).for_object(planned.key)
    if found is None or found.rule.action not in CONFLICT_ACTIONS:
        return False
    journal, name = Journal(plan), rule_name(found.rule.line)
    if found.rule.action is Action.TAKE_SOURCE:
        backup = replaced_key(meta.plan_id, planned.new_key, meta.environment)
        journal.source_taken(planned, taken.found.etag, str(backup), name, found.rule.reason)
    else:
        backup = set_aside_key(f"replaced/{meta.plan_id}/{meta.layout}", planned.key, meta.environment)
        journal.destination_taken(planned, str(backup), AREA, name, found.rule.reason)
    journal.rules_matched({found.rule.line: 1})
    return True
