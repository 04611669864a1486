"""Where a rename may lead: to a path in the profile of a user whom the plan moves, or to a key of the scheme."""

from dataclasses import dataclass

from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import Key, parse_key, r2_key
from layout.legacy import Facts
from layout.migrate.rules.globs import compile_glob, expand, placeholders
from layout.migrate.rules.rule import MatchedRule, ObjectRule
from layout.scheme.table import SCHEME
from layout.scheme.variables import ENVIRONMENT

__all__ = ["TargetFault", "renamed_key", "target_fault"]

_ENVIRONMENT = f"{{{ENVIRONMENT}}}/"
_ELSEWHERE = "Choose another key."
_REFUSED_ROWS = {
    "backup": "where R2 deletes what is 30 days old",
    "marker": "which a migration writes itself",
    "profiles": "which a migration writes itself",
    "selected_profile": "which a migration writes itself",
    "temporary": "where R2 deletes what is a day old",
}


@dataclass(frozen=True)
class TargetFault:
    """What is wrong with a rename: in which field, in words that follow a line's number, and what to write."""

    field: str
    what: str
    hint: str


def target_fault(rule: ObjectRule) -> TargetFault | None:
    """What is wrong with the target of a rename, as far as the file alone shows it."""
    field = "path" if rule.path else "to"
    if bool(rule.path) == bool(rule.to):
        both = "both a path and a key" if rule.path else "neither a path nor a key"
        hint = 'Write path = "..." for a path in the user\'s profile, or to = "{env}/..." for a key of the new layout.'
        return TargetFault("to" if rule.path else "action", f"renames {rule.about} to {both}", hint)
    if rule.user and rule.to:
        return TargetFault(
            "user", "gives a user beside a key", "A user belongs to a path; a key names its own."
        )
    if rule.to and not rule.to.startswith(_ENVIRONMENT):
        hint = (
            f"Write {_ENVIRONMENT} at its beginning: it becomes the plan's environment, as in"
            f' to = "{SCHEME["game"].text.partition("{path}")[0]}...".'
        )
        return TargetFault("to", f"renames {rule.about} to {rule.to!r}, which is in no environment", hint)
    if rule.glob:
        return _glob_fault(field, rule)
    try:
        _build(rule, rule.target, "user", "profile", Environment.DEV)
    except InvalidKeyError as error:
        what = (
            f"renames {rule.about} to {rule.target!r}, which the new layout refuses: {str(error).rstrip('.')}"
        )
        return TargetFault(field, what, error.hint or "")
    return None


def _glob_fault(field: str, rule: ObjectRule) -> TargetFault | None:
    wildcards, named = compile_glob(rule.glob).groups, placeholders(rule.target)
    if not named:
        hint = "Write {1} where the text of the first wildcard belongs, {2} for the second, and so on."
        return TargetFault(field, f"renames all that {rule.about} matches to one key", hint)
    for number in named:
        if not 1 <= number <= wildcards:
            hint = f"The glob {rule.about} has {wildcards} wildcards, counted from 1."
            return TargetFault(field, f"names the wildcard {{{number}}}, which there is not", hint)
    return None


def renamed_key(found: MatchedRule, owner: str | None, facts: Facts) -> tuple[Key, str]:
    """The new key of an object that a rule renames, and the owner reference of whoever has it then.

    Args:
        found: The rule, and what its wildcards matched.
        owner: The owner of the old key; None if it is nobody's.
        facts: The environment, and who is a user of the plan.

    Raises:
        InvalidKeyError: There is no such key, or nobody would copy to it; the text can follow a colon.
    """
    rule = found.rule
    target = expand(rule.target, found.matched) if rule.glob else rule.target
    if rule.to:
        key = _build(rule, target, "", "", facts.environment)
        user = key.fields.get("user")
        new_owner = "" if user is None else facts.owner_of_user(user)
        if new_owner and facts.profile_of(new_owner) is None:
            raise InvalidKeyError(f"The user {user!r} of the new key is none whom this plan moves.")
        return key, new_owner
    whose = rule.user or owner
    profile = None if whose is None else facts.profile_of(whose)
    if whose is None or profile is None:
        raise InvalidKeyError(
            "The key is nobody's, so the rule has to say whose path it is."
            if whose is None
            else f"The user {whose!r} is none whom this plan moves."
        )
    return _build(rule, target, facts.user_of(whose), profile, facts.environment), whose


def _build(rule: ObjectRule, target: str, user: str, profile: str, environment: Environment) -> Key:
    if rule.path:
        return r2_key(user, target, profile, environment=environment)
    key = parse_key(f"{environment.value}/{target.removeprefix(_ENVIRONMENT)}")
    if reason := _REFUSED_ROWS.get(key.template.name):
        backup = key.template.name == "backup"
        hint = f'{_ELSEWHERE} If that is meant, use action = "backup".' if backup else _ELSEWHERE
        raise InvalidKeyError(f"The row {key.template.text!r} is a place {reason}.", hint=hint)
    return key
