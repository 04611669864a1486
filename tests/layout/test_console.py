"""A command ends with the status of what it did, whatever becomes of its report."""

from __future__ import annotations

import asyncio
import errno
import gc
import io
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import pytest

from layout.console import Call, Result, UsageError, run, say
from layout.errors import LayoutError, PlanBlockedError, PlanError

ROOT = Path(__file__).resolve().parents[2]
ODD = "новый ✔ \U0001f600 \udcff \ud800 é"

Stream = Callable[[], TextIO | None]
Put = Callable[[str, TextIO | None], None]


def broken_pipe() -> TextIO:
    """A pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w", encoding="utf-8")


def full_disk() -> TextIO:
    """A file on a disk without space."""
    return Path("/dev/full").open("w", encoding="utf-8")


def closed() -> None:
    """What Python has in place of a stream that was closed before it started."""


def command(
    status: int = 3, *lines: str, exact: bool = False, as_json: bool = False, error: Exception | None = None
) -> Callable[[], Call]:
    """A command that has done something and reports it, or raises."""

    def act() -> Result:
        if error is not None:
            raise error
        return Result(status, list(lines or ["Deleted 2 old objects."]), {"key": ODD}, exact=exact)

    return lambda: Call(act, as_json=as_json)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Iterator[Put]:
    """Puts a stream in the place of standard output or error; closed afterwards."""
    streams: list[TextIO | None] = []

    def replace(name: str, stream: TextIO | None) -> None:
        streams.append(stream)
        monkeypatch.setattr(sys, name, stream)

    yield replace
    for stream in streams:
        if stream is not None:
            stream.close()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "utf-16"])
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_what_an_encoding_lacks_is_escaped(put: Put, encoding: str, name: str) -> None:
    """The report and the error are there, with escapes for the rest."""
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding, errors="strict")
    put(name, stream)
    assert run(command(3, ODD) if name == "stdout" else command(error=LayoutError(ODD))) in (3, 1)
    written = buffer.getvalue().decode(encoding)
    assert written.endswith("\n")
    assert ODD.encode(encoding, "backslashreplace").decode(encoding) in written


@pytest.mark.parametrize("status", [0, 3])
@pytest.mark.parametrize("as_json", [False, True])
def test_a_reader_that_has_gone_is_no_error(
    put: Put, capsys: pytest.CaptureFixture[str], status: int, as_json: bool
) -> None:
    """`| head -0`: the status is that of what was done, and nothing is said."""
    put("stdout", broken_pipe())
    assert run(command(status, as_json=as_json)) == status
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("status", [0, 3])
@pytest.mark.parametrize(
    ("stdout", "reason"), [(full_disk, errno.ENOSPC), (closed, errno.EBADF)], ids=["full", "closed"]
)
def test_a_report_that_cannot_be_written_goes_to_stderr(
    put: Put,
    capsys: pytest.CaptureFixture[str],
    stdout: Stream,
    reason: int,
    status: int,
) -> None:
    """The status stays."""
    put("stdout", stdout())
    assert run(command(status)) == status
    assert capsys.readouterr().err == (
        f"Error: Standard output cannot be written: {os.strerror(reason)}.\nDeleted 2 old objects.\n"
    )


def test_a_product_that_cannot_be_delivered_is_an_error(put: Put, capsys: pytest.CaptureFixture[str]) -> None:
    """Its text, which may be a secret, is nowhere else."""
    put("stdout", full_disk())
    assert run(command(0, "export SECRET=x", exact=True)) == 1
    assert capsys.readouterr().err == (
        f"Error: Standard output cannot be written: {os.strerror(errno.ENOSPC)}.\n"
    )


def test_a_product_is_written_byte_for_byte(put: Put) -> None:
    """A path for a shell is no use with escapes in it."""
    buffer = io.BytesIO()
    put("stdout", io.TextIOWrapper(buffer, encoding="ascii"))
    assert run(command(0, "export A=/é/\udcff", exact=True)) == 0
    assert buffer.getvalue() == "export A=/é/".encode() + b"\xff\n"


@pytest.mark.parametrize("stderr", [broken_pipe, full_disk, closed])
@pytest.mark.parametrize("stdout", [broken_pipe, full_disk, closed])
@pytest.mark.parametrize(
    ("made", "status"),
    [(command(3), 3), (command(error=PlanError("No.")), 1), (command(error=PlanBlockedError("No.")), 3)],
    ids=["done", "error", "blocked"],
)
def test_nobody_reads_anything(
    put: Put,
    stdout: Stream,
    stderr: Stream,
    made: Callable[[], Call],
    status: int,
) -> None:
    """The status is all that is left, and it is right."""
    put("stdout", stdout())
    put("stderr", stderr())
    assert run(made) == status
    # Python's sign for a closed one has been replaced: libraries expect a stream there.
    sys.stderr.close()


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (PlanError("No plan.", hint="Make one."), 1, "Error: No plan.\nTry: Make one.\n"),
        (PlanBlockedError("Blocked."), 3, "Error: Blocked.\n"),
        (UsageError("No such store."), 2, "Error: No such store.\n"),
        (
            FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a b"),
            1,
            "Error: No such file or directory: 'a b'.\n",
        ),
        (KeyboardInterrupt(), 130, "Error: Interrupted.\nTry: Run the command again.\n"),
    ],
)
def test_errors_have_a_status_and_two_lines(
    capsys: pytest.CaptureFixture[str], error: Exception, status: int, text: str
) -> None:
    """What is wrong, and what to do."""
    assert run(command(error=error)) == status
    assert capsys.readouterr() == ("", text)


def test_say_tells_that_nobody_reads(put: Put) -> None:
    """A command that goes on printing can end."""
    assert say("there")
    put("stdout", broken_pipe())
    assert (say("gone"), say("gone")) == (False, True)


def test_sigterm_interrupts_and_its_handler_is_put_back() -> None:
    """A job that is cancelled ends like one that a person stops."""
    before = signal.getsignal(signal.SIGTERM)

    def end_itself() -> Result:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError

    assert run(lambda: Call(end_itself)) == 130
    assert signal.getsignal(signal.SIGTERM) is before


def test_sigterm_in_the_midst_of_an_event_loop_leaves_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """The task is cancelled, as Ctrl-C does it: nothing is said but that the command was interrupted."""

    async def end_itself() -> None:
        with caplog.at_level(logging.WARNING):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)

    async def work() -> None:
        await asyncio.gather(end_itself(), asyncio.sleep(60))

    def command() -> Result:
        asyncio.run(work())
        raise AssertionError

    assert run(lambda: Call(command)) == 130
    gc.collect()
    assert caplog.records == []


def test_sigterm_interrupts_where_ctrl_c_is_ignored() -> None:
    """As in what a shell runs in the background."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def end_itself() -> Result:
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError

    try:
        assert run(lambda: Call(end_itself)) == 130
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("redirection", "said"),
    [
        ("| head -0", ""),
        ("> /dev/full", "Error: Standard output cannot be written: No space left on device.\nDone: "),
        (">&-", "Error: Standard output cannot be written: Bad file descriptor.\nDone: "),
        ("2> /dev/full > /dev/full", ""),
        ("2>&- >&-", ""),
        ("2>&- | head -0", ""),
    ],
)
def test_python_ends_with_the_status_too(redirection: str, said: str) -> None:
    """Nothing is left in a buffer that fails when the interpreter ends: no status 120, no "Exception ignored"."""
    code = (
        "import sys; from layout.console import *; "
        "sys.exit(run(lambda: Call(lambda: Result(3, ['Done: ' + 'x' * 100_000 + '\\udcff']))))"
    )
    shell = ["bash", "-c", f'"$0" -c "$1" {redirection}; exit ${{PIPESTATUS[0]}}', sys.executable, code]
    done = subprocess.run(
        shell,
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith(said)
    assert bool(said) == bool(done.stderr)


@pytest.mark.parametrize("as_json", [False, True])
def test_trouble_after_the_effect_is_told_beside_the_report(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """The report stays whole on standard output, the error goes to standard error."""
    trouble = LayoutError("The verdict cannot be written.", hint="Make room.")
    result = Result(1, ["Compared 2 objects."], {"compared": 2}, trouble=trouble)
    assert run(lambda: Call(lambda: result, as_json=as_json)) == 1
    printed = capsys.readouterr()
    if as_json:
        assert json.loads(printed.out) == {"compared": 2}
        assert json.loads(printed.err)["error"] == "The verdict cannot be written."
    else:
        assert printed.out == "Compared 2 objects.\n"
        assert printed.err == "Error: The verdict cannot be written.\nTry: Make room.\n"


@pytest.mark.parametrize("name", ["/no/folder", Path("/no/folder"), b"/no/folder"])
def test_a_file_is_named_alike_however_python_names_it(
    capsys: pytest.CaptureFixture[str], name: object
) -> None:
    """The folder that a process is started in comes as a path."""
    assert run(command(error=OSError(errno.ENOENT, os.strerror(errno.ENOENT), name))) == 1
    assert capsys.readouterr().err == "Error: No such file or directory: '/no/folder'.\n"


def test_the_number_of_a_descriptor_is_no_name(capsys: pytest.CaptureFixture[str]) -> None:
    """It says nothing to a person."""
    assert run(command(error=OSError(errno.EBADF, os.strerror(errno.EBADF), 7))) == 1
    assert capsys.readouterr().err == "Error: Bad file descriptor.\n"
