"""What every command does alike: it ends with the status of what it did, and its report cannot fail it.

A report follows the effect. By then old objects may be deleted, so neither a terminal whose encoding lacks a
character of a key, nor a reader that has gone, nor a full disk may turn the command's end into another one:

- Characters that the stream cannot encode are written as escapes.
- A reader that went away (`| head`) is no error.
- Where standard output cannot be written for another reason, standard error says so and has the report.
"""

import contextlib
import errno
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from layout.errors import LayoutError, PlanBlockedError
from layout.exit_status import ExitStatus

__all__ = ["Call", "LastingStream", "Result", "UsageError", "run", "say"]


class UsageError(LayoutError):
    """The command line asks for what there is not."""


_STATUSES: dict[type[LayoutError], ExitStatus] = {
    PlanBlockedError: ExitStatus.DIFFERENCES,
    UsageError: ExitStatus.USAGE,
}


@dataclass(frozen=True)
class Result:
    """What a command has to say.

    Attributes:
        status: The exit status.
        lines: For people.
        data: For `--json`.
        exact: The lines are the product, for another program to read: they are written byte for byte, and a
            command that cannot deliver them has failed.
        one_line: With `--json` it is one line, as others were before it.
        trouble: What went wrong after the effect, such as a file that cannot be written: told as an error, beside
            the report.
    """

    status: int
    lines: list[str]
    data: dict[str, Any] = field(default_factory=dict)
    exact: bool = False
    one_line: bool = False
    trouble: LayoutError | None = None


@dataclass(frozen=True)
class Call:
    """A command line that was understood.

    Attributes:
        run: Does it.
        as_json: Whether result and errors are JSON.
        interrupted: What to do after SIGINT or SIGTERM.
    """

    run: Callable[[], Result]
    as_json: bool = False
    interrupted: str = "Run the command again."


def run(understand: Callable[[], Call]) -> int:
    """Runs a command from its command line to its exit status.

    Args:
        understand: Reads the command line; may end with SystemExit, as `argparse` does.

    Returns:
        The exit status. Nothing is left in the buffers of standard output and standard error, so that nothing can
        fail after it.
    """
    _prepare_streams()
    status: int = ExitStatus.INTERRUPTED
    with _sigterm_interrupts(), contextlib.suppress(KeyboardInterrupt):
        outcome = _attempt(understand)
        status = outcome.status
        # Interrupted from here on, it ends with the status of what it did.
        status = _report(outcome)
    for stream in (sys.stdout, sys.stderr):
        _write(stream, "")
    return status


def say(line: str) -> bool:
    """Writes a line to standard output at once; False if nobody reads any more. It never raises."""
    return _write(sys.stdout, f"{line}\n") is None


class LastingStream(io.TextIOBase, TextIO):
    """Standard output or error for what prints while a command works: no write to it fails.

    A bar or a line about progress must not end a copy whose terminal has gone.

    Args:
        stream: `sys.stdout` or `sys.stderr` as it is now: what prints may put a proxy of its own there.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream."""
        return getattr(self._stream, "encoding", None) or "ascii"

    def isatty(self) -> bool:
        """Whether the stream is a terminal that is still there."""
        return self._stream is not None and self._stream.isatty()

    def write(self, text: str, /) -> int:
        """Writes and flushes, or does nothing."""
        _write(self._stream, text)
        return len(text)


@dataclass(frozen=True)
class _Outcome:
    status: int
    text: str = ""
    error: LayoutError | None = None
    exact: bool = False
    as_json: bool = False


def _attempt(understand: Callable[[], Call]) -> _Outcome:
    call = Call(lambda: Result(ExitStatus.DONE, []))
    try:
        call = understand()
        result = call.run()
    except LayoutError as error:
        status = _STATUSES.get(type(error), ExitStatus.ERROR)
        return _Outcome(status, error=error, as_json=call.as_json)
    except OSError as error:
        return _Outcome(ExitStatus.ERROR, error=LayoutError(_in_words(error)), as_json=call.as_json)
    except KeyboardInterrupt:
        interruption = LayoutError("Interrupted.", hint=call.interrupted)
        return _Outcome(ExitStatus.INTERRUPTED, error=interruption, as_json=call.as_json)
    except SystemExit as ended:
        return _Outcome(int(ended.code or 0))
    indent = None if result.one_line else 2
    text = json.dumps(result.data, indent=indent) if call.as_json else "\n".join(result.lines)
    return _Outcome(result.status, text, result.trouble, exact=result.exact, as_json=call.as_json)


def _report(outcome: _Outcome) -> int:
    """Says it; gives the status, which is another one only if the text itself was what the command was for."""
    if outcome.error is not None:
        _complain(outcome.error, as_json=outcome.as_json)
    if not outcome.text:
        return outcome.status
    trouble = _write(sys.stdout, f"{outcome.text}\n", exact=outcome.exact)
    if trouble is None or isinstance(trouble, BrokenPipeError):
        return outcome.status
    reason = getattr(trouble, "strerror", None) or str(trouble)
    _complain(LayoutError(f"Standard output cannot be written: {reason}."), as_json=outcome.as_json)
    if outcome.exact:
        # It may be a secret, which a log of errors must not get.
        return outcome.status or ExitStatus.ERROR
    _write(sys.stderr, f"{outcome.text}\n")
    return outcome.status


def _complain(error: LayoutError, *, as_json: bool) -> None:
    if as_json:
        text = json.dumps({"error": str(error), "hint": error.hint, "type": type(error).__name__})
    else:
        text = f"Error: {error}" + (f"\nTry: {error.hint}" if error.hint else "")
    _write(sys.stderr, f"{text}\n")


def _in_words(error: OSError) -> str:
    """What the system says and of which file, without its number."""
    reason = error.strerror or str(error) or type(error).__name__
    # The name may be a path or bytes, and the number of a descriptor names no file.
    named = isinstance(error.filename, (str, bytes, os.PathLike))
    return f"{reason}: {os.fsdecode(error.filename)!r}." if named else f"{reason}."


def _prepare_streams() -> None:
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # Else the next file or connection gets the number, and what a library prints goes into it.
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        # Python's sign for a closed one. Libraries expect a stream, and print(file=None) means standard output.
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _write(stream: TextIO | None, text: str, *, exact: bool = False) -> Exception | None:
    """Writes and flushes; gives what prevented it, after which the stream takes everything and keeps nothing."""
    if stream is None:
        return OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        if exact and isinstance(stream, io.TextIOWrapper):
            stream.flush()
            stream.buffer.write(os.fsencode(text))
        else:
            stream.write(text)
        stream.flush()
    except (OSError, ValueError) as error:
        _abandon(stream)
        return error
    return None


def _abandon(stream: TextIO | None) -> None:
    """What is in the buffer would fail again when Python ends, and change the status to 120."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[union-attr]
        os.close(nowhere)


@contextlib.contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """A job that is cancelled ends like one that a person stops."""

    def interrupt(_signal: int, frame: FrameType | None) -> None:
        ctrl_c = signal.getsignal(signal.SIGINT)
        if callable(ctrl_c):
            # That of a running event loop cancels its task. An exception out of the midst of the task would be
            # reported once more by the loop, with its traceback.
            ctrl_c(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        # Only the main thread receives signals.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
