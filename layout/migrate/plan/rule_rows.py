"""What a plan keeps of rules, and how it decided about one object. Nothing here changes the plan."""

from dataclasses import dataclass

from layout.migrate.plan.file import PlanFile

__all__ = ["DecidedObject", "RuleFile", "decided_object", "rule_counts", "rule_file"]


@dataclass(frozen=True)
class RuleFile:
    """The rule file that a plan was made with: its name as the operator gave it, and its text."""

    name: str
    text: str


@dataclass(frozen=True)
class DecidedObject:
    """What a plan says of one object.

    Attributes:
        key: Its old key.
        new_key: Its new key; None if it has none.
        action: Its state.
        size: Bytes.
        modified: Last-modified time, as listed.
        rule: The rule of the layout that decided, or `line N` of the rule file.
        reason: Why; empty for a plain copy.
        problem: What the last attempt or verification found wrong; empty if nothing.
        sides: What is known of both sides of a conflict, as JSON; empty if nothing is.
    """

    key: str
    new_key: str | None
    action: str
    size: int
    modified: str
    rule: str
    reason: str
    problem: str
    sides: str


def rule_file(plan: PlanFile) -> RuleFile | None:
    """The rule file of a plan; None if it was made without."""
    row = plan.database.execute("SELECT name, text FROM rule_file").fetchone()
    return None if row is None else RuleFile(row["name"], row["text"])


def rule_counts(plan: PlanFile) -> dict[int, int]:
    """How many keys each rule decided about, by its line; rules without any are left out."""
    return {row["line"]: row["objects"] for row in plan.rows("SELECT line, objects FROM rule_matches")}


def decided_object(plan: PlanFile, key: str) -> DecidedObject | None:
    """The object at an old key, or else the one that moves to this key."""
    row = plan.database.execute(
        "SELECT key, new_key, state AS action, size, modified, rule, reason, coalesce(problem, '') AS problem,"
        " coalesce(sides, '') AS sides FROM objects LEFT JOIN conflict_evidence ON object = id"
        " WHERE key = ? OR new_key = ? ORDER BY key <> ? LIMIT 1",
        (key, key, key),
    ).fetchone()
    return None if row is None else DecidedObject(**dict(row))
