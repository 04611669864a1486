"""The command that mints credentials, and other programs with what it prints."""

from __future__ import annotations

import json
import shlex
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from scripts.credentials import main
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def parent(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, str]:
    """A token in the environment, as scripts/env.py would leave it, and nothing else."""
    return become_operator(
        cloudflare, bucket, monkeypatch, tmp_path, group="Workers R2 Storage Bucket Item Write"
    )


def _minted(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    assert main(["mint", "--format", "json", *arguments]) == 0
    content: dict[str, object] = json.loads(capsys.readouterr().out)
    return content


@pytest.mark.usefixtures("parent")
@pytest.mark.parametrize(
    ("arguments", "prefixes", "permission"),
    [
        ([], ["dev/"], "object-read-write"),
        (["--env", "prod"], ["prod/"], "object-read-write"),
        (["--user", "anna", "--read-only"], ["dev/users/anna/", "dev/games/"], "object-read-only"),
        (["--whole-bucket", "--ttl", "60m"], [], "object-read-write"),
    ],
)
def test_the_arguments_say_what_it_opens(
    capsys: pytest.CaptureFixture[str], arguments: list[str], prefixes: list[str], permission: str
) -> None:
    """An environment, a user in it, or by its name the whole bucket."""
    made = _minted(capsys, *arguments)
    assert (made["prefixes"], made["permission"]) == (prefixes, permission)


def test_the_api_mints_the_same(
    parent: dict[str, str],
    cloudflare: LocalCloudflare,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With an API token in place of the parent's secret, which need not be there; the credential works."""
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", cloudflare.api_token)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", cloudflare.api_url)
    monkeypatch.delenv("R2_SECRET_ACCESS_KEY")
    made = _minted(capsys, "--by", "api")
    client = boto3.client(
        "s3",
        endpoint_url=parent["R2_ENDPOINT"],
        region_name="auto",
        aws_access_key_id=str(made["access_key_id"]),
        aws_secret_access_key=str(made["secret_access_key"]),
        aws_session_token=str(made["session_token"]),
    )
    client.put_object(Bucket=parent["R2_BUCKET"], Key="dev/a", Body=b"x")
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket=parent["R2_BUCKET"], Key="prod/a", Body=b"x")
    client.close()
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


@pytest.mark.parametrize("place", ["variables", ".env"])
def test_the_same_line_mints_again(
    parent: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    """In one shell, for as long as its parent lives, whether that stands in variables or in `.env`."""
    if place == ".env":
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in parent.items()))
        for name in parent:
            monkeypatch.delenv(name)
    line = f'eval "$({shlex.join([sys.executable, str(ROOT / "scripts/credentials.py")])} mint --ttl 1h)"'
    script = f'{line}; echo "$AWS_SESSION_TOKEN"; sleep 1.1; {line}; echo "$AWS_SESSION_TOKEN"'
    done = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True)
    first, second = done.stdout.split()
    assert first != second
    assert done.stderr == ""


@pytest.mark.usefixtures("parent")
def test_the_output_file_is_private(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nothing of it on the terminal."""
    path = tmp_path / "credential"
    assert main(["mint", "--format", "credential-process", "--output", str(path)]) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["Version"] == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("parent")
@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            ["--whole-bucket", "--ttl", "2h"],
            "Credentials for the whole bucket cannot live 7200 seconds.",
            "Use 60 to 3,600 seconds.",
        ),
        (
            ["--ttl", "soon"],
            "The time span 'soon' is not a number followed by s, m, h or d.",
            "Use for example 90s, 15m, 12h, 7d or 0.",
        ),
        (
            ["--by", "api"],
            "CLOUDFLARE_API_TOKEN is not set, which minting by Cloudflare's API needs.",
            "Set it to a token with the permission Workers R2 Storage Write, or sign on this machine.",
        ),
    ],
)
def test_an_error_is_one_line_and_a_hint(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str, hint: str
) -> None:
    """On stderr, with status 1, and nothing on stdout that a script could take for a credential."""
    assert main(["mint", *arguments]) == 1
    assert capsys.readouterr() == ("", f"Error: {message}\nTry: {hint}\n")


@pytest.mark.parametrize(
    "arguments", [[], ["mint", "--user", "anna", "--whole-bucket"], ["mint", "--env", "production"]]
)
def test_wrong_usage_has_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is read."""
    assert main(arguments) == 2
    assert "usage: scripts/credentials.py" in capsys.readouterr().err


@pytest.mark.usefixtures("parent")
def test_interrupted_has_status_130(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one line, while Cloudflare's API does not answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "token")
        monkeypatch.setenv("CLOUDFLARE_BASE_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        command = [sys.executable, str(ROOT / "scripts/credentials.py"), "mint", "--by", "api"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            printed = process.communicate(timeout=30)
            connection.close()
    assert process.returncode == 130
    assert printed == ("", "Error: Interrupted.\nTry: Run the command again.\n")


def test_boto3_renews_through_credential_process(
    parent: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form that every AWS SDK and the AWS CLI call by themselves."""
    command = [sys.executable, str(ROOT / "scripts/credentials.py"), "mint", "--ttl", "1h"]
    config = tmp_path / "config"
    line = shlex.join([*command, "--format", "credential-process"])
    config.write_text(f"[profile films-dev]\nregion = auto\ncredential_process = {line}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    client = boto3.Session(profile_name="films-dev").client("s3", endpoint_url=parent["R2_ENDPOINT"])
    client.put_object(Bucket=parent["R2_BUCKET"], Key="dev/a", Body=b"x")
    assert client.get_object(Bucket=parent["R2_BUCKET"], Key="dev/a")["Body"].read() == b"x"
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket=parent["R2_BUCKET"], Key="prod/a")
    client.close()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.usefixtures("parent")
def test_it_runs_by_its_path_from_anywhere(tmp_path: Path) -> None:
    """A checkout is not installed."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/credentials.py"), "mint", "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("usage: scripts/credentials.py mint [-h]")
