"""One of several changes of a document that are written together, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from layout.documents.model import Document

__all__ = ["PendingChange"]

DocumentT = TypeVar("DocumentT", bound=Document)


class PendingChange(Generic[DocumentT]):
    """A change that waits. What it refuses concerns nobody else.

    Attributes:
        is_done: Whether it was written, refused, or given up.
    """

    def __init__(self, change: Callable[[DocumentT], DocumentT]) -> None:
        self.is_done = False
        self._change = change
        self._result: DocumentT | None = None
        self._error: Exception | None = None

    def apply(self, document: DocumentT) -> DocumentT:
        """The document with this change, or as it is if the change refuses it."""
        try:
            changed = self._change(document)
        except Exception as error:  # noqa: BLE001 - of one change, which must not end the others
            self._error = error
            return document
        self._error = None
        return changed

    def succeed(self, document: DocumentT) -> None:
        """It was written, or refused when it was applied last."""
        self._result, self.is_done = document, True

    def fail(self, error: Exception) -> None:
        """Nothing was written."""
        self._error = self._error or error
        self.is_done = True

    def outcome(self) -> DocumentT:
        """The document that was written.

        Raises:
            Exception: What the change raised, or why nothing was written.
        """
        if self._error is not None:
            raise self._error
        assert self._result is not None  # noqa: S101 - done without an error
        return self._result
