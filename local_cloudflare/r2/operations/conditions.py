"""Conditional requests: If-Match and its like, on what is read, written, copied from and copied to.

How R2 evaluates them: WSDK packages/miniflare/src/workers/r2/validator.worker.ts, which its authors
adapted from R2's own gateway. Times count in whole seconds; an object of the very second of
If-Unmodified-Since counts as modified; a matching tag overrides its time condition.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.store.models import StoredObject

__all__ = ["Conditions", "Tag", "parse_time", "required_time"]

_TAG = re.compile(r'\s*(?:(W/)?"([^"]*)"|([^",\s]+))\s*(?:,|$)')


@dataclass(frozen=True)
class Tag:
    """One entry of a list of tags; `*` has the value None."""

    value: str | None
    weak: bool = False


@dataclass(frozen=True)
class Conditions:
    """Up to four conditions. A field that is None was not given."""

    match: tuple[Tag, ...] | None = None
    none_match: tuple[Tag, ...] | None = None
    modified_since: int | None = None
    unmodified_since: int | None = None

    @classmethod
    def from_headers(
        cls, headers: Mapping[str, str], prefix: str = "", *, of_read: bool = False
    ) -> "Conditions":
        """Reads `<prefix>if-match`, `-if-none-match`, `-if-modified-since`, `-if-unmodified-since`.

        Args:
            headers: By lower-case name.
            prefix: How the names begin.
            of_read: Whether a time that cannot be read is ignored, as HTTP asks (RFC 9110, 13.1.3 and 13.1.4). A
                write would then overwrite what its client meant to keep.

        Raises:
            S3Error: InvalidArgument for tags, and for times of a write, that cannot be read.
        """
        time = parse_time if of_read else required_time
        return cls(
            match=_tags(headers.get(f"{prefix}if-match")),
            none_match=_tags(headers.get(f"{prefix}if-none-match")),
            modified_since=time(headers.get(f"{prefix}if-modified-since")),
            unmodified_since=time(headers.get(f"{prefix}if-unmodified-since")),
        )

    @property
    def any(self) -> bool:
        """Whether there is a condition at all."""
        return self != Conditions()

    def check_write(self, current: StoredObject | None) -> None:
        """Refuses a write whose key does not hold what was asked for.

        Raises:
            S3Error: PreconditionFailed; also for If-Match and If-Modified-Since on nothing
                (not NoSuchKey as on AWS).
        """
        failed = self._failed(current)
        if failed:
            raise S3Error(ErrorKind.PRECONDITION_FAILED, fields={"Condition": failed[0]})

    def check_read(self, current: StoredObject) -> bool:
        """Refuses a read of something else than was asked for.

        Returns:
            False if the answer is 304 Not Modified.

        Raises:
            S3Error: PreconditionFailed for If-Match and If-Unmodified-Since.
        """
        failed = self._failed(current)
        for name in ("If-Match", "If-Unmodified-Since"):
            if name in failed:
                raise S3Error(ErrorKind.PRECONDITION_FAILED, fields={"Condition": name})
        return not failed

    def _failed(self, current: StoredObject | None) -> list[str]:
        return [name for name, holds in _CONDITIONS.items() if not holds(self, current)]


def _match(conditions: Conditions, current: StoredObject | None) -> bool:
    if conditions.match is None:
        return True
    return current is not None and any(
        tag.value is None or (tag.value == current.etag and not tag.weak) for tag in conditions.match
    )


def _none_match(conditions: Conditions, current: StoredObject | None) -> bool:
    if conditions.none_match is None or current is None:
        return True
    return all(tag.value is not None and tag.value != current.etag for tag in conditions.none_match)


def _modified_since(conditions: Conditions, current: StoredObject | None) -> bool:
    if conditions.modified_since is None:
        return True
    if current is None:
        return False
    if conditions.none_match is not None and _none_match(conditions, current):
        return True
    return conditions.modified_since < current.modified // 1000


def _unmodified_since(conditions: Conditions, current: StoredObject | None) -> bool:
    if conditions.unmodified_since is None or current is None:
        return True
    if conditions.match is not None and _match(conditions, current):
        return True
    return current.modified // 1000 < conditions.unmodified_since


_CONDITIONS: Mapping[str, Callable[[Conditions, StoredObject | None], bool]] = {
    "If-Match": _match,
    "If-None-Match": _none_match,
    "If-Modified-Since": _modified_since,
    "If-Unmodified-Since": _unmodified_since,
}


def parse_time(text: str | None) -> int | None:
    """Seconds since the epoch of an HTTP date or an ISO 8601 time; None if it is neither."""
    if text is None:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            time = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        try:
            return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            return None
    return None


def required_time(text: str | None) -> int | None:
    """`parse_time` of a header on which a change depends; None if it was not given.

    Raises:
        S3Error: InvalidArgument if it is no time.
    """
    time = parse_time(text)
    if time is None and text is not None:
        raise S3Error(ErrorKind.INVALID_ARGUMENT, f"Invalid time of a condition: {text}")
    return time


def _tags(text: str | None) -> tuple[Tag, ...] | None:
    """Lists, weak tags, `*` and bare tags, as R2 accepts them (release notes 2022-07-30)."""
    if text is None:
        return None
    if not text.strip():
        raise S3Error(ErrorKind.INVALID_ARGUMENT, "Invalid ETag list: it is empty")
    tags, position = [], 0
    while position < len(text):
        found = _TAG.match(text, position)
        if found is None:
            raise S3Error(ErrorKind.INVALID_ARGUMENT, f"Invalid ETag list: {text}")
        weak, quoted, bare = found.groups()
        tags.append(Tag(None) if bare == "*" else Tag(bare if quoted is None else quoted, bool(weak)))
        position = found.end()
    return tuple(tags)
