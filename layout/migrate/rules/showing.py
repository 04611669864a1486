"""What commands say of rules."""

import json
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any

from layout.console import Result
from layout.exit_status import ExitStatus
from layout.migrate.conflicts.evidence import Evidence
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.moves import State
from layout.migrate.plan.totals import state_totals
from layout.migrate.rules.explaining import Explanation
from layout.migrate.rules.kept import kept_rules, rule_matches
from layout.migrate.rules.rule import ObjectRule, UserRule
from layout.migrate.rules.suggesting import SuggestedRules

__all__ = ["explained", "rule_data", "rule_lines", "with_ignored", "with_suggestion"]

SHOWN = 50
KEPT = 1_000


def rule_lines(plan: PlanFile) -> list[str]:
    """The rules of a plan, each with its reason and what it matched; those that decide about nothing once more."""
    found = rule_matches(plan)
    if not found:
        return []
    lines = ["", f"Rules of {kept_rules(plan).name!r}, with the objects that each decides about:"]
    lines += [
        f"  line {one.rule.line}: {one.objects:,} objects, {_words(one.rule)}: {one.rule.reason}"
        for one in islice(found, SHOWN)
    ]
    lines += [f"  and {len(found) - SHOWN:,} more"] if len(found) > SHOWN else []
    idle = [one.rule for one in found if not one.objects]
    if idle:
        lines.append(f"{len(idle):,} rules decide about nothing:")
        lines += [f"  line {rule.line}: {_words(rule)}" for rule in islice(idle, SHOWN)]
        lines += [f"  and {len(idle) - SHOWN:,} more"] if len(idle) > SHOWN else []
    return lines


def rule_data(plan: PlanFile) -> dict[str, Any]:
    """The same for `--json`: the first thousand, and how many there are."""
    found = rule_matches(plan)
    return {
        "rules_file": kept_rules(plan).name,
        "rules": [{**_fields(one.rule), "objects": one.objects} for one in islice(found, KEPT)],
        "rules_total": len(found),
        "rules_without_objects": sum(not one.objects for one in found),
    }


def with_ignored(plan: PlanFile, result: Result) -> Result:
    """The answer of `verify` or `delete`, and how many objects rules leave where they are."""
    count = state_totals(plan)[State.IGNORE]
    line = f"{count:,} objects stay at their old keys, as the rules of {kept_rules(plan).name!r} say."
    lines = [*result.lines, line] if count else result.lines
    return replace(result, lines=lines, data=result.data | {"ignored": count})


def with_suggestion(planned: Result, suggested: SuggestedRules, path: Path) -> Result:
    """The answer of `plan`, and what the suggestion that it wrote holds."""
    line = f"Suggested rules: {path}, {suggested.decided:,} in force; {suggested.open:,} choices wait for a person."
    data = {"suggested": {"file": str(path), "in_force": suggested.decided, "open": suggested.open}}
    return replace(planned, lines=[*planned.lines, "", line], data=planned.data | data)


def explained(plan: PlanFile, found: Explanation) -> Result:
    """The answer of `explain`."""
    one = found.object
    where = f"{one.key!r}, {one.size:,} bytes, of {one.modified}: {one.action}"
    by = f"by the rule {one.rule!r} of the layout {plan.meta.layout}"
    if found.decided_by is not None:
        name = kept_rules(plan).name
        by = f"by line {found.decided_by.line} of {name!r}: {_words(found.decided_by)}"
    lines = [where, *([f"  to {one.new_key!r}"] if one.new_key is not None else []), f"  {by}"]
    lines += [f"  because: {one.reason}"] if one.reason else []
    lines += [f"  problem: {one.problem}"] if one.problem else []
    lines += [f"  {line}" for line in Evidence.from_json(one.sides).lines()] if one.sides else []
    lines += [f"  line {rule.line} matches too: {_words(rule)}" for rule in found.also]
    data = {name: value for name, value in asdict(one).items() if name != "sides"} | {
        **({"evidence": json.loads(one.sides)} if one.sides else {}),
        "decided_by": None if found.decided_by is None else _fields(found.decided_by),
        "also": [_fields(rule) for rule in found.also],
    }
    return Result(ExitStatus.DONE, lines, data)


def _words(rule: ObjectRule | UserRule) -> str:
    to = f" to {rule.target!r}" if rule.target else ""
    return (
        f"{rule.about} {rule.action}{to}" if isinstance(rule, UserRule) else f"{rule.action} {rule.about}{to}"
    )


def _fields(rule: ObjectRule | UserRule) -> dict[str, Any]:
    return {name: value for name, value in asdict(rule).items() if value}
