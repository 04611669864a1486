"""The two files that give a migrated user a profile: `profiles.json` and `selected-profile.json`.

The plan reads a user's registry or reserves an id; the copy writes what is missing, conditionally, before
any object of that user moves. Whoever wrote first is right: if the registry names another default than
the plan, the user is a conflict and nothing of theirs is copied.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from layout.documents.profiles import Profiles, SelectedProfile
from layout.environment import Environment
from layout.errors import InvalidDocumentError
from layout.keys import profiles_key, selected_profile_key
from layout.migrate.bucket.reader import BucketReader
from layout.profile_ids import new_profile_id

if TYPE_CHECKING:
    from layout.migrate.bucket.writer import BucketWriter

__all__ = ["ChosenProfile", "choose_profile", "profile_problem", "write_profile_files"]

JSON_TYPE = "application/json"


@dataclass(frozen=True)
class ChosenProfile:
    """The profile that a user's flat objects go to.

    Attributes:
        profile_id: The id; also set when there is a problem, so that planned keys can be shown.
        origin: `registry` or `reserved`.
        problem: Why the user cannot be moved; empty if they can.
    """

    profile_id: str
    origin: str
    problem: str = ""


def choose_profile(
    bucket: BucketReader, user_id: str, environment: Environment, *, has_registry: bool, has_selection: bool
) -> ChosenProfile:
    """The registry's default, or a new id if the user has no registry.

    Args:
        bucket: Where to read the registry.
        user_id: The user.
        environment: Whose registry.
        has_registry: Whether the listing showed `profiles.json`.
        has_selection: Whether the listing showed `selected-profile.json`.
    """
    if not has_registry:
        chosen = ChosenProfile(new_profile_id(), "reserved")
        if has_selection:
            key = selected_profile_key(user_id, environment=environment)
            return ChosenProfile(
                chosen.profile_id, chosen.origin, f"{key!s} exists without a registry beside it"
            )
        return chosen
    key = profiles_key(user_id, environment=environment)
    body = bucket.read(key)
    if body is None:
        return ChosenProfile(new_profile_id(), "reserved", f"{key!s} vanished while planning")
    try:
        default = Profiles.from_json(body).default
    except InvalidDocumentError as error:
        return ChosenProfile(new_profile_id(), "reserved", f"{key!s} is not a registry: {error}")
    return ChosenProfile(default, "registry")


def write_profile_files(
    bucket: "BucketWriter", user_id: str, environment: Environment, profile: ChosenProfile
) -> str:
    """Writes what is missing of a user's two files; never replaces one.

    Returns:
        Why the user cannot be moved, or the empty text: both files are there and agree with the plan.
    """
    if profile.origin == "reserved":
        registry = Profiles.first(profile.profile_id)
        key = profiles_key(user_id, environment=environment)
        bucket.put_if_absent(key, registry.to_json(), JSON_TYPE)
    problem = _registry_problem(bucket, user_id, environment, profile.profile_id)
    if problem:
        return problem
    selection = SelectedProfile(profile_id=profile.profile_id)
    bucket.put_if_absent(
        selected_profile_key(user_id, environment=environment), selection.to_json(), JSON_TYPE
    )
    return profile_problem(bucket, user_id, environment, profile.profile_id)


def profile_problem(bucket: BucketReader, user_id: str, environment: Environment, profile_id: str) -> str:
    """What is wrong with a user's two files, or the empty text.

    The registry's default must be the planned profile. The selection may be any profile of the registry:
    a user may switch while the migration runs.
    """
    problem = _registry_problem(bucket, user_id, environment, profile_id)
    if problem:
        return problem
    registry_key = profiles_key(user_id, environment=environment)
    key = selected_profile_key(user_id, environment=environment)
    body, registry = bucket.read(key), bucket.read(registry_key)
    if body is None or registry is None:
        return f"{key!s} is missing"
    try:
        selected = SelectedProfile.from_json(body).profile_id
    except InvalidDocumentError as error:
        return f"{key!s} is not a selection: {error}"
    if selected not in Profiles.from_json(registry).profiles:
        return f"{key!s} selects {selected!r}, which is not in the registry"
    return ""


def _registry_problem(bucket: BucketReader, user_id: str, environment: Environment, profile_id: str) -> str:
    key = profiles_key(user_id, environment=environment)
    body = bucket.read(key)
    if body is None:
        return f"{key!s} is missing"
    try:
        default = Profiles.from_json(body).default
    except InvalidDocumentError as error:
        return f"{key!s} is not a registry: {error}"
    if default != profile_id:
        return f"{key!s} has the default profile {default!r}, and the plan has {profile_id!r}"
    return ""
