"""Rules and comments as lines of a TOML file."""

from layout.migrate.rules.rule import ObjectRule, UserRule

__all__ = ["as_comment", "as_line", "escape_glob"]


def as_line(rule: ObjectRule | UserRule) -> str:
    """The rule as one line of its list, `{ key = "...", action = "...", reason = "..." },`."""
    names = "key glob action user path to reason" if isinstance(rule, ObjectRule) else "id action to reason"
    values = ((name, str(getattr(rule, name))) for name in names.split())
    return "{ " + ", ".join(f"{name} = {_quoted(value)}" for name, value in values if value) + " },"


def as_comment(text: str) -> str:
    """The text as one line of a comment, whatever characters it has."""
    return f"  # {''.join(map(_shown, text))}"


def escape_glob(text: str) -> str:
    """A part of a glob that matches this text alone."""
    return "".join(f"[{one}]" if one in "*?[" else one for one in text)


def _quoted(text: str) -> str:
    escaped = (f"\\{one}" if one in '"\\' else _shown(one) for one in text)
    return f'"{"".join(escaped)}"'


def _shown(one: str) -> str:
    return one if one.isprintable() else f"\\U{ord(one):08x}"
