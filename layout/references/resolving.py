"""Which object a value in a document means. Pure: what there is comes from whoever asks."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from layout.legacy import Naming
from layout.references.table import Kind

__all__ = ["Candidate", "How", "Objects", "Resolution", "resolve", "tail_of"]

_STORE_HOSTS = (".r2.cloudflarestorage.com", ".r2.dev")


class How(enum.StrEnum):
    """By what a value names what it names."""

    KEY = "key"
    ENCODED = "percent-encoded key"
    PUBLIC = "public URL"
    PRESIGNED = "presigned URL"
    FILE = "file name in its scene"
    GENERATION = "key of another generation"
    EXTERNAL = "external URL"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Candidate:
    """An object that a value may mean: its row in the plan, its key, and how documents may speak of it."""

    row: int
    key: str
    naming: Naming | None = None


class Objects(Protocol):
    """The objects of a bucket."""

    def at(self, key: str) -> Candidate | None:
        """The object at this key, old or new."""

    def called(self, name: str) -> Sequence[Candidate]:
        """Those whose last segment this is."""

    def of_group(self, group: str) -> Sequence[Candidate]:
        """Those whose key names this group."""


@dataclass(frozen=True)
class Resolution:
    """What a value means: one object, none, or several that fit alike, which a person decides about."""

    how: How
    objects: tuple[Candidate, ...] = ()


def resolve(
    value: str, group: str, role: str, objects: Objects, *, bucket: str, hosts: Iterable[str] = ()
) -> Resolution:
    """The object that a value names.

    Args:
        value: As the document has it.
        group: Whose file it is among the documents; empty: unknown.
        role: Which file of the group; empty: unknown.
        objects: What there is.
        bucket: Its name, which a URL may have before the key.
        hosts: Hosts at which objects of the bucket are read, besides R2's own.
    """
    if value.startswith(("http://", "https://")):
        return _resolve_url(value, group, role, objects, bucket, hosts)
    for how, key in ((How.KEY, value), (How.KEY, value.lstrip("/")), (How.ENCODED, unquote(value))):
        if key and (found := objects.at(key)):
            return Resolution(how, (found,))
    return _by_name(tail_of(value), group, role, objects, How.GENERATION if "/" in value else How.FILE)


def tail_of(value: str, kind: Kind = Kind.KEY) -> str:
    """The last segment that a value names, decoded; a value may be a URL whatever its field was meant to hold."""
    if kind is Kind.URL or value.startswith(("http://", "https://")):
        try:
            value = urlsplit(value).path
        except ValueError:
            return ""
    return unquote(value).rpartition("/")[2]


def _resolve_url(
    value: str, group: str, role: str, objects: Objects, bucket: str, hosts: Iterable[str]
) -> Resolution:
    try:
        address = urlsplit(value)
        host = (address.hostname or "").lower()
    except ValueError:
        return Resolution(How.EXTERNAL)
    if host not in hosts and not host.endswith(_STORE_HOSTS):
        return Resolution(How.EXTERNAL)
    how = How.PRESIGNED if "X-Amz-Signature" in parse_qs(address.query) else How.PUBLIC
    path = address.path.removeprefix("/")
    for key in (unquote(path), unquote(path.removeprefix(f"{bucket}/"))):
        if key and (found := objects.at(key)):
            return Resolution(how, (found,))
    return _by_name(tail_of(value), group, role, objects, how)


def _by_name(name: str, group: str, role: str, objects: Objects, how: How) -> Resolution:
    """By the last segment, never in another group than the document's; then by what is left of a lost name."""
    found = [one for one in objects.called(name) if _fits(one, group, role)] if name else []
    if not found and group and name:
        extension = PurePosixPath(name).suffix
        found = [
            one
            for one in objects.of_group(group)
            if one.naming is not None
            and one.naming.renamed
            and _fits(one, group, role)
            and PurePosixPath(one.naming.name).suffix == extension
        ]
    in_group = [one for one in found if one.naming is not None and one.naming.group == group]
    return Resolution(how, tuple(in_group or found)) if found else Resolution(How.NOTHING)


def _fits(one: Candidate, group: str, role: str) -> bool:
    naming = one.naming
    if naming is None:
        return True
    return naming.group in {group, ""} and (not role or naming.role in {role, ""})
