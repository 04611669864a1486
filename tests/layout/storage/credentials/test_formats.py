"""A credential in the forms that other programs read."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import SecretStr

from layout.access import scope_for_environment, scope_for_whole_bucket
from layout.environment import Environment
from layout.storage.credentials.formats import FORMATS
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.settings import StorageSettings

DEV = scope_for_environment("films", Environment.DEV, write=False)
CREDENTIALS = StorageCredentials(
    "id", SecretStr("se'cret"), SecretStr("tok$en"), datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
)


def in_a_shell(text: str, before: dict[str, str] | None = None) -> dict[str, str]:
    """The variables of a real shell after it has read the text."""
    shell = subprocess.run(
        ["sh", "-ac", 'eval "$1"; env -0', "sh", text], capture_output=True, check=True, env=before or {}
    )
    lines = shell.stdout.decode().split("\0")
    names = ("APP", "R2", "AWS", "CLOUD", "S3", "RCL")
    return dict(line.split("=", 1) for line in lines if line.startswith(names))


def test_a_shell_gets_what_every_client_needs(settings: StorageSettings) -> None:
    """Read back by a real shell, whatever characters a value has."""
    endpoint = settings.endpoint
    assert in_a_shell(FORMATS["env"](CREDENTIALS, DEV, settings)) == {
        "CLOUDFLARE_ACCOUNT_ID": settings.account_id,
        "R2_ENDPOINT": endpoint,
        "R2_BUCKET": "films",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "se'cret",
        "AWS_SESSION_TOKEN": "tok$en",
        "AWS_REGION": "auto",
        "AWS_DEFAULT_REGION": "auto",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
        "S3_ENDPOINT_URL": endpoint,
        "RCLONE_CONFIG_R2_TYPE": "s3",
        "RCLONE_CONFIG_R2_PROVIDER": "Cloudflare",
        "RCLONE_CONFIG_R2_ENV_AUTH": "true",
        "RCLONE_CONFIG_R2_REGION": "auto",
        "RCLONE_CONFIG_R2_ENDPOINT": endpoint,
        "RCLONE_CONFIG_R2_NO_CHECK_BUCKET": "true",
    }


def test_http_is_allowed_where_the_endpoint_has_no_tls(settings: StorageSettings) -> None:
    """For the local endpoint only."""
    local = settings.model_copy(update={"endpoint": "http://127.0.0.1:9000"})
    assert in_a_shell(FORMATS["env"](CREDENTIALS, DEV, local))["AWS_ALLOW_HTTP"] == "true"


def test_the_parent_of_a_shell_stays(settings: StorageSettings) -> None:
    """The next credential is minted with what the shell held before."""
    parent = {"R2_ACCESS_KEY_ID": "parent", "R2_SECRET_ACCESS_KEY": "its secret", "APP_ENV": "staging"}
    after = in_a_shell(FORMATS["env"](CREDENTIALS, DEV, settings), parent)
    assert {name: after[name] for name in parent} == parent


def test_a_dotenv_file_holds_the_settings_of_a_job(settings: StorageSettings, tmp_path: Path) -> None:
    """Read back by a shell and by the settings themselves."""
    text = FORMATS["dotenv"](CREDENTIALS, DEV, settings)
    expected = {
        "APP_ENV": "dev",
        "CLOUDFLARE_ACCOUNT_ID": settings.account_id,
        "R2_JURISDICTION": "default",
        "R2_ENDPOINT": settings.endpoint,
        "R2_BUCKET": "films",
        "R2_ACCESS_KEY_ID": "id",
        "R2_SECRET_ACCESS_KEY": "se'cret",
        "R2_SESSION_TOKEN": "tok$en",
    }
    assert in_a_shell(text) == expected
    file = tmp_path / ".env"
    file.write_text(
        FORMATS["dotenv"](replace(CREDENTIALS, secret_access_key=SecretStr("secret")), DEV, settings)
    )
    read = StorageSettings(_env_file=file)
    assert read.session_token == CREDENTIALS.session_token
    assert (read.bucket, read.access_key_id) == ("films", "id")


def test_json_says_what_the_credential_opens(settings: StorageSettings) -> None:
    """The documented fields, no others."""
    assert json.loads(FORMATS["json"](CREDENTIALS, DEV, settings)) == {
        "access_key_id": "id",
        "secret_access_key": "se'cret",
        "session_token": "tok$en",
        "expires_at": "2026-05-04T03:02:01Z",
        "endpoint": settings.endpoint,
        "bucket": "films",
        "permission": "object-read-only",
        "prefixes": ["dev/"],
    }


def test_json_of_the_whole_bucket_has_no_prefixes(settings: StorageSettings) -> None:
    """An empty list, as in R2's own form."""
    scope = scope_for_whole_bucket("films", write=True)
    content = json.loads(FORMATS["json"](CREDENTIALS, scope, settings))
    assert (content["prefixes"], content["permission"]) == ([], "object-read-write")


def test_credential_process_is_in_version_1(settings: StorageSettings) -> None:
    """AWS's names and its form of a time."""
    assert json.loads(FORMATS["credential-process"](CREDENTIALS, DEV, settings)) == {
        "Version": 1,
        "AccessKeyId": "id",
        "SecretAccessKey": "se'cret",
        "SessionToken": "tok$en",
        "Expiration": "2026-05-04T03:02:01Z",
    }
