"""Stack config that names what the account has: checked as everywhere, told with its remedy."""

from collections.abc import Callable

import pytest

from infra.settings import load_settings
from layout.errors import SettingsError

ACCOUNT = "0123456789abcdef0123456789abcdef"
Stack = Callable[..., None]


def refusal() -> str:
    """The line that the program prints about the settings."""
    with pytest.raises(SettingsError) as error:
        load_settings({"CLOUDFLARE_ACCOUNT_ID": ACCOUNT})
    return f"{error.value} {error.value.hint or ''}".rstrip()


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        (
            "jurisdiction",
            "mars",
            (
                "jurisdiction: The jurisdiction 'mars' is none of default, eu, fedramp, us. "
                "Use one of default, eu, fedramp, us."
            ),
        ),
        (
            "endpoint",
            "http://127.0.0.1:9000/x",
            (
                "endpoint: The endpoint 'http://127.0.0.1:9000/x' has a path. "
                "Use 'http://127.0.0.1:9000'; the bucket's name is a setting of its own."
            ),
        ),
        (
            "endpoint",
            "http://u:hush@127.0.0.1:9000",
            (
                "endpoint: The endpoint holds a user name or a password. "
                "Give the credential in its own settings, not in the address."
            ),
        ),
    ],
)
def test_names_of_the_account_are_told_with_their_remedy(
    stack: Stack, key: str, value: str, told: str
) -> None:
    """What the account calls its things is checked as everywhere, and the line ends with what to do."""
    stack("prod", **{"bucket": "clips", key: value})
    assert refusal() == f"Config r2-layout:{told}"


def test_an_endpoint_of_another_jurisdiction_is_refused(stack: Stack) -> None:
    """The outputs would name an endpoint that does not see the stack's bucket."""
    stack("prod", bucket="clips", jurisdiction="eu", endpoint=f"https://{ACCOUNT}.r2.cloudflarestorage.com")
    assert refusal() == (
        f"The endpoint 'https://{ACCOUNT}.r2.cloudflarestorage.com' is not that of the account '{ACCOUNT}', "
        "jurisdiction 'eu'. Leave the endpoint out, it follows from the other two: "
        f"'https://{ACCOUNT}.eu.r2.cloudflarestorage.com'. Or correct them: the endpoint names the account "
        f"'{ACCOUNT}', jurisdiction 'default'."
    )
