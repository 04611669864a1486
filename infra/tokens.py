"""Account tokens of one environment: `backend` reads and writes objects, `audit` only reads them.

A token's policy stops at the bucket, so each is limited to exactly one. Applications do not hold these
tokens: they hold temporary credentials minted from them, which go down to a prefix. Deleting a token ends
all of those at once.

Rotation without downtime is by generation. `generations: [1, 2]` keeps both, the outputs name 2; once
nobody uses 1, `generations: [2]` deletes it. A new token may take a minute to work everywhere.
"""

import hashlib
from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare

from infra.settings import StackSettings
from layout.access import AUDIT, BACKEND, AccessLevel, bucket_resource, token_policy

__all__ = ["EnvironmentTokens", "S3Credentials"]


@dataclass(frozen=True)
class S3Credentials:
    """What an S3 client needs of a token."""

    access_key_id: pulumi.Output[str]
    secret_access_key: pulumi.Output[str]


class EnvironmentTokens(pulumi.ComponentResource):
    """Both tokens of an environment, in every generation that config names.

    Attributes:
        backend: credentials of the newest token that reads and writes.
        audit: credentials of the newest token that only reads.
    """

    def __init__(
        self,
        name: str,
        settings: StackSettings,
        permission_group_ids: dict[str, str],
        depends_on: list[pulumi.Resource],
    ) -> None:
        super().__init__("r2layout:infra:EnvironmentTokens", name)
        self._settings = settings
        self._permission_group_ids = permission_group_ids
        self._options = pulumi.ResourceOptions(parent=self, depends_on=depends_on)
        self.backend = self._newest(BACKEND)
        self.audit = self._newest(AUDIT)
        self.register_outputs(
            {
                "backend_access_key_id": self.backend.access_key_id,
                "audit_access_key_id": self.audit.access_key_id,
            }
        )

    def _newest(self, access: AccessLevel) -> S3Credentials:
        tokens = [self._token(access, generation) for generation in self._settings.generations]
        return _s3_credentials(tokens[-1])

    def _ip_ranges(self, access: AccessLevel) -> tuple[str, ...]:
        of_audit = self._settings.audit_token_ip_ranges
        return self._settings.token_ip_ranges if of_audit is None or access is not AUDIT else of_audit

    def _token(self, access: AccessLevel, generation: int) -> cloudflare.AccountToken:
        settings = self._settings
        resource = bucket_resource(settings.account_id, settings.bucket_name, settings.jurisdiction)
        policy = token_policy(access, self._permission_group_ids[access.permission_group], resource)
        return cloudflare.AccountToken(
            f"{access.name}-{generation}",
            account_id=settings.account_id,
            name=f"r2-layout {settings.bucket_name} {settings.environment} {access.name} {generation}",
            policies=[
                cloudflare.AccountTokenPolicyArgs(
                    effect=policy["effect"],
                    permission_groups=[
                        cloudflare.AccountTokenPolicyPermissionGroupArgs(id=group["id"])
                        for group in policy["permission_groups"]
                    ],
                    resources=policy["resources"],
                )
            ],
            condition=_condition(self._ip_ranges(access)),
            expires_on=settings.token_expires_on,
            opts=self._options,
        )


def _condition(ip_ranges: tuple[str, ...]) -> cloudflare.AccountTokenConditionArgs | None:
    if not ip_ranges:
        return None
    return cloudflare.AccountTokenConditionArgs(
        request_ip=cloudflare.AccountTokenConditionRequestIpArgs(ins=list(ip_ranges))
    )


def _s3_credentials(token: cloudflare.AccountToken) -> S3Credentials:
    """By Cloudflare's rule: the token's id, and the SHA-256 of its value in lower-case hex."""
    secret = token.value.apply(lambda value: hashlib.sha256(value.encode()).hexdigest())
    return S3Credentials(token.id, pulumi.Output.secret(secret))
