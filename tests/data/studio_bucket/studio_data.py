"""What the second application left behind: nine projects, every generation of its keys, documents that are often wrong.

Where an object belongs is written beside it by hand, from what its project's document says, and not computed.
Nothing here is random.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bson import ObjectId

from tests.data.studio_bucket.naming import Added, Names, as_written, presigned, public

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from pymongo.database import Database

__all__ = [
    "BUCKET",
    "DATABASE",
    "DEFAULT_USER",
    "DOCUMENTS",
    "NEW_KEYS",
    "RULES",
    "STRAYS",
    "body_of",
    "fill",
    "insert",
]

BUCKET = "shorts-studio"
DATABASE = "studio"
DEFAULT_USER = "default"

_GOAL, _CATS, _CITY, _SEA = (
    "8sw4kf9sgt61wshaam41gpj", "3kd02mfl2k3jr9d8s7f6g5h", "q0w9e8r7t6y5u4i3o2p1a9s", "z1x2c3v4b5n6m7l8k9j0h1g",
)  # fmt: skip
_RAIN, _SNOW, _BIKE, _TREE = (
    "m1n2b3v4c5x6z7l8k9j0q1w", "a9s8d7f6g5h4j3k2l1q0w9e", "65f0c0ffee000000000000a1", "y6t5r4e3w2q1p0o9i8u7a6s",
)  # fmt: skip
_GOALS, _VOICES, _LOST, _HEX = "proj_m8rzcejd", "proj_m8rye3o8", "proj_k2f8w1qa", "661f0c2e9b1d8a0012345678"
_PLAIN, _OLDER, _BARE, _NEVER, _CUT = (
    "proj_b7c3d9e1", "proj_t5r4e3w2", "proj_n4m5b6v7", "proj_x0y1z2a3", "proj_c6d7e8f9",
)  # fmt: skip
_FILM = "5f8d0d55-b54b-4e7a-9b3c-2f1a6c7d8e90"


def _in_scene(user: str, project: str, scene: str, kind: str, file: str) -> str:
    return f"dev/users/{user}/projects/{project}/scenes/{scene}/{kind}/{file}"


NEW_KEYS: Mapping[str, str] = {
    # 1: no project in the key; its document knows it.
    f"scenes/{_GOAL}/media/20250401123000.tmp": _in_scene(
        "default", _GOALS, _GOAL, "media", "20250401123000.tmp"
    ),
    # 2
    f"projects/{_VOICES}/scenes/{_CATS}/media/20250402080910.tmp": _in_scene(
        "default", _VOICES, _CATS, "media", "20250402080910.tmp"
    ),
    # 3: one with a name that has to be encoded, one whose project lost its prefix.
    f"audio/{_GOALS}/{_GOAL}/20240514123456_adam.mp3": _in_scene(
        "default", _GOALS, _GOAL, "audio", "20240514123456_adam.mp3"
    ),
    f"audio/{_VOICES}/{_CATS}/20240514123457_Mia & Jo.mp3": _in_scene(
        "default", _VOICES, _CATS, "audio", "20240514123457_Mia & Jo.mp3"
    ),
    f"audio/{_CUT.removeprefix('proj_')}/{_TREE}/20240516090000_eve.mp3": _in_scene(
        "mira", _CUT, _TREE, "audio", "20240516090000_eve.mp3"
    ),
    # 3b: folder by kind, project and scene apart or joined.
    f"thumbnails/{_OLDER}/{_RAIN}/small.jpg": _in_scene("mira", _OLDER, _RAIN, "media", "small.jpg"),
    f"video/{_OLDER}_{_SNOW}/20230911101112.mp4": _in_scene(
        "mira", _OLDER, _SNOW, "media", "20230911101112.mp4"
    ),
    # 4: three spellings of nobody, and kinds that become one.
    f"users/default/projects/{_PLAIN}/scenes/{_CITY}/image/bg.jpg": _in_scene(
        "default", _PLAIN, _CITY, "media", "bg.jpg"
    ),
    f"users/default_user/projects/{_PLAIN}/scenes/{_CITY}/gallery/2.webp": _in_scene(
        "default", _PLAIN, _CITY, "media", "2.webp"
    ),
    f"users/mira/projects/{_CUT}/scenes/{_TREE}/unknown/take.bin": _in_scene(
        "mira", _CUT, _TREE, "media", "take.bin"
    ),
    # 5 and 6: the name was thrown away, the prefix written twice, once, or before an id that has none.
    f"proj_{_LOST}_{_SEA}_media.mp4": _in_scene(
        "tom", _LOST, _SEA, "media", f"proj_{_LOST}_{_SEA}_media.mp4"
    ),
    f"{_LOST}_{_SEA}_audio.mp3": _in_scene("tom", _LOST, _SEA, "audio", f"{_LOST}_{_SEA}_audio.mp3"),
    f"proj_{_HEX}_{_BIKE}_video.mov": _in_scene(
        "tom", _HEX, _BIKE, "media", f"proj_{_HEX}_{_BIKE}_video.mov"
    ),
    # 6b
    f"{_BARE}_general_media.mp4": f"dev/users/tom/projects/{_BARE}/output/{_BARE}_general_media.mp4",
    # 7 and 8: only a document says whose they are.
    "tmpab12cd34.mp4": _in_scene("tom", _BARE, "s1", "media", "tmpab12cd34.mp4"),
    f"videos/default/{_FILM}.mp4": f"dev/users/tom/projects/{_BARE}/output/{_FILM}.mp4",
    # 9
    f"users/default/projects/{_PLAIN}/output/final_video.mp4": (
        f"dev/users/default/projects/{_PLAIN}/output/final_video.mp4"
    ),
}
"""Where each object belongs."""

STRAYS = ("test-connection.txt", f"projects/{_VOICES}/.empty_folder_marker", "projects/", "tmpffff0000.mp4")
"""Of nobody: what a test, a dashboard and an upload without a project left. Rules leave them where they are."""

RULES = "\n".join(
    [
        "objects = [",
        *(f'  {{ key = "{key}", action = "ignore", reason = "of nobody" }},' for key in STRAYS),
        "]",
        "",
    ]
)
"""The rule file that says so."""

_GOAL_FILM, _GOAL_VOICE = (
    f"scenes/{_GOAL}/media/20250401123000.tmp",
    f"audio/{_GOALS}/{_GOAL}/20240514123456_adam.mp3",
)
_CATS_FILM = f"projects/{_VOICES}/scenes/{_CATS}/media/20250402080910.tmp"
_CATS_VOICE = f"audio/{_VOICES}/{_CATS}/20240514123457_Mia & Jo.mp3"
_CITY_IMAGE = f"users/default/projects/{_PLAIN}/scenes/{_CITY}/image/bg.jpg"
_SEA_FILM, _SEA_VOICE = f"proj_{_LOST}_{_SEA}_media.mp4", f"{_LOST}_{_SEA}_audio.mp3"
_TREE_TAKE = f"users/mira/projects/{_CUT}/scenes/{_TREE}/unknown/take.bin"
_POST = "https://social.example/posts/4711?share=1"

DOCUMENTS: Mapping[str, list[dict[str, Any]]] = {
    "projects": [
        {
            # Nobody's: no user. A key of the first generation, and a voice whose presigned URL has expired.
            "_id": ObjectId("65f0c0ffee00000000000001"), "proj_id": _GOALS, "title": "Goals", "createdAt": 1712000000,
            "scenes": [{
                "id": _GOAL, "title": "Tor!", "order": 0, "trim": {"start": 0.5, "end": 4.25},
                "media": {"storageKey": Names(_GOAL_FILM), "url": Names(_GOAL_FILM, public(_GOAL_FILM)),
                          "type": "video", "width": 1080, "isStorageBacked": True, "storedAt": 1743503400000},
                "audioUrl": Names(_GOAL_VOICE, presigned(BUCKET, _GOAL_VOICE)),
                "audio": {"storageKey": Added(_GOAL_VOICE)},
            }],
        },
        {
            # A voice by the last segment of its URL, still encoded.
            "_id": ObjectId("65f0c0ffee00000000000002"), "proj_id": _VOICES, "user_id": "default_user",
            "scenes": [{
                "id": _CATS, "media": {"storageKey": Names(_CATS_FILM), "type": "image"},
                "audio": {"storageKey": Names(_CATS_VOICE, "20240514123457_Mia%20%26%20Jo.mp3"),
                          "url": Names(_CATS_VOICE, presigned(BUCKET, quote(_CATS_VOICE)))},
            }],
        },
        {
            # The name that was chosen, and the URL made of it, of an object that was called otherwise.
            "_id": ObjectId("65f0c0ffee00000000000003"), "name": _LOST, "user_id": "tom",
            "scenes": [{
                "id": _SEA, "mediaUrl": _POST,
                "media": {"storageKey": Names(_SEA_FILM, "20250301101010.mp4"),
                          "url": Names(_SEA_FILM, public("20250301101010.mp4"))},
                "audio": {"storageKey": Names(_SEA_VOICE, "20250301101011_adam.mp3")},
            }],
        },
        # Its id is the ObjectId in hex; its scenes are beside it.
        {"_id": ObjectId(_HEX), "title": "Räder", "user_id": "tom", "scenes": []},
        {
            # The id of the document is a text. A scene in the flat shape.
            "_id": _PLAIN, "title": "City", "user_id": "default",
            "scenes": [{
                "id": _CITY, "url": _POST, "text_content": "…", "status": "completed",
                "media_url": Names(_CITY_IMAGE, presigned(BUCKET, _CITY_IMAGE)), "media_type": "image",
                "media_metadata": {"duration": 3, "r2_url": Names(_CITY_IMAGE, public(_CITY_IMAGE)),
                                   "raw": {"url": _POST}},
            }],
        },
        {
            # The older shape: all of it on the scene.
            "_id": ObjectId("65f0c0ffee00000000000006"), "proj_id": _OLDER, "user_id": "mira",
            "scenes": [
                {"id": _RAIN, "media": {"thumbnailUrl": Names(f"thumbnails/{_OLDER}/{_RAIN}/small.jpg",
                                                              public(f"thumbnails/{_OLDER}/{_RAIN}/small.jpg"))}},
                {"id": _SNOW, "mediaType": "video",
                 "storageKey": Names(f"video/{_OLDER}_{_SNOW}/20230911101112.mp4", "20230911101112.mp4"),
                 "storedUrl": Names(f"video/{_OLDER}_{_SNOW}/20230911101112.mp4",
                                    presigned(BUCKET, f"video/{_OLDER}_{_SNOW}/20230911101112.mp4"))},
            ],
        },
        {
            # A bare name at the root, and a film in a folder of nobody.
            "_id": ObjectId("65f0c0ffee00000000000007"), "proj_id": _BARE, "user_id": "tom",
            "scenes": [{"id": "s1", "media": {"storageKey": Names("tmpab12cd34.mp4")}}],
        },
        {
            # Uploads that failed and were told as done; and what lies elsewhere.
            "_id": ObjectId("65f0c0ffee00000000000008"), "proj_id": _NEVER, "user_id": "mira",
            "scenes": [
                {"id": "n1", "media": {"storageKey": "scenes/n1/media/20250101000000.tmp"}},
                {"id": "n2", "media": {"url": _POST, "type": "image"}},
            ],
        },
        {
            "_id": ObjectId("65f0c0ffee00000000000009"), "proj_id": _CUT, "user_id": "mira", "description": None,
            "scenes": [{"id": _TREE, "media": {"storageKey": Names(_TREE_TAKE)}}],
        },
    ],
    "scenes": [
        {"_id": ObjectId(_BIKE), "project_id": _HEX,
         "media": {"storageKey": Names(f"proj_{_HEX}_{_BIKE}_video.mov", "20250505050505.mov")}},
    ],
    "r2_file_paths": [
        # The true keys; one object may have several references.
        {"_id": ObjectId("65f0c0ffee000000000000b1"), "project_id": f"proj_{_GOALS}", "scene_id": _GOAL,
         "object_key": Names(_GOAL_FILM), "file_type": "media", "content_type": None, "size_bytes": 1,
         "metadata": {"url": Names(_GOAL_FILM, presigned(BUCKET, _GOAL_FILM))}},
        {"_id": ObjectId("65f0c0ffee000000000000b2"), "project_id": _GOALS.removeprefix("proj_"), "scene_id": _GOAL,
         "object_key": Names(_GOAL_VOICE), "file_type": "audio"},
        {"_id": ObjectId("65f0c0ffee000000000000b3"), "project_id": _LOST, "scene_id": _SEA,
         "object_key": Names(_SEA_FILM), "user_id": None},
        {"_id": ObjectId("65f0c0ffee000000000000b4"), "project_id": _BARE,
         "object_key": Names(f"videos/default/{_FILM}.mp4"), "file_type": "video"},
    ],
}  # fmt: skip
"""The documents, with what each value means; `tests.data.studio_bucket.naming` makes plain ones of them."""


def body_of(key: str) -> bytes:
    """The bytes of the object at an old key: no two are alike, as the folder markers are."""
    return b"" if key.endswith(("/", ".empty_folder_marker")) else f"bytes of {key}".encode()


def fill(s3: S3Client, bucket: str = BUCKET) -> int:
    """Upload every object, without type and metadata, as the application did; returns how many."""
    keys = [*NEW_KEYS, *STRAYS]
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=body_of(key))
    return len(keys)


def insert(database: Database[dict[str, Any]]) -> None:
    """Write every document as the application left it."""
    for name, documents in as_written(DOCUMENTS).items():
        database[name].insert_many(documents)
