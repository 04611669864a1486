"""The entry point: it finds the command, and says which there are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from layout.command.main import COMMANDS, main

ROOT = Path(__file__).resolve().parents[3]


def test_help_lists_every_command_and_status(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0, on stdout."""
    assert main(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("usage: r2-layout [-h] COMMAND")
    for name, summary in COMMANDS.items():
        assert f"{name} {summary}" in text
    assert text.endswith("exit status: 0 done, 1 error, 2 usage, 3 differences found, 130 interrupted")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_with_its_statuses(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """3 is there if the command can end with it."""
    assert main([name, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith(f"usage: r2-layout {name} [-h]")
    differences = (
        " 3 differences found,"
        if name in {"audit", "clear", "cleanup", "migrate", "sync", "conformance"}
        else ""
    )
    assert text.endswith(f"exit status: 0 done, 1 error, 2 usage,{differences} 130 interrupted")


@pytest.mark.parametrize("words", [[], ["mirgate"], ["--plan", "migrate"]])
def test_wrong_usage_has_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is loaded."""
    assert main(words) == 2
    assert capsys.readouterr().err.startswith("usage: r2-layout [-h] COMMAND")


def test_an_unknown_store_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """Those that there are, are named."""
    assert main(["conformance", "--stores", "local R2,s4"]) == 2
    assert capsys.readouterr().err == (
        "Error: There is no store 's4'.\nTry: Name some of: local R2, miniflare, versitygw, live\n"
    )


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    """With the way to install it."""
    (tmp_path / "boto3.py").write_text("raise ModuleNotFoundError(name='boto3')")
    (tmp_path / "botocore.py").write_text("raise ModuleNotFoundError(name='botocore')")
    code = "import sys; from layout.command.main import main; sys.exit(main(['migrate', 'list']))"
    path = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]; "
    done = subprocess.run(
        [sys.executable, "-c", path + code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "Error: The package 'boto3' is not installed, which r2-layout migrate needs.",
        "Try: Install what talks to a bucket: pip install 'r2-layout[storage]'",
    ]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_script_of_the_checkout_runs_its_command_from_anywhere(name: str, tmp_path: Path) -> None:
    """And is called by its own name."""
    command = [sys.executable, str(ROOT / "scripts" / f"{name}.py"), "--help"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"usage: scripts/{name}.py [-h]")
    module = [sys.executable, "-m", "layout.command", name, "--help"]
    done = subprocess.run(module, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"usage: python -m layout.command {name} [-h]")
