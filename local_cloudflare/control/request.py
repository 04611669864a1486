"""A request to the control API, and how its parts are read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

from pydantic import BaseModel, ValidationError

from local_cloudflare.control.envelope import ApiError, invalid_json

__all__ = ["JURISDICTIONS", "Request", "checked"]

JURISDICTIONS = ("default", "eu", "us", "fedramp", "fedramp-high")
"""CFD r2/reference/data-location.mdx and the cloudflare SDK's types."""

_Model = TypeVar("_Model", bound=BaseModel)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


@dataclass(frozen=True)
class Request:
    """One request, already read from its socket.

    Attributes:
        method: Upper case.
        path: Decoded path below `/client/v4`, with its leading `/`.
        query: First value of each parameter.
        headers: Names in lower case.
        body: To be read once; it knows its end.
        length: How many bytes the body has.
        client: The address it came from.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: BinaryIO
    length: int
    client: str

    def json(self, *, code: int) -> Any:
        """The body as JSON.

        Raises:
            ApiError: 400 with `code`: not UTF-8, not JSON, too deep, or text that is not Unicode.
        """
        try:
            value = json.loads(self.body.read(), parse_constant=_refuse_constant)
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as error:
            raise invalid_json(f"{type(error).__name__}: {str(error)[:200]}", code=code) from None
        return value

    def document(self, model: type[_Model], *, code: int) -> _Model:
        """The body, checked against a model.

        Raises:
            ApiError: 400 with `code`; the message names up to three wrong fields.
        """
        return checked(model, self.json(code=code), code=code)

    def jurisdiction(self) -> str:
        """The jurisdiction that the request speaks about (header `cf-r2-jurisdiction`).

        Raises:
            ApiError: 400: not a jurisdiction.
        """
        value = self.headers.get("cf-r2-jurisdiction", "default")
        if value not in JURISDICTIONS:
            raise ApiError(
                400, 10022, f"The jurisdiction is not valid: {value!r} is none of {', '.join(JURISDICTIONS)}."
            )
        return value

    def number(self, name: str, default: int, *, lowest: int, highest: int, code: int) -> int:
        """A whole number of the query.

        Raises:
            ApiError: 400 with `code`: not a whole number, or out of range.
        """
        text = self.query.get(name)
        if text is None:
            return default
        digits = text.removesuffix(".0")
        value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else -1
        if not lowest <= value <= highest:
            raise ApiError(
                400, code, f"Invalid query parameter: {name} is {text!r}, must be {lowest} to {highest}."
            )
        return value


def checked(model: type[_Model], content: Any, *, code: int) -> _Model:
    """JSON that was read, checked against a model.

    Raises:
        ApiError: 400 with `code`; the message names up to three wrong fields.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = [f"{_place(item['loc'])}: {item['msg']}" for item in error.errors()[:3]]
        raise invalid_json("; ".join(problems)[:600], code=code) from None


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"
