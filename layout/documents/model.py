"""What the three small JSON documents in a bucket have in common.

They are read strictly, and written so that what this version does not know survives: unknown fields
are kept, at their place.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from layout.errors import InvalidDocumentError
from layout.scheme.segments import shown


class Part(BaseModel):
    """An object in such a document: unknown fields are kept, and the order of all fields too."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        strict=True,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        # Built at the first use: importing the layout must stay cheap.
        defer_build=True,
    )

    _order: tuple[str, ...] = PrivateAttr(default=())

    @model_validator(mode="wrap")
    @classmethod
    def _remember_order(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        part = handler(data)
        if isinstance(data, Mapping):
            part._order = tuple(data)  # noqa: SLF001 - part is of this class
        return part

    @model_serializer(mode="wrap")
    def _keep_order(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = handler(self)
        return {name: fields.pop(name) for name in self._order if name in fields} | fields


class Document(Part):
    """A whole document, one object in the bucket."""

    file_name: ClassVar[str]

    @classmethod
    def from_json(cls, data: bytes | str, *, key: str | None = None) -> Self:
        """Read a document.

        Args:
            data: The object's body, JSON in UTF-8.
            key: Where it came from, for messages.

        Raises:
            InvalidDocumentError: If it is not JSON, or a field is missing or wrong. Unknown fields
                are no error.
        """
        try:
            # json takes bytes of UTF-16 and UTF-32 too, which other readers of these documents do not.
            content = json.loads(
                data.decode("utf-8-sig") if isinstance(data, bytes) else data,
                object_pairs_hook=_without_repetition,
                parse_constant=_refuse_constant,
                parse_float=_finite,
            )
        except (ValueError, RecursionError) as error:
            raise InvalidDocumentError(
                f"{key or cls.file_name} is not JSON: {error}.", hint=_HINT, key=key
            ) from None
        try:
            # By alias only: in a document the field is called profileId and nothing else.
            return cls.model_validate(content, by_alias=True, by_name=False)
        except ValidationError as error:
            raise InvalidDocumentError(
                f"{key or cls.file_name}: {_first(error)}", hint=_HINT, key=key
            ) from None

    def to_json(self) -> bytes:
        """The document as JSON in UTF-8, indented by two, with a line feed at its end."""
        # Unset fields stay out: a rewrite adds nothing that was not there.
        content = self.model_dump(exclude_unset=True)
        try:
            return _dump(content, ascii_only=False)
        except UnicodeEncodeError:
            # Half a surrogate pair in a field that is not ours: JSON can carry it, UTF-8 cannot.
            return _dump(content, ascii_only=True)


_HINT = "Correct the document by hand, or put back the copy that the application set aside under backups/."


def _dump(content: dict[str, Any], *, ascii_only: bool) -> bytes:
    return (json.dumps(content, ensure_ascii=ascii_only, allow_nan=False, indent=2) + "\n").encode()


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {shown(twice)} stands there twice")
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{shown(text)[1:-1]} is too large a number")
    return number


def _first(error: ValidationError) -> str:
    """The first fault of a document in one sentence: field, fault, value."""
    faults = error.errors(include_url=False)
    fault = faults[0]
    where = ".".join(map(str, fault["loc"]))
    field = f"the field {where!r}" if where else "the document"
    others = len(faults) - 1
    more = f" ({others} more fault{'s' if others > 1 else ''})" if others else ""
    if fault["type"] == "missing":
        return f"{field} is missing{more}."
    reason = fault["msg"].removeprefix("Value error, ").rstrip(".")
    # Our own checks show the value themselves, and their input may be the whole document.
    value = "" if fault["type"] == "value_error" else f", not {shown(fault['input'])}"
    return f"{field} is wrong: {reason}{value}{more}."
