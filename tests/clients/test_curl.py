"""curl, which signs requests itself, with the lines of docs/clients.md."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.clients.page import block
from tests.clients.programs import run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

needs_curl = pytest.mark.skipif(
    shutil.which("curl", path=os.defpath) is None, reason="this machine has no curl"
)


@pytest.fixture
def lines(folder: Path) -> list[str]:
    """The documented function, and the three examples of it."""
    (folder / "films").mkdir()
    (folder / "films" / "plain.txt").write_bytes(b"a film")
    function, end, examples = block("curl").partition("}\n")
    return [function + end, *examples.splitlines()]


@needs_curl
def test_the_lines_of_the_page_work(
    lines: list[str], minted: dict[str, str], folder: Path, s3: S3Client, bucket: str
) -> None:
    """One object goes there, comes back, and is deleted."""
    define, put, get, delete = lines
    done = run(["sh", "-euc", f"{define}{put}\n{get}"], minted, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (folder / "back.txt").read_bytes() == b"a film"
    key = "dev/games/films/plain.txt"
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"a film"
    done = run(["sh", "-euc", f"{define}{delete}"], minted, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@needs_curl
def test_an_upload_of_unknown_length_can_read_why_it_is_refused(
    lines: list[str], minted: dict[str, str], folder: Path
) -> None:
    """The answer arrives although the whole body is still being sent."""
    put = "head -c 3000000 /dev/zero | r2 dev/games/films/plain.txt --upload-file -"
    done = run(["sh", "-uc", f"{lines[0]}{put}"], minted, folder)
    assert done.returncode == 22
    assert "<Code>MissingContentLength</Code>" in done.stdout
