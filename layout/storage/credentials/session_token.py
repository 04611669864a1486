"""What a session token says about itself, without its secret: scope and end.

A session token is base64 of `jwt/` and an HS256 JWT (Cloudflare's R2 docs, `api/s3/temporary-credentials`).
R2 checks the signature; here only the claims are read, to notice a wrong setting before the first request.
"""

import base64
import json
from datetime import UTC, datetime
from typing import Any

from layout.errors import CredentialsError

__all__ = ["expiry", "scope_paths"]


def scope_paths(session_token: str) -> tuple[str, ...]:
    """The prefixes, then the exact keys that a token opens; none of either means the whole bucket.

    Raises:
        CredentialsError: The text is not a session token.
    """
    paths = _claims(session_token).get("paths")
    if paths is None:
        return ()
    # No paths would mean the whole bucket, so what cannot be read must not be taken for none.
    if not isinstance(paths, dict):
        raise _unreadable("its paths are not an object")
    named = [paths.get(kind) for kind in ("prefixPaths", "objectPaths")]
    if not all(group is None or _is_list_of_text(group) for group in named):
        raise _unreadable("its paths are not lists of text")
    return tuple(path for group in named for path in group or ())


def expiry(session_token: str) -> datetime:
    """Aware time in UTC at which the token ends.

    Raises:
        CredentialsError: The text is not a session token.
    """
    end = _claims(session_token).get("exp")
    if not isinstance(end, int) or isinstance(end, bool):
        raise _unreadable("it has no time of expiry")
    try:
        return datetime.fromtimestamp(end, UTC)
    except (OverflowError, ValueError, OSError):
        raise _unreadable("its time of expiry is no date") from None


def _is_list_of_text(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _claims(session_token: str) -> dict[str, Any]:
    try:
        kind, _, jwt = base64.b64decode(session_token, validate=True).decode().partition("/")
        if kind != "jwt":
            raise _unreadable("it does not begin with 'jwt/'")
        payload = jwt.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, IndexError, RecursionError):
        raise _unreadable("it is not base64 of a JWT") from None
    if not isinstance(claims, dict):
        raise _unreadable("its claims are not an object")
    return claims


def _unreadable(reason: str) -> CredentialsError:
    """The token itself stays out of the message."""
    return CredentialsError(
        f"The session token cannot be read: {reason}.",
        hint="Set R2_SESSION_TOKEN to the text that minting printed, or leave it out.",
    )
