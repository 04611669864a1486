"""The configuration of one stack, read once and checked before any resource is touched.

Where each value comes from:

    environment     the name of the stack: dev, staging or prod
    account_id      config `accountId`, else CLOUDFLARE_ACCOUNT_ID
    all the rest    config `r2-layout:<camelCaseName>`, from Pulumi.yaml and Pulumi.<stack>.yaml

The fields of `StackSettings` describe every value; a wrong one is a `SettingsError` of one line.
"""

import enum
import os
from collections.abc import Mapping
from typing import Any, Literal

import pulumi
from pulumi.runtime.config import CONFIG
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from infra.values import (
    AccountId,
    BucketName,
    Endpoint,
    Expiry,
    Generations,
    IpRanges,
    Jurisdiction,
    Names,
    Origins,
)
from layout.account import DEFAULT_JURISDICTION, MAX_BUCKET_NAME, check_endpoint_agrees, default_endpoint
from layout.environment import Environment
from layout.errors import SettingsError

__all__ = ["StackSettings", "Topology", "config_key", "load_settings"]

_OF_THE_BUCKET = {"adopt", "storage_class", "cors_origins", "replace_rules"}


class Topology(enum.StrEnum):
    """How environments share buckets."""

    SHARED = "shared"
    DEDICATED = "dedicated"


class StackSettings(BaseModel):
    """Everything that one stack is told from outside, valid and frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)

    environment: Environment = Field(description="The environment that this stack provisions: its name.")
    account_id: AccountId = Field(
        description="The Cloudflare account. Not a secret. Config wins over CLOUDFLARE_ACCOUNT_ID."
    )
    bucket: BucketName = Field(
        description="shared: the bucket's name. dedicated: its first part, the environment's name follows."
    )
    topology: Topology = Field(
        default=Topology.SHARED,
        description="shared: one bucket, a prefix per environment. dedicated: a bucket each, same keys.",
    )
    bucket_owner: Environment = Field(
        default=Environment.PROD,
        description="shared: the one stack that owns bucket, rules and CORS. Equal in all stacks.",
    )
    adopt: bool = Field(
        default=False, description="Take over a bucket that exists. Harmless to leave set afterwards."
    )
    storage_class: Literal["Standard", "InfrequentAccess"] = Field(
        default="Standard",
        description="Class of new objects. InfrequentAccess bills at least 30 days and every read.",
    )
    jurisdiction: Jurisdiction = Field(
        default=DEFAULT_JURISDICTION,
        description="Where R2 keeps the objects. Decided when a bucket is created, never changed.",
    )
    cors_origins: Origins = Field(
        default=(), description="Origins whose pages may use presigned URLs. None: the bucket has no CORS."
    )
    replace_rules: Names = Field(
        default=(),
        description='Ids of foreign lifecycle and lock rules that may be replaced. ["*"]: all of them.',
    )
    generations: Generations = Field(
        default=(1,), description="Generations of tokens that exist. Outputs name the newest."
    )
    token_expires_on: Expiry | None = Field(default=None, description="When the tokens end. None: never.")
    token_ip_ranges: IpRanges = Field(
        default=(), description="Networks that both tokens may be used from. Empty: everywhere."
    )
    audit_token_ip_ranges: IpRanges | None = Field(
        default=None, description="The same for the audit token alone. Left out: as for both."
    )
    endpoint: Endpoint | None = Field(
        default=None, description="S3 endpoint for the outputs, if it is not the account's own."
    )

    @property
    def bucket_name(self) -> str:
        """The bucket that holds this environment."""
        return self.bucket if self.topology is Topology.SHARED else f"{self.bucket}-{self.environment}"

    @property
    def owner(self) -> Environment:
        """The environment whose stack owns that bucket."""
        return self.bucket_owner if self.topology is Topology.SHARED else self.environment

    @property
    def owns_bucket(self) -> bool:
        """Whether this stack owns the bucket, its lifecycle rules, its lock rules and its CORS."""
        return self.owner is self.environment

    @property
    def environments_in_bucket(self) -> tuple[Environment, ...]:
        """The environments whose keys lie in that bucket."""
        return tuple(Environment) if self.topology is Topology.SHARED else (self.environment,)

    @property
    def s3_endpoint(self) -> str:
        """The S3 endpoint of the bucket: config's, or the account's own in the bucket's jurisdiction."""
        return self.endpoint or default_endpoint(self.account_id, self.jurisdiction)

    @model_validator(mode="after")
    def _only_the_owner_configures_the_bucket(self) -> "StackSettings":
        """A value that would be ignored is refused, or its author believes that it holds."""
        ignored = sorted(config_key(to_camel(name)) for name in self.model_fields_set & _OF_THE_BUCKET)
        if ignored and not self.owns_bucket:
            raise ValueError(
                f"Config {', '.join(ignored)} has no effect in stack {self.environment.value!r}; "
                f"set it in stack {self.owner.value!r}, which owns the bucket"
            )
        return self

    @model_validator(mode="after")
    def _the_endpoint_agrees(self) -> "StackSettings":
        if self.endpoint:
            check_endpoint_agrees(self.endpoint, self.account_id, self.jurisdiction)
        return self

    @model_validator(mode="after")
    def _the_bucket_name_fits(self) -> "StackSettings":
        if len(self.bucket_name) > MAX_BUCKET_NAME:
            raise ValueError(
                f"Bucket name {self.bucket_name!r} has {len(self.bucket_name)} characters and R2 allows "
                f"{MAX_BUCKET_NAME}; shorten config {config_key('bucket')}"
            )
        return self


def load_settings(environ: Mapping[str, str] = os.environ) -> StackSettings:
    """Read the configuration of the running stack.

    Raises:
        SettingsError: A value is missing, unknown or wrong. The message names all wrong ones.
    """
    environment = _environment(pulumi.get_stack(), environ.get("APP_ENV"))
    config = _config()
    known = sorted(to_camel(name) for name in StackSettings.model_fields if name != "environment")
    unknown = sorted(config_key(name) for name in set(config) - set(known))
    if unknown:
        raise SettingsError(f"Unknown config {', '.join(unknown)}.", hint=f"Known are {', '.join(known)}.")
    config.setdefault("accountId", environ.get("CLOUDFLARE_ACCOUNT_ID", ""))
    if not config["accountId"]:
        raise SettingsError(
            "There is no Cloudflare account id.",
            hint=f"Set CLOUDFLARE_ACCOUNT_ID or config {config_key('accountId')}.",
        )
    try:
        return StackSettings.model_validate({**config, "environment": environment})
    except ValidationError as error:
        details = [dict(detail) for detail in error.errors()]
        raise SettingsError(
            "; ".join(_describe(detail).removesuffix(".") for detail in details) + ".", hint=_hint(details)
        ) from None


def config_key(name: str) -> str:
    """The full name of a config value, as `pulumi config set` takes it."""
    return f"{pulumi.get_project()}:{name}"


def _environment(stack: str, app_env: str | None) -> Environment:
    if stack not in list(Environment):
        raise SettingsError(
            f"The stack's name {stack!r} is no environment.", hint=f"Known are {', '.join(Environment)}."
        )
    if app_env is not None and app_env != stack:
        raise SettingsError(
            f"APP_ENV is {app_env!r}, but the stack is {stack!r}.",
            hint="Unset APP_ENV or select the other stack.",
        )
    return Environment(stack)


def _config() -> dict[str, Any]:
    """All config of the project's namespace; `pulumi.Config` can only ask for names that it knows."""
    namespace = config_key("")
    return {
        key.removeprefix(namespace): value for key, value in CONFIG.get().items() if key.startswith(namespace)
    }


def _describe(detail: dict[str, Any]) -> str:
    """One pydantic error as a clause."""
    cause = _cause(detail)
    text = str(cause) if cause else detail["msg"][0].lower() + detail["msg"][1:]
    if detail["type"] == "string_type":
        text = "YAML read it as something else than text; write it in quotes"
    if not detail["loc"]:
        return text
    name, *items = detail["loc"]
    key = config_key(str(name)) + "".join(f"[{item}]" for item in items)
    if isinstance(cause, SettingsError):
        # It shows the value itself, unless that may hold a secret.
        return f"Config {key}: {text}"
    return (
        f"Config {key} is missing"
        if detail["type"] == "missing"
        else f"Config {key} is {detail['input']!r}: {text}"
    )


def _hint(details: list[dict[str, Any]]) -> str | None:
    """What to do about the values whose checks say so."""
    causes = map(_cause, details)
    hints = dict.fromkeys(cause.hint for cause in causes if isinstance(cause, SettingsError) and cause.hint)
    return " ".join(hints) or None


def _cause(detail: dict[str, Any]) -> Exception | None:
    """What the check of a value raised; None if pydantic itself refused it."""
    cause: Exception | None = detail.get("ctx", {}).get("error")
    return cause
