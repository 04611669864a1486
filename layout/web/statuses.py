"""What each error means over HTTP: the one table that the answers, their documentation and the tests ask.

`layout.errors` knows nothing of HTTP. What an error says may name the bucket, a key of somebody else or an operator's
command, so a row says whether its text is told; a text that is not is logged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from layout import errors

__all__ = ["NOT_FOUND", "STATUSES", "HttpStatus", "answers", "status_of"]

_LATER = "The storage does not answer now. Try again later."
_OURS = "The server is not set up for this. Its operator finds the reason in the log."


@dataclass(frozen=True)
class HttpStatus:
    """How an error is answered.

    Attributes:
        status: The status code.
        error: A word for programs.
        detail: What a person is told; None: what the error itself says.
    """

    status: int
    error: str
    detail: str | None

    def body(self, error: Exception | None = None) -> dict[str, str]:
        """The answer's JSON."""
        return {"error": self.error, "detail": self.detail if self.detail is not None else str(error)}


NOT_FOUND = HttpStatus(404, "not_found", "There is no such file.")
"""Of a file that is missing, and of every path that the user may not know of: byte for byte the same."""
_INTERNAL = HttpStatus(500, "internal", _OURS)
_CHANGED = HttpStatus(412, "changed", "The file is not in the state that the request asked for.")

STATUSES: dict[type[errors.LayoutError], HttpStatus] = {
    errors.LayoutError: _INTERNAL,
    errors.EnvironmentNameError: _INTERNAL,
    errors.InvalidKeyError: NOT_FOUND,
    errors.NoProfileError: HttpStatus(404, "no_profile", "The user has no such profile."),
    errors.UserDeletedError: HttpStatus(
        404, "user_deleted", "The user was deleted, and nothing is stored for them any more."
    ),
    errors.InvalidDocumentError: _INTERNAL,
    errors.SchemeError: _INTERNAL,
    errors.LocalPathError: _INTERNAL,
    errors.MarkerError: HttpStatus(503, "not_ready", _OURS),
    errors.SettingsError: _INTERNAL,
    errors.StorageError: _INTERNAL,
    errors.ObjectMissingError: NOT_FOUND,
    errors.AccessDeniedError: HttpStatus(503, "unavailable", _OURS),
    errors.ConditionFailedError: _CHANGED,
    errors.LockedObjectError: HttpStatus(423, "locked", "The file can be neither changed nor deleted yet."),
    errors.NotModifiedError: HttpStatus(304, "not_modified", "The file is still the same."),
    errors.RangeError: HttpStatus(416, "range", "The file has no byte in this range."),
    errors.DatabaseConflictError: HttpStatus(
        409, "conflict", "Another change came first. Load the page again, then make yours once more."
    ),
    errors.DatabaseInUseError: HttpStatus(503, "unavailable", _LATER),
    errors.StorageUnavailableError: HttpStatus(503, "unavailable", _LATER),
    errors.CredentialsError: HttpStatus(503, "unavailable", _LATER),
    errors.MigrationError: _INTERNAL,
    errors.PlanError: _INTERNAL,
    errors.RulesError: _INTERNAL,
    errors.AuditError: _INTERNAL,
    errors.PlanBlockedError: _INTERNAL,
    errors.VerificationError: _INTERNAL,
    errors.DeletionRefusedError: _INTERNAL,
}


def status_of(error: errors.LayoutError) -> HttpStatus:
    """The row of an error's class."""
    return STATUSES[type(error)]


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The entries of an OpenAPI document for these statuses, as FastAPI's `responses` takes them."""
    return dict(_entries(statuses))


def _entries(statuses: tuple[int, ...]) -> Iterator[tuple[int | str, dict[str, Any]]]:
    for status in statuses:
        if status in _WITHOUT_BODY:
            yield status, {"description": _WITHOUT_BODY[status]}
        else:
            yield (
                status,
                {"description": _DESCRIPTIONS[status], "content": {"application/json": {"schema": _PROBLEM}}},
            )


_WITHOUT_BODY = {304: "The file is still the version that the request named."}
_DESCRIPTIONS = {
    400: "The request cannot be read.",
    401: "Nobody is signed in.",
    404: "There is no such file, profile or upload, or it is not the user's.",
    409: "What was uploaded is not what was announced.",
    412: "The file is not in the state that the request asked for.",
    413: "The upload is too large.",
    416: "The file has no byte in the range.",
    422: "A part of the request is not what it should be.",
    423: "The file can be neither changed nor deleted yet.",
    500: "The server is not set up for this.",
    503: "The storage does not answer now.",
}
_PROBLEM = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "detail": {"type": "string"}},
    "required": ["error", "detail"],
}
