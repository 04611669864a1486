"""`r2-layout audit` as an operator runs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from layout.audit.report import Report
from layout.command.main import main
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

READ = "Workers R2 Storage Bucket Item Read"


@pytest.fixture
def stored(
    cloudflare: LocalCloudflare, bucket: str, s3: S3Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> S3Client:
    """A bucket with one game, and an operator who holds the token for audits."""
    s3.put_object(Bucket=bucket, Key="dev/games/a.mp4", Body=b"game")
    become_operator(cloudflare, bucket, monkeypatch, tmp_path, group=READ)
    return s3


def test_a_bucket_in_order_has_status_0(
    stored: S3Client, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a token that may only read."""
    assert stored
    assert main(["audit"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"Bucket {bucket!r} at 20")
    assert printed.out.endswith("\nNothing was found.\n")
    assert printed.err == ""


def test_something_found_has_status_3(
    stored: S3Client, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And stands below the table, with its command in the spelling of the run."""
    stored.put_object(Bucket=bucket, Key="anna/raw_clips/a.mp4", Body=b"clip")
    assert main(["audit"]) == 3
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "risk: 1 keys that the scheme does not know (no environment)",
        "  'anna/raw_clips/a.mp4'",
        "  Try: r2-layout migrate plan flat --env dev --plan plan.sqlite",
    ]


def test_json_is_the_report(stored: S3Client, capsys: pytest.CaptureFixture[str]) -> None:
    """The same document that --save keeps and --load shows."""
    assert stored
    assert main(["audit", "--json", "--save", "report.json"]) == 0
    told = capsys.readouterr().out
    assert Report.model_validate_json(told) == Report.load(Path("report.json"))
    assert main(["audit", "--json", "--load", "report.json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(told)


def test_a_kept_report_needs_no_bucket(
    stored: S3Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nor any setting; its page is written from it."""
    assert stored
    assert main(["audit", "--save", "report.json"]) == 0
    told = capsys.readouterr().out
    monkeypatch.delenv("R2_BUCKET")
    assert main(["audit", "--load", "report.json", "--html", "audit.html"]) == 0
    assert capsys.readouterr().out == told
    assert Path("audit.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--load", "a", "--save", "b"],
            "Error: The options --load and --save do not go together.\nTry: Copy the file.\n",
        ),
        (
            ["--html", "none/audit.html"],
            (
                "Error: The report cannot be written to 'none/audit.html'.\n"
                "Try: Name a file in a folder that exists.\n"
            ),
        ),
    ],
)
def test_what_cannot_be_done_is_told_before_the_listing(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With status 2."""
    assert main(["audit", *words]) == 2
    assert capsys.readouterr().err == message


def test_the_page_needs_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """And names it, before the listing."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["audit", "--html", str(tmp_path / "audit.html")]) == 1
    assert capsys.readouterr().err == (
        "Error: The package 'jinja2' is not installed, which r2-layout audit --html needs.\n"
        "Try: Install what writes the page: pip install 'r2-layout[storage,audit]'\n"
    )


def test_a_file_that_cannot_be_written_does_not_lose_the_report(
    stored: S3Client, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told all the same, beside the error."""
    assert stored
    assert main(["audit", "--html", "/proc/audit.html"]) == 1
    printed = capsys.readouterr()
    assert printed.out.endswith("\nNothing was found.\n")
    assert printed.err == (
        "Error: The page cannot be written to '/proc/audit.html': No such file or directory.\n"
        "Try: Name a file in a folder that exists.\n"
    )
