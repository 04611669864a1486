"""Permission groups of account API tokens, and what a token's policies open.

The ids of the four R2 groups are Cloudflare's own (CFD r2/api/tokens.mdx and many public programs); the
others stand here so that a look-up by name has to find the right one among neighbours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from local_cloudflare.r2.auth.access import Grant, Permission

__all__ = ["GROUPS", "PermissionGroup", "Policy", "allows", "grants", "group_named", "group_with_id"]

ACCOUNT = "com.cloudflare.api.account"
BUCKET = "com.cloudflare.edge.r2.bucket"
ZONE = "com.cloudflare.api.account.zone"


@dataclass(frozen=True)
class PermissionGroup:
    """A named set of permissions that a policy can refer to by id."""

    id: str
    name: str
    scope: str
    category: str


_DEVELOPER, _BILLING, _DNS = "developer_platform", "account_and_billing", "dns_and_zones"

_ROWS = (
    ("6a018a9f2fc74eb6b293b0c548f38b39", "Workers R2 Storage Bucket Item Read", BUCKET, _DEVELOPER),
    ("2efd5506f9c8494dacb1fa10a3e7d5b6", "Workers R2 Storage Bucket Item Write", BUCKET, _DEVELOPER),
    ("b4992e1108244f5d8bfbd5744320c2e1", "Workers R2 Storage Read", ACCOUNT, _DEVELOPER),
    ("bf7481a1826f439697cb59a20b22293e", "Workers R2 Storage Write", ACCOUNT, _DEVELOPER),
    ("d229766a2f7f4d299f20eaa8c9b1fde9", "Workers R2 Data Catalog Write", ACCOUNT, _DEVELOPER),
    ("e086da7e2179491d91ee5f35b3ca210a", "Workers Scripts Write", ACCOUNT, _DEVELOPER),
    ("f7f0eda5697f475c90846e879bab8666", "Workers KV Storage Write", ACCOUNT, _DEVELOPER),
    ("eb56a6953c034b9d97dd838155666f06", "Account API Tokens Read", ACCOUNT, _BILLING),
    ("5bc3f8b21c554832afc660159ab75fa4", "Account API Tokens Write", ACCOUNT, _BILLING),
    ("c1fde68c7bcc44588cbb6ddbc16d6480", "Account Settings Read", ACCOUNT, _BILLING),
    ("1af1fa2adc104452b74a9a3364202f20", "Account Settings Write", ACCOUNT, _BILLING),
    ("82e64a83756745bbbb1c9c2701bf816b", "DNS Read", ZONE, _DNS),
    ("4755a26eedb94da69e1066d98aa820be", "DNS Write", ZONE, _DNS),
    ("c8fed203ed3043cba015a93ad1616f1f", "Zone Read", ZONE, _DNS),
)

GROUPS = tuple(PermissionGroup(*row) for row in _ROWS)

_BY_ID = {group.id: group for group in GROUPS}
_BY_NAME = {group.name: group for group in GROUPS}

_PERMISSIONS = {
    "Workers R2 Storage Write": Permission.ADMIN_READ_WRITE,
    "Workers R2 Storage Read": Permission.ADMIN_READ_ONLY,
    "Workers R2 Storage Bucket Item Write": Permission.OBJECT_READ_WRITE,
    "Workers R2 Storage Bucket Item Read": Permission.OBJECT_READ_ONLY,
}

_ONE_BUCKET = re.compile(
    r"com\.cloudflare\.edge\.r2\.bucket\.(?P<account>[0-9a-f]{32})_(?P<jurisdiction>[a-z-]+)_(?P<bucket>[a-z0-9-]+)"
)


def group_with_id(group_id: str) -> PermissionGroup | None:
    """The group with this id, or None."""
    return _BY_ID.get(group_id)


def group_named(name: str) -> PermissionGroup:
    """The group with this name.

    Raises:
        KeyError: No group has it.
    """
    return _BY_NAME[name]


@dataclass(frozen=True)
class Policy:
    """One policy of a token. It always allows: the local Cloudflare refuses policies that deny.

    Attributes:
        group_ids: Permission groups by id.
        resources: Resource name to `"*"`, or to a mapping of nested names to `"*"`
            (CFD r2/api/tokens.mdx: one bucket, or all buckets of an account).
    """

    group_ids: tuple[str, ...]
    resources: Mapping[str, str | Mapping[str, str]]

    def problem(self, account_id: str) -> str | None:
        """What is wrong with this policy in that account, or None."""
        scopes = {
            scope for name, inner in self.resources.items() for scope in _scopes(name, inner, account_id)
        }
        if "" in scopes:
            names = sorted(self.resources)
            return f"a resource is not of account {account_id!r} or has no known form: {names!r}"
        for group_id in self.group_ids:
            group = _BY_ID.get(group_id)
            if group is None:
                return f"permission group {group_id!r} does not exist"
            if group.scope not in scopes:
                return f"permission group {group.name!r} needs a resource of scope {group.scope!r}"
        return None

    def grants(self, account_id: str) -> Iterable[Grant]:
        """What this policy opens at the S3 endpoint."""
        for group_id in self.group_ids:
            group = _BY_ID[group_id]
            permission = _PERMISSIONS.get(group.name)
            if permission is None:
                continue
            for name, inner in self.resources.items():
                for scope in _scopes(name, inner, account_id):
                    if scope != group.scope:
                        continue
                    one = _ONE_BUCKET.fullmatch(name)
                    bucket, jurisdiction = (one["bucket"], one["jurisdiction"]) if one else ("*", "*")
                    yield Grant(bucket, jurisdiction, permission)


def _scopes(name: str, inner: str | Mapping[str, str], account_id: str) -> Iterable[str]:
    """The scopes that one entry of `resources` speaks about; `""` if it is wrong."""
    one = _ONE_BUCKET.fullmatch(name)
    if one:
        return [BUCKET if one["account"] == account_id and inner == "*" else ""]
    if name == f"{ACCOUNT}.{account_id}":
        if inner == "*":
            return [ACCOUNT]
        nested = {f"{BUCKET}.*": BUCKET, f"{ZONE}.*": ZONE}
        if isinstance(inner, Mapping) and inner:
            return [nested.get(key, "") if value == "*" else "" for key, value in inner.items()]
    if re.fullmatch(re.escape(ZONE) + r"\.[0-9a-f]{32}", name) and inner == "*":
        return [ZONE]
    return [""]


def grants(policies: Iterable[Policy], account_id: str) -> tuple[Grant, ...]:
    """What a token with these policies opens at the S3 endpoint."""
    return tuple(dict.fromkeys(grant for policy in policies for grant in policy.grants(account_id)))


def allows(policies: Iterable[Policy], account_id: str, names: Iterable[str]) -> bool:
    """Whether one of the named account-wide groups is given by these policies."""
    wanted = {_BY_NAME[name].id for name in names}
    resource = f"{ACCOUNT}.{account_id}"
    return any(
        policy.resources.get(resource) == "*" and wanted.intersection(policy.group_ids) for policy in policies
    )
