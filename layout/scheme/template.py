"""One text, both directions: a key template formats keys and reads them back.

>>> from layout.scheme.variables import Variable
>>> note = KeyTemplate(
...     name="note", text="notes/{user}/{file}", description="A note.",
...     variables=(Variable("user", "user id"), Variable("file", "file name")),
... )
>>> note.fill("anna", "Été.txt")
Key('notes/anna/Été.txt')
>>> note.parse("notes/anna/Été.txt").fields
{'user': 'anna', 'file': 'Été.txt'}
>>> note.parse("notes/anna/") is None
True
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn, Self

from layout.errors import InvalidKeyError, SchemeError
from layout.scheme.segments import (
    ANY_CHARACTER,
    ASCII_CHARACTER,
    MAX_KEY_BYTES,
    clean_segment,
    fits_in_bytes,
    shown,
)
from layout.scheme.variables import USER, Access, Owner, Variable

__all__ = ["Key", "KeyTemplate", "PrefixTemplate"]

_VARIABLE = re.compile(r"\{(\w+)\}")


class Key(str):
    """An object key of the scheme: text that knows its template and the parts it was made of.

    Made by the builders in `layout.keys` and by `parse_key`, never from a string directly, so
    whoever holds one holds a key that the scheme allows. It is a `str` and compares, hashes and
    sorts as one.
    """

    __slots__ = ("_template", "_values")

    _template: KeyTemplate
    _values: tuple[str, ...]

    def __new__(cls, text: str, template: KeyTemplate, values: tuple[str, ...]) -> Self:
        """Not for callers: the template has checked text and values."""
        key = super().__new__(cls, text)
        key._template = template
        key._values = values
        return key

    @property
    def template(self) -> KeyTemplate:
        """The row of the scheme that it belongs to."""
        return self._template

    @property
    def fields(self) -> Mapping[str, str]:
        """Its parts by the names in the template, in the order of the key."""
        return dict(zip(self._template.names, self._values, strict=True))

    def __repr__(self) -> str:
        return f"Key({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Key, (str(self), self._template, self._values)

    def __copy__(self) -> Key:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Key:
        return self


@dataclass(frozen=True, kw_only=True)
class _Template:
    """What keys and prefixes have in common: a text with variables, each a whole segment."""

    name: str
    text: str
    description: str
    variables: tuple[Variable, ...]
    names: tuple[str, ...] = field(init=False, repr=False, compare=False)
    segments: tuple[str | Variable, ...] = field(init=False, repr=False, compare=False)
    _format: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = {variable.name: variable for variable in self.variables}
        segments = tuple(self._segment(text, known) for text in self.text.removesuffix("/").split("/"))
        used = tuple(segment for segment in segments if isinstance(segment, Variable))
        if len({variable.name for variable in used}) < len(used):
            self._wrong("uses a variable twice", "Give each part a name of its own.")
        if any(variable.many for variable in used[:-1]) or (
            segments[-1] not in used and any(v.many for v in used)
        ):
            self._wrong("has a variable of many segments before its end", "Put it last.")
        for name, value in (
            ("variables", used),
            ("names", tuple(variable.name for variable in used)),
            ("segments", segments),
            ("_format", _VARIABLE.sub("%s", self.text.replace("%", "%%"))),
        ):
            object.__setattr__(self, name, value)

    # Compiled at the first use: importing the layout must stay cheap.
    @functools.cached_property
    def _ascii(self) -> re.Pattern[str]:
        return re.compile(self.pattern(ASCII_CHARACTER))

    @functools.cached_property
    def _any(self) -> re.Pattern[str]:
        return re.compile(self.pattern(ANY_CHARACTER))

    def __reduce__(self) -> tuple[Any, ...]:
        # Compiled patterns stay out of pickles: the text says all.
        return _rebuild, (type(self), {name: getattr(self, name) for name in self._declared()})

    @classmethod
    def _declared(cls) -> tuple[str, ...]:
        return tuple(name for name, item in cls.__dataclass_fields__.items() if item.init)

    def _segment(self, text: str, known: Mapping[str, Variable]) -> str | Variable:
        match = _VARIABLE.fullmatch(text)
        if match is None:
            if "{" in text or "}" in text:
                self._wrong(f"has the segment {text!r}", "A variable fills a whole segment: {name}.")
            return clean_segment(text, "fixed segment")
        if match[1] not in known:
            self._wrong(f"uses the variable {match[1]!r}, which is not declared", "Declare it as a Variable.")
        return known[match[1]]

    def _wrong(self, fault: str, hint: str) -> NoReturn:
        raise SchemeError(f"The template {self.text!r} {fault}.", hint=hint)

    def pattern(self, character: str) -> str:
        """Regular expression for the whole text, one group a variable, in their order."""
        parts = (
            re.escape(segment) if isinstance(segment, str) else f"({segment.pattern(character)})"
            for segment in self.segments
        )
        return "/".join(parts) + ("/" if self.text.endswith("/") else "")

    def _clean(self, values: tuple[str, ...]) -> tuple[str, ...]:
        """The slow road: each value in NFC, or an error that names the part."""
        if len(values) != len(self.names):
            raise TypeError(f"{self.text!r} takes {len(self.names)} values, not {len(values)}.")
        return tuple(variable.clean(value) for variable, value in zip(self.variables, values, strict=True))


def _rebuild(kind: type[_Template], declared: dict[str, Any]) -> _Template:
    return kind(**declared)


@dataclass(frozen=True, kw_only=True)
class PrefixTemplate(_Template):
    """A leading part of keys, for listings, credentials and deletions. It ends in `/`.

    Without that slash the prefix of user `a` would be one of user `anna` too.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.text.endswith("/"):
            self._wrong("is a prefix that does not end in '/'", "End it with '/'.")

    def fill(self, *values: str) -> str:
        """The prefix with these values, one for each variable in the order of the text.

        Raises:
            InvalidKeyError: Naming the part that is not allowed.
        """
        text = self._format % values
        match = self._ascii.fullmatch(text)
        if match is not None and match.groups() == values:
            return text
        return self._format % self._clean(values)


@dataclass(frozen=True, kw_only=True)
class KeyTemplate(_Template):
    """One row of the scheme.

    Attributes:
        name: What the row is called, `profile_file`.
        text: The template, `{env}/games/{path}`.
        description: One sentence for people.
        access: Who reaches it.
        retention: How long an object lives after it was written; None is for ever.
        locked: For how long after it was written nobody can overwrite or delete an object, whatever
            credential they hold; None is not at all.
        content_type: Media type of every object of this row, or None if it depends on the object.
        variables: The variables that the text may use; afterwards those that it does use.
        names: Names of the variables in the order of the text.
        segments: The text split at `/`: fixed texts and variables.
    """

    access: Access = Access.BACKEND
    retention: timedelta | None = None
    locked: timedelta | None = None
    content_type: str | None = None

    @property
    def owner(self) -> Owner:
        """Whose data it is: the user that the text names, otherwise the environment."""
        return Owner.USER if USER in self.names else Owner.ENVIRONMENT

    def fill(self, *values: str) -> Key:
        """The key with these values, one for each variable in the order of the text.

        Each value is a segment, or, for a variable of many segments, segments joined by `/`.
        Values may come in any normalisation; the key is in NFC.

        Raises:
            InvalidKeyError: Naming the part that is not allowed, or if the key has more than
                1,024 bytes.
        """
        # Format, read back, compare: a value that smuggles a slash in comes back as another one.
        key = self.parse(self._format % values)
        if key is not None and (key._values == values or key._values == tuple(map(_nfc, values))):  # noqa: SLF001
            return key
        clean = self._clean(values)
        text = self._format % clean
        size = len(text.encode())
        if size > MAX_KEY_BYTES:
            raise InvalidKeyError(
                f"The key {shown(text)} has {size:,} bytes of UTF-8, more than {MAX_KEY_BYTES:,}.",
                hint=f"Shorten the {self.variables[-1].label}.",
                key=text,
            )
        return Key(text, self, clean)

    def format(self, **fields: str) -> Key:
        """Like `fill`, with the values by name."""
        if fields.keys() != set(self.names):
            raise TypeError(
                f"{self.text!r} takes {', '.join(self.names)}, not {', '.join(fields) or 'nothing'}."
            )
        return self.fill(*(fields[name] for name in self.names))

    def parse(self, text: str) -> Key | None:
        """The key that this text is, in NFC, or None if it is none of this template."""
        if text.isascii():
            match = self._ascii.fullmatch(text)
        else:
            text = unicodedata.normalize("NFC", text)
            match = self._any.fullmatch(text)
        if match is None or not fits_in_bytes(text):
            return None
        return Key(text, self, match.groups())


def _nfc(value: object) -> object:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value
