"""Buckets over the control API, through the official SDK and as raw requests."""

import cloudflare as cloudflare_sdk
import pytest
from cloudflare import BadRequestError, ConflictError, NotFoundError

from local_cloudflare.cloudflare import LocalCloudflare
from tests.local_cloudflare.conftest import Api

Sdk = cloudflare_sdk.Cloudflare


def test_a_bucket_is_created_and_read(sdk: Sdk, cloudflare: LocalCloudflare) -> None:
    """POST answers the bucket as GET does: class Standard, a location, jurisdiction default."""
    created = sdk.r2.buckets.create(account_id=cloudflare.account_id, name="made-by-sdk")
    assert created == sdk.r2.buckets.get("made-by-sdk", account_id=cloudflare.account_id)
    assert (created.storage_class, created.location, created.jurisdiction) == ("Standard", "WEUR", "default")
    assert cloudflare.store.bucket("made-by-sdk") is not None


def test_hints_and_class_are_kept(sdk: Sdk, cloudflare: LocalCloudflare) -> None:
    """The location hint comes back in upper case, the storage class as it was sent."""
    made = sdk.r2.buckets.create(
        account_id=cloudflare.account_id,
        name="in-asia",
        location_hint="apac",
        storage_class="InfrequentAccess",
    )
    assert (made.location, made.storage_class) == ("APAC", "InfrequentAccess")


def test_a_name_is_given_once(sdk: Sdk, cloudflare: LocalCloudflare, bucket: str) -> None:
    """A second bucket of one name is 409 with code 10004."""
    with pytest.raises(ConflictError) as caught:
        sdk.r2.buckets.create(account_id=cloudflare.account_id, name=bucket)
    assert caught.value.body == {
        "success": False,
        "errors": [
            {"code": 10004, "message": "The bucket you tried to create already exists, and you own it."}
        ],
        "messages": [],
        "result": None,
    }


@pytest.mark.parametrize(
    "name", ["ab", "a" * 64, "Upper", "under_score", "-begins", "ends-", "dot.ted", "ü-bucket", ""]
)
def test_names_follow_r2s_rules(api: Api, name: str) -> None:
    """3 to 63 lower-case letters, digits and inner hyphens; anything else is 400 with code 10005."""
    answer = api("POST", "/r2/buckets", json={"name": name})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"code": 10005, "message": "The specified bucket name is not valid."}]
    assert answer.json()["messages"] == [
        {
            "code": 10005,
            "message": f"local Cloudflare: {name!r} is not 3 to 63 lower-case letters, "
            "digits and hyphens inside",
        }
    ]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "name: Field required"),
        ({"name": 5}, "name: Input should be a valid string"),
        ({"name": "abc", "nam": 1}, "nam: Extra inputs are not permitted"),
        (
            {"name": "abc", "storageClass": "Cold"},
            "storageClass: Input should be 'Standard' or 'InfrequentAccess'",
        ),
        ([], "body: Input should be a valid dictionary or instance of NewBucket"),
    ],
)
def test_a_wrong_body_is_named(api: Api, body: object, detail: str) -> None:
    """400 with code 10040 names the field that is wrong."""
    answer = api("POST", "/r2/buckets", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"code": 10040, "message": f"The JSON you provided was not well formed. {detail}"}
    ]


def test_jurisdictions_are_worlds_apart(sdk: Sdk, cloudflare: LocalCloudflare) -> None:
    """A bucket of one jurisdiction is not found in another: 404 with code 10006."""
    account = cloudflare.account_id
    sdk.r2.buckets.create(account_id=account, name="european", cf_r2_jurisdiction="eu")
    assert sdk.r2.buckets.get("european", account_id=account, cf_r2_jurisdiction="eu").jurisdiction == "eu"
    with pytest.raises(NotFoundError) as caught:
        sdk.r2.buckets.get("european", account_id=account)
    assert caught.value.body == {
        "success": False,
        "errors": [{"code": 10006, "message": "The specified bucket does not exist."}],
        "messages": [
            {
                "code": 10006,
                "message": "local Cloudflare: there is no bucket 'european' in jurisdiction 'default'",
            }
        ],
        "result": None,
    }


def test_an_unknown_jurisdiction_is_refused(api: Api, bucket: str) -> None:
    """The header takes the five names that exist."""
    answer = api("GET", f"/r2/buckets/{bucket}", headers={"cf-r2-jurisdiction": "EU"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "code": 10022,
            "message": "The jurisdiction is not valid: "
            "'EU' is none of default, eu, us, fedramp, fedramp-high.",
        }
    ]


def test_the_class_changes_by_header(sdk: Sdk, cloudflare: LocalCloudflare, bucket: str) -> None:
    """PATCH changes the default storage class; a value that does not exist is 400."""
    changed = sdk.r2.buckets.edit(bucket, account_id=cloudflare.account_id, storage_class="InfrequentAccess")
    assert changed.storage_class == "InfrequentAccess"
    with pytest.raises(BadRequestError) as caught:
        sdk.r2.buckets.edit(bucket, account_id=cloudflare.account_id, storage_class="Cold")  # type: ignore[arg-type]
    assert caught.value.body["errors"] == [  # type: ignore[index]
        {
            "code": 10062,
            "message": "The storage class is not valid: header cf-r2-storage-class is 'Cold', "
            "must be Standard or InfrequentAccess.",
        }
    ]


def test_only_an_empty_bucket_is_deleted(
    sdk: Sdk, cloudflare: LocalCloudflare, bucket: str, s3: object
) -> None:
    """A bucket with an object is 409 with code 10008; empty, it goes."""
    from mypy_boto3_s3 import S3Client

    client: S3Client = s3  # type: ignore[assignment]
    client.put_object(Bucket=bucket, Key="a", Body=b"x")
    with pytest.raises(ConflictError) as caught:
        sdk.r2.buckets.delete(bucket, account_id=cloudflare.account_id)
    assert caught.value.body["errors"] == [  # type: ignore[index]
        {"code": 10008, "message": "The bucket you tried to delete is not empty."}
    ]
    client.delete_object(Bucket=bucket, Key="a")
    sdk.r2.buckets.delete(bucket, account_id=cloudflare.account_id)
    assert cloudflare.store.bucket(bucket) is None


def test_the_list_pages_by_cursor(sdk: Sdk, api: Api, cloudflare: LocalCloudflare) -> None:
    """Pages follow the cursor of `result_info`; both directions give every name once."""
    names = [f"paged-{number}" for number in range(5)]
    for name in names:
        sdk.r2.buckets.create(account_id=cloudflare.account_id, name=name)
    for direction, expected in (("asc", names), ("desc", names[::-1])):
        found, cursor = [], None
        while True:
            query = {"name_contains": "paged-", "per_page": "2", "direction": direction}
            answer = api(
                "GET", "/r2/buckets", params={**query, **({"cursor": cursor} if cursor else {})}
            ).json()
            found += [bucket["name"] for bucket in answer["result"]["buckets"]]
            cursor = answer["result_info"].get("cursor")
            if cursor is None:
                break
        assert found == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("per_page=0", "Invalid query parameter: per_page is '0', must be 1 to 1000."),
        ("per_page=x", "Invalid query parameter: per_page is 'x', must be 1 to 1000."),
        ("cursor=%C3%BC", "Invalid query parameter: cursor is 'ü', use one from a list."),
    ],
)
def test_wrong_pages_are_refused(api: Api, query: str, message: str) -> None:
    """A page size out of range and a cursor that nobody gave are 400."""
    answer = api("GET", f"/r2/buckets?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"code": 10040, "message": message}]
