"""The keys of an old layout, read where the new layout has no object: while both exist.

An old object stands for a new key until the migration is through with it. From then on, which the marker says for all
or for a user, an old object that is no newer was at its new key already; if nothing is there, it was deleted there, and
is not shown. One that is newer came late, from a writer of the old layout, and is shown until a migration has moved it.
The marker is read each time that an old object was found, so no process goes by what it once said.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from unicodedata import normalize

from layout.documents.live_since import LiveSince, live_since_of
from layout.documents.marker import Marker
from layout.documents.profiles import Profiles
from layout.environment import Environment
from layout.errors import MarkerError, ObjectMissingError, StorageError
from layout.keys import Key, environment_prefix, marker_key, profiles_key, users_prefix
from layout.legacy import LEGACY_LAYOUTS, Decision, Facts
from layout.storage._async.listing import listed
from layout.storage._async.waiting import in_thread
from layout.storage.clients import object_store, s3_client, settings_credentials
from layout.storage.credentials.storage_credentials import CredentialSource
from layout.storage.credentials.whole_bucket import whole_bucket_credentials
from layout.storage.error_translation import storage_errors
from layout.storage.old_reads import OldReads
from layout.storage.presigned import UrlSigner
from layout.storage.settings import StorageSettings
from layout.storage.stored_object import ObjectInfo, StoredObject, stored_object

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from obstore import GetOptions, GetResult

__all__ = ["AsyncOldLayout"]

ATTEMPTS = 5
KNOWN_PROFILES = 10_000


class AsyncOldLayout:
    """The read side of an old layout, by the keys of the new one.

    Attributes:
        name: Of the layout.
        reads: How often it was needed.
        credentials: What the requests carry: they read the whole bucket, since old keys lie at its root.
    """

    def __init__(
        self,
        name: str,
        settings: StorageSettings,
        credentials: CredentialSource,
        read_new: Callable[[Key], Awaitable[StoredObject]],
    ) -> None:
        """`credentials` are used if the settings cannot mint any; `read_new` reads at new keys only."""
        self.name = name
        self.reads = OldReads()
        self.credentials = whole_bucket_credentials(settings, write=False) or credentials
        self._layout = LEGACY_LAYOUTS[name]
        self._settings = settings
        self._bucket = settings.bucket
        self._environment: Environment = settings.app_env
        self._read_new = read_new
        self._store = object_store(settings, credentials=self.credentials)
        self._signer = UrlSigner(settings.endpoint, settings.bucket, settings_credentials(settings))
        self._profiles: dict[str, str] = {}

    @cached_property
    def client(self) -> "S3Client":
        """The boto3 client behind listings, made at the first use."""
        return s3_client(self._settings, credentials=self.credentials, timestamps_as_text=True)

    def close(self) -> None:
        """Close the connections of the client, if it was made."""
        if "client" in self.__dict__:
            self.client.close()

    async def read(self, key: Key, *, head: bool) -> StoredObject | None:
        """The old object that stands for a new key at which there is none, counted; None if there is none.

        Raises:
            StorageError: The bucket did not answer, so nothing is known.
        """
        old_key = await self.key_of(key)
        found = None if old_key is None else await self._find(key, old_key, head=head)
        if old_key is not None and found is not None:
            self.reads.add(key, old_key)
        return found

    async def shown(self, key: Key) -> str | None:
        """The old key whose object stands for a new key while there is none; None if there is none. Not counted.

        Raises:
            StorageError: The bucket did not answer, so nothing is known.
        """
        old_key = await self.key_of(key)
        return old_key if old_key is not None and await self._find(key, old_key, head=True) else None

    async def result(self, old_key: str, options: "GetOptions") -> "GetResult":
        """What the bucket answers to a GET of an old key."""
        with storage_errors(self._bucket, old_key):
            return await self._store.get_async(old_key, options=options)

    async def key_of(self, key: Key) -> str | None:
        """The old key of a new one; None if the old layout had no place for it."""
        return self._layout.old_key(key, await self._facts(key.fields.get("user")))

    def url_signer(self) -> UrlSigner:
        """What signs URLs for old keys.

        Raises:
            StorageError: Only a temporary credential for the whole bucket could sign, and a URL tells it.
        """
        if self._settings.session_token is not None:
            raise StorageError(
                "A URL for an object at an old key cannot be signed with a temporary credential.",
                hint="Sign with the token itself, or send the object's body through the backend until it is moved.",
                bucket=self._bucket,
            )
        return self._signer

    def merged(self, prefix: str, new: AsyncIterator[ObjectInfo]) -> AsyncIterator[ObjectInfo]:
        """A listing of new keys, with the old objects that stand for others, in one order.

        Raises:
            StorageError: The prefix holds more than one user, whose old keys lie all over the bucket.
        """
        if prefix in {
            environment_prefix(environment=self._environment),
            users_prefix(environment=self._environment),
        }:
            raise StorageError(
                f"The prefix {prefix!r} cannot be listed while the layout {self.name!r} is read too.",
                hint="List user by user, and the games.",
                bucket=self._bucket,
            )
        return self._merged(prefix, new)

    async def _merged(self, prefix: str, new: AsyncIterator[ObjectInfo]) -> AsyncIterator[ObjectInfo]:
        users = users_prefix(environment=self._environment)
        user = prefix.removeprefix(users).partition("/")[0] if prefix.startswith(users) else None
        facts = await self._facts(user)
        old_prefix = self._layout.old_prefix(prefix, facts)
        if old_prefix is None:
            async for item in new:
                yield item
            return
        # Before the listings: what the marker says then was at the new keys when they are listed.
        live = await self._live()
        old = self._old_objects(prefix, old_prefix, live, facts)
        counted = False
        async for item in _in_one_order(new, old):
            if item.old_key is not None and not counted:
                self.reads.add(prefix, old_prefix)
                counted = True
            yield item

    async def _old_objects(
        self, prefix: str, old_prefix: str, live: LiveSince, facts: Facts
    ) -> AsyncIterator[ObjectInfo]:
        async for item in listed(self.client, self._bucket, old_prefix):
            placed = self._layout.place(item["Key"], facts)
            new_key, modified = placed.new_key, datetime.fromisoformat(str(item["LastModified"]))
            if placed.decision is not Decision.MOVE or new_key is None:
                continue
            if new_key.startswith(prefix) and _is_newer(modified, live.at(new_key)):
                yield ObjectInfo(new_key, item["Size"], item["ETag"], modified, item["Key"])

    async def _find(self, key: Key, old_key: str, *, head: bool) -> StoredObject | None:
        try:
            with storage_errors(self._bucket, old_key):
                result = await self.result(old_key, {"head": head})
                body = b"" if head else bytes(await result.bytes_async())
                found = stored_object(key, result, body, old_key)
        except ObjectMissingError:
            return None
        since = (await self._live()).at(key)
        if since is None:
            return found
        # HEAD and GET tell whole seconds only.
        now = await self._listed(old_key)
        return found if now is not None and _is_newer(now[1], since) else None

    async def _live(self) -> LiveSince:
        key = marker_key(environment=self._environment)
        for _ in range(ATTEMPTS):
            try:
                found = await self._read_new(key)
            except ObjectMissingError:
                return LiveSince()
            now = await self._listed(key)
            if now is not None and now[0] == found.e_tag:
                return live_since_of(Marker.from_json(found.body, key=key), now[1].isoformat())
        raise MarkerError(
            f"The marker {str(key)!r} was changed by somebody else {ATTEMPTS} times in a row.",
            hint="Find out who does so.",
            key=key,
        )

    async def _listed(self, key: str) -> tuple[str, datetime] | None:
        """ETag and last-modified time in milliseconds; None if there is no such object."""
        with storage_errors(self._bucket, key):
            # A key is the first of all that begin with it.
            page = await in_thread(self.client.list_objects_v2, Bucket=self._bucket, Prefix=key, MaxKeys=1)
        for item in page.get("Contents", []):
            if normalize("NFC", item["Key"]) == normalize("NFC", key):
                return item["ETag"], datetime.fromisoformat(str(item["LastModified"]))
        return None

    async def _facts(self, owner: str | None) -> Facts:
        """What the mapping of the keys of one user asks for; of shared keys it asks for nothing."""
        profile = None if owner is None else await self._profile_of(owner)
        return Facts(self._environment, lambda asked: profile if asked == owner else None)

    async def _profile_of(self, owner: str) -> str | None:
        """The default profile of a user, which never changes; flat objects went there. None if they have none yet."""
        if (known := self._profiles.get(owner)) is not None:
            return known
        key = profiles_key(owner, environment=self._environment)
        try:
            default = Profiles.from_json((await self._read_new(key)).body, key=key).default
        except ObjectMissingError:
            return None
        if len(self._profiles) >= KNOWN_PROFILES:
            self._profiles.clear()
        self._profiles[owner] = default
        return default


async def _in_one_order(
    new: AsyncIterator[ObjectInfo], old: AsyncIterator[ObjectInfo]
) -> AsyncIterator[ObjectInfo]:
    """Both listings, sorted by name as each of them is; of two with one name the new one."""
    one, other = await anext(new, None), await anext(old, None)
    while one is not None or other is not None:
        if other is None or (one is not None and _name(one) <= _name(other)):
            assert one is not None  # noqa: S101 - the loop ends when both are None
            yield one
            last = _name(one)
            one = await anext(new, None)
        else:
            yield other
            last = _name(other)
        while other is not None and _name(other) <= last:
            other = await anext(old, None)


def _name(item: ObjectInfo) -> bytes:
    """By what listings are ordered; one object may be listed in another Unicode spelling."""
    return normalize("NFC", item.key).encode()


def _is_newer(modified: datetime, since: str | None) -> bool:
    """Whether an old object came after the applications began; also if they have not."""
    return since is None or modified > datetime.fromisoformat(since)
