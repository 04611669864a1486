"""profiles.json and selected-profile.json.

>>> profiles = Profiles.first("a1b2c3d4")
>>> print(profiles.to_json().decode(), end="")
{
  "default": "a1b2c3d4",
  "profiles": {
    "a1b2c3d4": {
      "name": null
    }
  }
}
>>> print(SelectedProfile(profile_id="a1b2c3d4").to_json().decode(), end="")
{
  "profileId": "a1b2c3d4"
}
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Self, TypeVar

from pydantic import AfterValidator, Field, field_validator, model_validator

from layout.documents.model import Document, Part
from layout.errors import NoProfileError, UserDeletedError
from layout.profile_ids import NEW_ID_CHARACTERS, new_profile_id
from layout.scheme.segments import clean_segment, shown

__all__ = ["DeletedProfile", "DeletedUser", "Profile", "Profiles", "SelectedProfile", "selected_profile_id"]


def _clean_id(value: str) -> str:
    return clean_segment(value, "profile id")


ProfileId = Annotated[
    str,
    AfterValidator(_clean_id),
    Field(
        min_length=1,
        description="Id of a profile: one segment of a key. "
        f"New ones are {NEW_ID_CHARACTERS} hex characters.",
    ),
]


PartT = TypeVar("PartT", bound=Part)


class Profile(Part):
    """One profile of a user."""

    name: str | None = Field(
        description="What the user calls the profile; null until the user has named it.",
    )


class DeletedProfile(Part):
    """What is left of a profile that was deleted: that its id never comes back."""

    at: str = Field(description="When it was deleted, ISO 8601 in UTC. For people.")


class DeletedUser(Part):
    """What is left of a user who was deleted: that nothing is stored for them any more."""

    at: str = Field(description="When the user was deleted, ISO 8601 in UTC. For people.")


class Profiles(Document):
    """`profiles.json`: the profiles of a user. Changes when one is made, renamed or removed."""

    file_name: ClassVar[str] = "profiles.json"

    default: ProfileId = Field(
        description="Id of the profile that was made at the first access. It never changes.",
    )
    profiles: dict[str, Profile] = Field(description="All profiles of the user, by id.")
    deleted: dict[str, DeletedProfile] = Field(
        default={}, description="Profiles that were deleted, by id. None of them comes back."
    )

    user_deleted: DeletedUser | None = Field(
        default=None,
        alias="userDeleted",
        description="Stands there once the user was deleted as a whole: then they have no profiles left.",
    )

    @field_validator("profiles", "deleted", mode="after")
    @classmethod
    def _ids_are_segments(cls, profiles: dict[str, PartT]) -> dict[str, PartT]:
        clean = {_clean_id(name): profile for name, profile in profiles.items()}
        if len(clean) < len(profiles):
            raise ValueError("two of the profile ids are one after Unicode normalisation")
        return clean

    @model_validator(mode="after")
    def _default_is_there(self) -> Self:
        if self.user_deleted is not None:
            if self.profiles or self.default not in self.deleted:
                raise ValueError("a deleted user has no profiles, and the default is one of the deleted")
        elif self.default not in self.profiles:
            raise ValueError(
                f"the default profile must be one of the profiles, which {self.default!r} is not"
            )
        both = self.profiles.keys() & self.deleted.keys()
        if both:
            raise ValueError(f"the profile {min(both)!r} is there and deleted")
        return self

    @classmethod
    def first(cls, profile_id: str | None = None) -> Self:
        """What a user starts with: one profile without a name, the default.

        Args:
            profile_id: Its id; None makes a new one.
        """
        profile_id = profile_id or new_profile_id()
        return cls(default=profile_id, profiles={profile_id: Profile(name=None)})

    @classmethod
    def of_deleted_user(cls, at: str) -> Self:
        """What is left of a user who had no profiles and was deleted.

        Args:
            at: When, ISO 8601 in UTC.
        """
        return cls.first().with_user_deleted(at)

    def require_user(self, user_id: str) -> Self:
        """These profiles, if their user was not deleted.

        Args:
            user_id: The user, for the message.

        Raises:
            UserDeletedError: The user was.
        """
        if self.user_deleted is not None:
            raise UserDeletedError(
                f"The user {shown(user_id)} was deleted at {self.user_deleted.at}.",
                hint="Nothing is stored for them any more. Who comes back gets another user id.",
            )
        return self

    def with_user_deleted(self, at: str) -> Self:
        """A copy whose user is deleted with all profiles, for ever. One that is deleted already stays as it is.

        Args:
            at: When, ISO 8601 in UTC.
        """
        if self.user_deleted is not None:
            return self
        deleted = self.deleted | {name: DeletedProfile(at=at) for name in self.profiles}
        return self.model_copy(
            update={"profiles": {}, "deleted": deleted, "user_deleted": DeletedUser(at=at)}
        )

    def require(self, profile_id: str) -> Profile:
        """The profile with this id.

        Raises:
            NoProfileError: If the user has no such profile. It is never made on the fly: an id that
                a browser kept may be that of a deleted profile.
        """
        profile = self.profiles.get(_clean_id(profile_id))
        if profile is None:
            self._refuse_deleted(profile_id)
            raise NoProfileError(
                f"The user has no profile {shown(profile_id)}.",
                hint=f"Use one of {', '.join(self.profiles)}.",
            )
        return profile

    def with_profile(self, profile_id: str, profile: Profile) -> Self:
        """A copy in which this id has this profile, be it new or not.

        Raises:
            NoProfileError: A profile with this id was deleted.
        """
        self._refuse_deleted(profile_id)
        return self._copy(self.profiles | {_clean_id(profile_id): profile})

    def with_deleted(self, profile_id: str, at: str) -> Self:
        """A copy in which this profile is deleted, for ever. One that is deleted already stays as it is.

        Args:
            profile_id: The profile.
            at: When, ISO 8601 in UTC.

        Raises:
            NoProfileError: If there is none, or it is the default, which every user keeps.
        """
        profile_id = _clean_id(profile_id)
        if profile_id in self.deleted:
            return self
        self.require(profile_id)
        if profile_id == self.default:
            raise NoProfileError(
                f"The profile {profile_id!r} is the user's default and cannot be removed.",
                hint="Remove another profile, or the user as a whole.",
            )
        kept = {name: profile for name, profile in self.profiles.items() if name != profile_id}
        deleted = self.deleted | {profile_id: DeletedProfile(at=at)}
        return self.model_copy(update={"profiles": kept, "deleted": deleted})

    def _refuse_deleted(self, profile_id: str) -> None:
        deleted = self.deleted.get(_clean_id(profile_id))
        if deleted is not None:
            raise NoProfileError(
                f"The profile {shown(profile_id)} was deleted at {deleted.at}.",
                hint=f"Use one of {', '.join(self.profiles)}. What the profile held is under backups/ for 30 days.",
            )

    def _copy(self, profiles: dict[str, Profile]) -> Self:
        return self.model_copy(update={"profiles": profiles})


class SelectedProfile(Document):
    """`selected-profile.json`: the profile that the user chose last. Changes with every switch."""

    file_name: ClassVar[str] = "selected-profile.json"

    profile_id: ProfileId = Field(
        alias="profileId", description="Id of the profile that the user chose last."
    )


def selected_profile_id(profiles: Profiles, selected: SelectedProfile | None) -> str:
    """The profile that a user works in: the one chosen last, else the default.

    Args:
        profiles: The user's profiles.
        selected: The user's selection; None if there is no such object. Do not pass None for a
            selection that could not be read.

    A selection of a profile that was deleted since means the default.

    Raises:
        NoProfileError: If the selection names a profile that the user does not have.
    """
    if selected is None or selected.profile_id in profiles.deleted:
        return profiles.default
    profiles.require(selected.profile_id)
    return selected.profile_id
