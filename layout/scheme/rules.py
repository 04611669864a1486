"""What a scheme must fulfil. Each rule is a function that raises for the first row that breaks it."""

from __future__ import annotations

import itertools
from datetime import timedelta

from layout.errors import SchemeError
from layout.scheme.template import KeyTemplate, PrefixTemplate
from layout.scheme.variables import ENVIRONMENT, USER, Access, Variable

_Segments = tuple[str | Variable, ...]


def check_scheme(templates: tuple[KeyTemplate, ...], prefixes: tuple[PrefixTemplate, ...]) -> None:
    """Check the rows and prefixes of a scheme against each other.

    Raises:
        SchemeError: Naming the row and what to change.
    """
    _names_differ(templates)
    _names_differ(prefixes)
    for template in templates:
        _starts_with_environment(template)
        _access_fits(template)
        _retention_fits(template)
        _lock_fits(template)
    for first, second in itertools.combinations(templates, 2):
        _keys_differ(first, second)
        for one, other in ((first, second), (second, first)):
            _access_stays(one, other)
            _retention_stays(one, other)
            _lock_stays(one, other)
        _rule_ids_differ(first, second)
    for prefix in prefixes:
        _leads_some_row(prefix, templates)


def rule_prefix(template: KeyTemplate) -> str:
    """What the bucket's rules for a row are about: its folder, with `{env}` in it: `{env}/temp/`."""
    return template.text[: template.text.rfind("/") + 1]


def scope_prefix(template: KeyTemplate) -> str:
    """What a credential opens of a row that is open to more than the backend, with variables in it.

    Up to the user for what is the user's: `{env}/users/{user}/`. Up to the first variable after the
    environment for what is everyone's: `{env}/games/`.
    """
    if template.access is Access.USER:
        return template.text.partition(f"/{{{USER}}}/")[0] + f"/{{{USER}}}/"
    folders = template.text.split("/")[:-1]
    fixed = next((at for at, name in enumerate(folders) if at and name.startswith("{")), len(folders))
    return "/".join(folders[:fixed]) + "/"


def rule_folder(template: KeyTemplate) -> str:
    """What people know a row's rules by, in the ids of the rules: `temp` of `{env}/temp/`."""
    return "-".join(rule_prefix(template).rstrip("/").split("/")[1:])


def _names_differ(rows: tuple[KeyTemplate, ...] | tuple[PrefixTemplate, ...]) -> None:
    seen: set[str] = set()
    for row in rows:
        if row.name in seen:
            raise SchemeError(f"Two rows are called {row.name!r}.", hint="Give each row a name of its own.")
        seen.add(row.name)


def _starts_with_environment(template: KeyTemplate) -> None:
    if template.names[:1] != (ENVIRONMENT,) or not isinstance(template.segments[0], Variable):
        raise SchemeError(
            f"The template {template.text!r} does not start with '{{env}}/'.",
            hint="Credentials and lifecycle rules are cut by environment: start every row with '{env}/'.",
        )


def _access_fits(template: KeyTemplate) -> None:
    """A credential is cut at a prefix: what is open to a user must say which user, early enough."""
    if template.access is not Access.USER:
        return
    before = template.text.partition(f"/{{{USER}}}/")[0]
    if before == template.text or "{" in before.removeprefix(f"{{{ENVIRONMENT}}}"):
        raise SchemeError(
            f"The template {template.text!r} is open to a user, but has no folder of that user.",
            hint="A credential of a user opens what lies under '{user}/': put it after fixed segments, and the "
            "rest after it.",
        )


def _retention_fits(template: KeyTemplate) -> None:
    if template.retention is None:
        return
    if template.retention < timedelta(days=1) or template.retention % timedelta(days=1):
        raise SchemeError(
            f"The template {template.text!r} has the retention {str(template.retention)!r}, which is not a "
            "number of whole days.",
            hint="R2 removes expired objects within a day or so: use whole days, at least one.",
        )
    _prefix_is_literal(template, "a retention", "A lifecycle rule", "expires")


def _lock_fits(template: KeyTemplate) -> None:
    if template.locked is None:
        return
    if template.locked < timedelta(seconds=1) or template.locked % timedelta(seconds=1):
        raise SchemeError(
            f"The template {template.text!r} is locked for {str(template.locked)!r}, which is not a number of "
            "whole seconds.",
            hint="A bucket lock rule counts seconds: use whole seconds, at least one.",
        )
    if template.retention is not None and template.locked > template.retention:
        raise SchemeError(
            f"The template {template.text!r} is locked for {str(template.locked)!r}, longer than its retention "
            f"of {str(template.retention)!r}.",
            hint="R2 keeps a locked object past its lifecycle rule, so the retention would not be true: "
            "lengthen it, or shorten the lock.",
        )
    _prefix_is_literal(template, "a lock", "A bucket lock rule", "is locked")


def _prefix_is_literal(template: KeyTemplate, has: str, rule: str, happens: str) -> None:
    if any(isinstance(segment, Variable) for segment in template.segments[1:-1]):
        raise SchemeError(
            f"The template {template.text!r} has {has}, but its prefix {rule_prefix(template)!r} "
            "has a variable other than {env}.",
            hint=f"{rule} has a literal prefix: put what {happens} directly under the environment.",
        )


def _keys_differ(first: KeyTemplate, second: KeyTemplate) -> None:
    if _overlap(first.segments, second.segments):
        raise SchemeError(
            f"The templates {first.text!r} and {second.text!r} can produce the same key.",
            hint="Give one of them a fixed segment that the other cannot have.",
        )


def _overlap(first: _Segments, second: _Segments) -> bool:
    """Whether some key fits both."""
    if not first or not second:
        return not first and not second
    one, other = first[0], second[0]
    if not _compatible(one, other):
        return False
    if _is_many(one) or _is_many(other):
        # It comes last and takes any number of segments: what remains of the other row fits.
        return True
    return _overlap(first[1:], second[1:])


def _is_many(segment: str | Variable) -> bool:
    return isinstance(segment, Variable) and segment.many


def _compatible(one: str | Variable, other: str | Variable) -> bool:
    """Whether one segment can have the same value in both."""
    values = [_values(one), _values(other)]
    return None in values or not set(values[0] or ()).isdisjoint(values[1] or ())


def _values(segment: str | Variable) -> tuple[str, ...] | None:
    """The values that it can have; None if it can have any."""
    if isinstance(segment, str):
        return (segment,)
    return segment.choices or None


def _access_stays(template: KeyTemplate, other: KeyTemplate) -> None:
    """Refuse a credential that would open another row too."""
    if template.access is Access.BACKEND or template.access is other.access:
        return
    folder = template.segments[: scope_prefix(template).count("/")]
    if len(other.segments) > len(folder) and all(map(_compatible, folder, other.segments)):
        raise SchemeError(
            f"Credentials that open {template.text!r} to {template.access.value!r} would also open keys of "
            f"{other.text!r}.",
            hint="Give what is open a folder of its own, or both rows the same access.",
        )


def _retention_stays(template: KeyTemplate, other: KeyTemplate) -> None:
    """Refuse a rule that would expire another row's objects too."""
    if template.retention is not None and _shares_folder(template, other):
        raise SchemeError(
            f"The retention of {template.text!r} would also expire keys of {other.text!r}.",
            hint="Give what expires a folder of its own directly under the environment.",
        )


def _lock_stays(template: KeyTemplate, other: KeyTemplate) -> None:
    """Refuse a rule that would lock another row's objects too."""
    if template.locked is not None and _shares_folder(template, other):
        raise SchemeError(
            f"The lock of {template.text!r} would also lock keys of {other.text!r}.",
            hint="Give what is locked a folder of its own directly under the environment.",
        )


def _rule_ids_differ(first: KeyTemplate, second: KeyTemplate) -> None:
    """Refuse two rows whose rules would have one id: `a/b/` and `a-b/`."""
    both_expire = first.retention is not None and second.retention is not None
    both_locked = first.locked is not None and second.locked is not None
    if (both_expire or both_locked) and rule_folder(first) == rule_folder(second):
        raise SchemeError(
            f"The rules of {first.text!r} and {second.text!r} would have the same id.",
            hint="Rename the folder of one of them.",
        )


def _shares_folder(template: KeyTemplate, other: KeyTemplate) -> bool:
    """Whether some key of `other` lies under the prefix of this row's rules."""
    folder = template.segments[:-1]
    return len(other.segments) > len(folder) and all(map(_compatible, folder, other.segments))


def _leads_some_row(prefix: PrefixTemplate, templates: tuple[KeyTemplate, ...]) -> None:
    if not any(template.text.startswith(prefix.text) for template in templates):
        raise SchemeError(
            f"No template starts with the prefix {prefix.text!r}.",
            hint="Correct the prefix, or remove it.",
        )
