"""Odd spellings of texts, and broken bytes: what clients with bugs and people with intentions send."""

import random
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

__all__ = ["broken", "spelled", "word"]

_WORDS = (
    "", "0", "1", "-1", "9" * 30, "1e3", "true", "*", "/", "//", "..", "\x00", "é", "e\u0301", "\u202e", "\U0001f600",
    "%", "%2", "%zz", "+", " ", "&", "=", "null", "[]", "{}", "'", '"', "<", "a" * 1200, "bytes=0-", "url",
)  # fmt: skip
_LINES = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\x00",
    b" ",
    b":",
    b"HTTP/1.1",
    b"\xff\xfe",
    b"%00",
    b"Content-Length: 5\r\n",
)


def word(source: random.Random) -> str:
    """A value that some parser may stumble over."""
    return source.choice(_WORDS)


def spelled(source: random.Random, text: str) -> str:
    """A key or a path, percent-encoded in one of many ways; some of them mean another text."""
    return source.choice(_SPELLINGS)(source, text)


def _all_encoded(_source: random.Random, text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def _some_encoded(source: random.Random, text: str) -> str:
    return "".join(quote(c, safe="") if source.random() < 0.3 else quote(c, safe="/") for c in text)


def _with_detours(source: random.Random, text: str) -> str:
    parts = text.split("/")
    at = source.randrange(len(parts) + 1)
    return quote("/".join([*parts[:at], source.choice([".", "..", "", "x/..", "\u2215"]), *parts[at:]]))


def _from_scope(source: random.Random, text: str) -> str:
    """Begins inside the scope and climbs out of it."""
    way = source.choice(["../../../", "..%2f..%2f..%2f", "%2e%2e/%2e%2e/%2e%2e/", "..%c0%af", "..\\..\\..\\"])
    return f"dev/users/a/{way}{quote(text)}"


_SPELLINGS: tuple[Callable[[random.Random, str], str], ...] = (
    lambda _, text: quote(text),
    lambda _, text: quote(text),
    lambda _, text: quote(text, safe=""),
    lambda _, text: quote(quote(text, safe="")),
    lambda _, text: quote(text.upper()),
    lambda _, text: quote(unicodedata.normalize("NFD", text)),
    lambda source, text: quote(text) + source.choice(["/", "%00", "%20", ".", "?", "%ff", "%c0%80"]),
    lambda source, text: source.choice(["/", "%2f", "./", "%00", "%20"]) + quote(text),
    _all_encoded,
    _some_encoded,
    _with_detours,
    _from_scope,
)


def broken(source: random.Random, data: bytes) -> bytes:
    """A request with some of its bytes changed, left out, repeated or put in."""
    changed = bytearray(data)
    for _ in range(source.randint(1, 6)):
        at = source.randrange(len(changed) + 1)
        kind = source.randrange(5)
        if kind == 0:
            changed[at : at + 1] = bytes([source.randrange(256)])
        elif kind == 1:
            changed[at:at] = source.choice(_LINES)
        elif kind == 2:
            del changed[at : at + source.randint(1, 20)]
        elif kind == 3:
            changed[at:at] = changed[at : at + source.randint(1, 200)]
        else:
            changed[at:at] = source.randbytes(source.randint(1, 40))
    return bytes(changed[: source.randrange(len(changed) + 1)] if source.random() < 0.2 else changed)
