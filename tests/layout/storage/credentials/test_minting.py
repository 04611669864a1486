"""Minting on this machine and through Cloudflare's API."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from layout.access import scope_for_environment, scope_for_user, scope_for_whole_bucket
from layout.environment import Environment
from layout.errors import CredentialsError
from layout.storage.clients import s3_client
from layout.storage.credentials.minting import Minter, api_minter, local_minter
from layout.storage.credentials.session_token import scope_paths
from layout.storage.credentials.signing import Parent, sign
from layout.storage.settings import StorageSettings
from local_cloudflare.r2.auth.temporary import decode

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.conftest import FixedAnswer

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
DEV = scope_for_environment("films", Environment.DEV, write=True)
API_TOKEN = SecretStr("an-api-token-that-nobody-may-see-in-a-message")


@pytest.fixture
def by_api(settings: StorageSettings, fixed_answer: FixedAnswer) -> Minter:
    """A minter whose API is the fixed answer."""
    return api_minter(settings, API_TOKEN, api_url=fixed_answer.endpoint)


def _answer(session_token: str) -> bytes:
    result = {"accessKeyId": "id", "secretAccessKey": "s", "sessionToken": session_token}
    return json.dumps({"success": True, "errors": [], "messages": [], "result": result}).encode()


def test_signing_needs_no_request(settings: StorageSettings) -> None:
    """The token holds the scope's prefix, and its time of expiry is the lifetime away."""
    scope = scope_for_user("films", Environment.DEV, "anna", write=False)
    made = local_minter(settings, now=lambda: NOW)(scope, timedelta(minutes=15))
    assert made.session_token is not None
    assert scope_paths(made.session_token.get_secret_value()) == ("dev/users/anna/", "dev/games/")
    assert made.expires_at == NOW + timedelta(minutes=15)
    assert made.access_key_id == settings.access_key_id


def test_signing_makes_what_the_form_says(settings: StorageSettings) -> None:
    """The same as `sign` with the endpoint's host as audience and the permission as scope."""
    parent = Parent(
        str(settings.account_id),
        settings.access_key_id,
        settings.secret_access_key,
        f"{settings.account_id}.r2.cloudflarestorage.com",
    )
    issued = int(NOW.timestamp())
    expected = sign(
        parent,
        "films",
        issued_at=issued - 900,
        expires_at=issued + 60,
        scope="object-read-write",
        prefixes=["dev/"],
    )
    assert local_minter(settings, now=lambda: NOW)(DEV, timedelta(minutes=1)) == expected


@pytest.mark.parametrize("ahead", [2, 70, 300, 890])
def test_a_clock_that_may_sign_may_mint(cloudflare: LocalCloudflare, bucket: str, ahead: int) -> None:
    """R2 refuses what begins in the future, and a clock is 15 minutes ahead before signatures are refused."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    settings = StorageSettings(
        _env_file=None,
        account_id=cloudflare.account_id,
        endpoint=cloudflare.s3_endpoint,
        bucket=bucket,
        access_key_id=keys.access_key_id,
        secret_access_key=SecretStr(keys.secret_access_key),
    )
    fast = local_minter(settings, now=lambda: datetime.now(UTC) + timedelta(seconds=ahead))
    made = fast(scope_for_environment(bucket, Environment.DEV, write=True), timedelta(minutes=1))
    with closing(s3_client(settings, credentials=lambda: made)) as client:
        client.put_object(Bucket=bucket, Key="dev/a", Body=b"x")


def test_the_longest_life_begins_at_its_minting(settings: StorageSettings) -> None:
    """7 days from beginning to end are all that R2 accepts."""
    made = local_minter(settings, now=lambda: NOW)(DEV, timedelta(days=7))
    assert made.session_token is not None
    claims = decode(made.session_token.get_secret_value())
    assert (claims.issued_at, claims.expires_at) == (int(NOW.timestamp()), int(NOW.timestamp()) + 604_800)


def test_the_api_is_asked_in_cloudflares_form(
    by_api: Minter, fixed_answer: FixedAnswer, settings: StorageSettings
) -> None:
    """The parent's id, the permission, the lifetime in seconds, the prefixes; no secret of the parent."""
    minted = local_minter(settings, now=lambda: NOW)(DEV, timedelta(hours=1))
    assert minted.session_token is not None
    fixed_answer.body = _answer(minted.session_token.get_secret_value())
    made = by_api(DEV, timedelta(hours=1))
    method, path, headers, body = fixed_answer.requests[0]
    assert (method, path) == ("POST", f"/accounts/{settings.account_id}/r2/temp-access-credentials")
    assert headers["Authorization"] == f"Bearer {API_TOKEN.get_secret_value()}"
    assert headers["Content-Type"] == "application/json"
    assert headers["Cf-R2-Jurisdiction"] == "default"
    assert json.loads(body) == {
        "bucket": "films",
        "parentAccessKeyId": settings.access_key_id,
        "permission": "object-read-write",
        "ttlSeconds": 3600,
        "prefixes": ["dev/"],
    }
    assert (made.access_key_id, made.secret_access_key.get_secret_value()) == ("id", "s")
    assert made.expires_at == NOW + timedelta(hours=1)


def test_the_whole_bucket_is_asked_for_without_prefixes(
    by_api: Minter, fixed_answer: FixedAnswer, settings: StorageSettings
) -> None:
    """An empty list would mean the same to R2; here only the scope of that name does."""
    scope = scope_for_whole_bucket("films", write=False)
    minted = local_minter(settings)(scope, timedelta(hours=1))
    assert minted.session_token is not None
    fixed_answer.body = _answer(minted.session_token.get_secret_value())
    by_api(scope, timedelta(hours=1))
    assert "prefixes" not in json.loads(fixed_answer.requests[0][3])


@pytest.mark.parametrize("by", ["signing", "api"])
@pytest.mark.parametrize(
    ("whole_bucket", "lifetime", "message", "hint"),
    [
        (False, timedelta(seconds=59), "Credentials for prefixes cannot live 59 seconds.",
         "Use 60 to 604,800 seconds."),
        (False, timedelta(days=7, seconds=1), "Credentials for prefixes cannot live 604801 seconds.",
         "Use 60 to 604,800 seconds."),
        (True, timedelta(hours=1, seconds=1), "Credentials for the whole bucket cannot live 3601 seconds.",
         "Use 60 to 3,600 seconds."),
    ],
)  # fmt: skip
def test_lifetimes_have_limits(
    settings: StorageSettings, by: str, whole_bucket: bool, lifetime: timedelta, message: str, hint: str
) -> None:
    """1 minute to 7 days; the whole bucket, which opens every environment, for an hour."""
    scope = scope_for_whole_bucket("films", write=True) if whole_bucket else DEV
    minter = (
        local_minter(settings) if by == "signing" else api_minter(settings, API_TOKEN, api_url="https://x")
    )
    with pytest.raises(CredentialsError) as caught:
        minter(scope, lifetime)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_scope_of_another_bucket_is_refused(settings: StorageSettings) -> None:
    """The parent would be another, too."""
    with pytest.raises(CredentialsError) as caught:
        local_minter(settings)(scope_for_whole_bucket("songs", write=True), timedelta(minutes=1))
    assert str(caught.value) == "The scope is of the bucket 'songs', but R2_BUCKET is 'films'."
    assert caught.value.hint == "Make the scope for the bucket of the settings."


def test_a_temporary_credential_cannot_mint(settings: StorageSettings) -> None:
    """Only a token is a parent."""
    with pytest.raises(CredentialsError) as caught:
        local_minter(settings.model_copy(update={"session_token": SecretStr("t")}))
    assert str(caught.value) == "The credential in the settings is a temporary one, which cannot mint others."
    assert caught.value.hint == (
        "Unset R2_SESSION_TOKEN and set R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY to a token's."
    )


def test_minting_needs_the_account(settings: StorageSettings) -> None:
    """It is part of the token's claims, and of the API's address."""
    with pytest.raises(CredentialsError) as caught:
        local_minter(settings.model_copy(update={"account_id": None}))
    assert str(caught.value) == "The settings name no account, which minting needs."
    assert caught.value.hint == "Set CLOUDFLARE_ACCOUNT_ID."
