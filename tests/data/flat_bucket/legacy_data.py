"""A flat legacy bucket, made from a seed: what the first application left behind, quirks included.

::

    reel-ballers-users/
      games/{64 hex}.mp4                shared by all users
      {user}/                           directly at the root, beside games/
        database.sqlite                 names the files below
        raw_clips/ working_videos/ final_videos/ final_videos/posters/ uploads/ games/ downloads/
        archive/ detections/{video}/ temp/multi_clip_{id}/ highlights/ clip_cache/
        video_editor.db                 a stray of the first version

Four users: the developers' hard-coded ``a``, a real one (a UUID), one whose id begins with ``a``, and one
that an end-to-end test left behind. Nothing here is random from one run to the next.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from tests.data.flat_bucket import names
from tests.data.flat_bucket.library import Habits, Library
from tests.data.flat_bucket.objects import MIB, LegacyObject, mp4

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

BUCKET = "reel-ballers-users"
UUID_USER = "3f0c6a52-8a44-4f0b-9d0e-6f1b5d2c7e91"
USERS = {
    "a": Habits(clips=24, exports=12, frames=60, games=3, database_version=57, strays=True),
    UUID_USER: Habits(clips=16, exports=8, frames=35, games=1, database_version=12),
    "alice": Habits(clips=12, exports=5, frames=15, games=0, database_version=3),
    "e2e_1767902400_k3f9": Habits(clips=2, exports=2, frames=3, games=0, database_version=None),
}
_UPLOADERS = 8  # requests in flight; the store is on this machine, more only queue


@dataclass(frozen=True)
class Filled:
    """What `fill` put into a bucket."""

    objects: int
    bytes: int


def legacy_objects(seed: int = 20260105) -> Iterator[LegacyObject]:
    """Yield every object of the legacy bucket: the shared games first, then user by user.

    Keys are distinct, valid in NFC and unchanged by it. The same seed gives the same keys, bytes and headers.
    """
    games = list(_shared_games(_random(seed, "games")))
    yield from games
    for number, (user, habits) in enumerate(USERS.items()):
        mine = [game for index, game in enumerate(games) if index in {0, number, number + 2}]
        yield from Library(user, habits, mine, _random(seed, user)).build()


def fill(s3_client: "S3Client", bucket: str, *, seed: int = 20260105) -> Filled:
    """Upload the legacy bucket into `bucket`, each object with exactly the headers that the old uploads sent.

    Args:
        s3_client: A client that may write to the bucket; used from several threads.
        bucket: The bucket's name.
        seed: Another seed gives other bytes and file names, of the same kinds.

    Raises:
        botocore.exceptions.ClientError: The store refused an upload.
    """
    objects = list(legacy_objects(seed))
    with ThreadPoolExecutor(_UPLOADERS, thread_name_prefix="fill") as pool:
        for _ in pool.map(lambda item: _upload(s3_client, bucket, item), objects):
            pass  # the loop raises what an upload raised
    return Filled(len(objects), sum(len(item.body) for item in objects))


def _random(seed: int, part: str) -> Random:
    """Return a generator of its own for each part, so that a change to one user leaves the others alone."""
    return Random(f"{seed}/{part}")  # noqa: S311  test data, no secrets


def _shared_games(random: Random) -> Iterator[LegacyObject]:
    """Yield the shared games in the states that the old uploads left them in."""
    for number, (kibibytes, content_type, has_metadata, part_bytes) in enumerate((
        (24, "video/mp4", True, None),
        (32, None, True, None),  # the metadata step copied the object onto itself and lost the type
        (6 * 1024, None, False, 5 * MIB),  # uploaded in parts; the metadata step failed
        (16, "video/mp4", True, None),
        (5 * 1024 + 512, "video/mp4", True, 5 * MIB),  # in parts, metadata given at the start
        (8, "video/mp4", False, None),
    )):  # fmt: skip
        body = mp4(random, kibibytes * 1024)
        key = f"games/{names.game_name(body)}.mp4"
        metadata = _game_metadata(number) if has_metadata else {}
        yield LegacyObject(key, body, content_type, metadata, part_bytes=part_bytes)


def _game_metadata(number: int) -> dict[str, str]:
    created = datetime(2026, 1, 10, 20, 0, tzinfo=UTC) + timedelta(days=7 * number)
    metadata = {
        "ref_count": str(1 + number % 3),
        "original_filename": f"Match day {number + 1} (U12) 100%.mp4",
        "created_at": created.isoformat(),
    }
    if number != 1:  # known only if the browser could read the file
        metadata |= {"duration": f"{3000 + number}.48", "width": "1920", "height": "1080"}
    return metadata


def _upload(s3_client: "S3Client", bucket: str, item: LegacyObject) -> None:
    headers: dict[str, Any] = {"Metadata": dict(item.metadata)}
    if item.content_type is not None:
        headers["ContentType"] = item.content_type
    if item.cache_control is not None:
        headers["CacheControl"] = item.cache_control
    if item.part_bytes is None:
        s3_client.put_object(Bucket=bucket, Key=item.key, Body=item.body, **headers)
        return
    upload = s3_client.create_multipart_upload(Bucket=bucket, Key=item.key, **headers)["UploadId"]
    parts: list[CompletedPartTypeDef] = []
    for number, body in enumerate(item.parts(), start=1):
        answer = s3_client.upload_part(
            Bucket=bucket, Key=item.key, UploadId=upload, PartNumber=number, Body=body
        )
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    s3_client.complete_multipart_upload(
        Bucket=bucket, Key=item.key, UploadId=upload, MultipartUpload={"Parts": parts}
    )
