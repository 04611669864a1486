"""What a process needs to talk to the bucket, read once from the environment or `.env`.

| variable | meaning |
|---|---|
| `APP_ENV` | dev (default), staging or prod: the first segment of every key |
| `R2_BUCKET` | name of the bucket |
| `CLOUDFLARE_ACCOUNT_ID` | 32 hexadecimal digits; for temporary credentials and the default endpoint |
| `R2_JURISDICTION` | `default`, or where the bucket is bound to: `eu`, `fedramp`, `us` |
| `R2_ENDPOINT` | S3 endpoint; by default the account's own in that jurisdiction |
| `R2_ACCESS_KEY_ID`, `R2_SECRET_ACCESS_KEY` | the credential |
| `R2_SESSION_TOKEN` | present if the credential is a temporary one |
| `R2_PROXY` | HTTP proxy for all requests to the bucket; none by default, whatever `HTTPS_PROXY` says |
| `R2_READ_OLD_LAYOUT` | name of an old layout (`flat`) that is read where the new one has no object; none by default |

`r2-layout env --stack dev` writes these from the outputs of a stack.
"""

from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from layout import program
from layout.account import (
    DEFAULT_JURISDICTION,
    check_account_id,
    check_bucket_name,
    check_endpoint,
    check_endpoint_agrees,
    check_jurisdiction,
    default_endpoint,
    split_address,
)
from layout.environment import Environment, current_environment, settle_environment
from layout.errors import SettingsError
from layout.legacy import LEGACY_LAYOUTS
from layout.storage.env_file import read_env_file
from layout.storage.printable import unprintable

__all__ = ["StorageSettings", "load_settings"]

_ENV_FILE = ".env"


def _endpoint_of_account(values: dict[str, Any]) -> str:
    """The default of `R2_ENDPOINT`, or nothing when there is no account id to make it from."""
    account_id = values.get("account_id")
    return (
        default_endpoint(account_id, values.get("jurisdiction", DEFAULT_JURISDICTION)) if account_id else ""
    )


class StorageSettings(BaseSettings):
    """Where the bucket is and which credential opens it. Secrets show as stars in every form of print."""

    model_config = SettingsConfigDict(
        env_file=_ENV_FILE,
        env_file_encoding="utf-8",
        case_sensitive=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    app_env: Environment = Field(
        default=Environment.DEV,
        validation_alias="APP_ENV",
        description="First segment of every key this process writes.",
    )
    account_id: str | None = Field(
        default=None,
        validation_alias="CLOUDFLARE_ACCOUNT_ID",
        description="Cloudflare account, 32 hexadecimal digits.",
    )
    jurisdiction: str = Field(
        default=DEFAULT_JURISDICTION,
        validation_alias="R2_JURISDICTION",
        description="Jurisdiction of the bucket.",
    )
    endpoint: str = Field(
        default_factory=_endpoint_of_account,
        validation_alias="R2_ENDPOINT",
        description="S3 endpoint, without a path.",
    )
    bucket: str = Field(validation_alias="R2_BUCKET", min_length=1, description="Name of the bucket.")
    access_key_id: str = Field(
        validation_alias="R2_ACCESS_KEY_ID",
        min_length=1,
        description="Id of the token, or of the parent token of a temporary credential.",
    )
    secret_access_key: SecretStr = Field(
        validation_alias="R2_SECRET_ACCESS_KEY", description="Signs requests; never printed."
    )
    session_token: SecretStr | None = Field(
        default=None,
        validation_alias="R2_SESSION_TOKEN",
        description="Scope and expiry of a temporary credential.",
    )

    proxy: SecretStr | None = Field(
        default=None,
        validation_alias="R2_PROXY",
        description="HTTP proxy for requests to the bucket; may hold a password.",
    )

    read_old_layout: str | None = Field(
        default=None,
        validation_alias="R2_READ_OLD_LAYOUT",
        description="Old layout that is read too while its objects are being moved.",
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_means_not_set(cls, values: dict[str, Any]) -> dict[str, Any]:
        """A template that leaves `R2_SESSION_TOKEN=` empty means none; an empty APP_ENV must not mean dev."""
        return {name: value for name, value in values.items() if value != "" or name.lower() == "app_env"}

    @field_validator("*", mode="before")
    @classmethod
    def _without_white_space_around(cls, value: object) -> object:
        """A secret from a file often ends in the line feed that an editor or `echo` put there."""
        return value.strip() if isinstance(value, str) else value

    @field_validator("bucket", "access_key_id", "secret_access_key", "session_token", "endpoint", "proxy")
    @classmethod
    def _only_printable(cls, value: str | SecretStr | None) -> str | SecretStr | None:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is not None and (problem := unprintable(text)):
            raise ValueError(f"it holds {problem}; copy the value again, without anything around it")
        return value

    @field_validator("proxy")
    @classmethod
    def _proxy_is_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            address = value.get_secret_value()
            parts = split_address(address)
            if parts is None or parts.path not in {"", "/"} or {"?", "#"} & set(address):
                raise ValueError("it is not the address of a proxy, such as http://proxy.example:3128")
        return value

    @field_validator("read_old_layout")
    @classmethod
    def _known_layout(cls, value: str | None) -> str | None:
        # Where keys do not say whose they are, a new key does not tell its old one: most objects would seem absent.
        readable = [name for name, layout in LEGACY_LAYOUTS.items() if layout.has_profiles]
        if value is not None and value not in readable:
            raise ValueError(f"{value!r} is none of the old layouts: {', '.join(readable)}")
        return value

    @field_validator("app_env", mode="before")
    @classmethod
    def _known_environment(cls, value: object) -> Environment:
        return current_environment({"APP_ENV": str(value)})

    @field_validator("account_id")
    @classmethod
    def _account_id_of_its_form(cls, value: str | None) -> str | None:
        return value if value is None else check_account_id(value)

    @field_validator("jurisdiction")
    @classmethod
    def _known_jurisdiction(cls, value: str) -> str:
        return check_jurisdiction(value)

    @field_validator("bucket")
    @classmethod
    def _bucket_name_of_its_form(cls, value: str) -> str:
        return check_bucket_name(value)

    @field_validator("endpoint")
    @classmethod
    def _endpoint_is_a_safe_address(cls, value: str) -> str:
        if not value:
            raise ValueError("not set, and neither is CLOUDFLARE_ACCOUNT_ID, which gives its default")
        return check_endpoint(value)

    @model_validator(mode="after")
    def _the_endpoint_is_the_accounts(self) -> "StorageSettings":
        check_endpoint_agrees(self.endpoint, self.account_id, self.jurisdiction)
        return self

    @property
    def is_encrypted(self) -> bool:
        """False for a local endpoint over http."""
        return self.endpoint.startswith("https://")


def load_settings(**overrides: Any) -> StorageSettings:
    """The settings of this process.

    Args:
        overrides: Values by field name (`bucket=...`) that win over the environment and `.env`.

    Raises:
        SettingsError: One line that names every variable that is missing or wrong, without secret values; or
            `.env` is not text in UTF-8.
        EnvironmentNameError: `.env` names another environment than the process has built keys of.
    """
    read_env_file(Path(_ENV_FILE))
    try:
        settings = StorageSettings(**overrides)
    except ValidationError as error:
        raise SettingsError(_one_line(error), hint=_hint(error)) from None
    if not {"app_env", "APP_ENV"} & set(overrides):
        settle_environment(settings.app_env, _ENV_FILE)
    return settings


def _one_line(error: ValidationError) -> str:
    """Missing variables together, then each wrong one with its reason."""
    problems = [
        problem
        for problem in error.errors(include_url=False, include_input=False)
        # Follows from another wrong setting, which is in the list itself.
        if problem["type"] != "default_factory_not_called"
    ]
    missing = [_variable(problem["loc"][0]) for problem in problems if problem["type"] == "missing"]
    wrong = [
        ": ".join([*map(_variable, problem["loc"][:1]), str(_cause(problem) or problem["msg"])])
        for problem in problems
        if problem["type"] != "missing"
    ]
    absent = [f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set"] if missing else []
    return "; ".join(reason.removesuffix(".") for reason in absent + wrong) + "."


def _hint(error: ValidationError) -> str:
    """What to do about the values whose checks say so, then where values come from."""
    causes = map(_cause, error.errors(include_url=False, include_input=False))
    hints = [cause.hint for cause in causes if isinstance(cause, SettingsError) and cause.hint]
    env = program.command("env", "--stack", "dev")
    source = f"Set it in the environment or in .env; {env} writes .env from a stack's outputs."
    return " ".join([*dict.fromkeys(hints), source])


def _cause(problem: ErrorDetails) -> Exception | None:
    """What the check of a value raised; None if pydantic itself refused it."""
    cause: Exception | None = problem.get("ctx", {}).get("error")
    return cause


def _variable(location: int | str) -> str:
    """The environment variable of a field, whether pydantic names the field or its alias."""
    field = StorageSettings.model_fields.get(str(location))
    return str(field.validation_alias) if field else str(location)
