"""Paths that Cloudflare has and the local Cloudflare has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_cloudflare.control.unimplemented import UNIMPLEMENTED

if TYPE_CHECKING:
    import httpx

    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.local_cloudflare.conftest import Api

STORAGE = (
    "query q($accountTag: String) { viewer { accounts { r2StorageAdaptiveGroups { max { objectCount } } } } }"
)


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("path", [path for path in UNIMPLEMENTED if path != "/graphql"])
def test_they_say_so(cloudflare: LocalCloudflare, http: httpx.Client, method: str, path: str) -> None:
    """501 in the envelope; a 404 would be read as an object or a bucket that is not there."""
    parts = {"{account}": cloudflare.account_id, "{bucket}": "films", "{rest...}": "one/two"}
    for part, value in parts.items():
        path = path.replace(part, value)
    headers = {"authorization": f"Bearer {cloudflare.api_token}"}
    answer = http.request(method, cloudflare.api_url + path, headers=headers)
    assert answer.status_code == 501
    assert answer.json() == {
        "success": False,
        "errors": [
            {
                "code": 10501,
                "message": (
                    "The local Cloudflare does not implement this; "
                    "use the S3 endpoint, or what docs/control-api.md names."
                ),
            }
        ],
        "messages": [],
        "result": None,
    }


def test_nobody_is_told_without_a_token(cloudflare: LocalCloudflare, http: httpx.Client) -> None:
    """As everywhere else."""
    assert http.get(f"{cloudflare.api_url}/user").status_code == 400


def _asked(
    cloudflare: LocalCloudflare, http: httpx.Client, query: str, **variables: object
) -> httpx.Response:
    headers = {"authorization": f"Bearer {cloudflare.api_token}"}
    content = {"query": query, "variables": {"accountTag": cloudflare.account_id, **variables}}
    return http.post(f"{cloudflare.api_url}/graphql", json=content, headers=headers)


def test_how_much_a_bucket_holds_is_known(
    cloudflare: LocalCloudflare, http: httpx.Client, api: Api, bucket: str
) -> None:
    """Wrangler shows any other answer as an empty bucket, so this one is true."""
    for key in ("a", "b"):
        api("PUT", f"/r2/buckets/{bucket}/objects/{key}", content=b"123")
    cloudflare.store.create_bucket(bucket, jurisdiction="eu")
    held = {
        name: _asked(cloudflare, http, STORAGE, filter={"bucketName": name, "datetime_geq": "x"}).json()
        for name in (bucket, f"eu_{bucket}")
    }
    groups = {name: answer["data"]["viewer"]["accounts"][0] for name, answer in held.items()}
    most = {name: group["r2StorageAdaptiveGroups"][0]["max"] for name, group in groups.items()}
    assert most == {
        bucket: {"objectCount": 2, "payloadSize": 6, "metadataSize": 0},
        f"eu_{bucket}": {"objectCount": 0, "payloadSize": 0, "metadataSize": 0},
    }
    missing = _asked(cloudflare, http, STORAGE, filter={"bucketName": "no-such-bucket"}).json()
    assert missing["data"]["viewer"]["accounts"] == [{"r2StorageAdaptiveGroups": []}]


def test_other_questions_are_refused(cloudflare: LocalCloudflare, http: httpx.Client) -> None:
    """In GraphQL's form, with 501."""
    answer = _asked(cloudflare, http, "{ viewer { zones { zoneTag } } }")
    assert (answer.status_code, answer.json()["data"]) == (501, None)
    assert answer.json()["errors"][0]["message"].startswith("The local Cloudflare does not implement this; ")
    wrong = _asked(cloudflare, http, STORAGE, filter="films")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, 10040)
