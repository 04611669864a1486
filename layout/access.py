"""From the scheme to token policies and the scopes of temporary credentials: pure functions.

A token policy of R2 reaches down to one bucket and no further; there is no prefix in it (Cloudflare
R2, API tokens). Temporary credentials minted from a token reach down to prefixes. So tokens are
parents only, and what an application or a job holds is a `CredentialScope`.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from typing import TypedDict

from layout.account import DEFAULT_JURISDICTION, check_account_id, check_bucket_name, check_jurisdiction
from layout.environment import Environment
from layout.errors import CredentialsError, SettingsError
from layout.keys import environment_prefix
from layout.scheme.rules import scope_prefix
from layout.scheme.segments import shown
from layout.scheme.table import SCHEME, Scheme
from layout.scheme.template import PrefixTemplate
from layout.scheme.variables import Access

__all__ = [
    "AUDIT",
    "BACKEND",
    "MAX_LIFETIME_SECONDS",
    "MAX_WHOLE_BUCKET_LIFETIME_SECONDS",
    "MIN_LIFETIME_SECONDS",
    "AccessLevel",
    "CredentialScope",
    "ObjectPermission",
    "TokenPolicy",
    "bucket_resource",
    "scope_for_environment",
    "scope_for_user",
    "scope_for_whole_bucket",
    "token_policy",
]

MIN_LIFETIME_SECONDS = 60
MAX_LIFETIME_SECONDS = 604_800
"""Seven days, the longest that R2 allows (`r2/temp-access-credentials`)."""
MAX_WHOLE_BUCKET_LIFETIME_SECONDS = 3_600
"""Ours: who holds a whole bucket asks again every hour."""


class ObjectPermission(enum.StrEnum):
    """What temporary credentials may do with objects; R2's own names."""

    READ_WRITE = "object-read-write"
    READ_ONLY = "object-read-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLevel:
    """A kind of token.

    Attributes:
        name: What it is called in resources and outputs.
        permission_group: Name of the permission group that it has. Its id is looked up by this
            name, since ids have changed before.
        permission: The most that credentials minted from it can do.
        description: One sentence for people.
    """

    name: str
    permission_group: str
    permission: ObjectPermission
    description: str


BACKEND = AccessLevel(
    name="backend",
    permission_group="Workers R2 Storage Bucket Item Write",
    permission=ObjectPermission.READ_WRITE,
    description="Reads, writes and lists objects of one bucket.",
)
AUDIT = AccessLevel(
    name="audit",
    permission_group="Workers R2 Storage Bucket Item Read",
    permission=ObjectPermission.READ_ONLY,
    description="Reads and lists objects of one bucket.",
)


class PermissionGroupId(TypedDict):
    """A permission group by its id."""

    id: str


class TokenPolicy(TypedDict):
    """A policy of an account token, in the form of Cloudflare's API and of the Pulumi resource.

    `resources` is JSON text.
    """

    effect: str
    permission_groups: list[PermissionGroupId]
    resources: str


def bucket_resource(account_id: str, bucket: str, jurisdiction: str = DEFAULT_JURISDICTION) -> str:
    """The name of one bucket in a token policy.

    Args:
        account_id: The account that the bucket is in.
        bucket: The bucket's name.
        jurisdiction: Where the bucket was made; `default` for none.

    Raises:
        SettingsError: If one of them has another form. A policy for a name that cannot exist would
            be accepted and open nothing.
    """
    check_account_id(account_id)
    check_bucket_name(bucket)
    check_jurisdiction(jurisdiction)
    return f"com.cloudflare.edge.r2.bucket.{account_id}_{jurisdiction}_{bucket}"


def token_policy(level: AccessLevel, permission_group_id: str, resource: str) -> TokenPolicy:
    """The one policy of a token.

    Args:
        level: What it may do; the id must be that of `level.permission_group`.
        permission_group_id: Looked up by the group's name.
        resource: From `bucket_resource`.

    Raises:
        SettingsError: If the id is empty, as after a look-up that found nothing.
    """
    if not permission_group_id:
        raise SettingsError(
            f"The permission group {level.permission_group!r} has no id.",
            hint="Look it up by its name with a token that has 'Account API Tokens Write'.",
        )
    return {
        "effect": "allow",
        "permission_groups": [{"id": permission_group_id}],
        # Byte for byte as the API writes it; with spaces in it every `pulumi up` would update the token.
        "resources": json.dumps({resource: "*"}, separators=(",", ":"), sort_keys=True),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialScope:
    """What temporary credentials reach.

    Attributes:
        bucket: The one bucket.
        permission: What they may do with its objects.
        prefixes: Keys that start with one of these, each ending in `/`.
        whole_bucket: All keys; then there are no prefixes. R2 reads an empty list of prefixes as
            the whole bucket, so that is never left to an empty list here.

    Raises:
        CredentialsError: If prefixes and `whole_bucket` contradict each other, or a prefix has
            another form.
        SettingsError: If the bucket's name has another form.
    """

    bucket: str
    permission: ObjectPermission
    prefixes: tuple[str, ...]
    whole_bucket: bool = False

    def __post_init__(self) -> None:
        check_bucket_name(self.bucket)
        if not self.prefixes and not self.whole_bucket:
            raise CredentialsError(
                "Credentials were asked for with an empty scope, which R2 reads as the whole bucket.",
                hint="Name an environment or a user; for the whole bucket use scope_for_whole_bucket.",
                bucket=self.bucket,
            )
        if self.prefixes and self.whole_bucket:
            raise CredentialsError(
                f"Credentials were asked for the whole bucket and for {shown(self.prefixes)}.",
                hint="Leave the prefixes out, or ask for them alone.",
                bucket=self.bucket,
            )
        for prefix in self.prefixes:
            if not prefix.endswith("/") or prefix.startswith("/"):
                raise CredentialsError(
                    f"The prefix {shown(prefix)} starts with '/' or does not end in '/'.",
                    hint="R2 compares characters: 'dev/users/a' would open 'dev/users/anna/' too. "
                    "Use a prefix of layout.keys.",
                    bucket=self.bucket,
                )

    def allows(self, key: str) -> bool:
        """Whether a key lies in the scope."""
        return self.whole_bucket or key.startswith(self.prefixes)

    def check_lifetime(self, seconds: int) -> int:
        """The lifetime, if these credentials may live that long.

        Args:
            seconds: 60 to 604,800; to 3,600 for a whole bucket.

        Raises:
            CredentialsError: If it is outside.
        """
        most = MAX_WHOLE_BUCKET_LIFETIME_SECONDS if self.whole_bucket else MAX_LIFETIME_SECONDS
        if not MIN_LIFETIME_SECONDS <= seconds <= most:
            what = "the whole bucket" if self.whole_bucket else "prefixes"
            raise CredentialsError(
                f"Credentials for {what} cannot live {seconds!r} seconds.",
                hint=f"Use {MIN_LIFETIME_SECONDS} to {most:,} seconds.",
                bucket=self.bucket,
            )
        return seconds


def scope_for_environment(bucket: str, environment: Environment, write: bool) -> CredentialScope:
    """All keys of one environment."""
    return _scope(bucket, write, environment_prefix(environment=environment))


def scope_for_user(
    bucket: str, environment: Environment, user_id: str, write: bool, scheme: Scheme = SCHEME
) -> CredentialScope:
    """What the scheme opens to one user in one environment.

    A credential to write opens the user's own rows. One to read opens the rows that are open to
    everyone too, which nobody may write with a user's credential.

    Args:
        bucket: The one bucket.
        environment: The one environment.
        user_id: The user.
        write: Whether the credential may write.
        scheme: The table to read; the project's own unless given.

    Raises:
        InvalidKeyError: If the user id cannot be a segment of a key.
        CredentialsError: If the scheme opens nothing to a user.
    """
    own = [prefix.fill(environment, user_id) for prefix in _opened(scheme, Access.USER)]
    shared = [] if write else [prefix.fill(environment) for prefix in _opened(scheme, Access.EVERYONE)]
    return CredentialScope(bucket=bucket, permission=_permission(write), prefixes=(*own, *shared))


def scope_for_whole_bucket(bucket: str, write: bool) -> CredentialScope:
    """Every key, of whatever layout: what a migration needs, for an hour at most."""
    return CredentialScope(bucket=bucket, permission=_permission(write), prefixes=(), whole_bucket=True)


def _opened(scheme: Scheme, access: Access) -> tuple[PrefixTemplate, ...]:
    """The prefixes under which all rows of this access lie, and no other rows."""
    rows = {scope_prefix(row): row for row in scheme.templates if row.access is access}
    return tuple(
        PrefixTemplate(name=row.name, text=text, description=row.description, variables=row.variables)
        for text, row in rows.items()
    )


def _scope(bucket: str, write: bool, prefix: str) -> CredentialScope:
    return CredentialScope(bucket=bucket, permission=_permission(write), prefixes=(prefix,))


def _permission(write: bool) -> ObjectPermission:
    return ObjectPermission.READ_WRITE if write else ObjectPermission.READ_ONLY
