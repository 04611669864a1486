"""Temporary credentials: their form, and when they are refused."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from local_cloudflare.r2.auth.access import Permission
from local_cloudflare.r2.auth.temporary import TemporaryCredential, decode, mint
from local_cloudflare.r2.protocol.errors import S3Error

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2


def test_a_minted_credential_has_the_documented_form() -> None:
    """Session token base64("jwt/" + JWT), secret SHA-256 of the JWT, HMAC key the parent's secret as text."""
    secret = "ab" * 32
    minted = mint(
        account_id="account", parent_access_key_id="parent", parent_secret_access_key=secret,
        audience="account.r2.cloudflarestorage.com", bucket="files", lifetime=timedelta(minutes=15),
        now=datetime(2026, 1, 1, tzinfo=UTC), permission=Permission.OBJECT_READ_ONLY, prefixes=["data/"],
    )  # fmt: skip
    marker, _, jwt = base64.b64decode(minted.session_token).decode().partition("/")
    header, payload, signature = jwt.split(".")
    assert marker == "jwt"
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode() == (
        '{"bucket":"files","scope":"object-read-only","paths":{"prefixPaths":["data/"],"objectPaths":[]},'
        '"sub":"account","iss":"parent","aud":"account.r2.cloudflarestorage.com",'
        '"iat":1767225600,"exp":1767226500}'
    )
    expected = hmac.digest(secret.encode(), f"{header}.{payload}".encode(), "sha256")
    assert base64.urlsafe_b64decode(signature + "=") == expected
    assert minted.secret_access_key == hashlib.sha256(jwt.encode()).hexdigest()
    assert minted.access_key_id == "parent"
    assert minted.expires == datetime(2026, 1, 1, 0, 15, tzinfo=UTC)


def test_secrets_are_not_shown(r2: "LocalR2", bucket: str) -> None:
    """Neither a credential nor its claims print what signs requests."""
    minted = r2.temporary(bucket)
    text = f"{minted} {decode(minted.session_token)} {r2.admin}"
    for secret in (minted.secret_access_key, minted.session_token, r2.admin.secret_access_key):
        assert secret not in text


def test_permission_and_actions_exclude_each_other() -> None:
    """Whoever mints must choose."""
    with pytest.raises(ValueError, match="give either permission or actions") as caught:
        mint(
            account_id="a", parent_access_key_id="p", parent_secret_access_key="s", audience="h", bucket="b",
            lifetime=timedelta(minutes=1), now=datetime(2026, 1, 1, tzinfo=UTC),
        )  # fmt: skip
    assert str(caught.value) == "give either permission or actions, not permission=None with ()"


def forged(minted: TemporaryCredential, parent_secret: str, **changes: Any) -> TemporaryCredential:
    """The same credential with other claims, signed anew; a claim of None is left out."""
    jwt = base64.b64decode(minted.session_token).decode().removeprefix("jwt/")
    header, payload, _ = jwt.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))) | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    signature = hmac.digest(parent_secret.encode(), f"{header}.{payload}".encode(), "sha256")
    jwt = f"{header}.{payload}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    return replace(
        minted,
        session_token=base64.b64encode(f"jwt/{jwt}".encode()).decode(),
        secret_access_key=hashlib.sha256(jwt.encode()).hexdigest(),
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sub": "0" * 32}, "the session token is of the account '00000000000000000000000000000000'"),
        ({"aud": "elsewhere.example"}, "the session token is meant for the host 'elsewhere.example'"),
        ({"iat": 32_503_680_000, "exp": 32_503_680_100}, "the session token is from the future"),
        ({"iat": 0}, "the session token lives longer than 7 days"),
    ],
)
def test_wrong_claims_are_unauthorized(r2: "LocalR2", bucket: str, changes: Any, reason: str) -> None:
    """Even if they are signed with the parent's secret; the log says why."""
    made = forged(r2.temporary(bucket), r2.admin.secret_access_key, **changes)
    reply = r2.send("GET", f"/{bucket}/key", credential=made)
    assert reply.status == 401
    assert b"<Code>Unauthorized</Code>" in reply.body
    assert list(r2.server.requests)[-1].reason == reason


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": ["GetObject"]},
        {"scope": None},
        {"scope": None, "actions": ["FlyToTheMoon"]},
        {"scope": "everything"},
        {"bucket": 5},
        {"paths": {"prefixPaths": "dev/"}},
        {"paths": {"prefixPath": ["dev/"]}},
        {"paths": {"prefixPaths": ["dev/"], "prefixes": ["dev/"]}},
        {"paths": []},
        {"paths": False},
        {"prefixPaths": ["dev/"]},
        {"nbf": 2_000_000_000},
        {"exp": "soon"},
    ],
)
def test_malformed_claims_are_an_invalid_argument(r2: "LocalR2", bucket: str, changes: Any) -> None:
    """`scope` together with `actions` is refused too."""
    made = forged(r2.temporary(bucket), r2.admin.secret_access_key, **changes)
    reply = r2.send("GET", f"/{bucket}/key", credential=made)
    assert reply.status == 400
    assert b"<Code>InvalidArgument</Code><Message>X-Amz-Security-Token</Message>" in reply.body


HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256"}').rstrip(b"=")


@pytest.mark.parametrize(
    "token",
    [
        *("", "no base64!", "amd0", base64.b64encode(b"jwt/a.b.c").decode()),
        base64.b64encode(b"jwt/" + HEADER).decode(),
        base64.b64encode(b"jwt/" + HEADER + b".e30.a.b").decode(),
    ],
)
def test_what_is_no_session_token_is_an_invalid_argument(token: str) -> None:
    """Nothing but the documented form is read."""
    with pytest.raises(S3Error) as caught:
        decode(token)
    assert str(caught.value) == "400 InvalidArgument: X-Amz-Security-Token"


def test_a_tampered_token_is_unauthorized(r2: "LocalR2", bucket: str) -> None:
    """Claims that were not signed with the parent's secret open nothing."""
    made = forged(r2.temporary(bucket), "another secret")
    assert r2.send("GET", f"/{bucket}/key", credential=made).status == 401


def test_a_temporary_credential_expires(own: "LocalR2") -> None:
    """401, as R2's table says of credentials that have expired."""
    name = own.bucket().name
    minted = own.temporary(name, lifetime=timedelta(minutes=1))
    assert own.send("GET", f"/{name}", credential=minted).status == 200
    own.clock.advance(timedelta(minutes=2))
    assert own.send("GET", f"/{name}", credential=minted).status == 401


def test_the_end_of_the_parent_is_the_end_of_its_children(r2: "LocalR2", bucket: str) -> None:
    """There is no other way to revoke a temporary credential."""
    parent = r2.credential()
    minted = r2.temporary(bucket, parent)
    assert r2.send("GET", f"/{bucket}", credential=minted).status == 200
    r2.credentials[parent.access_key_id] = replace(parent, active=False)
    assert r2.send("GET", f"/{bucket}", credential=minted).status == 401


def test_presigned_urls_carry_the_session_token(r2: "LocalR2", bucket: str) -> None:
    """A holder of a temporary credential can hand out URLs."""
    minted = r2.temporary(bucket, prefixes=["dev/"])
    assert r2.send("PUT", f"/{bucket}/dev/a", body=b"x", credential=minted, expires=60).status == 200
    assert r2.send("GET", f"/{bucket}/prod/a", credential=minted, expires=60).status == 403
