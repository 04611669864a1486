"""A form with a file in it, read as it comes: the file is never whole in memory, nor on this machine's disk."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

__all__ = ["LONGEST_MEDIA_TYPE", "MEDIA_TYPE", "FormError", "UploadForm"]

MEDIA_TYPE = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:;[ -~]*[!-~])?"
"""A media type with its parameters, as somebody may send it (RFC 9110, 8.3.1)."""
LONGEST_MEDIA_TYPE = 255
MOST_FIELD_BYTES = 4096
MOST_FIELDS = 32
FILE = "file"


class FormError(Exception):
    """The form is not one with fields first and one file last, or it ends early."""


class UploadForm:
    """The fields of a form, then its file piece by piece.

    ::

        form = UploadForm(request)
        fields = await form.fields()          # all fields before the file
        async for piece in form.file(): ...   # to the end of the form

    Attributes:
        file_name: As the browser calls it; None until the file's headers were read.
        content_type: Of the file, as the browser says it; None if it does not.
    """

    def __init__(self, request: Request) -> None:
        """Nothing is read yet.

        Raises:
            FormError: The request is no form with files, or its boundary is none.
        """
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary:
            raise FormError("The request is no form of the type multipart/form-data with a boundary.")
        self.file_name: str | None = None
        self.content_type: str | None = None
        self._fields: dict[str, str] = {}
        self._pieces: deque[bytes] = deque()
        self._body = request.stream()
        self._part: dict[str, str] = {}
        self._header, self._value = bytearray(), bytearray()
        self._name = ""
        self._parts = 0
        self._in_file = self._file_ended = self._ended = False
        self._text = bytearray()
        callbacks: Any = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise FormError(f"The form cannot be read: {error}") from None

    async def fields(self) -> dict[str, str]:
        """The text fields that stand before the file.

        Raises:
            FormError: There is no file, or a field is too long.
        """
        while not (self._in_file or self._file_ended):
            if not await self._read():
                raise FormError(f"The form has no file: a part with the name {FILE!r}, after all fields.")
        return self._fields

    async def file(self) -> AsyncIterator[bytes]:
        """The bytes of the file.

        Raises:
            FormError: The form ends early, or something stands after the file.
        """
        while True:
            while self._pieces:
                yield self._pieces.popleft()
            if not await self._read():
                break
        if not self._ended:
            raise FormError("The form ends before its last boundary.")

    async def _read(self) -> bool:
        """Feeds the next bytes; False at the end of the request."""
        try:
            async for chunk in self._body:
                if chunk:
                    self._parser.write(chunk)
                    return True
        except FormParserError as error:
            raise FormError(f"The form cannot be read: {error}") from None
        except ClientDisconnect:
            raise FormError("The client went away before the form's end.") from None
        return False

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MOST_FIELDS:
            raise FormError(f"The form has more than {MOST_FIELDS} fields.")
        if self._file_ended:
            raise FormError("Something stands after the file; put the fields before it, and one file only.")
        self._part, self._text = {}, bytearray()

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._limit(self._header)

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._limit(self._value)

    def _end_header(self) -> None:
        self._part[self._header.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._header, self._value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._part.get("content-disposition", ""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._in_file = self._name == FILE
        if self._in_file:
            name = options.get(b"filename")
            self.file_name = None if name is None else name.decode("utf-8", "replace")
            self.content_type = self._part.get("content-type")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file:
            self._pieces.append(data[start:end])
        else:
            self._text += data[start:end]
            self._limit(self._text)

    def _end_part(self) -> None:
        if self._in_file:
            self._in_file, self._file_ended = False, True
            return
        try:
            self._fields[self._name] = self._text.decode()
        except UnicodeDecodeError:
            raise FormError(f"The field {self._name!r} is not text in UTF-8.") from None

    def _end(self) -> None:
        self._ended = True

    @staticmethod
    def _limit(text: bytearray) -> None:
        if len(text) > MOST_FIELD_BYTES:
            raise FormError(f"A field or a header of the form has more than {MOST_FIELD_BYTES:,} bytes.")
