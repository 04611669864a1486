"""The named builders of keys and prefixes, and the parser.

Every builder takes `environment`; None means the one that `APP_ENV` names at the call. Every one
raises `InvalidKeyError`, naming the part, for a value that cannot be in a key, and
`EnvironmentNameError` for a wrong `APP_ENV`.

>>> from layout.environment import Environment
>>> key = r2_key("anna", "raw_clips/goal.mp4", "a1b2c3d4", environment=Environment.PROD)
>>> key
Key('prod/users/anna/profiles/a1b2c3d4/raw_clips/goal.mp4')
>>> parse_key("prod/users/anna/profiles/a1b2c3d4/raw_clips/goal.mp4").fields["path"]
'raw_clips/goal.mp4'
"""

from __future__ import annotations

from typing import Literal

from layout.context import current_profile_id
from layout.environment import Environment, current_environment
from layout.scheme.table import SCHEME
from layout.scheme.template import Key
from layout.scheme.variables import USER

__all__ = [
    "Key",
    "MediaType",
    "backup_key",
    "backups_prefix",
    "environment_prefix",
    "games_prefix",
    "marker_key",
    "parse_key",
    "profile_prefix",
    "profiles_key",
    "project_output_key",
    "project_prefix",
    "r2_global_key",
    "r2_key",
    "scene_file_key",
    "scene_prefix",
    "selected_profile_key",
    "shared_prefixes",
    "temporary_key",
    "temporary_prefix",
    "user_prefix",
    "users_prefix",
]

MediaType = Literal["audio", "media"]

# Looked up once: the builders run for every object of a listing.
_marker = SCHEME["marker"].fill
_game = SCHEME["game"].fill
_profiles = SCHEME["profiles"].fill
_selected_profile = SCHEME["selected_profile"].fill
_profile_file = SCHEME["profile_file"].fill
_scene_file = SCHEME["scene_file"].fill
_project_output = SCHEME["project_output"].fill
_temporary = SCHEME["temporary"].fill
_backup = SCHEME["backup"].fill


def _or_current(environment: Environment | None) -> Environment:
    # Not `or`: an empty text that a caller passes by mistake must be refused, not read as dev.
    return current_environment() if environment is None else environment


def r2_key(
    user_id: str, path: str, profile_id: str | None = None, *, environment: Environment | None = None
) -> Key:
    """Key of a file in a user's profile: `{env}/users/{user}/profiles/{profile}/{path}`.

    Args:
        user_id: The owner.
        path: Where in the profile, one or more segments: `raw_clips/goal.mp4`.
        profile_id: One of the owner's profiles; None means the current one, which must be a
            profile of this owner.
        environment: The environment; None means the current one.

    Raises:
        NoProfileError: If `profile_id` is None and there is no current profile, or it belongs to
            another user.
    """
    if environment is None:
        environment = current_environment()
    if profile_id is None:
        profile_id = current_profile_id(user_id)
    return _profile_file(environment, user_id, profile_id, path)


def r2_global_key(path: str, *, environment: Environment | None = None) -> Key:
    """Key of a game, shared by all users: `{env}/games/{path}`."""
    return _game(_or_current(environment), path)


def profiles_key(user_id: str, *, environment: Environment | None = None) -> Key:
    """Key of a user's `profiles.json`."""
    return _profiles(_or_current(environment), user_id)


def selected_profile_key(user_id: str, *, environment: Environment | None = None) -> Key:
    """Key of a user's `selected-profile.json`."""
    return _selected_profile(_or_current(environment), user_id)


def marker_key(*, environment: Environment | None = None) -> Key:
    """Key of the revision marker `{env}/layout.json`."""
    return _marker(_or_current(environment))


def scene_file_key(
    user_id: str,
    project_id: str,
    scene_id: str,
    media_type: MediaType,
    file: str,
    *,
    environment: Environment | None = None,
) -> Key:
    """Key of an audio or media file of a scene; `file` is one segment."""
    return _scene_file(_or_current(environment), user_id, project_id, scene_id, media_type, file)


def project_output_key(
    user_id: str, project_id: str, file: str, *, environment: Environment | None = None
) -> Key:
    """Key of a file that a project was rendered to; `file` is one segment."""
    return _project_output(_or_current(environment), user_id, project_id, file)


def temporary_key(path: str, *, environment: Environment | None = None) -> Key:
    """Key of an intermediate result. R2 removes it a day after it was written, or a little later."""
    return _temporary(_or_current(environment), path)


def backup_key(path: str, *, environment: Environment | None = None) -> Key:
    """Key of something set aside. Nobody can change or delete it for 30 days; then R2 removes it."""
    return _backup(_or_current(environment), path)


def environment_prefix(*, environment: Environment | None = None) -> str:
    """Prefix of all keys of an environment: `{env}/`."""
    return SCHEME.prefix("environment").fill(_or_current(environment))


def games_prefix(*, environment: Environment | None = None) -> str:
    """Prefix of all games."""
    return SCHEME.prefix("games").fill(_or_current(environment))


def users_prefix(*, environment: Environment | None = None) -> str:
    """Prefix of all users' keys."""
    return SCHEME.prefix("users").fill(_or_current(environment))


def user_prefix(user_id: str, *, environment: Environment | None = None) -> str:
    """Prefix of all keys of a user."""
    return SCHEME.prefix("user").fill(_or_current(environment), user_id)


def profile_prefix(
    user_id: str, profile_id: str | None = None, *, environment: Environment | None = None
) -> str:
    """Prefix of all files of a profile; `profile_id` as in `r2_key`.

    Raises:
        NoProfileError: As in `r2_key`.
    """
    if profile_id is None:
        profile_id = current_profile_id(user_id)
    return SCHEME.prefix("profile").fill(_or_current(environment), user_id, profile_id)


def project_prefix(user_id: str, project_id: str, *, environment: Environment | None = None) -> str:
    """Prefix of all keys of a project."""
    return SCHEME.prefix("project").fill(_or_current(environment), user_id, project_id)


def scene_prefix(
    user_id: str, project_id: str, scene_id: str, *, environment: Environment | None = None
) -> str:
    """Prefix of all keys of a scene."""
    return SCHEME.prefix("scene").fill(_or_current(environment), user_id, project_id, scene_id)


def temporary_prefix(*, environment: Environment | None = None) -> str:
    """Prefix of all intermediate results."""
    return SCHEME.prefix("temporary").fill(_or_current(environment))


def shared_prefixes(*, environment: Environment | None = None) -> tuple[str, ...]:
    """The folders directly under an environment whose keys name no user, in the order of the table: `dev/games/`."""
    name = _or_current(environment).value
    rows = (row.text.split("/") for row in SCHEME.templates if USER not in row.names)
    return tuple(dict.fromkeys(f"{name}/{row[1]}/" for row in rows if len(row) > 2))


def backups_prefix(*, environment: Environment | None = None) -> str:
    """Prefix of all that was set aside."""
    return SCHEME.prefix("backups").fill(_or_current(environment))


def parse_key(text: str) -> Key:
    """The key that a text is.

    The key is in NFC even if the text is not: both are names of the same object, and a listing of
    R2 gives the spelling that was uploaded last. `APP_ENV` plays no part.

    Raises:
        InvalidKeyError: If the text fits no template of the scheme.
    """
    return SCHEME.parse(text)
