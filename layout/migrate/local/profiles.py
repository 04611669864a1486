"""Which profile a user's local files go to: the one that the bucket's migration gave them, wherever that is told.

Two trees of one user with different profile ids would be two users to the application, so an id is made up only
when an operator says that no bucket has one.
"""

from dataclasses import dataclass
from pathlib import Path

from layout.documents.profiles import Profiles, SelectedProfile
from layout.errors import LayoutError, LocalPathError, PlanError
from layout.keys import profiles_key, selected_profile_key
from layout.migrate.local.placing_files import make_folders, write_new
from layout.migrate.local.tree import LocalTree
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.local_rows import planned_profile
from layout.migrate.plan.schema import UserState
from layout.migrate.profile_files import ChosenProfile
from layout.mirror.paths import local_path
from layout.profile_ids import new_profile_id

__all__ = ["ProfileSource", "profile_files", "registry_problem", "remove_registry", "write_registry"]


@dataclass(frozen=True)
class ProfileSource:
    """Where the profiles of users come from that the tree itself does not tell.

    Attributes:
        bucket_plan: The plan of the bucket's migration, after its copy; None if there is none.
        new_profiles: Whether users of whom nothing is known get a new profile.
    """

    bucket_plan: PlanFile | None = None
    new_profiles: bool = False

    def require(self, plan: PlanFile) -> None:
        """Refuses a plan of a bucket that is of another environment or layout, or is of no bucket.

        Raises:
            PlanError: Says which.
        """
        if self.bucket_plan is None:
            return
        other, meta = self.bucket_plan.meta, plan.meta
        if other.endpoint.startswith("file:"):
            raise PlanError(
                f"The plan {str(self.bucket_plan.path)!r} is about local files, not about a bucket.",
                hint="Name the plan of the bucket's migration with --bucket-plan.",
            )
        if (other.layout, other.environment) != (meta.layout, meta.environment):
            raise PlanError(
                f"The plan {str(self.bucket_plan.path)!r} is about the layout {other.layout!r} and the environment"
                f" {other.environment.value!r}, not about {meta.layout!r} and {meta.environment.value!r}.",
                hint="Check --env and --bucket-plan.",
            )

    def choose(self, tree: LocalTree, owner: str, user_id: str) -> ChosenProfile:
        """The profile of a user, or why there is none that is certain."""
        try:
            default = _registry_default(tree, user_id)
        except (LayoutError, OSError) as error:
            return _unclear(f"its profiles.json is no registry: {error}")
        told, problem = self._of_bucket(owner, user_id)
        if problem:
            return _unclear(problem)
        if default is not None and told is not None and default != told:
            return ChosenProfile(
                default,
                "registry",
                f"its profiles.json has the default profile {default!r}, and the bucket's plan has {told!r}",
            )
        if default is not None:
            return ChosenProfile(default, "registry")
        if told is not None:
            return ChosenProfile(told, "bucket plan")
        if self.new_profiles:
            return ChosenProfile(new_profile_id(), "reserved")
        why = (
            "the bucket's plan does not know the user"
            if self.bucket_plan
            else "nothing says which profile it has"
        )
        return _unclear(
            f"{why}: name the plan of the bucket's migration with --bucket-plan,"
            " or, if the bucket has nothing of this user, add --new-profiles"
        )

    def _of_bucket(self, owner: str, user_id: str) -> tuple[str | None, str]:
        """The profile in the bucket's plan, or what is unclear about it."""
        if self.bucket_plan is None:
            return None, ""
        planned = planned_profile(self.bucket_plan, owner)
        if planned is None:
            return None, ""
        if planned.user_id != user_id:
            return None, f"the bucket's plan gives it the user id {planned.user_id!r}: use the same rules"
        if planned.state is UserState.LATER:
            return None, "the bucket's plan is of other users: name the plan of this one"
        if planned.state in {UserState.CONFLICT, UserState.INVALID}:
            return None, f"it is unclear in the bucket's plan: {planned.reason}"
        if planned.state is UserState.PLANNED and planned.origin != "registry":
            return None, "the bucket's plan has only reserved a profile: run its copy first"
        return planned.profile_id, ""


def profile_files(tree: LocalTree, user_id: str) -> tuple[Path, Path]:
    """Where a user's registry and selection are in the tree."""
    keys = [key(user_id, environment=tree.environment) for key in (profiles_key, selected_profile_key)]
    registry, selection = (local_path(key, base=tree.root) for key in keys)
    return registry, selection


def write_registry(tree: LocalTree, owner: str, user_id: str, profile_id: str) -> None:
    """Writes the two files of a user who got a new profile, where they are missing.

    Raises:
        LayoutError: The disk cannot hold them.
        OSError: The system refuses.
    """
    for path, content in zip(profile_files(tree, user_id), _contents(profile_id), strict=True):
        if not path.exists():
            make_folders(tree.root, tree.old_path(owner) / path.name, path)
            write_new(path, content, path.parent)


def registry_problem(tree: LocalTree, user_id: str, profile_id: str) -> str:
    """What is wrong with the registry of a user who got a new profile; empty if it is as the plan says."""
    try:
        default = _registry_default(tree, user_id)
    except (LayoutError, OSError) as error:
        return f"its profiles.json is no registry: {error}"
    if default is None:
        return "its profiles.json is missing"
    if default != profile_id:
        return f"its profiles.json has the default profile {default!r}, and the plan has {profile_id!r}"
    return ""


def remove_registry(tree: LocalTree, user_id: str, profile_id: str) -> None:
    """Removes the two files again, if they are as they were written."""
    for path, content in zip(profile_files(tree, user_id), _contents(profile_id), strict=True):
        if path.is_file() and path.read_bytes() == content:
            path.unlink()


def _contents(profile_id: str) -> tuple[bytes, bytes]:
    return Profiles.first(profile_id).to_json(), SelectedProfile(profile_id=profile_id).to_json()


def _registry_default(tree: LocalTree, user_id: str) -> str | None:
    path = profile_files(tree, user_id)[0]
    if not path.exists():
        return None
    if not path.is_file():
        raise LocalPathError(f"{str(path)!r} is no file.")
    return Profiles.from_json(path.read_bytes()).default


def _unclear(problem: str) -> ChosenProfile:
    return ChosenProfile(new_profile_id(), "reserved", problem)
