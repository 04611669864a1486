"""The command that writes .env from a stack's outputs."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from layout.environment import Environment
from layout.storage.settings import load_settings
from scripts.env import main

ACCOUNT = "0123456789abcdef0123456789abcdef"
OUTPUTS = {
    "environment": "staging",
    "account_id": ACCOUNT,
    "bucket_name": "films",
    "s3_endpoint": f"https://{ACCOUNT}.eu.r2.cloudflarestorage.com",
    "jurisdiction": "eu",
    "environment_prefix": "staging/",
    "backend_access_key_id": "backend-id",
    "backend_secret_access_key": "backend-secret",
    "audit_access_key_id": "audit-id",
    "audit_secret_access_key": "audit-secret",
}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable and no .env of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith(("R2_", "CLOUDFLARE_", "APP_ENV"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def _outputs(**changes: object) -> str:
    Path("outputs.json").write_text(json.dumps({**OUTPUTS, **changes}))
    return "outputs.json"


def test_every_script_can_start_from_what_it_writes(capsys: pytest.CaptureFixture[str]) -> None:
    """The settings, complete, from the file alone; and the file is private."""
    assert main(["--stack", "staging", "--outputs", _outputs()]) == 0
    settings = load_settings()
    assert settings.app_env is Environment.STAGING
    assert (settings.account_id, settings.jurisdiction) == (ACCOUNT, "eu")
    assert (settings.bucket, settings.endpoint) == ("films", OUTPUTS["s3_endpoint"])
    assert settings.access_key_id == "backend-id"
    assert settings.secret_access_key.get_secret_value() == "backend-secret"
    assert stat.S_IMODE(Path(".env").stat().st_mode) == 0o600
    assert capsys.readouterr() == ("Wrote .env for staging with its backend token.\n", "")


def test_the_audit_token_can_be_asked_for() -> None:
    """For a job that only reads."""
    assert (
        main(["--stack", "staging", "--outputs", _outputs(), "--token", "audit", "--file", "audit.env"]) == 0
    )
    text = Path("audit.env").read_text()
    assert "R2_ACCESS_KEY_ID=audit-id\nR2_SECRET_ACCESS_KEY=audit-secret\n" in text
    assert "backend" not in text


def test_other_lines_stay_and_an_old_session_token_goes() -> None:
    """It would not belong to the new parent."""
    Path(".env").write_text("DEBUG=1\nR2_BUCKET=old\nR2_SESSION_TOKEN=old\n")
    assert main(["--stack", "staging", "--outputs", _outputs()]) == 0
    lines = Path(".env").read_text().splitlines()
    assert lines[:2] == ["DEBUG=1", "R2_BUCKET=films"]
    assert not [line for line in lines if line.startswith("R2_SESSION_TOKEN")]


def test_pulumi_is_asked_for_the_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CLI on PATH, with the stack's name, from the program's folder."""
    cli = tmp_path / "bin" / "pulumi"
    cli.parent.mkdir()
    cli.write_text(f'#!/bin/sh\necho "$PWD $*" > {tmp_path}/asked\ncat {tmp_path}/{_outputs()}\n')
    cli.chmod(0o755)
    monkeypatch.setenv("PATH", f"{cli.parent}{os.pathsep}{os.environ['PATH']}")
    assert main(["--stack", "staging"]) == 0
    root = Path(__file__).resolve().parents[2]
    assert Path("asked").read_text() == f"{root} stack output --json --show-secrets --stack staging\n"
    assert load_settings().bucket == "films"


def test_what_pulumi_says_is_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its last line is the reason."""
    cli = tmp_path / "pulumi"
    cli.write_text("#!/bin/sh\necho warning >&2\necho \"error: no stack named 'dev' found\" >&2\nexit 255\n")
    cli.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert main(["--stack", "dev"]) == 1
    assert capsys.readouterr().err == (
        "Error: Pulumi does not tell the outputs of the stack 'dev': error: no stack named 'dev' found\n"
        "Try: Log in to the stack's backend first, or bring the stack up.\n"
    )
    assert not Path(".env").exists()


def test_outputs_of_another_stack_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is written."""
    assert main(["--stack", "dev", "--outputs", _outputs()]) == 1
    assert capsys.readouterr().err == (
        "Error: The outputs are of the stack 'staging', not of 'dev'.\n"
        "Try: Name the stack whose outputs they are.\n"
    )
    assert not Path(".env").exists()


def test_a_stack_that_is_not_up_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Every output that is missing."""
    assert main(["--stack", "staging", "--outputs", _outputs(bucket_name=None, s3_endpoint=None)]) == 1
    assert capsys.readouterr().err == (
        "Error: The stack 'staging' has no output 's3_endpoint', 'bucket_name'.\n"
        "Try: Bring it up first: pulumi up --stack staging\n"
    )


@pytest.mark.parametrize("text", ["", "[1]", "3"])
def test_a_file_that_holds_no_outputs_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the command that gives them."""
    Path("outputs.json").write_text(text)
    assert main(["--stack", "dev", "--outputs", "outputs.json"]) == 1
    assert capsys.readouterr().err == (
        "Error: The stack's outputs are not an object in JSON.\n"
        "Try: Use the answer of: pulumi stack output --json --show-secrets\n"
    )


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """In the words of the operating system."""
    assert main(["--stack", "dev", "--outputs", "missing.json"]) == 1
    assert capsys.readouterr().err == "Error: No such file or directory: 'missing.json'.\n"


def test_a_file_that_is_no_text_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """It is named, with the command that gives the right one."""
    Path("outputs.json").write_bytes(b"\xff\xfe{}")
    assert main(["--stack", "dev", "--outputs", "outputs.json"]) == 1
    assert capsys.readouterr().err == (
        "Error: The file 'outputs.json' is not text in UTF-8.\n"
        "Try: Use the answer of: pulumi stack output --json --show-secrets\n"
    )
    assert not Path(".env").exists()


def test_interrupted_has_status_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one line, while Pulumi is asked; nothing is written."""
    cli = tmp_path / "pulumi"
    cli.write_text("#!/bin/sh\nkill -INT $PPID\nexec sleep 30\n")
    cli.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    script = Path(__file__).resolve().parents[2] / "scripts" / "env.py"
    command = [sys.executable, str(script), "--stack", "dev"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "Error: Interrupted.\nTry: Run the command again.\n"
    assert not Path(".env").exists()


def test_wrong_usage_has_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    """An environment that does not exist is not guessed."""
    assert main(["--stack", "production"]) == 2
    assert "usage: scripts/env.py" in capsys.readouterr().err
