"""Deletes of all that lies below a prefix."""

import secrets
from typing import TYPE_CHECKING, TypedDict

from layout.errors import ConditionFailedError, InvalidKeyError, StorageError
from layout.keys import environment_prefix, temporary_prefix, users_prefix
from layout.set_aside import set_aside_key
from layout.storage._async.copies import AsyncCopies
from layout.storage._async.listing import pages
from layout.storage._async.waiting import BlockingCalls, in_thread
from layout.storage.error_translation import storage_errors, translate_code
from layout.storage.uploaded import DeletedFiles, Progress
from layout.times import utc_now

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectTypeDef

__all__ = ["AsyncDeletes"]

ROUNDS = 10
"""Listings that find something again, before a writer that does not stop is told of."""


IN_FLIGHT = 16
"""Copies under way at once."""


class Refused(TypedDict):
    """What a batch says of an object that it did not delete."""

    Key: str
    Code: str


class AsyncDeletes(AsyncCopies):
    """Deletes whole directories, all pages, until a listing finds nothing."""

    async def delete_directory(
        self, prefix: str, *, set_aside: bool = False, progress: Progress | None = None
    ) -> DeletedFiles:
        """Delete every object below a prefix. Deleting an empty one deletes nothing and is no error.

        Args:
            prefix: Of one user, or below: a profile, a project, a scene, a folder in them; or of what is temporary.
                Built by `layout.keys`; it ends with `/`.
            set_aside: Copy each object into `{env}/backups/` first, where it stays for 30 days. Stop its writers
                before: what is written between the copy and the deletion is deleted.
            progress: Told after each batch: objects that are deleted, and None.

        Raises:
            InvalidKeyError: The prefix does not end with `/`, or holds more than one user's objects.
            ConditionFailedError: An old layout is read too, and would show an object again.
            StorageError: Some objects could not be deleted, which it counts, or somebody goes on writing them. All
                others are deleted; call it again for the rest.
        """
        self._refuse_shared(self.own_prefix(prefix))
        if self.old_layout:
            async for item in self.list_files(prefix):
                if item.old_key is not None:
                    raise ConditionFailedError(
                        f"The objects below {prefix!r} cannot be deleted yet: {item.old_key!r} would be read from its"
                        " old key again.",
                        hint="Delete them again once the migration is through with them.",
                        bucket=self.bucket,
                    )
        folder = f"deleted/{utc_now().replace(':', '')}-{secrets.token_hex(4)}"
        count = size = 0
        for number in range(1, ROUNDS + 1):
            refused: list[Refused] = []
            found = 0
            async for page in pages(self.client, self.bucket, prefix):
                found += len(page)
                if page and set_aside:
                    # What was written again after it was set aside is another version: it has its own place.
                    await self._set_aside(folder if number == 1 else f"{folder}-{number}", page)
                failed = await self._delete_page(page) if page else []
                refused += failed
                kept = {one["Key"] for one in failed}
                gone = [item["Size"] for item in page if item["Key"] not in kept]
                count, size = count + len(gone), size + sum(gone)
                if progress is not None:
                    progress(count, None)
            if refused:
                raise self._refused(prefix, refused)
            if not found:
                return DeletedFiles(count, size)
        raise StorageError(
            f"Below {prefix!r} new objects were found {ROUNDS} times in a row: somebody goes on writing them.",
            hint="Stop the writers, then delete again.",
            bucket=self.bucket,
        )

    def _refuse_shared(self, prefix: str) -> None:
        users = users_prefix(environment=self.environment)
        user = prefix.removeprefix(users).partition("/")[0] if prefix.startswith(users) else ""
        if user or prefix.startswith(temporary_prefix(environment=self.environment)):
            return
        raise InvalidKeyError(
            f"The prefix {prefix!r} is not of one user, nor of what is temporary: it is not deleted as a whole.",
            hint="Use user_prefix, profile_prefix, project_prefix or scene_prefix of layout.keys.",
            bucket=self.bucket,
        )

    async def _set_aside(self, folder: str, page: "list[ObjectTypeDef]") -> None:
        environment = environment_prefix(environment=self.environment)
        async with BlockingCalls(IN_FLIGHT) as calls:
            for item in page:
                target = set_aside_key(folder, item["Key"].removeprefix(environment), self.environment)
                await calls.begin(
                    self.copier.copy,
                    item["Key"],
                    str(target),
                    e_tag=item["ETag"],
                    size=item["Size"],
                    only_if_absent=True,
                )

    async def _delete_page(self, page: "list[ObjectTypeDef]") -> "list[Refused]":
        with storage_errors(self.bucket):
            answer = await in_thread(
                self.client.delete_objects,
                Bucket=self.bucket,
                Delete={"Objects": [{"Key": item["Key"]} for item in page], "Quiet": True},
            )
        return [{"Key": one.get("Key", ""), "Code": one.get("Code", "")} for one in answer.get("Errors", [])]

    def _refused(self, prefix: str, refused: "list[Refused]") -> StorageError:
        first = translate_code(refused[0]["Code"], self.bucket, refused[0]["Key"])
        error = StorageError(
            f"{len(refused):,} {'object' if len(refused) == 1 else 'objects'} below {prefix!r} could not be deleted."
            f" The first: {first}",
            hint=first.hint,
            bucket=self.bucket,
            key=refused[0]["Key"],
        )
        error.__cause__ = first
        return error
