"""The legacy bucket that the demonstration starts from."""

import hashlib
import json
import re
import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from demo.snapshot import take_snapshot
from tests.data.flat_bucket import names
from tests.data.flat_bucket.legacy_data import USERS, UUID_USER, fill, legacy_objects
from tests.data.flat_bucket.objects import LegacyObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="module")
def objects() -> dict[str, LegacyObject]:
    """Return the whole bucket, by key."""
    return {item.key: item for item in legacy_objects()}


def test_the_same_seed_gives_the_same_bucket() -> None:
    """Two runs give equal keys, bytes and headers; another seed gives others."""
    first = list(legacy_objects())
    assert first == list(legacy_objects())
    assert {item.key for item in first} != {item.key for item in legacy_objects(seed=1)}


def test_it_is_large_enough_to_mean_something(objects: dict[str, LegacyObject]) -> None:
    """There are 400 objects or more, of less than 30 MB, and no key twice."""
    assert len(objects) >= 400
    assert len(objects) == len(list(legacy_objects()))
    assert sum(len(item.body) for item in objects.values()) < 30_000_000


def test_users_are_the_ones_that_break_naive_tools() -> None:
    """One id is a UUID, one is a single letter that another begins with."""
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", UUID_USER)
    assert {"a", "alice", UUID_USER} < USERS.keys()


def test_every_folder_of_the_old_layout_is_there(objects: dict[str, LegacyObject]) -> None:
    """User `a` has something under every name that the old code wrote or left at a user's root."""
    roots = {key.split("/")[1] for key in objects if key.startswith("a/")}
    assert roots == {
        "database.sqlite", "video_editor.db", "raw_clips", "working_videos", "final_videos", "uploads",
        "games", "downloads", "archive", "detections", "temp", "highlights", "clip_cache",
    }  # fmt: skip
    assert {key.split("/")[0] for key in objects} == {*USERS, "games"}


def test_keys_are_what_the_store_keeps(objects: dict[str, LegacyObject]) -> None:
    """Every key is in NFC and every part of it has at most 255 bytes."""
    for key in objects:
        assert key == unicodedata.normalize("NFC", key)
        assert max(len(part.encode()) for part in key.split("/")) <= 255


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Tor: 1:0 (Elfmeter)", "Tor-_1-0_Elfmeter"),
        ("..", ".."),
        ("💥💥💥", "clip"),
        ("得点シーン 前半", "得点シーン_前半"),
        ("長" * 60, "長" * 50),
    ],
)
def test_clip_titles_become_names_by_the_old_rule(title: str, name: str) -> None:
    """Word characters of any script, ``-`` and ``.`` stay; 50 characters; nothing left means ``clip``."""
    assert names.clip_name(title) == name


def test_a_project_without_a_usable_name_is_named_by_its_number() -> None:
    """Project names keep word characters and ``-`` only, without a limit."""
    assert names.project_name("!!!", 4) == "project_4"
    assert names.project_name("Highlights  für Oma", 1) == "Highlights_für_Oma"


def test_the_odd_names_are_among_the_keys(objects: dict[str, LegacyObject]) -> None:
    """A title of two dots, a folder named like a video, capital extensions, a clip without extension."""
    mine = [key for key in objects if key.startswith("a/")]
    assert "a/raw_clips/...mp4" in mine
    for pattern in (
        r"a/detections/working_\d_[0-9a-f]{8}\.mp4/frame_\d+\.json",
        r"a/uploads/[0-9a-f]{32}\.MOV",
        r"a/games/[0-9a-f]{12}\.mkv",
        r"a/raw_clips/clip_[0-9a-f]{8}",
        r"a/temp/multi_clip_export_[0-9a-f]{12}/source_2\.mp4",
        r"a/final_videos/posters/project_4_final_[0-9a-f]{8}\.mp4\.jpg",
        r"a/downloads/得点シーン_前半_[0-9a-f]{8}\.tsv",
    ):
        assert any(re.fullmatch(pattern, key) for key in mine), pattern


def test_content_types_and_metadata_are_mixed(objects: dict[str, LegacyObject]) -> None:
    """Some uploads sent a type or metadata and some did not; every combination is there among the games."""
    assert {item.content_type for item in objects.values()} == {
        None, "video/mp4", "video/quicktime", "video/x-matroska", "image/jpeg",
    }  # fmt: skip
    shared = [item for item in objects.values() if item.key.startswith("games/")]
    states = {(item.content_type, bool(item.metadata)) for item in shared}
    assert states == {("video/mp4", True), ("video/mp4", False), (None, True), (None, False)}
    assert objects["a/database.sqlite"].metadata == {"db-version": "57"}
    assert objects["e2e_1767902400_k3f9/database.sqlite"].metadata == {}


def test_shared_games_are_named_by_their_content(objects: dict[str, LegacyObject]) -> None:
    """A game's name is the hash of its bytes, and two games were uploaded in parts of at least 5 MiB."""
    shared = [item for item in objects.values() if item.key.startswith("games/")]
    assert all(hashlib.sha256(item.body).hexdigest() in item.key for item in shared)
    in_parts = [item for item in shared if item.part_bytes]
    assert [[len(part) for part in item.parts()] for item in in_parts] == [
        [5 * 1024 * 1024, 1024 * 1024 + 40],
        [5 * 1024 * 1024, 512 * 1024 + 40],
    ]


def test_databases_are_real_and_name_objects_that_exist(
    objects: dict[str, LegacyObject], tmp_path: Path
) -> None:
    """A database is in WAL mode, intact, repeats its ``db-version``, and its file names lead to objects."""
    folders = {
        "SELECT filename FROM raw_clips WHERE filename <> ''": "a/raw_clips/{}",
        "SELECT uploaded_filename FROM working_clips": "a/uploads/{}",
        "SELECT filename FROM working_videos": "a/working_videos/{}",
        "SELECT filename FROM final_videos": "a/final_videos/{}",
        "SELECT poster_filename FROM final_videos": "a/final_videos/posters/{}",
        "SELECT video_filename FROM games WHERE blake3_hash = ''": "a/games/{}",
        "SELECT blake3_hash FROM games WHERE blake3_hash <> ''": "games/{}.mp4",
        "SELECT image_key FROM intro_cards": "a/{}",
    }
    path = tmp_path / "database.sqlite"
    path.write_bytes(objects["a/database.sqlite"].body)
    assert path.read_bytes()[18:20] == b"\x02\x02"  # read and write version 2: write-ahead log
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT version FROM db_version").fetchall() == [(57,)]
        for query, key in folders.items():
            values = [value for (value,) in database.execute(query)]
            assert values
            assert {key.format(value) for value in values} <= objects.keys(), query


def test_an_archive_repeats_rows(objects: dict[str, LegacyObject]) -> None:
    """An archived project is JSON that holds whole rows, file names included."""
    archive = json.loads(objects["alice/archive/2.json"].body)
    (upload,) = [row["uploaded_filename"] for row in archive["working_clips"]]
    assert f"alice/uploads/{upload}" in objects


def test_fill_sends_exactly_the_old_headers(s3: "S3Client", bucket: str) -> None:
    """After `fill` the bucket holds every object with its bytes and headers; parts show in the ETag."""
    filled = fill(s3, bucket)
    expected = list(legacy_objects())
    assert (filled.objects, filled.bytes) == (len(expected), sum(len(item.body) for item in expected))
    found = take_snapshot(s3, bucket)
    assert found.keys() == {item.key for item in expected}
    defaults = {found[item.key].content_type for item in expected if item.content_type is None}
    assert len(defaults) == 1
    for item in expected:
        stored = found[item.key]
        assert stored.sha256 == hashlib.sha256(item.body).hexdigest()
        assert stored.metadata == item.metadata
        assert stored.cache_control == item.cache_control
        assert stored.content_type == item.content_type or stored.content_type in defaults
        etag = s3.head_object(Bucket=bucket, Key=item.key)["ETag"]
        assert etag.endswith('-2"') == (item.part_bytes is not None)
