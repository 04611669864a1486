"""The flat layout as a table of keys, and its mapping there and back."""

import pytest

from layout.environment import Environment
from layout.keys import r2_global_key, r2_key, scene_file_key
from layout.legacy import FLAT, LEGACY_LAYOUTS, Decision, Evidence, Facts, Phase, Placement
from tests.data.flat_bucket.names import game_key

PROFILES = {"a": "p1", "3f0c6a52-8a44-4f0b-9d0e-6f1b5d2c7e91": "p2", "back\\slash": "p3", "José": "p4"}
FACTS = Facts(Environment.DEV, PROFILES.get)
UUID_USER = "3f0c6a52-8a44-4f0b-9d0e-6f1b5d2c7e91"

MOVES = [
    ("a/database.sqlite", "dev/users/a/profiles/p1/database.sqlite", "{user}/database.sqlite"),
    ("a/raw_clips/...mp4", "dev/users/a/profiles/p1/raw_clips/...mp4", "{user}/raw_clips/"),
    (
        "a/detections/b.mp4/frame_1.json",
        "dev/users/a/profiles/p1/detections/b.mp4/frame_1.json",
        "{user}/detections/",
    ),
    ("a/games/0123.MOV", "dev/users/a/profiles/p1/games/0123.MOV", "{user}/games/"),
    ("a/notes.txt", "dev/users/a/profiles/p1/notes.txt", "{user}/(other)"),
    ("a/dev/users/x", "dev/users/a/profiles/p1/dev/users/x", "{user}/(other)"),
    (f"{UUID_USER}/archive/7.json", f"dev/users/{UUID_USER}/profiles/p2/archive/7.json", "{user}/archive/"),
    ("José/uploads/x y%20.mp4", "dev/users/José/profiles/p4/uploads/x y%20.mp4", "{user}/uploads/"),
    (game_key(1), f"dev/{game_key(1)}", "games/"),
    (f"games/{'abcdef0123456789' * 4}.mp4", f"dev/games/{'abcdef0123456789' * 4}.mp4", "games/"),
]

KEPT = [
    ("dev/layout.json", "dev/"),
    ("dev/games/0123.mp4", "dev/"),
    ("staging/users/a/profiles/p1/database.sqlite", "staging/"),
    ("prod/users/a/profiles.json", "prod/"),
    ("prod/temp/multi_clip_1/source_0.mp4", "prod/"),
    ("prod/users/a/profiles/p1/raw_clips/e\u0301te\u0301.mp4", "prod/"),
]

NO_NEW_KEY = "the new layout has no such key"
NO_SHARED_GAME = "it is not named as shared games are, by 64 hex digits and .mp4"

UNKNOWN = [
    ("tmpab12cd34.mp4", "(root)", "root-object", "it lies at the root of the bucket, under no user"),
    ("dev", "(root)", "root-object", "it lies at the root of the bucket, under no user"),
    ("production/users/a/database.sqlite", "production/", "reserved-root", "'production' is never a user"),
    (
        "production/database.sqlite",
        "production/",
        "reserved-root",
        "'production' is never a user; it looks like data of a user called 'production'",
    ),
    ("users/a/database.sqlite", "users/", "reserved-root", "'users' is never a user"),
    (
        "users/raw_clips/1.mp4",
        "users/",
        "reserved-root",
        "'users' is never a user; it looks like data of a user called 'users'",
    ),
    *(
        (
            f"{environment}/{path}",
            f"{environment}/",
            "no-new-key",
            (
                f"{NO_NEW_KEY}; it looks like data of a user called '{environment}',"
                f" of whom {environment}/games/ and {environment}/temp/ would pass for the new layout's"
            ),
        )
        for environment in ("dev", "staging", "prod")
        for path in ("database.sqlite", "raw_clips/1.mp4", "uploads", "archive//1.json")
    ),
    ("dev/users/a/database.sqlite", "dev/", "no-new-key", NO_NEW_KEY),
    ("prod/auth/auth.sqlite", "prod/", "no-new-key", NO_NEW_KEY),
    ("prod//layout.json", "prod/", "no-new-key", NO_NEW_KEY),
    ("prod/", "prod/", "folder-marker", "it marks a folder; the new layout has none"),
    ("dev/games/", "dev/", "folder-marker", "it marks a folder; the new layout has none"),
    (
        "Dev/layout.json",
        "(other roots)",
        "unknown-root",
        "nothing directly under 'Dev' shows that it is a user",
    ),
    (
        "logs/temp/a.log",
        "(other roots)",
        "unknown-root",
        (
            "nothing directly under 'logs' shows that it is a user; 'temp/' does not,"
            " since others use that name too"
        ),
    ),
    (
        "other/thing.txt",
        "(other roots)",
        "unknown-root",
        "nothing directly under 'other' shows that it is a user",
    ),
    ("/raw_clips/x", "(other roots)", "unknown-root", "nothing directly under '' shows that it is a user"),
    ("a/raw_clips/", "{user}/raw_clips/", "folder-marker", "it marks a folder; the new layout has none"),
    ("a/", "{user}/(other)", "folder-marker", "it marks a folder; the new layout has none"),
    ("games/", "games/", "folder-marker", "it marks a folder; the new layout has none"),
    (
        "a/raw_clips//x.mp4",
        "{user}/raw_clips/",
        "inexpressible",
        (
            "the new layout cannot express its key: The path 'raw_clips//x.mp4' cannot be used:"
            " its segment number 2 is empty."
        ),
    ),
    *(
        (f"games/{path}", "games/", "no-shared-game", NO_SHARED_GAME)
        for path in (
            "1.mp4",
            f"{'0' * 63}.mp4",
            f"{'0' * 65}.mp4",
            f"{'A' * 64}.mp4",
            f"{'0' * 64}.MOV",
            f"{'0' * 64}",
            f"{'0' * 64}.mp4\n",
            f"{'0' * 64}.mp4/x",
            f"sub/{'0' * 64}.mp4",
            "a\x01b.mp4",
            "/x.mp4",
        )
    ),
    *(
        (
            f"games/{path}",
            "games/",
            "no-shared-game",
            f"{NO_SHARED_GAME}; it looks like data of a user called 'games'",
        )
        for path in ("database.sqlite", "raw_clips/1.mp4", "games/0123456789ab.mp4")
    ),
    (
        "back\\slash/uploads/x",
        "{user}/uploads/",
        "inexpressible",
        "the new layout cannot express its key: The user id 'back\\\\slash' contains '\\\\'.",
    ),
]


@pytest.mark.parametrize(("key", "new_key", "area"), MOVES)
def test_objects_of_users_and_games_move_with_their_path(key: str, new_key: str, area: str) -> None:
    """Everything under a user keeps its path below the profile, and games keep theirs."""
    placement = FLAT.place(key, FACTS)
    assert (placement.decision, placement.new_key, placement.area) == (Decision.MOVE, new_key, area)
    assert placement.reason == ""


@pytest.mark.parametrize(("key", "area"), KEPT)
def test_objects_of_our_environments_are_kept(key: str, area: str) -> None:
    """A key that a row of the new layout parses stays, whatever its environment and its spelling."""
    reason = "it is in the new layout already"
    assert FLAT.place(key, FACTS) == Placement(Decision.KEEP, area, "new-layout", reason)


@pytest.mark.parametrize(("key", "area", "rule", "reason"), UNKNOWN)
def test_what_no_rule_places_is_unknown_with_a_reason(key: str, area: str, rule: str, reason: str) -> None:
    """No key is skipped: what cannot move says why."""
    placement = FLAT.place(key, FACTS)
    assert placement.decision is Decision.UNKNOWN
    assert (placement.area, placement.rule, placement.reason) == (area, rule, reason)
    assert placement.new_key is None


@pytest.mark.parametrize(
    ("key", "evidence"),
    [
        ("a/database.sqlite", Evidence("a", "database.sqlite")),
        ("a/database.db", Evidence("a", "database.db")),
        ("a/video_editor.db", Evidence("a", "video_editor.db")),
        ("a/raw_clips/x", Evidence("a", "raw_clips/")),
        ("a/working_videos/working_3_0123abcd.mp4", Evidence("a", "working_videos/")),
        ("a/final_videos/posters/x.jpg", Evidence("a", "final_videos/")),
        ("a/clip_cache/0123.mp4", Evidence("a", "clip_cache/")),
        ("a/archive/17.json", Evidence("a", "archive/")),
        ("a/detections/b.mp4/frame_5.json", Evidence("a", "detections/")),
        ("a/downloads/Spring_cup_0123abcd.tsv", Evidence("a", "downloads/")),
        ("a/games/0123456789ab.MOV", Evidence("a", "games/")),
        ("a/games/0123456789ab", Evidence("a", "games/")),
        ("a/temp/multi_clip_1/source_0.mp4", Evidence("a", "temp/")),
        (f"a/uploads/{'0' * 32}.MP4", Evidence("a", "uploads/")),
        ("games2/raw_clips/x", Evidence("games2", "raw_clips/")),
        ("e\u0301/raw_clips/x", Evidence("\u00e9", "raw_clips/")),
        ("a/notes.txt", None),
        ("a/sub/database.sqlite", None),
        ("a/database.sqlite/x", None),
        ("a/database.sqlite.bak", None),
        ("a/raw_clips", None),
        ("database.sqlite", None),
        ("/database.sqlite", None),
        ("logs/temp/a.log", None),
        ("assets/downloads/logo.png", None),
        ("public/uploads/logo.png", None),
        ("old/archive/2024.zip", None),
        ("models/detections/yolo.onnx", None),
        ("shop/games/chess.exe", None),
        ("players/highlights/1.jpg", None),
        ("games/games/0123456789ab.mp4", None),
        ("games/database.sqlite", None),
        ("users/raw_clips/x", None),
        ("dev/database.sqlite", None),
        ("staging/raw_clips/x", None),
        ("prod/database.sqlite", None),
        ("production/database.sqlite", None),
    ],
)
def test_a_user_is_shown_by_what_only_the_old_application_wrote(key: str, evidence: Evidence | None) -> None:
    """A database or an own folder shows a user, a common folder only with a file named as it named them."""
    assert FLAT.evidence_in(key) == evidence


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ("a/x", "a"),
        ("a/", "a"),
        ("a//x", "a"),
        ("e\u0301/x", "\u00e9"),
        ("back\\slash/x", "back\\slash"),
        ("developer/x", "developer"),
        ("a", None),
        ("", None),
        ("/x", None),
        ("dev/x", None),
        ("staging/x", None),
        ("prod/x", None),
        ("production/x", None),
        ("users/x", None),
        ("games/x", None),
    ],
)
def test_the_owner_is_the_root_segment(key: str, owner: str | None) -> None:
    """In NFC, since the two spellings of a name are one user; reserved segments own nothing."""
    assert FLAT.owner_of(key) == owner


@pytest.mark.parametrize(
    ("path", "phase"),
    [
        ("database.sqlite", Phase.DATABASE),
        ("database.db", Phase.DATABASE),
        ("database.sqlite-wal", Phase.DATABASE),
        ("old/database.sqlite.pre-migration", Phase.DATABASE),
        ("raw_clips/database.mp4", Phase.MEDIA),
    ],
)
def test_databases_come_after_media(path: str, phase: Phase) -> None:
    """A database and the files beside it are copied in the second phase."""
    assert FLAT.place(f"a/{path}", FACTS).phase is phase


def test_a_key_in_nfd_moves_to_nfc() -> None:
    """The new layout writes NFC, whatever spelling a listing shows."""
    placement = FLAT.place("a/raw_clips/e\u0301te\u0301.mp4", FACTS)
    assert placement.new_key == "dev/users/a/profiles/p1/raw_clips/\u00e9t\u00e9.mp4"


def test_a_key_too_long_for_the_new_layout_is_unknown() -> None:
    """The prefix of a profile makes a key longer: what no longer fits in 1,024 bytes does not move."""
    key = "a/raw_clips/" + "/".join(["d" * 250] * 4)
    placement = FLAT.place(key, FACTS)
    assert len(key) <= 1_024
    assert placement.rule == "inexpressible"
    assert placement.reason.endswith("has 1,037 bytes of UTF-8, more than 1,024.")


def test_objects_that_had_no_flat_key_map_back_to_nothing() -> None:
    """Another profile, another environment and other templates have no place in the flat layout."""
    assert FLAT.old_key(r2_key("a", "x", "p1", environment=Environment.DEV), FACTS) == "a/x"
    assert FLAT.old_key(r2_key("a", "x", "p9", environment=Environment.DEV), FACTS) is None
    assert FLAT.old_key(r2_key("a", "x", "p1", environment=Environment.PROD), FACTS) is None
    assert FLAT.old_key(r2_key("users", "x", "p1", environment=Environment.DEV), FACTS) is None
    assert FLAT.old_key(r2_global_key("0" * 64 + ".mp4", environment=Environment.DEV), FACTS) == game_key(0)
    assert FLAT.old_key(r2_global_key("1.mp4", environment=Environment.DEV), FACTS) is None
    scene = scene_file_key("a", "p", "s", "media", "f", environment=Environment.DEV)
    assert FLAT.old_key(scene, FACTS) is None


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("dev/games/", "games/"),
        ("dev/users/a/", "a/"),
        ("dev/users/a/profiles/", "a/"),
        ("dev/users/a/profiles/p1/", "a/"),
        ("dev/users/a/profiles/p1/raw_clips/x/", "a/raw_clips/x/"),
        ("dev/users/a/profiles/p9/", None),
        ("dev/users/a/projects/", None),
        ("dev/users/nobody/", None),
        ("dev/users/users/", None),
        ("prod/users/a/", None),
        ("dev/temp/", None),
    ],
)
def test_where_the_old_objects_of_a_listing_lie(new: str, old: str | None) -> None:
    """Of the games, of a user, and of the profile that the flat files went to; nowhere else."""
    assert FLAT.old_prefix(new, FACTS) == old


def test_the_flat_layout_is_known_by_its_name() -> None:
    """Commands find layouts by name."""
    assert LEGACY_LAYOUTS["flat"] is FLAT
    assert FLAT.description == "users at the root and shared games/, into {env}/users/ and {env}/games/"
