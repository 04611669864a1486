"""The answer of a look-up that failed, in a few words.

The engine and the provider put up to 300 characters before the answer itself, with both names of the function;
what tells the reason stands at the end: the status, and Cloudflare's own errors in the body.
"""

import json
import re
from typing import Any

__all__ = ["read_answer"]

_STATUS = re.compile(r'\b[A-Z]+ "(?P<url>[^"]*)": (?P<status>\d{3} [A-Za-z -]+?) *(?P<body>\{.*)', re.DOTALL)
_LENGTH = 400


def read_answer(text: str) -> str:
    """Status and errors of Cloudflare's answer; the end of the text if it holds no such answer.

    Args:
        text: as the engine raises it.
    """
    for found in _STATUS.finditer(text):
        errors = _errors(found["body"])
        if errors:
            return f"{found['status']}: {'; '.join(errors)} ({found['url']})"
    line = " ".join(text.split())
    return line if len(line) <= _LENGTH else f"...{line[-_LENGTH:]}"


def _errors(body: str) -> list[str]:
    """Messages with their numbers, and what a local Cloudflare adds; empty if this is not its envelope."""
    try:
        envelope: Any = json.JSONDecoder().raw_decode(body)[0]
        return [
            *(f"{error['message']} (code {error['code']})" for error in envelope["errors"]),
            *(note["message"] for note in envelope.get("messages") or ()),
        ]
    except (ValueError, TypeError, KeyError):
        return []
