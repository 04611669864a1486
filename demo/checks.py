"""The statements of the demonstration's summary, each with the evidence against it."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demo.snapshot import Snapshot, Stored


@dataclass(frozen=True)
class Check:
    """A statement and what contradicts it; it holds if nothing does."""

    statement: str
    problems: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts the statement."""
        return not self.problems


def every_object_moved(before: Snapshot, after: Snapshot, new_keys: Mapping[str, str]) -> Check:
    """Compare each source object with what is at its new key now: bytes, content type, metadata.

    Args:
        before: The bucket before the move.
        after: The bucket now.
        new_keys: For each old key the new one.
    """
    statement = (
        f"each of the {len(before)} objects is at its new key: SHA-256, content type and metadata agree"
    )
    problems = [
        problem for key, stored in before.items() for problem in _differences(key, stored, after, new_keys)
    ]
    if not before:
        problems.append("the bucket was empty before the move: nothing was compared")
    return Check(statement, tuple(problems))


def _differences(key: str, old: Stored, after: Snapshot, new_keys: Mapping[str, str]) -> Iterable[str]:
    if key not in new_keys:
        yield f"no new key is known for {key!r}"
        return
    new = after.get(new_keys[key])
    if new is None:
        yield f"{key!r} is missing at its new key {new_keys[key]!r}"
        return
    for name in ("size", "sha256", "content_type", "cache_control", "metadata"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            yield f"{new_keys[key]!r} has {name} {now!r}, its source had {was!r}"


def nothing_else_created(after: Snapshot, new_keys: Mapping[str, str], created: Iterable[str]) -> Check:
    """Compare the keys of a bucket with the moved objects and the files that the move is meant to create."""
    expected = set(created)
    problems = [
        f"{key!r} should have been created and is not there" for key in sorted(expected - after.keys())
    ]
    surplus = after.keys() - set(new_keys.values()) - expected
    problems += [f"{key!r} is neither a moved object nor a file of the new layout" for key in sorted(surplus)]
    return Check(
        f"nothing was created but {len(expected)} files of the new layout (profiles and the marker)",
        tuple(problems),
    )


def nothing_left_at_the_root(after: Snapshot, environment: str, ignored: Iterable[str] = ()) -> Check:
    """Find keys outside the environment's prefix; `ignored` are those that a rule leaves where they are."""
    left = [key for key in sorted(after) if not key.startswith(f"{environment}/")]
    by_rule = set(ignored)
    problems = [f"{key!r} is still there" for key in left if key not in by_rule]
    problems += [f"{key!r}, which a rule leaves where it is, is gone" for key in sorted(by_rule - set(left))]
    besides = f" but {len(by_rule)} objects that a rule leaves there" if by_rule else ""
    return Check(f"nothing is left outside {environment}/{besides}", tuple(problems))


def everything_is_back(before: Snapshot, after: Snapshot, written: Mapping[str, bytes], marker: str) -> Check:
    """Compare a bucket after a rollback with the one before the migration.

    Args:
        before: The bucket before.
        after: The bucket now.
        written: What was written in the new layout, by the old key to which it goes back.
        marker: Key of the marker, which stays and tells what happened.
    """
    problems = [f"{key!r} is not as it was" for key in sorted(before) if after.get(key) != before[key]]
    problems += [
        f"{key!r} is not what was written in the new layout"
        for key, body in sorted(written.items())
        if key not in after or after[key].sha256 != hashlib.sha256(body).hexdigest()
    ]
    surplus = after.keys() - before.keys() - written.keys() - {marker}
    problems += [f"{key!r} was left behind" for key in sorted(surplus)]
    return Check(
        f"after the rollback the bucket is as it was, with {len(written)} object that was written in the new layout",
        tuple(problems),
    )
