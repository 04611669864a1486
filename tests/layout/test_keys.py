"""The named builders."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from layout import keys
from layout.context import use_no_profile, use_profile
from layout.environment import Environment
from layout.errors import EnvironmentNameError, InvalidKeyError, NoProfileError
from layout.keys import parse_key, profile_prefix, r2_key
from layout.scheme.table import SCHEME
from layout.scheme.template import Key

BUILDERS: list[tuple[str, tuple[str, ...], str, str]] = [
    ("r2_key", ("a", "raw_clips/x.mp4", "p"), "dev/users/a/profiles/p/raw_clips/x.mp4", "profile_file"),
    ("r2_global_key", ("0a.mp4",), "dev/games/0a.mp4", "game"),
    ("profiles_key", ("a",), "dev/users/a/profiles.json", "profiles"),
    ("selected_profile_key", ("a",), "dev/users/a/selected-profile.json", "selected_profile"),
    ("marker_key", (), "dev/layout.json", "marker"),
    (
        "scene_file_key",
        ("a", "p", "s", "audio", "f"),
        "dev/users/a/projects/p/scenes/s/audio/f",
        "scene_file",
    ),
    ("project_output_key", ("a", "p", "f"), "dev/users/a/projects/p/output/f", "project_output"),
    ("temporary_key", ("x/y",), "dev/temp/x/y", "temporary"),
    ("backup_key", ("x/y",), "dev/backups/x/y", "backup"),
]
PREFIXES: list[tuple[str, tuple[str, ...], str]] = [
    ("environment_prefix", (), "dev/"),
    ("games_prefix", (), "dev/games/"),
    ("users_prefix", (), "dev/users/"),
    ("user_prefix", ("a",), "dev/users/a/"),
    ("profile_prefix", ("a", "p"), "dev/users/a/profiles/p/"),
    ("project_prefix", ("a", "p"), "dev/users/a/projects/p/"),
    ("scene_prefix", ("a", "p", "s"), "dev/users/a/projects/p/scenes/s/"),
    ("temporary_prefix", (), "dev/temp/"),
    ("backups_prefix", (), "dev/backups/"),
]
NAMES = [(name, values) for name, values, *_ in (*BUILDERS, *PREFIXES)]


def named(name: str) -> Callable[..., str]:
    """A builder of the module."""
    builder: Callable[..., str] = getattr(keys, name)
    return builder


@pytest.mark.parametrize(("name", "values", "expected", "row"), BUILDERS)
def test_builder(name: str, values: tuple[str, ...], expected: str, row: str) -> None:
    """Each builder gives the key that the requirement draws, of the row of its name."""
    key = named(name)(*values, environment=Environment.DEV)
    assert isinstance(key, Key)
    assert (key, key.template.name) == (expected, row)


@pytest.mark.parametrize(("name", "values", "expected"), PREFIXES)
def test_prefix_builder(name: str, values: tuple[str, ...], expected: str) -> None:
    """Each prefix ends in a slash."""
    assert named(name)(*values, environment=Environment.DEV) == expected


def test_every_row_has_a_builder() -> None:
    """No row of the scheme is without a builder, no prefix either."""
    assert {row for *_, row in BUILDERS} == {template.name for template in SCHEME.templates}
    assert {name.removesuffix("_prefix") for name, *_ in PREFIXES} == {
        prefix.name for prefix in SCHEME.prefixes
    }


@pytest.mark.parametrize(("name", "values"), NAMES)
def test_environment_of_the_process(
    name: str, values: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an environment given, APP_ENV at the time of the call counts; unset, it is dev."""
    monkeypatch.setenv("APP_ENV", "prod")
    assert named(name)(*values).startswith("prod/")
    monkeypatch.delenv("APP_ENV")
    assert named(name)(*values).startswith("dev/")


@pytest.mark.parametrize(("name", "values"), NAMES)
def test_wrong_environment_of_the_process(
    name: str, values: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong APP_ENV builds nothing."""
    monkeypatch.setenv("APP_ENV", "production")
    with pytest.raises(EnvironmentNameError) as caught:
        named(name)(*values)
    assert str(caught.value) == "APP_ENV is 'production', which is none of dev, staging, prod."


@pytest.mark.parametrize(("name", "values"), NAMES)
@pytest.mark.parametrize("environment", ["", "production"])
def test_wrong_environment_given(name: str, values: tuple[str, ...], environment: str) -> None:
    """A wrong environment is refused, the empty text too: it is not 'none given'."""
    with pytest.raises(InvalidKeyError) as caught:
        named(name)(*values, environment=environment)
    assert str(caught.value) == f"The environment {environment!r} is none of dev, staging, prod."
    assert caught.value.hint == "Use one of dev, staging, prod."


@pytest.mark.parametrize(
    ("name", "values", "position", "part"),
    [
        ("r2_key", ("a", "x", "p"), 0, "user id"),
        ("r2_key", ("a", "x", "p"), 1, "path"),
        ("r2_key", ("a", "x", "p"), 2, "profile id"),
        ("r2_global_key", ("x",), 0, "path"),
        ("profiles_key", ("a",), 0, "user id"),
        ("selected_profile_key", ("a",), 0, "user id"),
        ("scene_file_key", ("a", "p", "s", "audio", "f"), 0, "user id"),
        ("scene_file_key", ("a", "p", "s", "audio", "f"), 1, "project id"),
        ("scene_file_key", ("a", "p", "s", "audio", "f"), 2, "scene id"),
        ("scene_file_key", ("a", "p", "s", "audio", "f"), 4, "file name"),
        ("project_output_key", ("a", "p", "f"), 1, "project id"),
        ("project_output_key", ("a", "p", "f"), 2, "file name"),
        ("temporary_key", ("x",), 0, "path"),
        ("backup_key", ("x",), 0, "path"),
        ("user_prefix", ("a",), 0, "user id"),
        ("profile_prefix", ("a", "p"), 1, "profile id"),
        ("scene_prefix", ("a", "p", "s"), 2, "scene id"),
    ],
)
def test_message_names_the_part(name: str, values: tuple[str, ...], position: int, part: str) -> None:
    """A refusal says which part of the key is wrong."""
    wrong = [*values]
    wrong[position] = "a/../b"
    with pytest.raises(InvalidKeyError) as caught:
        named(name)(*wrong, environment=Environment.DEV)
    fault = (
        " cannot be used: its segment number 2 is a relative path, not a name." if part == "path" else None
    )
    assert str(caught.value) == f"The {part} 'a/../b'{fault or ' contains ' + repr('/') + '.'}"


def test_media_type_is_audio_or_media() -> None:
    """A scene has audio and media, nothing else."""
    with pytest.raises(InvalidKeyError) as caught:
        keys.scene_file_key("a", "p", "s", "video", "f")  # type: ignore[arg-type]
    assert str(caught.value) == "The media type 'video' is none of audio, media."


@pytest.mark.parametrize("build", [lambda: r2_key("a", "x"), lambda: profile_prefix("a")])
def test_no_context(build: Callable[[], str]) -> None:
    """Without a profile id and without a current profile the error says what to do."""
    with use_no_profile(), pytest.raises(NoProfileError) as caught:
        build()
    assert str(caught.value) == "There is no current profile."
    assert caught.value.hint == ("Pass profile_id, or work inside `with use_profile(user_id, profile_id):`.")


def test_profile_of_the_context() -> None:
    """None means the current profile."""
    with use_profile("a", "p1"):
        assert r2_key("a", "x", environment=Environment.DEV) == "dev/users/a/profiles/p1/x"
        assert profile_prefix("a", environment=Environment.DEV) == "dev/users/a/profiles/p1/"


def test_explicit_profile_beats_a_contradicting_context() -> None:
    """What is passed counts, whatever profile is current."""
    with use_profile("a", "p1"):
        assert r2_key("a", "x", "p2", environment=Environment.DEV) == "dev/users/a/profiles/p2/x"
        assert r2_key("b", "x", "p3", environment=Environment.DEV) == "dev/users/b/profiles/p3/x"


@pytest.mark.parametrize("build", [lambda: r2_key("b", "x"), lambda: profile_prefix("b")])
def test_context_of_another_user(build: Callable[[], str]) -> None:
    """One user's current profile is never used in another user's key."""
    with use_profile("a", "p1"), pytest.raises(NoProfileError) as caught:
        build()
    assert str(caught.value) == "The current profile 'p1' belongs to the user 'a', not to the user 'b'."
    assert caught.value.hint == "Pass profile_id to work on another user's data."


def test_context_in_another_normalisation() -> None:
    """The same user in NFD is the same user."""
    with use_profile("é", "p1"):
        assert r2_key("e\u0301", "x", environment=Environment.DEV) == "dev/users/é/profiles/p1/x"


def test_parse_ignores_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing reads the environment from the key."""
    monkeypatch.setenv("APP_ENV", "nonsense")
    assert parse_key("prod/games/x").fields["env"] == "prod"


@pytest.mark.parametrize(
    "path",
    ["a b", "100%", "%2e%2e/x", "日本.mp4", "raw_clips/...mp4", "a+b#c?d=e", "'\"", "{path}", "x" * 255, " "],
)
def test_names_of_real_data(path: str) -> None:
    """Names as real buckets hold them survive the round trip."""
    assert parse_key(str(r2_key("a", path, "p"))).fields["path"] == path
