"""The official SDK, limited to a local Cloudflare, with errors as the real provider shows them."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
from cloudflare import APIConnectionError, APIStatusError, AsyncCloudflare, Omit

from local_cloudflare.sdk import with_token_only

__all__ = ["Answer", "Api", "ProviderError", "is_local"]


class ProviderError(Exception):
    """An operation that cannot be done; the text reaches the user as it is.

    Attributes:
        status: The HTTP status of the API's answer, if there was one.
        detail: What failed in a request; empty if none did.
    """

    def __init__(self, message: str, *, status: int | None = None, detail: str = "") -> None:
        super().__init__(f"{message}: {detail}" if detail else message)
        self.status = status
        self.detail = detail

    @property
    def logged(self) -> str:
        """The line that the real plugin logs before it fails (PTB pkg/pf/tfbridge/provider_diagnostics.go)."""
        summary = str(self).removesuffix(f": {self.detail}")
        return f"[ERROR] {self.detail}: {summary}" if self.detail else ""


class Answer(dict[str, Any]):
    """A `result` that is an object, with the bytes that it was read from.

    Attributes:
        text: The whole envelope as it came.
    """

    text: str = ""


_FAILED = "failed to make http request"


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
        # Without a token the request goes out without the header, as from the real plugin, and the API refuses it.
        self._without: dict[str, Any] = {} if token else {"Authorization": Omit()}
        self._client = with_token_only(
            AsyncCloudflare(api_token=token or "none", base_url=base_url, http_client=self._http)
        )

    def on_request(self, hook: Callable[[httpx.Request], Awaitable[None]]) -> None:
        """Calls `hook` before each request."""
        self._http.event_hooks["request"].append(hook)

    async def send(
        self, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        """One request; returns `result` of the envelope, an `Answer` if that is an object.

        Raises:
            ProviderError: Any answer but a success. The text has method, URL, status and envelope, as the
                real provider shows it.
        """
        options: dict[str, Any] = {"headers": {**self._without, **(headers or {})}}
        verb = getattr(self._client, method.lower())
        try:
            content = {} if body is None else {"body": body}
            response = await verb(path, cast_to=httpx.Response, options=options, **content)
        except APIStatusError as error:
            answer, request = error.response, error.request
            raise ProviderError(
                _FAILED,
                status=answer.status_code,
                detail=f'{request.method} "{request.url}": '
                f"{answer.status_code} {answer.reason_phrase} {answer.text}",
            ) from None
        except APIConnectionError as error:
            request, cause = error.request, error.__cause__ or error
            raise ProviderError(_FAILED, detail=f'{request.method} "{request.url}": {cause}') from None
        result = response.json()["result"]
        if not isinstance(result, dict):
            return result
        kept = Answer(result)
        kept.text = response.text
        return kept

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()
