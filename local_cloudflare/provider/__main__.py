"""Serves the provider to a Pulumi engine: `python -m local_cloudflare.provider <engine address>`.

The first line of standard output is the port, and nothing else goes there (pulumi docs, executable plugins).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import grpc.aio  # type: ignore[import-untyped]  # grpcio ships no types
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2_grpc

from local_cloudflare.provider.api import ProviderError
from local_cloudflare.provider.engine_log import EngineLog
from local_cloudflare.provider.plugin import LocalCloudflareProvider

__all__ = ["main"]

_METHODS = ("CheckConfig", "Configure", "Check", "Diff", "Create", "Read", "Update", "Delete", "Invoke")

_MAXIMUM_MESSAGE = 400 * 2**20
"""Bytes; what Pulumi's own servers allow."""

Method = Callable[[Any, Any], Awaitable[Any]]


def _plainly(method: Method, log: EngineLog) -> Method:
    """The same method, but an error of the API reaches the user as it is, after a line of its own.

    `pulumi.provider.experimental.server.main` appends a Python traceback to it, which the real plugin has
    not; that is why this module serves the servicer itself. The line is the real plugin's: it logs each failed
    request as an error, also one that the program expects.
    """

    async def plain(request: Any, context: Any) -> Any:
        try:
            return await method(request, context)
        except Exception as error:
            # The library raises its own exception while it handles ours.
            if not isinstance(error.__context__, ProviderError):
                raise
            cause = error.__context__
        if cause.logged:
            await log.error(getattr(request, "urn", ""), cause.logged)
        return await context.abort(grpc.StatusCode.UNKNOWN, str(cause))

    return plain


async def _serve(engine: str) -> None:
    provider_version = version("pulumi_cloudflare")
    log = EngineLog(engine)
    servicer = ProviderServicer([], provider_version, LocalCloudflareProvider(provider_version, log), engine)
    for name in _METHODS:
        setattr(servicer, name, _plainly(getattr(servicer, name), log))
    sizes = ("grpc.max_send_message_length", "grpc.max_receive_message_length")
    server = grpc.aio.server(options=[(size, _MAXIMUM_MESSAGE) for size in sizes])
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await server.wait_for_termination()


def main(arguments: list[str]) -> int:
    """Serves until it is stopped. The engine's address comes first; its flags for logging are ignored."""
    addresses = [argument for argument in arguments if not argument.startswith("-")]
    try:
        asyncio.run(_serve(addresses[0] if addresses else ""))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
