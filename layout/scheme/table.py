"""The table of every key that this project may write.

From it come the builders and the parser, the lifecycle and lock rules, the scopes of credentials, and the
reference pages. A row added here is known everywhere; tests/layout/test_new_row.py names what a person adds.

>>> print(SCHEME.tree())
{env}/                                    dev | staging | prod
  layout.json                             which revision of the layout the data is in, and how far a migration is
  games/{path}                            videos shared by all users, named by content hash
  users/{user}/
    profiles.json                         the user's profiles and which one is the default
    selected-profile.json                 the profile that the user chose last
    profiles/{profile}/{path}             all that belongs to one profile, database.sqlite first
    projects/{project}/
      scenes/{scene}/{media_type}/{file}  audio or media of one scene
      output/{file}                       what a project was rendered to
  temp/{path}                             intermediate results (expires after 1 day)
  backups/{path}                          what a conflict or a delete set aside (locked for 30 days, then expires)
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from layout import program
from layout.errors import InvalidKeyError
from layout.scheme.rules import check_scheme
from layout.scheme.segments import ANY_CHARACTER, ASCII_CHARACTER, MAX_KEY_BYTES, fits_in_bytes, shown
from layout.scheme.template import Key, KeyTemplate, PrefixTemplate
from layout.scheme.variables import VARIABLES, Access, Variable

__all__ = ["SCHEME", "Scheme"]

_Reader = tuple[KeyTemplate, tuple[int, ...]]


@dataclass(frozen=True)
class Scheme:
    """All templates of a bucket, checked against each other when it is made.

    Attributes:
        templates: The rows.
        prefixes: The leading parts of keys that are listed, granted or deleted as a whole.

    Raises:
        SchemeError: If a row does not start with the environment, two rows share a name or can
            produce the same key, an access, a retention or a lock cannot be expressed as a prefix or
            would reach another row, a lock outlasts the retention, or a prefix leads no row.
    """

    templates: tuple[KeyTemplate, ...]
    prefixes: tuple[PrefixTemplate, ...] = ()

    def __post_init__(self) -> None:
        check_scheme(self.templates, self.prefixes)

    def __getitem__(self, name: str) -> KeyTemplate:
        """The row of this name; `KeyError` if there is none."""
        return self._by_name[name]

    def prefix(self, name: str) -> PrefixTemplate:
        """The prefix of this name; `KeyError` if there is none."""
        return {prefix.name: prefix for prefix in self.prefixes}[name]

    def parse(self, text: str) -> Key:
        """The key that this text is, in NFC.

        Raises:
            InvalidKeyError: If it fits no row.
        """
        if not isinstance(text, str):
            raise InvalidKeyError(
                f"A key must be text, not {type(text).__name__}: {shown(text)}.", hint="Pass the key as str."
            )
        if text.isascii():
            pattern, readers = self._ascii
        else:
            text = unicodedata.normalize("NFC", text)
            pattern, readers = self._any
        match = pattern.fullmatch(text)
        if match is None or not fits_in_bytes(text):
            raise _unknown_key(text)
        template, groups = readers[match.lastindex or 0]
        values: Any = match.group(*groups)
        return Key(text, template, values if len(groups) > 1 else (values,))

    def tree(self) -> str:
        """The table drawn as a tree, as in this module's docstring."""
        lines = list(_tree_lines(self.templates, 0))
        width = max(len(name) for name, _ in lines) + 2
        return "\n".join(f"{name:{width}}{text}".rstrip() for name, text in lines)

    @functools.cached_property
    def _by_name(self) -> dict[str, KeyTemplate]:
        return {template.name: template for template in self.templates}

    @functools.cached_property
    def _ascii(self) -> tuple[re.Pattern[str], dict[int, _Reader]]:
        return _reader(self.templates, ASCII_CHARACTER)

    @functools.cached_property
    def _any(self) -> tuple[re.Pattern[str], dict[int, _Reader]]:
        return _reader(self.templates, ANY_CHARACTER)


def _reader(templates: tuple[KeyTemplate, ...], character: str) -> tuple[re.Pattern[str], dict[int, _Reader]]:
    """One pattern for all rows. Each ends in an empty group, whose number says which row it was."""
    readers: dict[int, _Reader] = {}
    last = 0
    for template in templates:
        first, last = last + 1, last + len(template.names) + 1
        readers[last] = template, tuple(range(first, last))
    return re.compile("|".join(f"{template.pattern(character)}()" for template in templates)), readers


def _unknown_key(text: str) -> InvalidKeyError:
    size = len(text.encode(errors="surrogatepass"))
    if size > MAX_KEY_BYTES:
        return InvalidKeyError(
            f"The key {shown(text)} has {size:,} bytes of UTF-8, more than {MAX_KEY_BYTES:,}.",
            hint="R2 cannot hold such a key; shorten it.",
            key=text,
        )
    return InvalidKeyError(
        f"The key {shown(text)} fits no template of the scheme.",
        hint="The table is in layout/scheme/table.py. Keys of an old layout are read by layout.legacy and moved by "
        f"{program.command('migrate')}.",
        key=text,
    )


def _tree_lines(templates: tuple[KeyTemplate, ...], depth: int) -> Iterator[tuple[str, str]]:
    """Lines of (indented name, description); what is common to several rows becomes a folder."""
    heads: dict[str, list[KeyTemplate]] = {}
    for template in templates:
        heads.setdefault(template.text.split("/")[depth], []).append(template)
    for rows in map(tuple, heads.values()):
        parts = [row.text.split("/") for row in rows]
        end = depth
        while len({tuple(part[: end + 1]) for part in parts}) == 1 and end < min(map(len, parts)):
            end += 1
        name = "/".join(parts[0][depth:end])
        if len(rows) == 1:
            yield name, rows[0].description + _limits(rows[0])
        else:
            yield f"{name}/", _choices(rows[0].segments[end - 1])
            for line, text in _tree_lines(rows, end):
                yield f"  {line}", text


def _choices(segment: str | Variable) -> str:
    return " | ".join(segment.choices) if isinstance(segment, Variable) else ""


def _limits(row: KeyTemplate) -> str:
    if row.locked is not None and row.locked == row.retention:
        return f" (locked for {_spelled(row.locked)}, then expires)"
    limits = []
    if row.locked is not None:
        limits.append(f"locked for {_spelled(row.locked)}")
    if row.retention is not None:
        limits.append(f"expires after {_spelled(row.retention)}")
    return f" ({', '.join(limits)})" if limits else ""


def _spelled(span: timedelta) -> str:
    """`30 days`; seconds where a day is too long."""
    number, unit = (int(span.total_seconds()), "second") if span.seconds else (span.days, "day")
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


# --- the table -------------------------------------------------------------------------------------

_row = functools.partial(KeyTemplate, variables=VARIABLES)
_prefix = functools.partial(PrefixTemplate, variables=VARIABLES)

SCHEME = Scheme(
    templates=(
        _row(
            name="marker",
            text="{env}/layout.json",
            content_type="application/json",
            description="which revision of the layout the data is in, and how far a migration is",
        ),
        _row(
            name="game",
            text="{env}/games/{path}",
            access=Access.EVERYONE,
            description="videos shared by all users, named by content hash",
        ),
        _row(
            name="profiles",
            text="{env}/users/{user}/profiles.json",
            access=Access.USER,
            content_type="application/json",
            description="the user's profiles and which one is the default",
        ),
        _row(
            name="selected_profile",
            text="{env}/users/{user}/selected-profile.json",
            access=Access.USER,
            content_type="application/json",
            description="the profile that the user chose last",
        ),
        _row(
            name="profile_file",
            text="{env}/users/{user}/profiles/{profile}/{path}",
            access=Access.USER,
            description="all that belongs to one profile, database.sqlite first",
        ),
        _row(
            name="scene_file",
            text="{env}/users/{user}/projects/{project}/scenes/{scene}/{media_type}/{file}",
            access=Access.USER,
            description="audio or media of one scene",
        ),
        _row(
            name="project_output",
            text="{env}/users/{user}/projects/{project}/output/{file}",
            access=Access.USER,
            description="what a project was rendered to",
        ),
        _row(
            name="temporary",
            text="{env}/temp/{path}",
            retention=timedelta(days=1),
            description="intermediate results",
        ),
        _row(
            name="backup",
            text="{env}/backups/{path}",
            retention=timedelta(days=30),
            locked=timedelta(days=30),
            description="what a conflict or a delete set aside",
        ),
    ),
    prefixes=(
        _prefix(name="environment", text="{env}/", description="all of an environment"),
        _prefix(name="games", text="{env}/games/", description="all shared videos"),
        _prefix(name="users", text="{env}/users/", description="all users"),
        _prefix(name="user", text="{env}/users/{user}/", description="all of a user"),
        _prefix(
            name="profile", text="{env}/users/{user}/profiles/{profile}/", description="all of a profile"
        ),
        _prefix(
            name="project", text="{env}/users/{user}/projects/{project}/", description="all of a project"
        ),
        _prefix(
            name="scene",
            text="{env}/users/{user}/projects/{project}/scenes/{scene}/",
            description="all of a scene",
        ),
        _prefix(name="temporary", text="{env}/temp/", description="all intermediate results"),
        _prefix(name="backups", text="{env}/backups/", description="all that was set aside"),
    ),
)
