"""On which line of a TOML text each rule and each of its fields stands: `tomllib` does not tell.

Only a text that `tomllib` has read is looked at, so that everything here is well formed.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

__all__ = ["Positions", "RulePosition", "find_positions"]

_TOKEN = re.compile(
    r'(?P<string>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')'
    r"|(?P<comment>#[^\n]*)|(?P<line>\n)|(?P<sign>[\[\]{}=])|(?P<word>[A-Za-z0-9_-]+)",
    re.DOTALL,
)


@dataclass
class RulePosition:
    """Line numbers from 1: where a rule begins, and each field."""

    line: int
    fields: dict[str, int] = field(default_factory=dict)

    def of(self, name: str) -> int:
        """The line of a field, or of the rule where the field is written in an unusual way."""
        return self.fields.get(name, self.line)


@dataclass
class Positions:
    """Lines of the names at the top, and of the elements of each list of tables."""

    top: dict[str, int] = field(default_factory=dict)
    elements: dict[str, list[RulePosition]] = field(default_factory=lambda: defaultdict(list))


def find_positions(text: str) -> Positions:
    """Lines of everything that a message may be about."""
    return _Reader().read(text)


class _Reader:
    """Walks over the tokens once."""

    def __init__(self) -> None:
        self.found = Positions()
        self.open: list[str] = []  # brackets around the token
        self.word = ""  # the last one
        self.value = False  # whether the token belongs to a value of the statement, and not to its name
        self.name = ""  # of the value at the top
        self.element: RulePosition | None = None  # of the last [[header]]
        self.inline: RulePosition | None = None  # the table in a list at the top

    def read(self, text: str) -> Positions:
        line = 1
        for token in _TOKEN.finditer(text):
            kind, written = token.lastgroup, token.group()
            if kind == "string" or kind == "word":
                self.word = _plain(written)
            elif kind == "sign":
                self._sign(written, line)
            elif kind == "line" and not self.open:
                self.value = False
            line += written.count("\n")
        return self.found

    def _sign(self, sign: str, line: int) -> None:
        if sign == "=":
            self._named(line)
        elif sign in "[{":
            if sign == "{" and self.open == ["["] and self.value and self.element is None:
                self.inline = RulePosition(line)
                self.found.elements[self.name].append(self.inline)
            self.open.append(sign)
        else:
            self.open.pop()
            if len(self.open) == 1:
                self.inline = None
            elif not self.open and not self.value:
                self.element = RulePosition(line)
                self.found.elements[self.word].append(self.element)
                self.found.top.setdefault(self.word, line)

    def _named(self, line: int) -> None:
        if self.inline is not None:
            self.inline.fields.setdefault(self.word, line)
        elif not self.open and self.element is not None:
            self.element.fields.setdefault(self.word, line)
        elif not self.open:
            self.found.top[self.word], self.name = line, self.word
        self.value = True


def _plain(written: str) -> str:
    """A name without its quotes."""
    return written.strip("'\"")
