"""Temporary credentials over the control API; they open the S3 endpoint."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import cloudflare as cloudflare_sdk
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client

from layout.storage.clients import s3_client
from layout.storage.settings import StorageSettings
from local_cloudflare.cloudflare import LocalCloudflare
from tests.local_cloudflare.conftest import Api

ITEM_WRITE = "Workers R2 Storage Bucket Item Write"
ITEM_READ = "Workers R2 Storage Bucket Item Read"


def client_with(cloudflare: LocalCloudflare, keys: Any) -> S3Client:
    """The project's boto3 client with the answer of the API."""
    return s3_client(
        StorageSettings(
            account_id=cloudflare.account_id,
            endpoint=cloudflare.s3_endpoint,
            bucket="named-in-each-request",
            access_key_id=keys.access_key_id,
            secret_access_key=keys.secret_access_key,
            session_token=keys.session_token,
        )
    )


@pytest.fixture
def mint(cloudflare: LocalCloudflare, sdk: cloudflare_sdk.Cloudflare, bucket: str) -> Callable[..., Any]:
    """`mint(parent group, permission, **rest)` for the test's bucket."""

    def create(group: str, permission: Any, **rest: Any) -> Any:
        parent = cloudflare.s3_keys(group, bucket=bucket).access_key_id
        request = {"bucket": bucket, "ttl_seconds": 60, **rest}
        return sdk.r2.temporary_credentials.create(
            account_id=cloudflare.account_id, parent_access_key_id=parent, permission=permission, **request
        )

    return create


def test_a_minted_credential_opens_its_prefix(
    cloudflare: LocalCloudflare, mint: Callable[..., Any], bucket: str
) -> None:
    """Reading and writing inside the prefix work, outside both are 403."""
    s3 = client_with(cloudflare, mint(ITEM_WRITE, "object-read-write", prefixes=["dev/"]))
    s3.put_object(Bucket=bucket, Key="dev/a", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="dev/a")["Body"].read() == b"x"
    for key in ("prod/a", "dev2/a"):
        with pytest.raises(ClientError) as caught:
            s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_deleting_the_parent_ends_what_it_minted(
    cloudflare: LocalCloudflare, mint: Callable[..., Any], bucket: str, api: Api
) -> None:
    """A child of a deleted token is refused at once."""
    keys = mint(ITEM_READ, "object-read-only")
    s3 = client_with(cloudflare, keys)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    api("DELETE", f"/tokens/{keys.access_key_id}")
    with pytest.raises(ClientError) as caught:
        s3.list_objects_v2(Bucket=bucket)
    assert caught.value.response["Error"]["Code"] == "Unauthorized"


def test_a_child_may_not_more_than_its_parent(api: Api, cloudflare: LocalCloudflare, bucket: str) -> None:
    """Writing from a reading parent, another bucket, and an unknown parent are 403 with code 10003."""
    cloudflare.store.create_bucket(f"{bucket}-2")
    parent = cloudflare.s3_keys(ITEM_READ, bucket=bucket).access_key_id
    asked = {
        "bucket": bucket,
        "parentAccessKeyId": parent,
        "permission": "object-read-only",
        "ttlSeconds": 60,
    }
    refused = [
        (
            {"permission": "object-read-write"},
            f"parent '{parent}' may not object-read-write bucket '{bucket}'",
        ),
        ({"bucket": f"{bucket}-2"}, f"parent '{parent}' may not object-read-only bucket '{bucket}-2'"),
        ({"parentAccessKeyId": "0" * 32}, f"there is no token '{'0' * 32}'"),
    ]
    for change, why in refused:
        answer = api("POST", "/r2/temp-access-credentials", json=asked | change)
        assert answer.status_code == 403
        assert answer.json()["errors"] == [{"code": 10003, "message": "Access Denied"}]
        assert answer.json()["messages"] == [{"code": 10003, "message": f"local Cloudflare: {why}"}]
    assert api("POST", "/r2/temp-access-credentials", json=asked).status_code == 200


def test_a_disabled_parent_mints_nothing(api: Api, cloudflare: LocalCloudflare, bucket: str) -> None:
    """A parent that cannot be used now cannot hand anything out."""
    parent = cloudflare.s3_keys(ITEM_READ, bucket=bucket).access_key_id
    token = cloudflare.account.token(parent)
    assert token is not None
    cloudflare.account.update(parent, token.document.model_copy(update={"status": "disabled"}))
    asked = {"bucket": bucket, "parentAccessKeyId": parent, "permission": "object-read-only"}
    answer = api("POST", "/r2/temp-access-credentials", json=asked)
    assert answer.json()["messages"] == [
        {"code": 10003, "message": f"local Cloudflare: token {parent} is disabled"}
    ]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"ttlSeconds": 604801}, "ttlSeconds: Input should be less than or equal to 604800"),
        ({"ttlSeconds": 0}, "ttlSeconds: Input should be greater than or equal to 1"),
        (
            {"permission": "everything"},
            (
                "permission: Input should be 'admin-read-write', 'admin-read-only', "
                "'object-read-write' or 'object-read-only'"
            ),
        ),
        ({"prefixes": [""]}, "prefixes.0: String should have at least 1 character"),
    ],
)
def test_wrong_requests_are_named(
    api: Api, cloudflare: LocalCloudflare, bucket: str, change: dict[str, Any], detail: str
) -> None:
    """400 with code 10040 names the field."""
    parent = cloudflare.s3_keys(ITEM_READ, bucket=bucket).access_key_id
    asked = {"bucket": bucket, "parentAccessKeyId": parent, "permission": "object-read-only"}
    answer = api("POST", "/r2/temp-access-credentials", json=asked | change)
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"code": 10040, "message": f"The JSON you provided was not well formed. {detail}"}],
    )


def test_a_missing_bucket_is_named(api: Api) -> None:
    """A credential for a bucket that does not exist is 404 with code 10006."""
    asked = {"bucket": "no-such", "parentAccessKeyId": "0" * 32, "permission": "object-read-only"}
    answer = api("POST", "/r2/temp-access-credentials", json=asked)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 10006)


def test_the_audience_is_the_endpoint_of_the_jurisdiction(
    cloudflare: LocalCloudflare, sdk: cloudflare_sdk.Cloudflare
) -> None:
    """What is minted for a bucket in eu does not open its namesake elsewhere."""
    from local_cloudflare.r2.auth.temporary import decode

    account = cloudflare.account_id
    sdk.r2.buckets.create(account_id=account, name="minted-in-eu", cf_r2_jurisdiction="eu")
    minted = sdk.r2.temporary_credentials.create(
        account_id=account,
        bucket="minted-in-eu",
        parent_access_key_id=cloudflare.s3_keys(ITEM_READ).access_key_id,
        permission="object-read-only",
        ttl_seconds=60,
        extra_headers={"cf-r2-jurisdiction": "eu"},
    )
    assert minted.session_token is not None
    assert decode(minted.session_token).audience == f"eu.localhost:{cloudflare.s3.port}"


def test_lifetimes_are_kept(cloudflare: LocalCloudflare, mint: Callable[..., Any]) -> None:
    """A credential lives for the seconds that were asked for."""
    from local_cloudflare.r2.auth.temporary import decode

    claims = decode(mint(ITEM_READ, "object-read-only", ttl_seconds=3600).session_token)
    assert claims.expires_at - claims.issued_at == timedelta(hours=1).total_seconds()
    assert claims.audience == cloudflare.s3.host
