"""The local mirror."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from layout.context import use_profile
from layout.environment import Environment
from layout.errors import InvalidKeyError, LocalPathError, NoProfileError
from layout.keys import profiles_key, r2_global_key, r2_key, scene_file_key, temporary_key
from layout.mirror.paths import (
    ensure_directories,
    get_database_path,
    get_user_data_path,
    local_path,
    user_data_base,
    user_folder,
)
from layout.scheme.template import Key

TWO_IN_A_BUCKET = "A bucket holds both, a disk does not: read one of them from the bucket."
ONLY_THE_BASE = "Remove the symbolic link; only the base folder itself may be one."


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """An empty base folder, without symbolic links in its path."""
    folder = tmp_path.resolve() / "user_data"
    folder.mkdir()
    return folder


def refusal(call: Callable[[], object]) -> tuple[str, str | None]:
    """Message and hint of the LocalPathError that a call raises."""
    with pytest.raises(LocalPathError) as caught:
        call()
    return str(caught.value), caught.value.hint


def test_helpers_mirror_the_keys(base: Path) -> None:
    """The requirement's helpers give the paths that it draws."""
    assert user_folder("a", base=base) == base / "a"
    assert get_user_data_path("a", "p", base=base) == base / "a" / "profiles" / "p"
    assert get_database_path("a", "p", base=base) == base / "a" / "profiles" / "p" / "database.sqlite"


@pytest.mark.parametrize(
    ("key", "relative"),
    [
        (r2_key("a", "raw_clips/x.mp4", "p"), "a/profiles/p/raw_clips/x.mp4"),
        (r2_key("profiles", "profiles", "profiles"), "profiles/profiles/profiles/profiles"),
        (profiles_key("a"), "a/profiles.json"),
        (scene_file_key("a", "p", "s", "audio", "f"), "a/projects/p/scenes/s/audio/f"),
    ],
)
def test_path_of_a_key(key: Key, relative: str, base: Path) -> None:
    """A user's key is mirrored from the user on."""
    assert local_path(key, base=base) == base / relative


@pytest.mark.parametrize("environment", list(Environment))
def test_environment_is_not_in_the_mirror(environment: Environment, base: Path) -> None:
    """One machine serves one environment: the mirror has no folder for it."""
    assert local_path(r2_key("a", "x", "p", environment=environment), base=base) == base / "a/profiles/p/x"


@pytest.mark.parametrize("key", [r2_global_key("x"), temporary_key("x")])
def test_only_users_are_mirrored(key: Key, base: Path) -> None:
    """A key of no user has no place in the mirror."""
    assert refusal(lambda: local_path(key, base=base)) == (
        f"The key {str(key)!r} belongs to no user, so it has no place in the local mirror.",
        "Only keys under users/ are mirrored; choose a path for this one yourself.",
    )


def test_base_from_the_environment(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """USER_DATA_BASE is the base unless one is passed."""
    monkeypatch.setenv("USER_DATA_BASE", str(base))
    assert get_user_data_path("a", "p") == base / "a/profiles/p"


def test_base_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without USER_DATA_BASE the base is user_data in the working directory; paths are absolute."""
    monkeypatch.delenv("USER_DATA_BASE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert user_data_base() == Path("user_data")
    assert user_folder("a") == tmp_path.resolve() / "user_data" / "a"


def test_empty_base() -> None:
    """An empty USER_DATA_BASE would be the working directory itself, and is refused."""
    assert refusal(lambda: user_data_base({"USER_DATA_BASE": ""})) == (
        "USER_DATA_BASE is '', which names no folder.",
        "Set USER_DATA_BASE to a folder; unset, it means user_data.",
    )


@pytest.mark.parametrize(
    "text", ["user_data\n", "user_data\r\n", "\tuser_data", "user\0data", "user_data\x7f"]
)
def test_base_with_a_control_character(text: str) -> None:
    """A line feed after USER_DATA_BASE would make another folder beside the one that was meant."""
    assert refusal(lambda: user_data_base({"USER_DATA_BASE": text})) == (
        f"USER_DATA_BASE is {text!r}, which holds a control character.",
        "Set it again, without the line feed that an editor or `echo` puts at the end.",
    )


def test_profile_of_the_context(base: Path) -> None:
    """Without a profile id the current profile counts, and only for its own user."""
    with use_profile("a", "p"):
        assert get_database_path("a", base=base) == base / "a/profiles/p/database.sqlite"
        assert get_user_data_path("b", "q", base=base) == base / "b/profiles/q"
        with pytest.raises(NoProfileError) as caught:
            get_database_path("b", base=base)
    assert str(caught.value) == "The current profile 'p' belongs to the user 'a', not to the user 'b'."


def test_ensure_directories(base: Path) -> None:
    """The profile's folders are made, with all above them; a second call changes nothing."""
    expected = base / "a" / "profiles" / "p"
    assert ensure_directories("a", "p", base=base) == expected
    assert ensure_directories("a", "p", base=base) == expected
    assert sorted(path.name for path in expected.iterdir()) == [
        "final_videos",
        "raw_clips",
        "uploads",
        "working_videos",
    ]


def test_ensure_other_directories(base: Path) -> None:
    """An application names its own folders, at any depth."""
    profile = ensure_directories("a", "p", base=base, folders=["final_videos/posters"])
    assert [path.relative_to(profile).as_posix() for path in profile.rglob("*")] == [
        "final_videos",
        "final_videos/posters",
    ]


def test_ensure_makes_nothing_outside(base: Path) -> None:
    """A folder's name obeys the rule for paths."""
    with pytest.raises(InvalidKeyError) as caught:
        ensure_directories("a", "p", base=base, folders=["../q"])
    assert str(caught.value) == (
        "The path '../q' cannot be used: its segment number 1 is a relative path, not a name."
    )


@pytest.mark.parametrize("user", ["", ".", "..", "a/b", "a\\b", "a\0"])
def test_ids_obey_the_rule_for_keys(user: str, base: Path) -> None:
    """An id that could be in no key has no folder."""
    with pytest.raises(InvalidKeyError, match=r"^The user id "):
        get_user_data_path(user, "p", base=base)


def test_file_where_a_folder_must_be(base: Path) -> None:
    """A key below another key cannot be mirrored while the other one is a file here."""
    (ensure_directories("a", "p", base=base) / "x").write_text("")
    place = base / "a/profiles/p/x"
    assert refusal(lambda: local_path(r2_key("a", "x/y", "p"), base=base)) == (
        f"The path {str(place / 'y')!r} needs a folder at {str(place)!r}, where a file is.",
        TWO_IN_A_BUCKET,
    )


def test_folder_where_a_file_must_be(base: Path) -> None:
    """A key above other keys cannot be mirrored while it is a folder here."""
    ensure_directories("a", "p", base=base)
    place = base / "a/profiles/p/raw_clips"
    assert refusal(lambda: local_path(r2_key("a", "raw_clips", "p"), base=base)) == (
        f"The path {str(place)!r} is to be a file, but is a folder.",
        TWO_IN_A_BUCKET,
    )


def test_profile_folder_is_a_file(base: Path) -> None:
    """A profile whose folder is a file cannot be used."""
    (base / "a" / "profiles").mkdir(parents=True)
    place = base / "a/profiles/p"
    place.write_text("")
    assert refusal(lambda: get_user_data_path("a", "p", base=base)) == (
        f"The path {str(place)!r} needs a folder at {str(place)!r}, where a file is.",
        TWO_IN_A_BUCKET,
    )


def leads_out(link: Path, target: Path) -> tuple[str, str]:
    """What a symbolic link that leads out of its owner's folder is refused with."""
    return (
        (
            f"The path {str(link)!r} is a symbolic link that leads out of its owner's folder, to "
            f"{str(target)!r}."
        ),
        ONLY_THE_BASE,
    )


def test_user_folder_may_not_be_a_link(base: Path) -> None:
    """A user's folder that is another user's is refused, whether the profile exists or not."""
    target = user_folder("b", base=base)
    target.mkdir()
    link = base / "a"
    link.symlink_to(target)
    assert refusal(lambda: get_user_data_path("a", "p", base=base)) == leads_out(link, target)
    assert refusal(lambda: local_path(profiles_key("a"), base=base)) == leads_out(link, target)


def test_profile_folder_may_not_be_a_link(base: Path) -> None:
    """A profile's folder that is another profile's is refused."""
    target = ensure_directories("a", "q", base=base)
    link = base / "a/profiles/p"
    link.symlink_to(target)
    assert refusal(lambda: get_database_path("a", "p", base=base)) == leads_out(link, target)


@pytest.mark.parametrize("name", ["x", "x/y/z"])
def test_link_that_leaves_the_profile(name: str, base: Path, tmp_path: Path) -> None:
    """A link inside a profile that leads out of it is refused, as a file and as a folder."""
    outside = tmp_path.resolve() / "outside"
    outside.mkdir()
    if name == "x":
        outside = outside / "file"
        outside.write_text("")
    link = ensure_directories("a", "p", base=base) / "x"
    link.symlink_to(outside)
    assert refusal(lambda: local_path(r2_key("a", name, "p"), base=base)) == leads_out(link, outside)


def test_link_into_the_neighbour_profile(base: Path) -> None:
    """A link from one profile into another of the same user leaves its owner's folder."""
    outside = ensure_directories("a", "q", base=base) / "uploads"
    link = ensure_directories("a", "p", base=base) / "mine"
    link.symlink_to(outside)
    assert refusal(lambda: local_path(r2_key("a", "mine/x", "p"), base=base)) == leads_out(link, outside)


def test_link_inside_the_profile(base: Path) -> None:
    """A link that stays in its profile is followed."""
    profile = ensure_directories("a", "p", base=base)
    (profile / "clips").symlink_to(profile / "raw_clips")
    assert local_path(r2_key("a", "clips/x", "p"), base=base) == profile / "clips" / "x"


def test_link_to_nothing(base: Path) -> None:
    """A link to nothing would make a file elsewhere, and is refused."""
    link = ensure_directories("a", "p", base=base) / "x"
    link.symlink_to(base / "b" / "x")
    assert refusal(lambda: local_path(r2_key("a", "x", "p"), base=base)) == (
        f"The path {str(link)!r} is a symbolic link to nothing.",
        "Remove the symbolic link.",
    )


def test_link_to_itself(base: Path) -> None:
    """A link that goes round in circles is refused."""
    link = ensure_directories("a", "p", base=base) / "x"
    link.symlink_to(link)
    assert refusal(lambda: local_path(r2_key("a", "x", "p"), base=base)) == (
        f"The path {str(link)!r} cannot be looked at: Too many levels of symbolic links.",
        "Check the folder's owner and permissions, and its symbolic links.",
    )


def test_base_may_be_a_link(base: Path, tmp_path: Path) -> None:
    """The base folder may be a link, to another disk for instance; paths are below its target."""
    link = tmp_path / "link"
    link.symlink_to(base)
    assert get_user_data_path("a", "p", base=str(link)) == base / "a/profiles/p"
