"""An old layout made for the tests: it writes the user after a version, as some buckets do."""

from dataclasses import dataclass
from typing import ClassVar
from unicodedata import normalize

from layout.keys import Key, r2_key
from layout.legacy import Evidence, Facts, LegacyLayout, Placement, move, phase_of, unknown

VERSION = "v0"


@dataclass(frozen=True)
class VersionedLayout(LegacyLayout):
    """`v0/{user}/{path}`: whoever has anything there is a user."""

    name: ClassVar[str] = "versioned"
    description: ClassVar[str] = "users under v0/, into {env}/users/"

    def owner_of(self, key: str) -> str | None:
        """The segment after the version."""
        version, _, rest = key.partition("/")
        user, slash, _ = rest.partition("/")
        return normalize("NFC", user) if version == VERSION and slash and user else None

    def evidence_in(self, key: str) -> Evidence | None:
        """Any object under a user shows them."""
        owner = self.owner_of(key)
        return None if owner is None else Evidence(owner, f"{VERSION}/")

    def place_old(self, key: str, facts: Facts) -> Placement:
        """Everything under a user goes to their profile with the same path."""
        owner = self.owner_of(key)
        profile = None if owner is None else facts.profile_of(owner)
        if owner is None or profile is None:
            return unknown("(other)", "no-user", "it lies under no user of v0/")
        path = key.split("/", 2)[2]
        return move(
            key,
            f"{VERSION}/{{user}}/",
            "user",
            lambda: r2_key(facts.user_of(owner), path, profile, environment=facts.environment),
            owner=owner,
            phase=phase_of(path),
        )

    def old_key(self, new_key: Key, facts: Facts) -> str | None:
        """Back under the version, if it is a file of the profile that the user's old files went to."""
        if new_key.template.name != "profile_file" or new_key.fields["env"] != facts.environment:
            return None
        user, profile, path = (new_key.fields[name] for name in ("user", "profile", "path"))
        owner = facts.owner_of_user(user)
        return f"{VERSION}/{owner}/{path}" if facts.profile_of(owner) == profile else None


VERSIONED = VersionedLayout()
