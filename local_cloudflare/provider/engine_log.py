"""What the plugin tells the engine beside its answers: lines that the user sees."""

from __future__ import annotations

import contextlib

import grpc  # type: ignore[import-untyped]  # grpcio ships no types
import grpc.aio  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

__all__ = ["EngineLog"]


class EngineLog:
    """The log of the engine at an address; without one nothing is written."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def error(self, urn: str, text: str) -> None:
        """A line that the engine counts as an error, whatever becomes of the operation."""
        await self._write(engine_pb2.ERROR, urn, text)

    async def warning(self, urn: str, text: str) -> None:
        """A line that says what the user should know."""
        await self._write(engine_pb2.WARNING, urn, text)

    async def _write(self, severity: engine_pb2.LogSeverity.ValueType, urn: str, text: str) -> None:
        if not self._address:
            return
        # An engine that has gone needs no lines.
        with contextlib.suppress(grpc.RpcError):
            async with grpc.aio.insecure_channel(self._address) as channel:
                request = engine_pb2.LogRequest(severity=severity, message=text, urn=urn)
                await engine_pb2_grpc.EngineStub(channel).Log(request)
