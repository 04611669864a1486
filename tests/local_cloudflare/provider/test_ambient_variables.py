"""Variables of other tools change nothing of what the stand-in provider and the demonstration send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from local_cloudflare.provider.api import Api
from local_cloudflare.sdk import sdk

if TYPE_CHECKING:
    import httpx

    from local_cloudflare.cloudflare import LocalCloudflare

FOREIGN = {
    "CLOUDFLARE_API_KEY": "another-key",
    "CLOUDFLARE_EMAIL": "somebody@example.com",
    "CLOUDFLARE_API_USER_SERVICE_KEY": "v1.0-another",
    "CLOUDFLARE_CUSTOM_HEADERS": "X-Other: another\nAuthorization: Bearer another",
    "CLOUDFLARE_API_TOKEN": "another-token",
    "CLOUDFLARE_BASE_URL": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


@pytest.mark.parametrize("names", [*([name] for name in FOREIGN), [*FOREIGN]], ids=" ".join)
def test_the_token_that_it_was_given_opens_the_api(
    cloudflare: LocalCloudflare, monkeypatch: pytest.MonkeyPatch, names: list[str]
) -> None:
    """And nothing of another account is sent beside it."""
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    for name in names:
        monkeypatch.setenv(name, FOREIGN[name])
    sent: list[httpx.Request] = []

    async def keep(request: httpx.Request) -> None:
        sent.append(request)

    async def ask() -> None:
        api = Api(cloudflare.api_url, cloudflare.api_token)
        api.on_request(keep)
        await api.send("GET", f"/accounts/{cloudflare.account_id}/r2/buckets")
        await api.close()

    asyncio.run(ask())
    with sdk(api_token=cloudflare.api_token, base_url=cloudflare.api_url) as client:
        assert client.accounts.tokens.verify(account_id=cloudflare.account_id) is not None
    (request,) = sent
    assert request.headers["authorization"] == f"Bearer {cloudflare.api_token}"
    assert not [value for value in request.headers.values() if "another" in value or "somebody" in value]
