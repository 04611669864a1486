"""Keys in `{env}/backups/` for what is set aside: any old key has one, and no two have the same.

An old key that the new layout can express is kept as it is, in a folder of the backups. What it cannot express is
written as `%` and two hexadecimal digits a byte, as in URLs; so is `%` itself. An empty segment is `%empty`. Only a
key that gets too long is replaced by `%long/` and its SHA-256: the plan, and `migrate explain`, know what it was.
"""

import hashlib
import re
from unicodedata import normalize
from urllib.parse import quote

from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import Key, backup_key, environment_prefix

__all__ = ["replaced_key", "set_aside_key"]

_REFUSED = re.compile(r"[%\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_EMPTY = "%empty"


def set_aside_key(folder: str, key: str, environment: Environment) -> Key:
    """The key of an old object's backup.

    Args:
        folder: Where in the backups: one segment or several.
        key: The old key; any text that a bucket can hold.
        environment: Whose backups.
    """
    path = "/".join(_segment(segment) for segment in normalize("NFC", key).split("/"))
    try:
        return backup_key(f"{folder}/{path}", environment=environment)
    except InvalidKeyError:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        return backup_key(f"{folder}/%long/{digest}", environment=environment)


def replaced_key(plan_id: str, new_key: str, environment: Environment) -> Key:
    """The key of the backup of what a plan replaces at a new key.

    Args:
        plan_id: Of the plan: another one that replaces the same key has a backup of its own.
        new_key: A key of the new layout.
        environment: Its environment, and that of the backup.
    """
    path = new_key.removeprefix(environment_prefix(environment=environment))
    try:
        return backup_key(f"replaced/{plan_id}/{path}", environment=environment)
    except InvalidKeyError:
        digest = hashlib.sha256(new_key.encode()).hexdigest()
        return backup_key(f"replaced/{plan_id}/%long/{digest}", environment=environment)


def _segment(segment: str) -> str:
    if segment in {".", ".."}:
        return segment.replace(".", "%2E")
    return (
        _REFUSED.sub(lambda found: quote(found.group(), safe="", errors="surrogatepass"), segment) or _EMPTY
    )
