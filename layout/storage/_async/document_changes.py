"""Changes of one document each: read, changed, and written only if it is still the one that was read.

Within a process the changes of one document wait for each other, and those that wait are written together.
"""

import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from layout.documents.model import Document
from layout.errors import ConditionFailedError, LayoutError
from layout.keys import Key
from layout.storage._async.r2_storage import AsyncR2Storage
from layout.storage._async.waiting import KeyLocks, sleep
from layout.storage.pending_change import PendingChange

__all__ = ["AsyncDocumentChanges"]

ATTEMPTS = 20
# R2 takes about one write a second on one key, so whoever lost a race waits a part of a second, and longer each time.
WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 3.0

DocumentT = TypeVar("DocumentT", bound=Document)


class AsyncDocumentChanges:
    """Documents of one environment that several processes change."""

    def __init__(
        self,
        storage: AsyncR2Storage,
        *,
        sleep: Callable[[float], Awaitable[None]] = sleep,
        attempts: int = ATTEMPTS,
    ) -> None:
        """`sleep` waits that many seconds between the `attempts` of a change."""
        self._attempts = attempts
        self._storage = storage
        self._sleep = sleep
        self._locks = KeyLocks()
        self._pending: defaultdict[Key, list[PendingChange[Any]]] = defaultdict(list)

    async def _change(
        self, key: Key, kind: type[DocumentT], change: Callable[[DocumentT], DocumentT]
    ) -> DocumentT:
        """One change; those that wait for the same file are written with it."""
        own = PendingChange(change)
        self._pending[key].append(own)
        try:
            async with self._locks.of(key):
                if not own.is_done:
                    taken = self._pending.pop(key)
                    try:
                        await self._write(key, kind, taken)
                    except LayoutError as error:
                        for one in taken:
                            one.fail(error)
                    except BaseException:
                        # Cancelled: the others take their turn without this one.
                        self._pending[key][:0] = [one for one in taken if one is not own and not one.is_done]
                        raise
        except BaseException:
            # Cancelled while it waited: nobody is told of it, so nobody writes it.
            self._pending[key] = [one for one in self._pending[key] if one is not own]
            raise
        return own.outcome()

    async def _write(
        self, key: Key, kind: type[DocumentT], changes: "list[PendingChange[DocumentT]]"
    ) -> None:
        attempt = 0
        while True:
            attempt += 1
            found, e_tag = await self._read(key, kind)
            changed = found
            for one in changes:
                changed = one.apply(changed)
            if changed != found:
                try:
                    await self._storage.replace(key, changed.to_json(), e_tag)
                except ConditionFailedError:
                    if attempt == self._attempts:
                        raise
                    longest = min(LONGEST_WAIT_SECONDS, WAIT_SECONDS * attempt)
                    await self._sleep(random.uniform(0, longest))  # noqa: S311 - spreads retries
                    continue
            for one in changes:
                one.succeed(changed)
            return

    async def _read(self, key: Key, kind: type[DocumentT]) -> tuple[DocumentT, str]:
        found = await self._storage.get(key)
        return kind.from_json(found.body, key=key), found.e_tag
