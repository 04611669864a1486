"""The official SDK, limited to a local Cloudflare, with errors as the real provider shows them."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from cloudflare import APIConnectionError, APIStatusError, AsyncCloudflare

__all__ = ["Api", "ProviderError", "is_local"]


class ProviderError(Exception):
    """An operation that cannot be done; the text reaches the user as it is.

    Attributes:
        status: The HTTP status of the API's answer, if there was one.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


def is_local(base_url: str) -> bool:
    """Whether the address is on this machine."""
    host = urlsplit(base_url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Api:
    """The control API of one local Cloudflare.

    Args:
        base_url: Up to and including `/client/v4`.
        token: The value of an API token.
    """

    def __init__(self, base_url: str, token: str) -> None:
        # trust_env: a proxy of the environment must not see requests to this machine. The TLS context is
        # empty: addresses here are plain http, and reading all certificate authorities takes 0.3 s.
        self._http = httpx.AsyncClient(trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._client = AsyncCloudflare(api_token=token, base_url=base_url, http_client=self._http)

    def on_request(self, hook: Callable[[httpx.Request], Awaitable[None]]) -> None:
        """Calls `hook` before each request."""
        self._http.event_hooks["request"].append(hook)

    async def send(
        self, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        """One request; returns `result` of the envelope.

        Raises:
            ProviderError: Any answer but a success. The text is method, URL, status and envelope, as the
                real provider shows it.
        """
        options: dict[str, Any] = {"headers": headers or {}}
        verb = getattr(self._client, method.lower())
        try:
            if body is None:
                envelope = await verb(path, cast_to=object, options=options)
            else:
                envelope = await verb(path, cast_to=object, body=body, options=options)
        except APIStatusError as error:
            answer, request = error.response, error.request
            raise ProviderError(
                f'{request.method} "{request.url}": '
                f"{answer.status_code} {answer.reason_phrase} {answer.text}",
                status=answer.status_code,
            ) from None
        except APIConnectionError as error:
            request, cause = error.request, error.__cause__ or error
            raise ProviderError(f'{request.method} "{request.url}": {cause}') from None
        return envelope.get("result")

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()
