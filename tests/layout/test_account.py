"""What the names of an account look like, and how they agree."""

from __future__ import annotations

import pytest

from layout.account import (
    JURISDICTIONS,
    check_account_id,
    check_bucket_name,
    check_endpoint,
    check_endpoint_agrees,
    check_jurisdiction,
    default_endpoint,
)
from layout.errors import SettingsError

A = "a" * 32
F = "f" * 32
R2 = "r2.cloudflarestorage.com"
BUCKET_IS_A_SETTING = "the bucket's name is a setting of its own."
FORM = f"Use an address such as 'https://<account id>.{R2}', without anything around it."
ACCOUNTS_OWN = f"Use 'https://<account id>.{R2}'; {BUCKET_IS_A_SETTING}"
# What editors, shells and copying leave around a value.
AROUND = ["{}\n", "{}\r\n", " {}", "{} ", "\t{}", "{}\u00a0", "\ufeff{}", "{}\u200b", "{}\0"]


@pytest.mark.parametrize("account_id", [A, "0123456789abcdef0123456789abcdef"])
def test_account_ids(account_id: str) -> None:
    """An account id is 32 lower-case hexadecimal characters."""
    assert check_account_id(account_id) == account_id


@pytest.mark.parametrize(
    "account_id", ["", A[1:], f"{A}a", "A" * 32, "g" * 32, *(f.format(A) for f in AROUND)]
)
def test_no_account_ids(account_id: str) -> None:
    """Anything else is refused, and shown."""
    with pytest.raises(SettingsError) as caught:
        check_account_id(account_id)
    assert str(caught.value) == f"The account id {account_id!r} is not 32 lower-case hexadecimal characters."
    assert caught.value.hint == "Copy it from the Cloudflare dashboard, R2, Account details."


@pytest.mark.parametrize("name", ["abc", "a-b", "0-0", "a" * 63])
def test_bucket_names(name: str) -> None:
    """A bucket's name has 3 to 63 lower-case letters, digits and inner hyphens."""
    assert check_bucket_name(name) == name


@pytest.mark.parametrize(
    "name",
    ["", "ab", "a" * 64, "-ab", "ab-", "Abc", "a.b", "a_b", "a/b", "*", *(f.format("films") for f in AROUND)],
)
def test_no_bucket_names(name: str) -> None:
    """Anything else is refused, and shown."""
    with pytest.raises(SettingsError) as caught:
        check_bucket_name(name)
    assert str(caught.value) == (
        f"The bucket name {name!r} is not 3 to 63 lower-case letters, digits and inner hyphens."
    )
    assert caught.value.hint == "Use the name as the R2 dashboard shows it."


@pytest.mark.parametrize("jurisdiction", JURISDICTIONS)
def test_jurisdictions(jurisdiction: str) -> None:
    """The names that R2 knows are taken."""
    assert check_jurisdiction(jurisdiction) == jurisdiction


@pytest.mark.parametrize("jurisdiction", ["", "EU", "mars", *(f.format("eu") for f in AROUND)])
def test_no_jurisdictions(jurisdiction: str) -> None:
    """Any other is refused, with those that there are."""
    with pytest.raises(SettingsError) as caught:
        check_jurisdiction(jurisdiction)
    assert str(caught.value) == f"The jurisdiction {jurisdiction!r} is none of default, eu, fedramp, us."
    assert caught.value.hint == "Use one of default, eu, fedramp, us."


@pytest.mark.parametrize(
    ("jurisdiction", "host"),
    [
        ("default", f"{A}.{R2}"),
        ("eu", f"{A}.eu.{R2}"),
        ("fedramp", f"{A}.fedramp.{R2}"),
        ("us", f"{A}.us.{R2}"),
    ],
)
def test_default_endpoints(jurisdiction: str, host: str) -> None:
    """Each jurisdiction has a host of its own, which passes its own checks."""
    endpoint = default_endpoint(A, jurisdiction)
    assert endpoint == f"https://{host}"
    assert check_endpoint(endpoint) == endpoint
    check_endpoint_agrees(endpoint, A, jurisdiction)


@pytest.mark.parametrize(
    ("endpoint", "taken"),
    [
        ("https://r2.example", "https://r2.example"),
        ("https://r2.example:8443", "https://r2.example:8443"),
        ("http://127.0.0.1:9000/", "http://127.0.0.1:9000"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        (f"https://{A}.{R2}:443/", f"https://{A}.{R2}:443"),
    ],
)
def test_endpoints(endpoint: str, taken: str) -> None:
    """An endpoint is scheme, host and port; the slash that clients add themselves is dropped."""
    assert check_endpoint(endpoint) == taken


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "r2.example",
        "ftp://r2.example",
        "https://",
        "https://:443",
        "https://r2.example:0",
        "https://r2.example:65536",
        "https://r2.example:port",
        "http://[::1",
        "https://r2.éxample",
        "https://r2. example",
        "https://r2..example",
        "https://-r2.example",
        "https://r2_example",
        "https://%41",
        "https://{account}.example",
        f"https://{'a' * 64}.example",
        *(f.format("https://r2.example") for f in AROUND),
    ],
)
def test_no_addresses(endpoint: str) -> None:
    """What is no address is refused, and so is an address with anything around it."""
    with pytest.raises(SettingsError) as caught:
        check_endpoint(endpoint)
    assert str(caught.value) == f"The endpoint {endpoint!r} is not an http or https address."
    assert caught.value.hint == FORM


@pytest.mark.parametrize(
    ("endpoint", "fault", "hint"),
    [
        ("https://x/films", "has a path", f"Use 'https://x'; {BUCKET_IS_A_SETTING}"),
        ("https://x//", "has a path", f"Use 'https://x'; {BUCKET_IS_A_SETTING}"),
        ("https://x?region=auto", "has a path", f"Use 'https://x'; {BUCKET_IS_A_SETTING}"),
        ("https://x/?", "has a path", f"Use 'https://x'; {BUCKET_IS_A_SETTING}"),
        ("https://x#", "has a path", f"Use 'https://x'; {BUCKET_IS_A_SETTING}"),
        ("http://r2.example", "is not encrypted", "Use https; http is for 127.0.0.1 only."),
        (
            "https://pub-0123456789.r2.dev",
            "is a bucket's public address, which does not speak S3",
            ACCOUNTS_OWN,
        ),
        (f"https://{R2}", "names no account", ACCOUNTS_OWN),
        (f"https://films.{R2}", "names no account", ACCOUNTS_OWN),
        (f"https://{A.upper()}0.{R2}", "names no account", ACCOUNTS_OWN),
        (
            f"https://{A}.mars.{R2}",
            "names the jurisdiction 'mars', which is none of eu, fedramp, us",
            "Correct it; the endpoint of a bucket without a jurisdiction names none.",
        ),
        (
            f"https://films.{A}.{R2}",
            "has a bucket's name before the account",
            f"Use 'https://{A}.{R2}'; {BUCKET_IS_A_SETTING}",
        ),
        (
            f"https://my.films.{A}.eu.{R2}.",
            "has a bucket's name before the account",
            f"Use 'https://{A}.eu.{R2}'; {BUCKET_IS_A_SETTING}",
        ),
    ],
)
def test_no_endpoints(endpoint: str, fault: str, hint: str) -> None:
    """An address that is no S3 endpoint is refused with what it is and what to use."""
    with pytest.raises(SettingsError) as caught:
        check_endpoint(endpoint)
    assert (str(caught.value), caught.value.hint) == (f"The endpoint {endpoint!r} {fault}.", hint)


@pytest.mark.parametrize("endpoint", ["https://id:hush@x", "https://hush@x/films", "http://hush@x"])
def test_a_credential_in_the_endpoint(endpoint: str) -> None:
    """An address with a credential is refused without being shown."""
    with pytest.raises(SettingsError) as caught:
        check_endpoint(endpoint)
    assert str(caught.value) == "The endpoint holds a user name or a password."
    assert caught.value.hint == "Give the credential in its own settings, not in the address."


def test_a_credential_in_what_is_no_address() -> None:
    """A text that cannot be read is not shown if it may hold a credential."""
    with pytest.raises(SettingsError) as caught:
        check_endpoint("id:hush@x")
    assert (str(caught.value), caught.value.hint) == ("The endpoint is not an http or https address.", FORM)


@pytest.mark.parametrize(
    ("endpoint", "account_id", "jurisdiction"),
    [
        (f"https://{A}.{R2}", A, "default"),
        (f"https://{A.upper()}.EU.{R2.upper()}", A, "eu"),
        (f"https://{A}.us.{R2}", None, "us"),
        ("http://127.0.0.1:9000", A, "eu"),
        ("https://r2.example", A, "eu"),
    ],
)
def test_what_agrees(endpoint: str, account_id: str | None, jurisdiction: str) -> None:
    """An endpoint of this account and jurisdiction is taken, and one of which nothing is known."""
    check_endpoint_agrees(endpoint, account_id, jurisdiction)


@pytest.mark.parametrize(
    ("account", "place", "account_id", "jurisdiction", "told", "right"),
    [
        (A, "", A, "eu", f"the account '{A}', jurisdiction 'eu'", f"https://{A}.eu.{R2}"),
        (A, ".eu", A, "default", f"the account '{A}', jurisdiction 'default'", f"https://{A}.{R2}"),
        (F, "", A, "default", f"the account '{A}', jurisdiction 'default'", f"https://{A}.{R2}"),
        (F, ".us", A, "eu", f"the account '{A}', jurisdiction 'eu'", f"https://{A}.eu.{R2}"),
        (F, ".us", None, "eu", "jurisdiction 'eu'", f"https://{F}.eu.{R2}"),
    ],
)
def test_what_contradicts(
    account: str, place: str, account_id: str | None, jurisdiction: str, told: str, right: str
) -> None:
    """An endpoint of another account or jurisdiction is refused, with both sides and the right endpoint."""
    endpoint = f"https://{account}{place}.{R2}"
    with pytest.raises(SettingsError) as caught:
        check_endpoint_agrees(endpoint, account_id, jurisdiction)
    assert str(caught.value) == f"The endpoint {endpoint!r} is not that of {told}."
    assert caught.value.hint == (
        f"Leave the endpoint out, it follows from the other two: {right!r}. Or correct them: the endpoint names "
        f"the account {account!r}, jurisdiction {place[1:] or 'default'!r}."
    )
