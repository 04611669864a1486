"""Objects of one environment, addressed by keys of the layout only."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from layout.errors import (
    ConditionFailedError,
    InvalidKeyError,
    LayoutError,
    NotModifiedError,
    ObjectMissingError,
)
from layout.keys import Key
from layout.storage._async.listing import listed
from layout.storage._async.old_layout import AsyncOldLayout
from layout.storage._async.waiting import in_thread
from layout.storage.clients import object_store, s3_client, settings_credentials
from layout.storage.credentials.storage_credentials import CredentialSource
from layout.storage.error_translation import changed_object, storage_errors
from layout.storage.limits import USUAL_PART
from layout.storage.own_keys import OwnKeys
from layout.storage.presence import Presence
from layout.storage.presigned import UrlSigner
from layout.storage.sendable import (
    check_body,
    check_content_type,
    check_e_tag,
    check_metadata,
    sendable_attributes,
)
from layout.storage.settings import StorageSettings
from layout.storage.stored_object import ObjectInfo, StoredObject, listed_object, stored_object

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from obstore import GetOptions

__all__ = ["AsyncObjects"]

WRITE_ID = "write-id"
"""Metadata of a conditional write, unique to it: tells a lost race from a lost answer."""


class AsyncObjects(OwnKeys):
    """Reads and writes objects of one environment.

    Every method takes a `Key` and refuses plain text and keys of another environment with
    `InvalidKeyError`; what could not be sent, or would not come back as it is, is a `StorageError`
    (`layout.storage.sendable`); what the bucket refuses arrives as one of the errors that
    `layout.storage.error_translation.storage_errors` lists. Safe to share between threads.

    With `R2_READ_OLD_LAYOUT` what is not at its new key is read from its old one; writes go to new keys only. Then
    `create` and `replace` take the old object for the one that is there, and `delete_file` refuses what it would show
    again.

    Attributes:
        credentials: The source of what signs each request.
        signer: Signs URLs with it.
        old_layout: The old layout that is read too, and how often it was needed; None without that setting.
    """

    def __init__(
        self,
        settings: StorageSettings,
        *,
        credentials: CredentialSource | None = None,
        users: Collection[str] | None = None,
    ) -> None:
        """`credentials` renew themselves; without them the settings' own are used.

        `users` are the only ones whose objects are served, beside what belongs to no user; None: all.
        """
        super().__init__(settings.bucket, settings.app_env, users)
        self.credentials = credentials or settings_credentials(settings)
        self.signer = UrlSigner(settings.endpoint, settings.bucket, self.credentials)
        self._settings = settings
        self._store = object_store(settings, credentials=self.credentials)
        name = settings.read_old_layout
        self.old_layout = (
            None if name is None else AsyncOldLayout(name, settings, self.credentials, self._get_new)
        )

    @cached_property
    def client(self) -> "S3Client":
        """The boto3 client behind listings, batches of deletes and uploads in parts, made at the first use."""
        return s3_client(self._settings, credentials=self.credentials, timestamps_as_text=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections that are kept open. Closing twice is no error."""
        # Only if it was made: the first use makes it.
        if "client" in self.__dict__:
            self.client.close()
        if self.old_layout is not None:
            self.old_layout.close()

    async def get(self, key: Key) -> StoredObject:
        """The object with its body."""
        return await self._read(key, self._get_new, head=False)

    async def get_if_changed(self, key: Key, e_tag: str) -> StoredObject | None:
        """The object with its body; None if it still has this ETag (`If-None-Match`), which sends no body."""
        options: GetOptions = {"if_none_match": check_e_tag(e_tag)}
        try:
            return await self._read(key, lambda own: self._get_new(own, options), head=False)
        except NotModifiedError:
            return None

    async def get_object_info(self, key: Key) -> StoredObject:
        """The object without its body (HEAD)."""
        return await self._read(key, self._head_new, head=True)

    async def exists(self, key: Key) -> Presence:
        """Present, absent, or unknown when the bucket gives no answer that can be trusted."""
        try:
            await self.get_object_info(key)
        except ObjectMissingError:
            return Presence.ABSENT
        except InvalidKeyError:
            raise
        except LayoutError:
            return Presence.UNKNOWN
        return Presence.PRESENT

    async def put(
        self,
        key: Key,
        body: bytes,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Write the object, whatever is there; in parts if it is larger than 16 MiB. Returns its ETag."""
        with storage_errors(self.bucket, self.own(key)):
            attributes = sendable_attributes(
                content_type or key.template.content_type, check_metadata(metadata or {})
            )
            done = await self._store.put_async(
                key, check_body(body), attributes=attributes, chunk_size=USUAL_PART
            )
        return done["e_tag"] or ""

    async def create(
        self,
        key: Key,
        body: bytes,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Write the object only if there is none (`If-None-Match: *`). Returns its ETag.

        Raises:
            ConditionFailedError: Somebody else's object is there.
        """
        await self.refuse_if_old(key)
        return await self._put_if(key, body, None, content_type, metadata)

    async def replace(
        self,
        key: Key,
        body: bytes,
        e_tag: str,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Write the object only if it still has this ETag (`If-Match`). Returns the new ETag.

        Raises:
            ConditionFailedError: The object was changed or deleted meanwhile.
        """
        try:
            return await self._put_if(key, body, check_e_tag(e_tag), content_type, metadata)
        except ConditionFailedError:
            old = self.old_layout and await self.old_layout.read(key, head=True)
            if not old or old.e_tag != e_tag:
                raise
        # The version that was read is at the old key; the new one is made on the condition that nothing is there yet.
        return await self._put_if(key, body, None, content_type, metadata)

    async def delete_file(self, key: Key) -> None:
        """Delete the object. R2 answers the same if there was none.

        Raises:
            ConditionFailedError: An old layout is read too, and would show its object again.
        """
        if self.old_layout and (old_key := await self.old_layout.shown(self.own(key))):
            raise ConditionFailedError(
                f"The object {str(key)!r} cannot be deleted yet: it would be read from its old key {old_key!r} again.",
                hint="Delete it again once the migration is through with it: when the marker says so, or a new plan"
                " has moved what came late.",
                bucket=self.bucket,
                key=key,
            )
        with storage_errors(self.bucket, self.own(key)):
            await self._store.delete_async(key)

    def list_files(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """Every object below a prefix (built by `layout.keys`), in the order of the bucket, all pages."""
        new = self._list_new(self.own_prefix(prefix))
        return self.old_layout.merged(prefix, new) if self.old_layout else new

    async def _list_new(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        async for item in listed(self.client, self.bucket, prefix):
            yield listed_object(item)

    async def is_empty(self, prefix: str) -> bool:
        """Whether no object lies below a prefix; one request, one key."""
        if self.old_layout:
            return await anext(aiter(self.list_files(prefix)), None) is None
        self.own_prefix(prefix)
        with storage_errors(self.bucket):
            page = await in_thread(self.client.list_objects_v2, Bucket=self.bucket, Prefix=prefix, MaxKeys=1)
        return not page["KeyCount"]

    async def refuse_if_old(self, key: Key) -> None:
        """What `create` asks first, and whoever signs a URL that creates.

        Raises:
            ConditionFailedError: An old layout is read too, and has an object for this key.
        """
        if self.old_layout and (old_key := await self.old_layout.shown(self.own(key))):
            raise ConditionFailedError(
                f"There is an object for {str(key)!r} at its old key {old_key!r}.",
                hint="Read it, then replace that version.",
                bucket=self.bucket,
                key=key,
            )

    async def _read(
        self, key: Key, read: Callable[[Key], Awaitable[StoredObject]], *, head: bool
    ) -> StoredObject:
        """The new object, or the old one that stands for it: only if the bucket says that the new one is absent."""
        try:
            return await read(key)
        except ObjectMissingError:
            if not self.old_layout:
                raise
        # Again in the end: the migration may have moved it between the two questions.
        return await self.old_layout.read(key, head=head) or await read(key)

    async def _get_new(self, key: Key, options: "GetOptions | None" = None) -> StoredObject:
        with storage_errors(self.bucket, self.own(key)):
            result = await self._store.get_async(key, options=options)
            return stored_object(key, result, bytes(await result.bytes_async()))

    async def _head_new(self, key: Key) -> StoredObject:
        with storage_errors(self.bucket, self.own(key)):
            return stored_object(key, await self._store.get_async(key, options={"head": True}), b"")

    async def _put_if(
        self,
        key: Key,
        body: bytes,
        e_tag: str | None,
        content_type: str | None,
        metadata: Mapping[str, str] | None,
    ) -> str:
        write_id = uuid.uuid4().hex
        content_type = content_type or key.template.content_type
        options: dict[str, Any] = {"ContentType": check_content_type(content_type)} if content_type else {}
        options |= {"IfNoneMatch": "*"} if e_tag is None else {"IfMatch": e_tag}
        try:
            # boto3, which waits as long as `Retry-After` says: these are the keys that are written again and again.
            with storage_errors(self.bucket, self.own(key)):
                answer = await in_thread(
                    self.client.put_object,
                    Bucket=self.bucket,
                    Key=str(key),
                    Body=bytes(check_body(body)),
                    Metadata={**check_metadata(metadata or {}), WRITE_ID: write_id},
                    **options,
                )
            return answer["ETag"]
        except (ConditionFailedError, ObjectMissingError) as error:
            # The answer of a first, successful attempt may have been lost and the repetition met its object.
            found = await self._found(key)
            if found is not None and found.metadata.get(WRITE_ID) == write_id:
                return found.e_tag
            if isinstance(error, ObjectMissingError):
                # A replace of an object that is gone is answered with 404; the condition is what failed.
                raise changed_object(self.bucket, key) from error
            raise

    async def _found(self, key: Key) -> StoredObject | None:
        try:
            return await self._head_new(key)
        except ObjectMissingError:
            return None
