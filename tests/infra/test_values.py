"""The forms of single config values: each wrong one is told with its key, and what YAML changed is explained."""

from collections.abc import Callable

import pytest

from infra.settings import load_settings
from layout.errors import SettingsError

ACCOUNT = "0123456789abcdef0123456789abcdef"
ENVIRON = {"CLOUDFLARE_ACCOUNT_ID": ACCOUNT}
Stack = Callable[..., None]


def refusal(environ: dict[str, str] = ENVIRON) -> str:
    """The line that the program prints about the settings."""
    with pytest.raises(SettingsError) as error:
        load_settings(environ)
    return f"{error.value} {error.value.hint or ''}".rstrip()


@pytest.mark.parametrize("value", ["1.2345678901234567e+31", "+Inf"])
def test_an_account_id_that_yaml_changed_is_explained(stack: Stack, value: str) -> None:
    """A row of digits without quotes is a number to YAML, and arrives as another one."""
    stack("dev", bucket="clips", accountId=value)
    assert refusal() == (
        f"Config r2-layout:accountId is {value!r}: YAML read an id without quotes as a number and changed it; "
        "write the id of the dashboard in quotes."
    )


@pytest.mark.parametrize(
    "origin",
    [
        "capacitor://localhost", "tauri://localhost", "ionic://localhost", "http://tauri.localhost",
        "https://xn--mnchen-3ya.example", "http://localhost:3000", "http://127.0.0.1:8080", "https://[::1]:8443",
        "https://a.example:80", "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    ],
)  # fmt: skip
def test_origins_are_accepted_as_web_views_and_browsers_send_them(stack: Stack, origin: str) -> None:
    """Native apps have schemes of their own; a port is left out only where it is the scheme's."""
    stack("prod", bucket="clips", corsOrigins=f'["{origin}"]')
    assert load_settings(ENVIRON).cors_origins == (origin,)


ORIGIN = "an origin is scheme, host and port as browsers send them, like https://app.example.com"
LIST = "a list is expected, in YAML one item a line or [a, b]"
GENERATIONS = "generations are different whole numbers from 1 upwards, at least one, like [1] or [1, 2]"
IP_RANGE = "an IP range is an address or a network without host bits, like 203.0.113.0/24"
PUNYCODE = "browsers send a host of other letters in punycode, which starts with xn--; write that"
QUOTES = (
    "YAML read a time without quotes as a date and wrote it in another form; write it in quotes, like "
    '"2030-01-31T00:00:00Z"'
)
WILDCARD = "an origin names one host; with a wildcard the pages of any site could upload"
EXPIRED = "the tokens would be expired already; set a later time and run pulumi up again"
EXPIRY = "an expiry is a UTC time written like 2030-01-31T00:00:00Z"


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("bucketOwner", "root", "bucketOwner is 'root': input should be 'dev', 'staging' or 'prod'"),
        ("storageClass", "Cold", "storageClass is 'Cold': input should be 'Standard' or 'InfrequentAccess'"),
        ("adopt", "maybe", "adopt is 'maybe': input should be a valid boolean, unable to interpret input"),
        ("corsOrigins", '["https://a.example/"]', f"corsOrigins[0] is 'https://a.example/': {ORIGIN}"),
        ("corsOrigins", '["a.example"]', f"corsOrigins[0] is 'a.example': {ORIGIN}"),
        ("corsOrigins", '["https://A.example"]', f"corsOrigins[0] is 'https://A.example': {ORIGIN}"),
        ("corsOrigins", '["https://u@a.example"]', f"corsOrigins[0] is 'https://u@a.example': {ORIGIN}"),
        (
            "corsOrigins",
            '["https://münchen.example"]',
            f"corsOrigins[0] is 'https://münchen.example': {PUNYCODE}",
        ),
        (
            "corsOrigins",
            '["https://a.example:443"]',
            "corsOrigins[0] is 'https://a.example:443': browsers leave out the port 443 of https; leave it out too",
        ),
        (
            "corsOrigins",
            '["http://a.example:80"]',
            "corsOrigins[0] is 'http://a.example:80': browsers leave out the port 80 of http; leave it out too",
        ),
        ("corsOrigins", '["https://a.example:0"]', f"corsOrigins[0] is 'https://a.example:0': {ORIGIN}"),
        (
            "corsOrigins",
            '["https://a.example:65536"]',
            f"corsOrigins[0] is 'https://a.example:65536': {ORIGIN}",
        ),
        ("corsOrigins", '["https://a..example"]', f"corsOrigins[0] is 'https://a..example': {ORIGIN}"),
        ("corsOrigins", '["http://127.1"]', f"corsOrigins[0] is 'http://127.1': {ORIGIN}"),
        ("corsOrigins", '["http://[::0:1]"]', f"corsOrigins[0] is 'http://[::0:1]': {ORIGIN}"),
        ("corsOrigins", '["null"]', f"corsOrigins[0] is 'null': {ORIGIN}"),
        ("corsOrigins", '["file://"]', f"corsOrigins[0] is 'file://': {ORIGIN}"),
        ("corsOrigins", '["https://a.example?x"]', f"corsOrigins[0] is 'https://a.example?x': {ORIGIN}"),
        ("corsOrigins", '["https://a.example "]', f"corsOrigins[0] is 'https://a.example ': {ORIGIN}"),
        ("corsOrigins", '["*"]', f"corsOrigins[0] is '*': {ORIGIN}"),
        (
            "corsOrigins",
            '["https://*.example"]',
            f"corsOrigins[0] is 'https://*.example': {WILDCARD}",
        ),
        (
            "corsOrigins",
            "https://a.example",
            f"corsOrigins is 'https://a.example': {LIST}",
        ),
        ("generations", "[]", f"generations is []: {GENERATIONS}"),
        ("generations", "[0]", f"generations is [0]: {GENERATIONS}"),
        ("generations", "[1,1]", f"generations is [1, 1]: {GENERATIONS}"),
        ("generations", "1", f"generations is '1': {LIST}"),
        ("generations", "[true]", "generations[0] is True: input should be a valid integer"),
        ("generations", '["1"]', "generations[0] is '1': input should be a valid integer"),
        ("generations", "[1.0]", "generations[0] is 1.0: input should be a valid integer"),
        ("generations", "[" * 5_000, f"generations is {'[' * 5_000!r}: {LIST}"),
        (
            "tokenIpRanges",
            '["203.0.113.0/255.255.255.0"]',
            f"tokenIpRanges[0] is '203.0.113.0/255.255.255.0': {IP_RANGE}",
        ),
        ("tokenIpRanges", '["fe80::1%eth0"]', f"tokenIpRanges[0] is 'fe80::1%eth0': {IP_RANGE}"),
        ("tokenExpiresOn", "2999-1-1T0:0:0Z", f"tokenExpiresOn is '2999-1-1T0:0:0Z': {EXPIRY}"),
        (
            "tokenExpiresOn",
            "\uff12999-01-31T00:00:00Z",
            f"tokenExpiresOn is '\uff12999-01-31T00:00:00Z': {EXPIRY}",
        ),
        ("tokenIpRanges", '["203.0.113.1/24"]', f"tokenIpRanges[0] is '203.0.113.1/24': {IP_RANGE}"),
        ("tokenIpRanges", '["home"]', f"tokenIpRanges[0] is 'home': {IP_RANGE}"),
        ("tokenExpiresOn", "2999-01-31", f"tokenExpiresOn is '2999-01-31': {EXPIRY}"),
        (
            "tokenExpiresOn",
            "2999-01-31 00:00:00 +0000 UTC",
            f"tokenExpiresOn is '2999-01-31 00:00:00 +0000 UTC': {QUOTES}",
        ),
        (
            "tokenExpiresOn",
            "2999-01-31 02:00:00.5 +0200 +0200",
            f"tokenExpiresOn is '2999-01-31 02:00:00.5 +0200 +0200': {QUOTES}",
        ),
        (
            "replaceRules",
            "[2024]",
            "replaceRules[0] is 2024: YAML read it as something else than text; write it in quotes",
        ),
        (
            "tokenExpiresOn",
            "2999-01-31T00:00:00+00:00",
            f"tokenExpiresOn is '2999-01-31T00:00:00+00:00': {EXPIRY}",
        ),
        (
            "tokenExpiresOn",
            "2020-01-31T00:00:00Z",
            f"tokenExpiresOn is '2020-01-31T00:00:00Z': {EXPIRED}",
        ),
    ],
)
def test_each_wrong_value_is_told_with_its_key_and_form(
    stack: Stack, key: str, value: str, told: str
) -> None:
    """The line names the key, shows the value and says which form is right."""
    stack("prod", **{"bucket": "clips", key: value})
    assert refusal() == f"Config r2-layout:{told}."
