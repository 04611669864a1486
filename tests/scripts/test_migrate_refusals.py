"""What scripts/migrate.py refuses, and how it says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from layout.storage.credentials.signing import Parent, sign

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.scripts.migration import Run


def test_errors_are_two_lines_or_one_json_object(run: Run) -> None:
    """What is wrong and what to do, on stderr."""
    message = "There is no plan file 'plan.sqlite'."
    hint = "Make one: scripts/migrate.py plan flat --plan FILE"
    assert run("copy") == (1, "", f"Error: {message}\nTry: {hint}\n")
    status, out, err = run("copy", "--json")
    assert (status, out, json.loads(err)) == (1, "", {"error": message, "hint": hint, "type": "PlanError"})


def test_a_credential_of_another_environment_is_refused(
    run: Run, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first request."""
    parent = Parent("0" * 32, "id", SecretStr("secret"), "127.0.0.1")
    minted = sign(parent, bucket, issued_at=0, expires_at=1, scope="object-read-only", prefixes=["prod/"])
    assert minted.session_token is not None
    monkeypatch.setenv("R2_SESSION_TOKEN", minted.session_token.get_secret_value())
    error = (
        "Error: APP_ENV is 'dev', but the credential opens 'prod/'.\n"
        "Try: Set APP_ENV to the credential's environment, or mint a credential for this one: "
        "scripts/credentials.py mint --env dev\n"
    )
    assert run("list") == (1, "", error)


def test_a_plan_of_another_endpoint_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, cloudflare: LocalCloudflare
) -> None:
    """A bucket of the same name in another account is another bucket."""
    run("plan")
    monkeypatch.setenv("R2_ENDPOINT", "http://127.0.0.1:1")
    error = (
        "Error: The plan 'plan.sqlite' is about the endpoint"
        f" {cloudflare.s3_endpoint!r}, not 'http://127.0.0.1:1'.\n"
        "Try: Check R2_ENDPOINT and CLOUDFLARE_ACCOUNT_ID, or name another plan file.\n"
    )
    assert run("copy", "--execute") == (1, "", error)


def test_a_plan_of_another_environment_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """By every command that acts on a plan; `--env` says what APP_ENV does not."""
    run("plan")
    monkeypatch.setenv("APP_ENV", "prod")
    error = (
        "Error: The plan 'plan.sqlite' is about the environment 'dev', not 'prod'.\n"
        "Try: Check APP_ENV or --env, or name another plan file.\n"
    )
    for name in ("copy", "verify", "mark", "delete"):
        assert run(name) == (1, "", error)
    assert run("copy", "--env", "dev", "--execute")[0] == 0


def test_a_bucket_that_does_not_answer_leaves_no_plan(
    run: Run, monkeypatch: pytest.MonkeyPatch, cloudflare: LocalCloudflare
) -> None:
    """The corrected command is not refused for a plan about the wrong endpoint."""
    monkeypatch.setenv("R2_ENDPOINT", "http://127.0.0.1:1")
    assert run("plan")[0] == 1
    assert not Path("plan.sqlite").exists()
    monkeypatch.setenv("R2_ENDPOINT", cloudflare.s3_endpoint)
    assert run("plan")[0] == 0


def test_a_verdict_does_not_replace_the_plan(run: Run) -> None:
    """One name for both files would end the journal of the run."""
    run("plan")
    error = (
        "Error: The file 'plan.sqlite' is not a verdict, and one would replace it.\n"
        "Try: Name another file, or remove this one.\n"
    )
    assert run("verify", "--verdict", "plan.sqlite") == (1, "", error)
    assert run("copy", "--execute")[0] == 0


def test_spreading_without_reading_is_a_usage_error(run: Run) -> None:
    """Workers read bodies, and a verification without --deep reads none."""
    run("plan")
    error = "Error: The option --scheduler spreads the reading of bodies, and without --deep none is read.\n"
    status, _, err = run("verify", "--verdict", "v.json", "--scheduler", "tcp://127.0.0.1:1")
    assert (status, err.splitlines(keepends=True)[0]) == (2, error)
