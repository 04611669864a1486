"""Answers of the control API: Cloudflare's envelope and its error codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer", "ApiError", "PlainAnswer", "invalid_json", "no_route", "no_such_bucket"]


@dataclass(frozen=True)
class Answer:
    """A successful answer.

    Attributes:
        result: Any JSON value.
        result_info: Pagination, where the endpoint pages.
        messages: `(code, message)` pairs.
    """

    result: Any
    result_info: Mapping[str, Any] | None = None
    messages: tuple[tuple[int, str], ...] = ()

    def body(self) -> dict[str, Any]:
        """The envelope."""
        messages = [{"code": code, "message": message} for code, message in self.messages]
        body: dict[str, Any] = {"success": True, "errors": [], "messages": messages, "result": self.result}
        if self.result_info is not None:
            body["result_info"] = dict(self.result_info)
        return body


@dataclass(frozen=True)
class PlainAnswer:
    """An answer outside of the envelope: the bytes of an object, or a document of another form.

    Attributes:
        status: HTTP status.
        headers: All but `Content-Length`.
        body: Bytes, or pieces of them, which are closed when they have been sent if they can be.
        length: How many bytes that is.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | Iterable[bytes]
    length: int


@dataclass
class ApiError(Exception):
    """A refusal, with the status and code that Cloudflare answers.

    Attributes:
        status: HTTP status.
        code: Cloudflare's number.
        message: Cloudflare's text.
        why: What the local Cloudflare knows about the cause; goes into `messages`, where the real one
            is silent.
        chain: `error_chain` of the error, as `(code, message)` pairs.
    """

    status: int
    code: int
    message: str
    why: str | None = None
    chain: tuple[tuple[int, str], ...] = field(default=())

    def body(self) -> dict[str, Any]:
        """The envelope."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.chain:
            error["error_chain"] = [{"code": code, "message": message} for code, message in self.chain]
        messages = [{"code": self.code, "message": f"local Cloudflare: {self.why}"}] if self.why else []
        return {"success": False, "errors": [error], "messages": messages, "result": None}


def no_route(path: str) -> ApiError:
    """Nothing answers at this path."""
    return ApiError(404, 7003, f"Could not route to {path}, perhaps your object identifier is invalid?")


def no_such_bucket(name: str, jurisdiction: str) -> ApiError:
    """The bucket is not in this account and jurisdiction (R2 code 10006, CFD r2/api/error-codes.mdx)."""
    return ApiError(
        404,
        10006,
        "The specified bucket does not exist.",
        why=f"there is no bucket {name!r} in jurisdiction {jurisdiction!r}",
    )


def invalid_json(detail: str, *, code: int) -> ApiError:
    """The body is not JSON, or not of the shape that the endpoint takes."""
    return ApiError(400, code, f"The JSON you provided was not well formed. {detail}")
