"""Stack config: every wrong value is one clear line, and nothing is guessed."""

from collections.abc import Callable

import pytest
from pydantic import ValidationError

from infra.settings import StackSettings, Topology, load_settings
from layout.environment import Environment
from layout.errors import SettingsError

ACCOUNT = "0123456789abcdef0123456789abcdef"
ENVIRON = {"CLOUDFLARE_ACCOUNT_ID": ACCOUNT}
KNOWN = (
    "Known are accountId, adopt, auditTokenIpRanges, bucket, bucketOwner, corsOrigins, endpoint, generations, "
    "jurisdiction, replaceRules, storageClass, tokenExpiresOn, tokenIpRanges, topology."
)
Stack = Callable[..., None]


def refusal(environ: dict[str, str] = ENVIRON) -> str:
    """The line that the program prints about the settings."""
    with pytest.raises(SettingsError) as error:
        load_settings(environ)
    return f"{error.value} {error.value.hint or ''}".rstrip()


def test_defaults_are_one_shared_bucket_that_prod_owns(stack: Stack) -> None:
    """With nothing but a bucket's name, a stack shares it, adopts nothing and has one pair of tokens."""
    stack("dev", bucket="clips")
    assert load_settings(ENVIRON).model_dump() == {
        "environment": Environment.DEV,
        "account_id": ACCOUNT,
        "bucket": "clips",
        "topology": Topology.SHARED,
        "bucket_owner": Environment.PROD,
        "adopt": False,
        "storage_class": "Standard",
        "jurisdiction": "default",
        "cors_origins": (),
        "replace_rules": (),
        "generations": (1,),
        "token_expires_on": None,
        "token_ip_ranges": (),
        "audit_token_ip_ranges": None,
        "endpoint": None,
    }


def test_values_arrive_as_pulumi_hands_them_over(stack: Stack) -> None:
    """YAML booleans arrive as text and lists as JSON text."""
    stack(
        "prod",
        bucket="clips",
        adopt="true",
        generations="[2,1]",
        corsOrigins='["https://app.example.com"]',
        tokenIpRanges='["203.0.113.0/24","2001:db8::1"]',
        tokenExpiresOn="2999-01-31T00:00:00Z",
    )
    settings = load_settings(ENVIRON)
    assert settings.adopt is True
    assert settings.generations == (1, 2)
    assert settings.cors_origins == ("https://app.example.com",)
    assert settings.token_ip_ranges == ("203.0.113.0/24", "2001:db8::1")
    assert settings.token_expires_on == "2999-01-31T00:00:00Z"


def test_settings_are_frozen(stack: Stack) -> None:
    """No part of the program can change what the stack was told."""
    stack("prod", bucket="clips")
    settings = load_settings(ENVIRON)
    with pytest.raises(ValidationError, match="Instance is frozen"):
        settings.bucket = "other"  # type: ignore[misc]


def test_config_names_the_account_before_the_variable(stack: Stack) -> None:
    """A stack that names its account never works on the one in the shell."""
    stack("prod", bucket="clips", accountId="f" * 32)
    assert load_settings(ENVIRON).account_id == "f" * 32


@pytest.mark.parametrize(
    ("config", "name", "owner", "in_bucket"),
    [
        ({}, "clips", "prod", ["dev", "staging", "prod"]),
        ({"bucketOwner": "staging"}, "clips", "staging", ["dev", "staging", "prod"]),
        ({"topology": "dedicated"}, "clips-dev", "dev", ["dev"]),
    ],
)
def test_topology_decides_name_and_owner(
    stack: Stack, config: dict[str, str], name: str, owner: str, in_bucket: list[str]
) -> None:
    """A shared bucket has one owner and all environments; a dedicated one is its environment's own."""
    stack("dev", bucket="clips", **config)
    settings = load_settings(ENVIRON)
    assert settings.bucket_name == name
    assert settings.owner == owner
    assert settings.owns_bucket is (owner == "dev")
    assert list(settings.environments_in_bucket) == in_bucket


@pytest.mark.parametrize(
    ("config", "endpoint"),
    [
        ({}, f"https://{ACCOUNT}.r2.cloudflarestorage.com"),
        ({"jurisdiction": "eu"}, f"https://{ACCOUNT}.eu.r2.cloudflarestorage.com"),
        ({"endpoint": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000"),
    ],
)
def test_endpoint_follows_jurisdiction_and_config(
    stack: Stack, config: dict[str, str], endpoint: str
) -> None:
    """Each jurisdiction has an S3 host of its own, and config can name any endpoint."""
    stack("dev", bucket="clips", **config)
    assert load_settings(ENVIRON).s3_endpoint == endpoint


def test_matching_app_env_is_accepted(stack: Stack) -> None:
    """APP_ENV may be set, to the stack's name."""
    stack("staging", bucket="clips")
    assert load_settings({**ENVIRON, "APP_ENV": "staging"}).environment is Environment.STAGING


def test_unknown_stack_is_refused(stack: Stack) -> None:
    """A stack that is no environment cannot name a prefix."""
    stack("production", bucket="clips")
    assert refusal() == "The stack's name 'production' is no environment. Known are dev, staging, prod."


@pytest.mark.parametrize("value", ["prod", "", "Dev"])
def test_app_env_of_another_environment_is_refused(stack: Stack, value: str) -> None:
    """A shell that works on one environment does not bring up another, nor does an empty APP_ENV mean any."""
    stack("dev", bucket="clips")
    assert (
        refusal({**ENVIRON, "APP_ENV": value})
        == f"APP_ENV is {value!r}, but the stack is 'dev'. Unset APP_ENV or select the other stack."
    )


def test_missing_account_is_refused(stack: Stack) -> None:
    """Without an account there is nothing to talk to."""
    stack("dev", bucket="clips")
    assert (
        refusal({})
        == "There is no Cloudflare account id. Set CLOUDFLARE_ACCOUNT_ID or config r2-layout:accountId."
    )


def test_unknown_keys_are_refused(stack: Stack) -> None:
    """A misspelt key is not ignored, and the stack's name is not config."""
    stack("dev", bucket="clips", environment="prod", Adopt="true")
    assert refusal() == f"Unknown config r2-layout:Adopt, r2-layout:environment. {KNOWN}"


def test_keys_of_other_namespaces_are_not_ours(stack: Stack) -> None:
    """Config of the provider stands in the same file and is left to the provider."""
    from pulumi.runtime import config as pulumi_config

    stack("dev", bucket="clips")
    pulumi_config.set_config("cloudflare:apiToken", "x")
    assert load_settings(ENVIRON).bucket == "clips"


def test_missing_bucket_is_refused(stack: Stack) -> None:
    """The bucket has no default in the program: Pulumi.yaml names it."""
    stack("dev")
    assert refusal() == "Config r2-layout:bucket is missing."


def test_all_wrong_values_are_named_at_once(stack: Stack) -> None:
    """Two mistakes take one run to find."""
    stack("dev", bucket="Clips", topology="both")
    assert refusal() == (
        "Config r2-layout:bucket: The bucket name 'Clips' is not 3 to 63 lower-case letters, digits and inner "
        "hyphens; Config r2-layout:topology is 'both': input should be 'shared' or 'dedicated'. Use the name as "
        "the R2 dashboard shows it."
    )


@pytest.mark.parametrize("value", ["0123", "0123456789ABCDEF0123456789ABCDEF", "0" * 33, f"{ACCOUNT}\n"])
def test_account_id_of_another_shape_is_refused(stack: Stack, value: str) -> None:
    """An account's name or a zone's id in its place would only fail later, in Cloudflare's words."""
    stack("dev", bucket="clips")
    assert refusal({"CLOUDFLARE_ACCOUNT_ID": value}) == (
        f"Config r2-layout:accountId: The account id {value!r} is not 32 lower-case hexadecimal characters. "
        "Copy it from the Cloudflare dashboard, R2, Account details."
    )


def test_dedicated_name_that_grows_too_long_is_refused(stack: Stack) -> None:
    """The environment's name counts towards R2's 63 characters."""
    stack("staging", bucket="c" * 60, topology="dedicated")
    assert refusal() == (
        f"Bucket name '{'c' * 60}-staging' has 68 characters and R2 allows 63; "
        "shorten config r2-layout:bucket."
    )


def test_the_buckets_config_is_refused_in_a_stack_that_does_not_own_it(stack: Stack) -> None:
    """CORS in dev's file would look configured and never exist."""
    stack("dev", bucket="clips", corsOrigins='["https://app.example.com"]', adopt="false")
    assert refusal() == (
        "Config r2-layout:adopt, r2-layout:corsOrigins has no effect in stack 'dev'; "
        "set it in stack 'prod', which owns the bucket."
    )


def test_every_field_is_described() -> None:
    """Whoever reads the settings learns what each value does."""
    assert [name for name, field in StackSettings.model_fields.items() if not field.description] == []
