"""Settings from the environment, from .env, and what is said when they are wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from layout.account import default_endpoint
from layout.environment import Environment
from layout.errors import EnvironmentNameError, SettingsError
from layout.keys import r2_key
from layout.storage.settings import load_settings

ACCOUNT = "0123456789abcdef0123456789abcdef"
COMPLETE = {
    "APP_ENV": "staging",
    "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
    "R2_BUCKET": "films",
    "R2_ACCESS_KEY_ID": "id",
    "R2_SECRET_ACCESS_KEY": "a-secret",
}


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Every variable that must be set, set."""
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def _refusal(**overrides: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(**overrides)
    return str(caught.value)


def test_variables_of_the_environment_are_read(complete: pytest.MonkeyPatch) -> None:
    """Each setting has one variable."""
    complete.setenv("R2_SESSION_TOKEN", "a-token")
    settings = load_settings()
    assert settings.app_env is Environment.STAGING
    assert settings.account_id == ACCOUNT
    assert settings.bucket == "films"
    assert settings.access_key_id == "id"
    assert settings.secret_access_key.get_secret_value() == "a-secret"
    assert settings.session_token is not None
    assert settings.session_token.get_secret_value() == "a-token"


def test_the_file_env_is_read() -> None:
    """A .env in the working directory holds the same variables."""
    Path(".env").write_text("".join(f"{name}='{value}'\n" for name, value in COMPLETE.items()))
    assert load_settings().bucket == "films"


def _write_env_file(app_env: str) -> None:
    values = COMPLETE | {"APP_ENV": app_env}
    Path(".env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


def test_keys_are_of_the_environment_that_the_file_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, keys and children of one process are of one environment, wherever its name stands."""
    monkeypatch.delenv("APP_ENV", raising=False)
    _write_env_file("prod")
    assert load_settings().app_env is Environment.PROD
    assert r2_key("a", "x", "p") == "prod/users/a/profiles/p/x"
    assert os.environ["APP_ENV"] == "prod"


def test_a_file_of_another_environment_than_the_keys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of dev that was built before the file was read would go into production's bucket."""
    monkeypatch.delenv("APP_ENV", raising=False)
    _write_env_file("prod")
    assert r2_key("a", "x", "p") == "dev/users/a/profiles/p/x"
    with pytest.raises(EnvironmentNameError) as caught:
        load_settings()
    assert str(caught.value) == (
        ".env says that APP_ENV is 'prod', but this process has built keys of 'dev' before it was read."
    )
    assert caught.value.hint == (
        "Set APP_ENV in the environment of the process, or load the settings before the first key."
    )


@pytest.mark.parametrize("named", ["staging", "dev"])
def test_the_process_wins_over_the_file_for_its_keys_too(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """A variable of the process is what settings and keys go by."""
    monkeypatch.setenv("APP_ENV", named)
    _write_env_file("prod")
    assert load_settings().app_env == named
    assert r2_key("a", "x", "p").fields["env"] == named


def test_a_command_that_names_the_environment_settles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a command line says is about its command, which names the environment to each builder."""
    monkeypatch.delenv("APP_ENV", raising=False)
    _write_env_file("prod")
    assert load_settings(app_env="staging").app_env is Environment.STAGING
    assert "APP_ENV" not in os.environ


@pytest.mark.usefixtures("complete")
def test_the_environment_wins_over_the_file() -> None:
    """A variable that is set is meant."""
    Path(".env").write_text("R2_BUCKET=other\n")
    assert load_settings().bucket == "films"


@pytest.mark.usefixtures("complete")
def test_arguments_win_over_the_environment() -> None:
    """What a command line says is meant most."""
    settings = load_settings(bucket="other", app_env="prod")
    assert (settings.bucket, settings.app_env) == ("other", Environment.PROD)


def test_app_env_is_dev_by_default(complete: pytest.MonkeyPatch) -> None:
    """The requirement says so."""
    complete.delenv("APP_ENV")
    assert load_settings().app_env is Environment.DEV


def test_an_empty_optional_variable_is_not_set(complete: pytest.MonkeyPatch) -> None:
    """A line R2_SESSION_TOKEN= in a template means no token."""
    complete.setenv("R2_SESSION_TOKEN", "")
    complete.setenv("R2_ENDPOINT", "")
    assert load_settings().session_token is None
    assert load_settings().endpoint == default_endpoint(ACCOUNT)


def test_an_empty_app_env_is_refused(complete: pytest.MonkeyPatch) -> None:
    """A variable that a deployment left empty must not mean dev."""
    complete.setenv("APP_ENV", "")
    assert _refusal() == "APP_ENV: APP_ENV is '', which is none of dev, staging, prod."


def test_everything_missing_is_named_at_once() -> None:
    """One line, and the hint says where to set it."""
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert str(caught.value) == (
        "R2_BUCKET, R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY are not set; "
        "R2_ENDPOINT: not set, and neither is CLOUDFLARE_ACCOUNT_ID, which gives its default."
    )
    assert caught.value.hint == HINT


def test_one_missing_variable(complete: pytest.MonkeyPatch) -> None:
    """Singular for one."""
    complete.delenv("R2_BUCKET")
    assert _refusal() == "R2_BUCKET is not set."


HINT = "Set it in the environment or in .env; r2-layout env --stack dev writes .env from a stack's outputs."


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(
    ("name", "value", "message", "remedy"),
    [
        (
            "account_id",
            "ABC",
            "CLOUDFLARE_ACCOUNT_ID: The account id 'ABC' is not 32 lower-case hexadecimal characters.",
            "Copy it from the Cloudflare dashboard, R2, Account details.",
        ),
        (
            "jurisdiction",
            "mars",
            "R2_JURISDICTION: The jurisdiction 'mars' is none of default, eu, fedramp, us.",
            "Use one of default, eu, fedramp, us.",
        ),
        (
            "bucket",
            "Films",
            (
                "R2_BUCKET: The bucket name 'Films' is not 3 to 63 lower-case letters, digits and inner "
                "hyphens."
            ),
            "Use the name as the R2 dashboard shows it.",
        ),
        (
            "endpoint",
            "https://x/a",
            "R2_ENDPOINT: The endpoint 'https://x/a' has a path.",
            "Use 'https://x'; the bucket's name is a setting of its own.",
        ),
        (
            "endpoint",
            f"https://{ACCOUNT}.eu.r2.cloudflarestorage.com",
            (
                f"The endpoint 'https://{ACCOUNT}.eu.r2.cloudflarestorage.com' is not that of the account "
                f"'{ACCOUNT}', jurisdiction 'default'."
            ),
            (
                "Leave the endpoint out, it follows from the other two: "
                f"'https://{ACCOUNT}.r2.cloudflarestorage.com'. Or correct them: the endpoint names the account "
                f"'{ACCOUNT}', jurisdiction 'eu'."
            ),
        ),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, message: str, remedy: str) -> None:
    """The variable, the value, and what it should be."""
    with pytest.raises(SettingsError) as caught:
        load_settings(**{name: value})
    assert (str(caught.value), caught.value.hint) == (message, f"{remedy} {HINT}")


def test_the_secret_is_in_no_message(complete: pytest.MonkeyPatch) -> None:
    """Neither a wrong setting nor a print shows what is secret."""
    complete.setenv("R2_SESSION_TOKEN", "a-token")
    shown = f"{load_settings()!r} {load_settings()} {load_settings().model_dump_json()}"
    with pytest.raises(SettingsError) as caught:
        load_settings(endpoint="", account_id=None, jurisdiction="mars")
    shown += f"{caught.value!r} {caught.value.__cause__!r} {caught.value.hint}"
    assert "a-secret" not in shown
    assert "a-token" not in shown


@pytest.mark.parametrize(
    ("jurisdiction", "host"),
    [("default", f"{ACCOUNT}.r2.cloudflarestorage.com"), ("eu", f"{ACCOUNT}.eu.r2.cloudflarestorage.com")],
)
def test_the_default_endpoint_is_the_one_of_the_jurisdiction(
    complete: pytest.MonkeyPatch, jurisdiction: str, host: str
) -> None:
    """A bucket is seen only through its own jurisdiction's endpoint."""
    complete.setenv("R2_JURISDICTION", jurisdiction)
    assert load_settings().endpoint == f"https://{host}"


@pytest.mark.usefixtures("complete")
def test_a_slash_after_the_endpoint_is_dropped() -> None:
    """Both clients add their own."""
    settings = load_settings(endpoint="http://127.0.0.1:9000/")
    assert settings.endpoint == "http://127.0.0.1:9000"
    assert not settings.is_encrypted


@pytest.mark.parametrize("end", ["\n", "\r\n", " ", "\u00a0", "\t"])
def test_white_space_around_a_value_does_no_harm(complete: pytest.MonkeyPatch, end: str) -> None:
    """A value from a file ends in the line feed that an editor put there."""
    complete.setenv("R2_SESSION_TOKEN", "a-token")
    complete.setenv("R2_ENDPOINT", "http://127.0.0.1:9000")
    expected = load_settings()
    for name in (*COMPLETE, "R2_SESSION_TOKEN", "R2_ENDPOINT"):
        if name != "APP_ENV":
            complete.setenv(name, f"{end}{os.environ[name]}{end}")
    assert load_settings() == expected


@pytest.mark.parametrize("character", ["\u200b", "\ufeff", "ä", "\x7f", "\n", " "])
@pytest.mark.parametrize(
    "name",
    [
        "R2_BUCKET", "R2_ENDPOINT", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_SESSION_TOKEN", "R2_PROXY",
    ],
)  # fmt: skip
def test_a_character_that_cannot_be_sent_is_named_and_the_value_is_not_shown(
    complete: pytest.MonkeyPatch, name: str, character: str
) -> None:
    """Deep in a library it would be quoted, or end the process."""
    complete.setenv(name, f"http://127.0.0.1{character}:9")
    assert _refusal() == (
        f"{name}: it holds the character U+{ord(character):04X}, which is no printable ASCII;"
        " copy the value again, without anything around it."
    )


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy.example:3128",
        "socks5://proxy.example",
        "http://",
        "http://a/b",
        "http://a:99999",
        "http://a:0",
        "http://a:b",
        "http://[a",
        "http://user:pass#word@proxy.example:3128",
        "http://user:pass?word@proxy.example:3128",
    ],
)
def test_a_proxy_has_an_address(complete: pytest.MonkeyPatch, proxy: str) -> None:
    """It may hold a password, so it is not shown."""
    complete.setenv("R2_PROXY", proxy)
    assert _refusal() == "R2_PROXY: it is not the address of a proxy, such as http://proxy.example:3128."


def test_an_old_layout_that_is_not_known_is_refused(complete: pytest.MonkeyPatch) -> None:
    """By the variable's name; empty means none."""
    complete.setenv("R2_READ_OLD_LAYOUT", "flatt")
    assert _refusal() == "R2_READ_OLD_LAYOUT: 'flatt' is none of the old layouts: flat."
    complete.setenv("R2_READ_OLD_LAYOUT", "flat")
    assert load_settings().read_old_layout == "flat"
    complete.setenv("R2_READ_OLD_LAYOUT", "")
    assert load_settings().read_old_layout is None
