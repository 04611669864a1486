"""Clients of the control API, and a local Cloudflare of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cloudflare as cloudflare_sdk
import httpx
import pytest

from local_cloudflare.permissions import group_named

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

Api = Callable[..., httpx.Response]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[LocalCloudflare]:
    """A local Cloudflare that a command may ask and disturb."""
    from local_cloudflare.cloudflare import LocalCloudflare

    with LocalCloudflare(tmp_path / "cloudflare") as started:
        yield started


@pytest.fixture(scope="session")
def sdk(cloudflare: LocalCloudflare) -> Iterator[cloudflare_sdk.Cloudflare]:
    """The official SDK with the bootstrap token, without retries."""
    with cloudflare_sdk.Cloudflare(
        api_token=cloudflare.api_token,
        base_url=cloudflare.api_url,
        http_client=httpx.Client(trust_env=False),
        max_retries=0,
    ) as client:
        yield client


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """A plain HTTP client that no proxy comes between."""
    with httpx.Client(trust_env=False) as client:
        yield client


@pytest.fixture
def api(cloudflare: LocalCloudflare, http: httpx.Client) -> Api:
    """`api(method, path below the account, token=..., **of httpx)`; the bootstrap token by default."""

    def send(method: str, path: str, *, token: str | None = None, **rest: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {token or cloudflare.api_token}", **rest.pop("headers", {})}  # type: ignore[dict-item]
        url = f"{cloudflare.api_url}/accounts/{cloudflare.account_id}{path}"
        return http.request(method, url, headers=headers, **rest)  # type: ignore[arg-type]

    return send


@pytest.fixture
def token_with(cloudflare: LocalCloudflare, api: Api) -> Callable[..., str]:
    """`token_with(*permission groups, **other fields)`: the value of a new account-wide token."""

    def create(*names: str, **fields: object) -> str:
        body = token_body(cloudflare.account_id, *names) | fields
        answer = api("POST", "/tokens", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["result"]["value"])

    return create


def token_body(account_id: str, *names: str) -> dict[str, object]:
    """The body of a token with the named account-wide groups."""
    groups = [{"id": group_named(name).id} for name in names]
    resources = {f"com.cloudflare.api.account.{account_id}": "*"}
    policies = [{"effect": "allow", "permission_groups": groups, "resources": resources}]
    return {"name": "a token", "policies": policies}


@pytest.fixture
def document(cloudflare: LocalCloudflare) -> Callable[..., dict[str, object]]:
    """`document(*permission groups, **other fields)`: the body of a token of the account."""

    def make(*names: str, **fields: object) -> dict[str, object]:
        return token_body(cloudflare.account_id, *names) | fields

    return make
