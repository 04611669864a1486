"""The official SDK, from the bucket to the first object."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import cloudflare as cloudflare_sdk
import httpx
import pytest
from botocore.exceptions import ClientError

from layout.access import BACKEND, bucket_resource
from layout.storage.clients import s3_client
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare


@pytest.fixture
def sdk(cloudflare: LocalCloudflare, monkeypatch: pytest.MonkeyPatch) -> Iterator[cloudflare_sdk.Cloudflare]:
    """The SDK as the page says: from the two variables."""
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", cloudflare.api_url)
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", cloudflare.api_token)
    with cloudflare_sdk.Cloudflare(http_client=httpx.Client(trust_env=False), max_retries=0) as client:
        yield client


def _client(cloudflare: LocalCloudflare, bucket: str, **credential: str | None) -> S3Client:
    return s3_client(
        StorageSettings(
            _env_file=None,
            account_id=cloudflare.account_id,
            endpoint=cloudflare.s3_endpoint,
            bucket=bucket,
            **credential,  # type: ignore[arg-type]
        )
    )


def _token(sdk: cloudflare_sdk.Cloudflare, account: str, bucket: str) -> tuple[str, str]:
    """Id and value of a new token for the bucket, its permission group looked up by name."""
    groups = sdk.accounts.tokens.permission_groups.list(account_id=account, name=BACKEND.permission_group)
    group = next(group for group in groups if group.name == BACKEND.permission_group)
    assert group.id is not None
    made = sdk.accounts.tokens.create(
        account_id=account,
        name="backend of dev",
        policies=[
            {
                "effect": "allow",
                "permission_groups": [{"id": group.id}],
                "resources": {bucket_resource(account, bucket): "*"},
            }
        ],
    )
    assert made is not None
    assert made.id is not None
    assert made.value is not None
    return made.id, made.value


def test_a_bucket_with_rules_is_listed_and_deleted(
    sdk: cloudflare_sdk.Cloudflare, cloudflare: LocalCloudflare
) -> None:
    """Created, given a lifecycle rule, found in the list, emptied of nothing, gone."""
    account = cloudflare.account_id
    sdk.r2.buckets.create(account_id=account, name="made-by-sdk-user")
    sdk.r2.buckets.lifecycle.update(
        "made-by-sdk-user",
        account_id=account,
        rules=[
            {
                "id": "dev-temporary",
                "enabled": True,
                "conditions": {"prefix": "dev/temporary/"},
                "delete_objects_transition": {"condition": {"type": "Age", "max_age": 86400}},
            }
        ],
    )
    rules = sdk.r2.buckets.lifecycle.get("made-by-sdk-user", account_id=account).rules
    assert [rule.id for rule in rules or []] == ["dev-temporary"]
    names = [bucket.name for bucket in sdk.r2.buckets.list(account_id=account).buckets or []]
    assert "made-by-sdk-user" in names
    sdk.r2.buckets.delete("made-by-sdk-user", account_id=account)
    with pytest.raises(cloudflare_sdk.NotFoundError):
        sdk.r2.buckets.get("made-by-sdk-user", account_id=account)


def test_a_token_opens_its_bucket_until_it_is_deleted(
    sdk: cloudflare_sdk.Cloudflare, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """Its id is the access key, the SHA-256 of its value the secret; the list of tokens shows no value."""
    account = cloudflare.account_id
    token_id, value = _token(sdk, account, bucket)
    secret = hashlib.sha256(value.encode()).hexdigest()
    client = _client(cloudflare, bucket, access_key_id=token_id, secret_access_key=secret)
    client.put_object(Bucket=bucket, Key="dev/a.txt", Body=b"x")
    listed = {token.id: token for token in sdk.accounts.tokens.list(account_id=account)}
    assert getattr(listed[token_id], "value", None) is None
    sdk.accounts.tokens.delete(token_id, account_id=account)
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket=bucket, Key="dev/a.txt")
    assert caught.value.response["Error"]["Code"] == "Unauthorized"
    client.close()


def test_a_disabled_token_opens_nothing(
    sdk: cloudflare_sdk.Cloudflare, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """`update` replaces name, policies and status; the value stays."""
    account = cloudflare.account_id
    token_id, value = _token(sdk, account, bucket)
    shown = sdk.accounts.tokens.get(token_id, account_id=account)
    assert shown is not None
    policies = [policy.to_dict() for policy in shown.policies or []]
    sdk.accounts.tokens.update(
        token_id,
        account_id=account,
        name="backend of dev",
        policies=policies,  # type: ignore[arg-type]
        status="disabled",
    )
    secret = hashlib.sha256(value.encode()).hexdigest()
    client = _client(cloudflare, bucket, access_key_id=token_id, secret_access_key=secret)
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket=bucket, Key="dev/a.txt", Body=b"x")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in {401, 403}
    client.close()


def test_a_temporary_credential_opens_its_prefix(
    sdk: cloudflare_sdk.Cloudflare, cloudflare: LocalCloudflare, bucket: str
) -> None:
    """Minted from the token, for `dev/` only."""
    account = cloudflare.account_id
    token_id, _ = _token(sdk, account, bucket)
    made = sdk.r2.temporary_credentials.create(
        account_id=account,
        bucket=bucket,
        parent_access_key_id=token_id,
        permission="object-read-write",
        prefixes=["dev/"],
        ttl_seconds=900,
    )
    client = _client(
        cloudflare,
        bucket,
        access_key_id=made.access_key_id,
        secret_access_key=made.secret_access_key,
        session_token=made.session_token,
    )
    client.put_object(Bucket=bucket, Key="dev/a.txt", Body=b"x")
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket=bucket, Key="prod/a.txt", Body=b"x")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    client.close()
