"""Secrets planted in every variable, in every form that people paste: no output, error or log shows them."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from layout.access import scope_for_environment
from layout.command.main import main
from layout.environment import Environment
from layout.errors import LayoutError
from layout.keys import r2_key
from layout.storage.credentials.minting import environment_api_minter, local_minter
from layout.storage.credentials.signing import Parent, sign
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_cloudflare.cloudflare import LocalCloudflare

PLANTED = "pLaNtEd"
FORMS = [
    f"{PLANTED}0123456789abcdef",
    f"{PLANTED}\n{PLANTED}",
    f"{PLANTED}\r\nx-injected: {PLANTED}",
    f"{PLANTED} {PLANTED}",
    f"{PLANTED}é",
    f"\u200b{PLANTED}",
    f"\ufeff{PLANTED}",
    f"{PLANTED}\udcff",
    f"'{PLANTED}\"${{HOME}}",
    f"%s%({PLANTED})s{{{PLANTED}}}",
]
VARIABLES: dict[str, Callable[[str], str]] = {
    "R2_SECRET_ACCESS_KEY": lambda secret: secret,
    "R2_SESSION_TOKEN": lambda secret: secret,
    "CLOUDFLARE_API_TOKEN": lambda secret: secret,
    "R2_PROXY": lambda secret: f"http://user:{secret}@127.0.0.1:9",
    "R2_ENDPOINT": lambda secret: f"http://user:{secret}@127.0.0.1:9",
    "CLOUDFLARE_BASE_URL": lambda secret: f"http://user:{secret}@127.0.0.1:9",
}
COMMANDS = {
    "list": ["migrate", "list"],
    "plan": ["migrate", "plan", "flat", "--plan", "plan.sqlite"],
    "mint": ["credentials", "mint", "--env", "dev"],
    "mint by api": ["credentials", "mint", "--env", "dev", "--by", "api"],
}
# Through a proxy that is not there a request to the bucket is repeated for long; minting asks once.
WITHOUT_REQUESTS_TO_THE_BUCKET = ("mint", "mint by api")


@pytest.fixture(autouse=True)
def _settings(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Good settings, in which one is spoilt at a time."""
    become_operator(cloudflare, bucket, monkeypatch, tmp_path, group="Workers R2 Storage Bucket Item Write")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", cloudflare.api_token)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", cloudflare.api_url)


def _commands(variable: str) -> list[list[str]]:
    names = WITHOUT_REQUESTS_TO_THE_BUCKET if variable == "R2_PROXY" else COMMANDS
    return [COMMANDS[name] for name in names]


@pytest.mark.parametrize("form", FORMS, ids=ascii)
@pytest.mark.parametrize("variable", VARIABLES)
def test_no_command_shows_a_secret(
    variable: str,
    form: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """On stdout, on stderr, or in what the libraries log at their most talkative."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(variable, VARIABLES[variable](form))
    for command in _commands(variable):
        main(command)
        printed = capfd.readouterr()
        assert PLANTED not in printed.out + printed.err + caplog.text
        caplog.clear()


@pytest.mark.parametrize("form", FORMS[:-1], ids=ascii)
def test_a_secret_in_a_file_stays_there_too(
    form: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Read from .env, by the same commands."""
    monkeypatch.delenv("R2_SECRET_ACCESS_KEY")
    Path(".env").write_bytes(f"R2_SECRET_ACCESS_KEY='{form}'\n".encode(errors="surrogateescape"))
    for command in COMMANDS.values():
        main(command)
    printed = capfd.readouterr()
    assert PLANTED not in printed.out + printed.err


def _outputs(secret: str) -> str:
    names = ("account_id", "jurisdiction", "s3_endpoint", "bucket_name", "backend_access_key_id")
    return json.dumps(
        {"environment": "dev", **dict.fromkeys(names, "x"), "backend_secret_access_key": secret}
    )


@pytest.mark.parametrize("spoilt", ["", "]", "\n\n{", "\x00"])
@pytest.mark.parametrize("form", [form for form in FORMS if form.isprintable()], ids=ascii)
def test_env_writes_the_secret_and_shows_none(
    spoilt: str, form: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither of good outputs nor of damaged ones."""
    Path("outputs.json").write_text(_outputs(form) + spoilt, encoding="utf-8")
    main(["env", "--stack", "dev", "--outputs", "outputs.json"])
    printed = capfd.readouterr()
    assert PLANTED not in printed.out + printed.err


def test_what_pulumi_says_is_passed_on_without_secrets(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Another program's words may quote what it was given."""
    cli = tmp_path / "pulumi"
    cli.write_text('#!/bin/sh\necho "error: not logged in with $PULUMI_ACCESS_TOKEN" >&2\nexit 1\n')
    cli.chmod(0o755)
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", f"pul-{PLANTED}")
    main(["env", "--stack", "dev", "--pulumi", str(cli)])
    printed = capfd.readouterr()
    assert printed.err == (
        "Error: Pulumi does not tell the outputs of the stack 'dev': error: not logged in with ***\n"
        "Try: Log in to the stack's backend first, or bring the stack up.\n"
    )


@pytest.mark.parametrize("login", [f"user:{PLANTED}", PLANTED, f"user:{PLANTED}@corp"])
def test_the_login_of_an_address_is_none_of_the_words_that_are_passed_on(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, login: str
) -> None:
    """Pulumi names where it keeps its state, in words that need not be text in UTF-8."""
    cli = tmp_path / "pulumi"
    cli.write_text('#!/bin/sh\nprintf "error: \\377 cannot open $PULUMI_BACKEND_URL\\n" >&2\nexit 1\n')
    cli.chmod(0o755)
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"postgres://{login}@db.example/pulumi?sslmode=disable")
    main(["env", "--stack", "dev", "--pulumi", str(cli)])
    assert capfd.readouterr().err.splitlines()[0] == (
        "Error: Pulumi does not tell the outputs of the stack 'dev': error: \ufffd cannot open"
        " postgres://***@db.example/pulumi?sslmode=disable"
    )


def _planted_session_token(cloudflare: LocalCloudflare, bucket: str) -> str:
    """One of the right form that no secret signed: what R2 refuses at the first request."""
    secret = SecretStr(f"{PLANTED}00" * 8)
    parent = Parent(cloudflare.account_id, "f" * 32, secret, cloudflare.s3_endpoint.partition("//")[2])
    signed = sign(
        parent,
        bucket,
        issued_at=1_700_000_000,
        expires_at=4_000_000_000,
        scope="object-read-write",
        prefixes=(),
    )
    assert signed.session_token is not None
    return signed.session_token.get_secret_value()


def test_no_error_or_log_of_the_api_shows_a_secret(
    cloudflare: LocalCloudflare,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whole tracebacks, with the errors of the libraries behind ours, and everything that is logged."""
    caplog.set_level(logging.DEBUG)
    token = _planted_session_token(cloudflare, bucket)
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", FORMS[0])
    monkeypatch.setenv("R2_SESSION_TOKEN", token)
    settings = load_settings()
    storage, key = R2Storage(settings), r2_key("a", "x", "p", environment=Environment.DEV)
    scope = scope_for_environment(bucket, Environment.DEV, write=True)
    minute = timedelta(minutes=1)
    uses: list[Callable[[], object]] = [
        lambda: storage.put(key, b"x"),
        lambda: storage.get(key),
        lambda: storage.get_object_info(key),
        lambda: storage.create(key, b"x"),
        lambda: storage.delete_file(key),
        lambda: list(storage.list_files("dev/")),
        lambda: local_minter(settings)(scope, minute),
        lambda: environment_api_minter(
            settings, {"CLOUDFLARE_API_TOKEN": PLANTED, "CLOUDFLARE_BASE_URL": "x"}
        ),
        lambda: storage.presign_put(key, lifetime=timedelta(days=9), content_type="x/y", size=4),
    ]
    for use in uses:
        with pytest.raises(LayoutError) as caught:
            use()
        shown = (
            "".join(traceback.format_exception(caught.value)) + repr(settings) + repr(storage.credentials())
        )
        for secret in (PLANTED, token):
            assert secret not in shown + caplog.text
        caplog.clear()
