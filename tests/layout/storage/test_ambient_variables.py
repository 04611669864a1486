"""Variables that other tools set for stores of their own change nothing of what either client sends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, DEFAULT_S3_CONFIG_VARS

from layout.errors import SettingsError
from layout.storage.clients import object_store, s3_client
from layout.storage.settings import StorageSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.layout.conftest import FixedAnswer

# obstore 0.12.1: object_store 0.14.2, aws/builder.rs, every name that is read with AWS_ before it; those that no
# argument undoes are in REFUSED.
OBSTORE = [
    "ACCESS_KEY_ID",
    "SECRET_ACCESS_KEY",
    "SESSION_TOKEN",
    "TOKEN",
    "DEFAULT_REGION",
    "REGION",
    "BUCKET",
    "BUCKET_NAME",
    "ENDPOINT",
    "ENDPOINT_URL",
    "ENDPOINT_URL_S3",
    "ENDPOINT_URL_STS",
    "VIRTUAL_HOSTED_STYLE_REQUEST",
    "S3_EXPRESS",
    "IMDSV1_FALLBACK",
    "METADATA_ENDPOINT",
    "UNSIGNED_PAYLOAD",
    "CONTAINER_CREDENTIALS_RELATIVE_URI",
    "CONTAINER_CREDENTIALS_FULL_URI",
    "CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "WEB_IDENTITY_TOKEN_FILE",
    "ROLE_ARN",
    "ROLE_SESSION_NAME",
    "SKIP_SIGNATURE",
    "COPY_IF_NOT_EXISTS",
    "CONDITIONAL_PUT",
    "DISABLE_TAGGING",
    "DISABLE_BULK_DELETE",
    "REQUEST_PAYER",
    "ALLOW_HTTP",
    "ALLOW_INVALID_CERTIFICATES",
    "DISABLE_SYSTEM_CERTIFICATES",
    "CONNECT_TIMEOUT",
    "READ_TIMEOUT",
    "TIMEOUT",
    "DEFAULT_CONTENT_TYPE",
    "HTTP1_ONLY",
    "HTTP2_ONLY",
    "HTTP2_KEEP_ALIVE_INTERVAL",
    "HTTP2_KEEP_ALIVE_TIMEOUT",
    "HTTP2_KEEP_ALIVE_WHILE_IDLE",
    "HTTP2_MAX_FRAME_SIZE",
    "POOL_IDLE_TIMEOUT",
    "POOL_MAX_IDLE_PER_HOST",
    "PROXY_URL",
    "PROXY_CA_CERTIFICATE",
    "PROXY_EXCLUDES",
    "RANDOMIZE_ADDRESSES",
    "USER_AGENT",
]
REFUSED = (
    "AWS_CHECKSUM_ALGORITHM",
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_BUCKET_KEY_ENABLED",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
    "AWS_SSE_KMS_KEY_ID",
)
# botocore 1.44.5 outside of its configuration, urllib's and reqwest's proxies, requests' certificates.
OTHERS = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_BEARER_TOKEN_S3",
    "AWS_EXECUTION_ENV",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CREDENTIAL_FILE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "_X_AMZN_TRACE_ID",
    "BOTO_CONFIG",
    "BOTO_DISABLE_CRT",
    "BOTOCORE_EXPERIMENTAL__PLUGINS",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
]


def _botocore() -> Iterator[str]:
    """The variables of botocore's two tables, as the installed version has them."""
    for table in (BOTOCORE_DEFAUT_SESSION_VARIABLES, DEFAULT_S3_CONFIG_VARS):
        for _, names, _, _ in table.values():
            yield from [names] if isinstance(names, str) else names or ()


FOREIGN = sorted({*(f"AWS_{name}" for name in OBSTORE), *_botocore(), *OTHERS})
CHANGING = {"authorization", "x-amz-date", "amz-sdk-invocation-id"}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's own do not count."""
    for name in os.environ:
        if name.upper().endswith("_PROXY") or name.startswith(("AWS_", "BOTO")):
            monkeypatch.delenv(name)


@pytest.fixture
def answered(settings: StorageSettings, fixed_answer: FixedAnswer) -> StorageSettings:
    """Settings whose endpoint is the fixed answer, by a name that a proxy's exceptions would have to know."""
    fixed_answer.headers = {"ETag": '"e"', "Last-Modified": "Mon, 04 May 2026 03:02:01 GMT"}
    return settings.model_copy(update={"endpoint": fixed_answer.endpoint.replace("127.0.0.1", "localhost")})


def _sent(settings: StorageSettings, fixed_answer: FixedAnswer) -> Any:
    """What both clients send for a write, a read and a copy, and the address that boto3 signs."""
    fixed_answer.requests.clear()
    client, store = s3_client(settings), object_store(settings)
    client.put_object(Bucket="films", Key="dev/a", Body=b"b")
    client.head_object(Bucket="films", Key="dev/a")
    store.put("dev/a", b"b", use_multipart=False)
    store.head("dev/a")
    store.copy("dev/a", "dev/b", overwrite=False)
    url = client.generate_presigned_url("get_object", {"Bucket": "films", "Key": "dev/a"})
    requests = [
        (method, path, {name: value for name, value in headers.items() if name.lower() not in CHANGING}, body)
        for method, path, headers, body in fixed_answer.requests
    ]
    return requests, url.partition("?")[0], sorted(part.partition("=")[0] for part in url.split("&"))


@pytest.mark.parametrize("value", ["http://127.0.0.1:9", "true", "weird", "1"])
def test_all_foreign_variables_together_change_nothing(
    answered: StorageSettings, fixed_answer: FixedAnswer, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    """Not the address, the headers or the body, of either client."""
    expected = _sent(answered, fixed_answer)
    for name in FOREIGN:
        monkeypatch.setenv(name, value)
    assert _sent(answered, fixed_answer) == expected


@pytest.mark.parametrize("name", FOREIGN)
def test_no_foreign_variable_changes_anything(
    answered: StorageSettings, fixed_answer: FixedAnswer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each alone, since one could hide what another does."""
    expected = _sent(answered, fixed_answer)
    monkeypatch.setenv(
        name, "http://127.0.0.1:9" if name.upper().endswith(("PROXY", "URL", "S3")) else "weird"
    )
    assert _sent(answered, fixed_answer) == expected


def test_files_of_aws_change_nothing(
    answered: StorageSettings, fixed_answer: FixedAnswer, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Neither credentials nor an endpoint, nor another description of the service."""
    expected = _sent(answered, fixed_answer)
    folder = tmp_path / ".aws"
    (folder / "models" / "s3" / "2006-03-01").mkdir(parents=True)
    (folder / "config").write_text("[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:9\n")
    (folder / "credentials").write_text("[default]\naws_access_key_id = a\naws_secret_access_key = b\n")
    (folder / "models" / "s3" / "2006-03-01" / "service-2.json").write_text("{}")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _sent(answered, fixed_answer) == expected


@pytest.mark.parametrize("name", REFUSED)
def test_a_variable_that_no_argument_undoes_is_refused_by_name(
    answered: StorageSettings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its value, which may be a key, is not shown."""
    monkeypatch.setenv(name, "AES256")
    with pytest.raises(SettingsError) as caught:
        object_store(answered)
    assert str(caught.value) == (
        f"{name} is set for another tool: obstore would send every object with it, and R2 would refuse or change them."
    )
    assert caught.value.hint == f"Unset it for this process: env -u {name} COMMAND"


def test_the_proxy_of_the_settings_is_used(
    fixed_answer: FixedAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By both clients, whatever variables except from it: a request to a proxy names the whole address."""
    for name in ("NO_PROXY", "no_proxy", "AWS_PROXY_EXCLUDES"):
        monkeypatch.setenv(name, "*,127.0.0.1")
    fixed_answer.headers = {"ETag": '"e"'}
    behind = StorageSettings(
        endpoint="http://127.0.0.1:9",
        bucket="films",
        access_key_id="id",
        secret_access_key="secret",
        proxy=fixed_answer.endpoint,
    )
    s3_client(behind).put_object(Bucket="films", Key="dev/a", Body=b"b")
    object_store(behind).put("dev/a", b"b", use_multipart=False)
    assert [request[1] for request in fixed_answer.requests] == ["http://127.0.0.1:9/films/dev/a"] * 2
