"""What Cloudflare's API may answer to a request for a credential, and where such a request goes."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from layout.access import scope_for_environment
from layout.environment import Environment
from layout.errors import CredentialsError
from layout.storage.credentials.minting import Minter, api_minter, environment_api_minter
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from tests.layout.conftest import FixedAnswer

DEV = scope_for_environment("films", Environment.DEV, write=True)
API_TOKEN = SecretStr("an-api-token-that-nobody-may-see-in-a-message")


@pytest.fixture
def by_api(settings: StorageSettings, fixed_answer: FixedAnswer) -> Minter:
    """A minter whose API is the fixed answer."""
    return api_minter(settings, API_TOKEN, api_url=fixed_answer.endpoint)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"errors": [{"code": 10003, "message": "Access Denied"}]}', "Access Denied (10003)"),
        (b"<html>", "without a reason"),
        (b"[" * 100_000, "without a reason"),
        (b'{"errors": []}', "without a reason"),
        (b'{"errors": [{"code": 1, "message": null}, 5]}', "without a reason"),
        (b'{"errors": [{"code": 1, "message": "two\\nlines\\u001b[31m"}]}', "two lines [31m (1)"),
        (
            b'{"errors": [{"code": 1, "message": "Bearer an-api-token-that-nobody-may-see-in-a-message"}]}',
            "Bearer *** (1)",
        ),
    ],
)
def test_a_refusal_repeats_cloudflares_words(
    by_api: Minter, fixed_answer: FixedAnswer, body: bytes, words: str
) -> None:
    """Status, message and code, on one line; the API token stays out, also if the answer repeats it."""
    fixed_answer.status, fixed_answer.body = 403, body
    with pytest.raises(CredentialsError) as caught:
        by_api(DEV, timedelta(minutes=1))
    assert str(caught.value) == f"Cloudflare's API refuses the temporary credential: 403, {words}."
    assert caught.value.hint == (
        "Give the API token the permission Workers R2 Storage Write, and check R2_ACCESS_KEY_ID."
    )


def test_no_answer_of_the_api(settings: StorageSettings) -> None:
    """What the system says, and the other way to mint."""
    with ThreadingHTTPServer(("127.0.0.1", 0), object) as server:  # type: ignore[arg-type]
        url = f"http://127.0.0.1:{server.server_port}"
    with pytest.raises(CredentialsError) as caught:
        api_minter(settings, API_TOKEN, api_url=url)(DEV, timedelta(minutes=1))
    assert str(caught.value) == (
        "Cloudflare's API gives no answer to the request for a temporary credential: Connection refused."
    )
    assert caught.value.hint == "Try again, or sign on this machine, which needs no request."


@pytest.mark.parametrize("status", [200, 403])
def test_an_answer_that_ends_early_is_none(by_api: Minter, fixed_answer: FixedAnswer, status: int) -> None:
    """Whether it began as a credential or as a refusal."""
    fixed_answer.status, fixed_answer.unsent = status, 100
    with pytest.raises(CredentialsError) as caught:
        by_api(DEV, timedelta(minutes=1))
    assert str(caught.value) == (
        "Cloudflare's API gives no answer to the request for a temporary credential: IncompleteRead."
    )


NULL = b'{"result": {"accessKeyId": null, "secretAccessKey": null, "sessionToken": null}}'


@pytest.mark.parametrize(
    "body", [b'{"result": {}}', b'{"result": null}', b"[]", b"<html>", b"[" * 100_000, NULL]
)
def test_an_answer_without_a_credential(by_api: Minter, fixed_answer: FixedAnswer, body: bytes) -> None:
    """Some other server is at that address."""
    fixed_answer.body = body
    with pytest.raises(CredentialsError) as caught:
        by_api(DEV, timedelta(minutes=1))
    assert str(caught.value) == "Cloudflare's API answers without 'sessionToken'."
    assert caught.value.hint == (
        "Check that CLOUDFLARE_BASE_URL is the address of Cloudflare's API, or leave it out."
    )


def test_a_redirect_is_not_followed(by_api: Minter, fixed_answer: FixedAnswer) -> None:
    """It would carry the API token to whatever address the answer names."""
    fixed_answer.status = 302
    fixed_answer.headers = {"Location": f"{fixed_answer.endpoint}/elsewhere"}
    with pytest.raises(CredentialsError) as caught:
        by_api(DEV, timedelta(minutes=1))
    assert str(caught.value) == "Cloudflare's API refuses the temporary credential: 302, without a reason."
    assert len(fixed_answer.requests) == 1


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_the_proxy_of_the_settings_is_asked_whatever_the_environment_excepts(
    settings: StorageSettings, fixed_answer: FixedAnswer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The whole address goes to the proxy, and with it the login that its own address holds."""
    monkeypatch.setenv(name, "*")
    proxy = fixed_answer.endpoint.replace("//", "//user:p%40ss@")
    behind = settings.model_copy(update={"proxy": SecretStr(proxy)})
    with pytest.raises(CredentialsError, match="without 'sessionToken'"):
        api_minter(behind, API_TOKEN, api_url="http://127.0.0.1:9")(DEV, timedelta(minutes=1))
    _, path, headers, _ = fixed_answer.requests[0]
    assert path == f"http://127.0.0.1:9/accounts/{settings.account_id}/r2/temp-access-credentials"
    assert headers["Proxy-Authorization"] == f"Basic {b64encode(b'user:p@ss').decode()}"


def test_an_api_token_with_a_line_feed_in_it_is_named_and_not_shown(settings: StorageSettings) -> None:
    """The HTTP library would quote the whole header."""
    with pytest.raises(CredentialsError) as caught:
        api_minter(settings, SecretStr("cfat_abc\n"))
    assert str(caught.value) == "The API token holds the character U+000A, which is no printable ASCII."
    assert caught.value.hint == "Set CLOUDFLARE_API_TOKEN again, to the token without anything around it."


@pytest.mark.parametrize("end", ["\n", "\r\n", " "])
def test_white_space_around_the_variables_of_the_api_does_no_harm(
    settings: StorageSettings, fixed_answer: FixedAnswer, end: str
) -> None:
    """A secret from a file ends in the line feed that an editor put there."""
    fixed_answer.body = b'{"result": {}}'
    environ = {
        "CLOUDFLARE_API_TOKEN": f"cfat_abc{end}",
        "CLOUDFLARE_BASE_URL": f"{fixed_answer.endpoint}{end}",
    }
    with pytest.raises(CredentialsError, match="without 'sessionToken'"):
        environment_api_minter(settings, environ)(DEV, timedelta(minutes=1))
    assert fixed_answer.requests[0][2]["Authorization"] == "Bearer cfat_abc"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://api.example", "is not encrypted: http://api.example"),
        ("ftp://api.example", "is not an address"),
        ("https://[::1", "is not an address"),
        ("https://api.example:99999", "is not an address"),
        ("https://api.example:abc", "is not an address"),
        ("https://api.example?token=cfat_abc", "is not an address"),
        ("https://api.example#", "is not an address"),
        ("https://cfat_abc:x@api.example", "is not an address"),
        ("api.example", "is not an address"),
        ("https://api.example/\u200b", "is not an address"),
    ],
)
def test_the_api_token_goes_to_a_safe_address_only(settings: StorageSettings, url: str, problem: str) -> None:
    """Encrypted, or to this machine."""
    with pytest.raises(CredentialsError) as caught:
        api_minter(settings, API_TOKEN, api_url=url)
    assert str(caught.value) == f"The address of Cloudflare's API {problem}."
    assert caught.value.hint == (
        "Leave CLOUDFLARE_BASE_URL out, or set it to an https address; http is for 127.0.0.1 only."
    )
