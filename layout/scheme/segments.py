r"""What one segment of a key may be.

A segment is 1 to 255 bytes of UTF-8 after NFC, without `/`, `\`, characters of the Unicode
categories Cc and Cs, U+FFFE and U+FFFF, and is not `.` or `..`. A path is one or more segments
joined by `/`. A key is at most 1,024 bytes (Cloudflare R2, platform limits). Everything else is
allowed, since real data has it: spaces, `%`, any script.

NFC, because R2 stores keys in NFC: two spellings that differ in normalisation only are one object
(Cloudflare R2, Unicode interoperability). Control characters, U+FFFE and U+FFFF are left out since
XML, in which the S3 API lists and deletes, cannot carry them.
"""

from __future__ import annotations

import re
import unicodedata

from layout.errors import InvalidKeyError

MAX_SEGMENT_BYTES = 255
MAX_KEY_BYTES = 1024

# The categories Cc and Cs, written out: both are closed by Unicode's stability policy.
ANY_CHARACTER = r"[^/\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
# The same, of ASCII alone. What it matches is NFC as it stands, a byte a character.
ASCII_CHARACTER = r"[ -.0-\[\]-~]"

_REFUSED = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SHOWN_CHARACTERS = 200


def segment_pattern(character: str) -> str:
    """Regular expression for one segment made of `character` (a character class).

    It counts characters, so beyond ASCII the caller checks the bytes.
    """
    # Possessive: a segment ends where its characters end, there is nothing to try again.
    return rf"(?!\.\.?(?:/|\Z)){character}{{1,{MAX_SEGMENT_BYTES}}}+"


def path_pattern(character: str) -> str:
    """Regular expression for one or more segments joined by `/`."""
    segment = segment_pattern(character)
    return rf"{segment}(?:/{segment})*+"


def shown(value: object) -> str:
    """`repr` of a value for a message, cut short where it is long."""
    text = repr(value)
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return f"{text[:_SHOWN_CHARACTERS]}... ({len(text):,} characters in all)"


def clean_segment(value: str, part: str) -> str:
    """The segment in NFC.

    Args:
        value: What the caller wants to use as a segment.
        part: What it is, for the message: `user id`, `file name`.

    Raises:
        InvalidKeyError: If it cannot be a segment.
    """
    _refuse_other_types(value, part)
    normal = str(unicodedata.normalize("NFC", value))
    fault = _segment_fault(normal)
    if fault is not None:
        raise InvalidKeyError(f"The {part} {shown(value)} {fault}", hint=_hint(part))
    return normal


def clean_path(value: str, part: str) -> str:
    """The path in NFC.

    Raises:
        InvalidKeyError: If one of its segments cannot be one; the message shows which.
    """
    _refuse_other_types(value, part)
    normal = str(unicodedata.normalize("NFC", value))
    for number, segment in enumerate(normal.split("/"), start=1):
        fault = _segment_fault(segment)
        if fault is not None:
            raise InvalidKeyError(
                f"The {part} {shown(value)} cannot be used: its segment number {number} {fault}",
                hint=f"Use segments that are neither empty nor '.' or '..', joined by single '/'. {_RULE}",
            )
    return normal


_RULE = (
    f"A segment has 1 to {MAX_SEGMENT_BYTES} bytes of UTF-8 in NFC, "
    "without slash, backslash and control characters."
)


def fits_in_bytes(text: str) -> bool:
    """Whether a key whose characters and segments are allowed keeps to the limits in bytes."""
    if text.isascii():
        return len(text) <= MAX_KEY_BYTES
    encoded = text.encode()
    if len(encoded) <= MAX_SEGMENT_BYTES:
        return True
    return len(encoded) <= MAX_KEY_BYTES and max(map(len, encoded.split(b"/"))) <= MAX_SEGMENT_BYTES


def _hint(part: str) -> str:
    return f"Use another {part}. {_RULE}"


def _refuse_other_types(value: object, part: str) -> None:
    if not isinstance(value, str):
        raise InvalidKeyError(
            f"The {part} must be text, not {type(value).__name__}: {shown(value)}.",
            hint=f"Pass the {part} as str.",
        )


def _segment_fault(normal: str) -> str | None:
    """What keeps this text, already in NFC, from being a segment."""
    if not normal:
        return "is empty."
    if normal in {".", ".."}:
        return "is a relative path, not a name."
    refused = _REFUSED.search(normal)
    if refused is not None:
        return f"contains {_character_name(refused.group())}."
    size = len(normal.encode())
    if size > MAX_SEGMENT_BYTES:
        return f"has {size:,} bytes of UTF-8, more than {MAX_SEGMENT_BYTES}."
    return None


def _character_name(character: str) -> str:
    if character in "/\\":
        return f"{character!r}"
    category = {"Cc": "a control character", "Cs": "half of a surrogate pair"}
    return f"U+{ord(character):04X}, {category.get(unicodedata.category(character), 'not a character')}"
