"""Tries the cells of one credential, and says which of them answer wrongly."""

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from html import unescape

from tests.matrix.areas import AREAS, Area
from tests.matrix.credentials import Kind
from tests.matrix.expected import ALLOWED, REFUSED, REFUSED_BY_KEY, expected
from tests.matrix.operations import OPERATIONS, Operation
from tests.matrix.sending import Answer, Sender
from tests.matrix.stage import Stage

__all__ = ["WrongCell", "table", "try_cells"]

_KEY = re.compile(rb"<Key>(.*?)</Key>", re.DOTALL)


@dataclass(frozen=True)
class WrongCell:
    """A cell whose answer is not the expected one."""

    operation: str
    area: str
    expected: str
    answer: str


def try_cells(
    stage: Stage,
    sender: Sender,
    kind: Kind,
    *,
    operations: Sequence[Operation] = OPERATIONS,
    areas: Sequence[Area] = AREAS,
) -> tuple[int, list[WrongCell]]:
    """Asks for every operation on every area.

    Args:
        stage: Filled; it is left so.
        sender: Has the credential.
        kind: What the credential is declared to be.
        operations: Those to try.
        areas: Those to try.

    Returns:
        The number of cells, and the wrong ones.
    """
    count, wrong = 0, []
    for area in areas:
        ready = _Ready(stage, kind, area)
        for operation in operations:
            count += 1
            answer = sender.send(operation.request(ready.situation))
            changed = ready.was_changed()
            want, got = expected(kind, operation, area), _described(operation, answer)
            faults = [got] if got != want else []
            faults += _faults(kind, operation, area, answer, is_allowed=want == ALLOWED, changed=changed)
            if faults:
                wrong.append(WrongCell(operation.name, f"{area.bucket}/{area.key}", want, ", ".join(faults)))
    return count, wrong


class _Ready:
    """One area, with all that operations need; put right after each that changed something."""

    def __init__(self, stage: Stage, kind: Kind, area: Area) -> None:
        self._stage, self._kind, self._area = stage, kind, area
        self._prepare()

    def was_changed(self) -> bool:
        """Whether anything was written since the last time; if so, it is put right."""
        changed = self._stage.writes() != self._writes
        if changed:
            self._prepare()
        return changed

    def _prepare(self) -> None:
        self.situation = self._stage.ready(self._kind, self._area)
        self._writes = self._stage.writes()


def _described(operation: Operation, answer: Answer) -> str:
    """The answer in the words of `expected`; anything else with its status and code."""
    if answer.status == operation.success and not answer.error:
        return ALLOWED
    if answer.status == 200 and answer.error == "AccessDenied":
        return REFUSED_BY_KEY
    # The answer to HEAD has no body, so no code either.
    is_head = operation.name == "HeadObject" and answer.status == 403
    return REFUSED if is_head else f"{answer.status} {answer.error}".rstrip()


def _faults(
    kind: Kind, operation: Operation, area: Area, answer: Answer, *, is_allowed: bool, changed: bool
) -> list[str]:
    """What is wrong beside the status: effects, and what the answer tells."""
    faults = []
    if changed and not (is_allowed and operation.writes):
        faults.append("something was changed")
    if is_allowed and operation.writes and not changed:
        faults.append("nothing was changed")
    if not is_allowed and area.content in answer.body:
        faults.append("the object was shown")
    if is_allowed and operation.shows is not None and operation.shows(area) not in answer.body:
        faults.append("the answer does not show what was asked for")
    if not operation.answers_by_key:
        foreign = [key for key in _keys(answer) if not kind.scope.allows(key)]
        faults += [f"the key {key!r} was shown" for key in foreign]
    return faults


def _keys(answer: Answer) -> list[str]:
    return [unescape(key.decode()) for key in _KEY.findall(answer.body)]


def table(wrong: Sequence[WrongCell]) -> str:
    """The wrong cells, one a line, in columns."""
    rows = [("operation", "key", "expected", "answer"), *map(astuple, wrong)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
