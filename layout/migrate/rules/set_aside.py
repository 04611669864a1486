"""Keys in `{env}/backups/` for what a rule sets aside: any old key has one, and no two have the same.

An old key that the new layout can express is kept as it is, after the name of the layout. What it cannot express is
written as `%` and two hexadecimal digits a byte, as in URLs; so is `%` itself. An empty segment is `%empty`. Only a
key that gets too long is replaced by `%long/` and its SHA-256: the plan, and `migrate explain`, know what it was.
"""

import hashlib
import re
from unicodedata import normalize
from urllib.parse import quote

from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import Key, backup_key

__all__ = ["set_aside_key"]

_REFUSED = re.compile(r"[%\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_EMPTY = "%empty"


def set_aside_key(layout: str, key: str, environment: Environment) -> Key:
    """The key of an old object's backup.

    Args:
        layout: Name of the old layout.
        key: The old key; any text that a bucket can hold.
        environment: Whose backups.
    """
    path = "/".join(_segment(segment) for segment in normalize("NFC", key).split("/"))
    try:
        return backup_key(f"{layout}/{path}", environment=environment)
    except InvalidKeyError:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return backup_key(f"{layout}/%long/{digest}", environment=environment)


def _segment(segment: str) -> str:
    if segment in {".", ".."}:
        return segment.replace(".", "%2E")
    return (
        _REFUSED.sub(lambda found: quote(found.group(), safe="", errors="surrogatepass"), segment) or _EMPTY
    )
