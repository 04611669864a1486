"""From the outputs of a stack to the variables of a process: nothing is taken because it is there."""

from __future__ import annotations

import json

import pytest

from layout.errors import SettingsError
from layout.stack_outputs import variables

GOOD = {
    "environment": "dev",
    "account_id": "0123456789abcdef0123456789abcdef",
    "jurisdiction": "default",
    "s3_endpoint": "http://127.0.0.1:9000",
    "bucket_name": "films",
    "backend_access_key_id": "id",
    "backend_secret_access_key": "secret",
}
ASK = "Use the answer of: pulumi stack output --json --show-secrets"


def _refusal(outputs: str) -> tuple[str, str | None]:
    with pytest.raises(SettingsError) as caught:
        variables(outputs, "dev", "backend")
    return str(caught.value), caught.value.hint


def test_what_is_of_its_form_is_taken() -> None:
    """And a session token of an older credential goes."""
    found = variables(json.dumps(GOOD), "dev", "backend")
    assert (found["R2_BUCKET"], found["R2_SECRET_ACCESS_KEY"], found["R2_SESSION_TOKEN"]) == (
        "films",
        "secret",
        None,
    )


@pytest.mark.parametrize("outputs", ["[" * 100_000, '[["environment", "dev"]]', "null", "9" * 5_000])
def test_only_an_object_is_read(outputs: str) -> None:
    """However deep or long the text is."""
    assert _refusal(outputs) == ("The stack's outputs are not an object in JSON.", ASK)


def test_a_hidden_secret_is_none() -> None:
    """Pulumi's answer without --show-secrets."""
    hidden = json.dumps(GOOD | {"backend_secret_access_key": "[secret]"})
    assert _refusal(hidden) == ("The stack's outputs hide the secret 'backend_secret_access_key'.", ASK)


@pytest.mark.parametrize("value", ["", "a\nb", "\u0000", "\ud800", "a b", "\ufeffa"])
@pytest.mark.parametrize("name", ["backend_access_key_id", "backend_secret_access_key"])
def test_a_credential_that_cannot_be_sent_is_not_written(name: str, value: str) -> None:
    """Nor shown."""
    outputs = json.dumps(GOOD | {name: value})
    assert _refusal(outputs) == (f"The output {name!r} holds something else than printable ASCII.", ASK)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("account_id", "The account id 'x\\ny' is not 32 lower-case hexadecimal characters."),
        (
            "bucket_name",
            "The bucket name 'x\\ny' is not 3 to 63 lower-case letters, digits and inner hyphens.",
        ),
        ("jurisdiction", "The jurisdiction 'x\\ny' is none of default, eu, fedramp, us."),
        ("s3_endpoint", "The endpoint 'x\\ny' is not an http or https address."),
    ],
)
def test_any_other_output_has_its_form(name: str, message: str) -> None:
    """The settings would refuse it at the next command."""
    assert _refusal(json.dumps(GOOD | {name: "x\ny"}))[0] == message
