"""Routes whose requests are small documents: a larger body is refused as it comes, before anything of it is read.

The framework reads and parses a body before it asks who is signed in, so without a bound anybody could fill memory.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Message

__all__ = ["LARGEST_DOCUMENT", "BoundedBodyRoute"]

LARGEST_DOCUMENT = 16 * 1024
"""Bytes: a path of 1,024 characters, each escaped in JSON, and the fields beside it have room."""


class BoundedBodyRoute(APIRoute):
    """A route that answers 413 to a body of more than `LARGEST_DOCUMENT` bytes; for `APIRouter(route_class=...)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, which reads the body through a count of its bytes."""
        handle = super().get_route_handler()

        async def handle_bounded(request: Request) -> Response:
            taken = 0

            async def receive() -> Message:
                nonlocal taken
                message = await request.receive()
                taken += len(message.get("body", b""))
                if taken > LARGEST_DOCUMENT:
                    raise HTTPException(
                        413, f"The request has more than {LARGEST_DOCUMENT:,} bytes.", {"Connection": "close"}
                    )
                return message

            return await handle(Request(request.scope, receive))

        return handle_bounded
