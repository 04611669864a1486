"""A provider that is connected to the local Cloudflare, driven without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckRequest,
    ConfigureRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    InvokeRequest,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
)

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.provider.engine_log import EngineLog
from local_cloudflare.provider.plugin import LocalCloudflareProvider
from local_cloudflare.provider.property_values import plain_map, property_map

State = dict[str, Any]


class Lines(EngineLog):
    """The engine's log, kept in a list."""

    def __init__(self) -> None:
        super().__init__("")
        self.written: list[str] = []

    async def warning(self, urn: str, text: str) -> None:
        """Keeps the line."""
        self.written.append(f"{urn.rpartition(':')[0]} {text}")


@dataclass
class Driver:
    """Pulumi's side: asks the provider as the engine does, in plain values.

    Attributes:
        sent: `(method, path below the account)` of each request that the provider has sent.
        lines: What the engine was told beside the answers.
    """

    provider: LocalCloudflareProvider
    loop: asyncio.AbstractEventLoop
    sent: list[tuple[str, str]]
    lines: Lines

    def _run(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def configure(self, **settings: str) -> None:
        """Configures it with these settings."""
        self._run(self.provider.configure(ConfigureRequest({}, property_map(settings), True, True)))

    def check_config(self, **settings: str) -> list[tuple[str, str]]:
        """The failures of a check of these settings, as `(property, reason)`."""
        request = CheckRequest("urn:provider", {}, property_map(settings), b"")
        answer = self._run(self.provider.check_config(request))
        return [(failure.property, failure.reason) for failure in answer.failures]

    def check(self, kind: str, inputs: State) -> list[tuple[str, str]]:
        """The failures of a check, as `(property, reason)`."""
        answer = self._run(self.provider.check(CheckRequest(_urn(kind), {}, property_map(inputs), b"")))
        return [(failure.property, failure.reason) for failure in answer.failures]

    def create(self, kind: str, inputs: State, *, preview: bool = False) -> tuple[str, State]:
        """Id and state of a new resource."""
        answer = self._run(self.provider.create(CreateRequest(_urn(kind), property_map(inputs), 0, preview)))
        return answer.resource_id, plain_map(answer.properties)

    def created_properties(self, kind: str, inputs: State) -> dict[str, PropertyValue]:
        """A new resource with its marks."""
        answer = self._run(self.provider.create(CreateRequest(_urn(kind), property_map(inputs), 0, False)))
        properties: dict[str, PropertyValue] = answer.properties
        return properties

    def diff(self, kind: str, state: State, inputs: State) -> DiffResponse:
        """What a program with these inputs would change."""
        request = DiffRequest(_urn(kind), "id", property_map(state), property_map(inputs), [])
        answer: DiffResponse = self._run(self.provider.diff(request))
        return answer

    def update(
        self, kind: str, resource_id: str, state: State, inputs: State, *, preview: bool = False
    ) -> State:
        """The state after an update."""
        request = UpdateRequest(
            _urn(kind), resource_id, property_map(state), property_map(inputs), 0, [], preview
        )
        return plain_map(self._run(self.provider.update(request)).properties)

    def read(self, kind: str, resource_id: str, state: State, inputs: State) -> ReadResponse:
        """A refresh, or an import if nothing is known."""
        request = ReadRequest(_urn(kind), resource_id, property_map(state), property_map(inputs))
        answer: ReadResponse = self._run(self.provider.read(request))
        return answer

    def delete(self, kind: str, resource_id: str, state: State) -> None:
        """Removes a resource."""
        self._run(self.provider.delete(DeleteRequest(_urn(kind), resource_id, property_map(state), 0)))

    def invoke(self, function: str, arguments: State) -> State:
        """The answer of a data source."""
        token = f"cloudflare:index/{function}:{function}"
        answer = self._run(self.provider.invoke(InvokeRequest(token, property_map(arguments))))
        return plain_map(answer.return_value)


def _urn(kind: str) -> str:
    token = f"cloudflare:index/{kind[0].lower()}{kind[1:]}:{kind}"
    return f"urn:pulumi:dev::project::{token}::name"


@pytest.fixture
def unconfigured() -> Iterator[Driver]:
    """A provider that has not been told where Cloudflare is."""
    loop = asyncio.new_event_loop()
    lines = Lines()
    driver = Driver(LocalCloudflareProvider("6.23.1", lines), loop, [], lines)
    yield driver
    if driver.provider.api is not None:
        loop.run_until_complete(driver.provider.api.close())
    loop.close()


@pytest.fixture
def driver(unconfigured: Driver, cloudflare: LocalCloudflare) -> Driver:
    """A provider that is connected, and whose requests are written down."""
    unconfigured.configure(baseUrl=cloudflare.api_url, apiToken=cloudflare.api_token)
    start = f"{httpx.URL(cloudflare.api_url).path}/accounts/{cloudflare.account_id}"

    async def note(request: httpx.Request) -> None:
        unconfigured.sent.append((request.method, request.url.path.removeprefix(start)))

    api = unconfigured.provider.api
    assert api is not None
    api.on_request(note)
    return unconfigured
