r"""Reading a rule file. Whatever is wrong with it is one error: the line, what is wrong there, and what to write.

::

    objects = [
      { glob = "logs/**", action = "ignore", reason = "written by the web server" },
      { key = "anna/raw_clips/a//b.mp4", action = "rename", path = "raw_clips/a-b.mp4", reason = "..." },
    ]
    users = [
      { id = "back\\slash", action = "map", to = "backslash", reason = "..." },
    ]
"""

import enum
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar
from unicodedata import normalize

from layout.environment import Environment
from layout.errors import InvalidKeyError, RulesError
from layout.keys import user_prefix
from layout.legacy import is_new_key
from layout.migrate.rules.globs import compile_glob
from layout.migrate.rules.positions import Positions, RulePosition, find_positions
from layout.migrate.rules.rule import Action, ObjectRule, Rules, UserAction, UserRule
from layout.migrate.rules.targets import target_fault

_Kind = TypeVar("_Kind", bound=enum.StrEnum)

__all__ = ["parse_rules", "read_rules"]

_TOP = ("objects", "users")
_FIELDS = {
    "object": ("key", "glob", "action", "path", "user", "to", "reason"),
    "user": ("id", "action", "to", "reason"),
}
_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


def read_rules(path: Path) -> Rules:
    """The rules in a file.

    Raises:
        RulesError: The file cannot be read, or something in it is wrong.
    """
    try:
        # Windows editors put a byte order mark there, which TOML does not know.
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise RulesError(
            f"The rules {str(path)!r} cannot be read: {error.strerror}.",
            hint="Name a file with --rules; --suggest writes one.",
        ) from error
    except UnicodeDecodeError as error:
        raise RulesError(
            f"The rules {str(path)!r} are not UTF-8: byte {error.start + 1} is none.",
            hint="Save the file as UTF-8, as TOML demands.",
        ) from error
    return parse_rules(str(path), text.replace("\r\n", "\n"))


@lru_cache(maxsize=2)
def parse_rules(name: str, text: str) -> Rules:
    """The rules in a text; `name` is the file's.

    Raises:
        RulesError: Something in it is wrong.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(name, text, str(error)) from error
    except (RecursionError, ValueError) as error:
        # Of a number or of lists inside each other, none of which a rule has.
        hint = "A rule is a table of texts."
        raise _error(name, 1, "begins what is too large to be read", hint) from error
    positions = find_positions(text)
    for top, value in data.items():
        line = positions.top.get(top, 1)
        if top not in _TOP:
            raise _error(name, line, f"has the unknown name {top!r}", "A rule file has objects and users.")
        if not isinstance(value, list) or not all(isinstance(rule, dict) for rule in value):
            hint = f"Write {top} = [ {{ ... }}, {{ ... }} ], a table for each rule."
            raise _error(name, line, f"gives {top!r} something else than a list of rules", hint)
    objects = tuple(map(_object_rule, _tables(name, data, positions, "objects", "object")))
    users = tuple(map(_user_rule, _tables(name, data, positions, "users", "user")))
    _stand_apart(name, [rule.line for rule in objects] + [rule.line for rule in users])
    _differ(name, "key", [(rule.key, rule.line) for rule in objects if rule.key])
    _differ(name, "glob", [(rule.glob, rule.line) for rule in objects if rule.glob])
    _differ(name, "user", [(rule.id, rule.line) for rule in users])
    _differ(name, "new id", [(rule.to, rule.line) for rule in users if rule.to])
    return Rules(name, text, objects, users)


def _tables(file: str, data: dict[str, Any], positions: Positions, top: str, kind: str) -> "Iterator[_Table]":
    tables, elements = data.get(top, ()), positions.elements[top]
    if len(tables) != len(elements):
        hint = "Write each rule as { ... } on a line of its own, as --suggest does."
        raise _error(
            file, positions.top.get(top, 1), f"begins {top} in a way that hides where each begins", hint
        )
    for values, position in zip(tables, elements, strict=True):
        yield _Table(file, kind, values, position)


class _Table:
    """One rule as it stands in the file."""

    def __init__(self, file: str, kind: str, values: dict[str, Any], position: RulePosition) -> None:
        self.file, self.values, self.position = file, values, position
        fields = _FIELDS[kind]
        for name, value in values.items():
            if name not in fields:
                words = f"{', '.join(fields[:-1])} and {fields[-1]}"
                raise self.error(name, f"has the unknown field {name!r}", f"Rules of {kind}s have {words}.")
            if not isinstance(value, str) or not (value.strip() if name == "reason" else value):
                raise self.error(
                    name, f"gives {name!r} the value {value!r}", f'Write a text: {name} = "...".'
                )
        if "reason" not in values:
            raise self.error(
                "reason",
                "has a rule without a reason",
                'Write why: reason = "...". Plans and reports show it.',
            )

    def error(self, name: str, what: str, hint: str) -> RulesError:
        return _error(self.file, self.position.of(name), what, hint)

    def text(self, field: str) -> str:
        return normalize("NFC", str(self.values.get(field, "")))

    def without(self, action: str, *fields: str) -> None:
        """Refuses fields that mean nothing with an action."""
        for field in fields:
            if field in self.values:
                raise self.error(
                    field,
                    f"gives a rule that does {str(action)!r} the field {field!r}",
                    "Take it out, or choose another action.",
                )


def _object_rule(table: _Table) -> ObjectRule:
    key, glob = table.text("key"), table.text("glob")
    if bool(key) == bool(glob):
        both = "both a key and a glob" if key else "neither a key nor a glob"
        raise table.error(
            "glob" if key else "key",
            f"has a rule with {both}",
            'Write key = "..." for one object, or glob = "..." for several.',
        )
    action = _action(table, Action)
    if glob:
        _check_glob(table, glob)
    elif is_new_key(key):
        raise table.error(
            "key",
            f"has a rule about {key!r}, a key of the new layout",
            "Such objects stay where they are: take the rule out.",
        )
    rule = ObjectRule(
        table.position.line,
        action,
        table.text("reason"),
        key,
        glob,
        table.text("path"),
        table.text("user"),
        table.text("to"),
    )
    if action is Action.RENAME:
        if fault := target_fault(rule):
            raise table.error(fault.field, fault.what, fault.hint)
    else:
        table.without(action, "path", "user", "to")
    return rule


def _user_rule(table: _Table) -> UserRule:
    owner, to = table.text("id"), table.text("to")
    if not owner:
        raise table.error(
            "id", "has a user rule without an id", 'Write id = "...": the user as the old layout writes them.'
        )
    action = _action(table, UserAction)
    if action is UserAction.MAP:
        if not to or to == owner:
            raise table.error(
                "to", f"maps the user {owner!r} to no other id", 'Write to = "...": the id in the new layout.'
            )
        try:
            user_prefix(to, environment=Environment.DEV)
        except InvalidKeyError as error:
            raise table.error(
                "to",
                f"maps the user {owner!r} to an id that is none: {str(error).rstrip('.')}",
                error.hint or "",
            ) from error
    else:
        table.without(action, "to")
    return UserRule(table.position.line, action, table.text("reason"), owner, to)


def _action(table: _Table, kind: type[_Kind]) -> _Kind:
    word = table.text("action")
    choices = [repr(str(action)) for action in kind]
    hint = f"Choose {', '.join(choices[:-1])} or {choices[-1]}."
    if not word:
        raise table.error("action", "has a rule without an action", hint)
    try:
        return kind(word)
    except ValueError:
        raise table.error("action", f"has the unknown action {word!r}", hint) from None


def _check_glob(table: _Table, glob: str) -> None:
    try:
        compile_glob(glob)
    except ValueError as error:
        hint = (
            "Wildcards are *, **, ?, [ab] and [!ab]; [*] is a star. For one object write key instead of glob."
        )
        raise table.error("glob", f"has the glob {glob!r}, which {error}", hint) from error


def _stand_apart(file: str, lines: list[int]) -> None:
    for line, count in Counter(lines).items():
        if count > 1:
            hint = "Write each rule on a line of its own: a plan knows a rule by its line."
            raise _error(file, line, f"has {count} rules", hint)


def _differ(file: str, what: str, named: list[tuple[str, int]]) -> None:
    lines: dict[str, int] = {}
    for name, line in named:
        if name in lines:
            hint = f"Line {lines[name]} has one already: take one of the two out."
            raise _error(file, line, f"has a second rule for the {what} {name!r}", hint)
        lines[name] = line


def _no_toml(name: str, text: str, message: str) -> RulesError:
    found = _PLACE.fullmatch(message)
    line = text.count("\n") + 1 if found is None or found[2] is None else int(found[2])
    what = message if found is None else found[1]
    hint = "Texts stand in quotes, a backslash in them is written twice, and rules are separated by commas."
    return _error(name, line, f"is not TOML: {what}", hint)


def _error(file: str, line: int, what: str, hint: str) -> RulesError:
    return RulesError(f"Line {line} of {file!r} {what}.", hint=hint)
