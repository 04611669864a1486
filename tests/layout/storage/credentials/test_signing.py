"""The form of a temporary credential, compared with what Cloudflare's documented code makes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from layout.errors import CredentialsError
from layout.storage.credentials.signing import Parent, sign
from local_cloudflare.r2.auth.access import Permission
from local_cloudflare.r2.auth.temporary import mint

ACCOUNT = "0123456789abcdef0123456789abcdef"
PARENT_ID = "fedcba9876543210fedcba9876543210"
R2_HOST = f"{ACCOUNT}.r2.cloudflarestorage.com"
HEADER = '{"alg":"HS256","typ":"JWT"}'
ISSUED = 1_790_000_000


@dataclass(frozen=True)
class Vector:
    """What the example of `r2/examples/authenticate-r2-temp-credentials` makes.

    Computed with the example's own library (jose 6.2.17 on Node) from the parent secret below, and a second
    time with openssl; neither knows this project's code.
    """

    claims: str
    signature: str
    secret_access_key: str

    @property
    def session_token(self) -> str:
        """base64("jwt/" + JWT)."""
        parts = [
            base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (HEADER, self.claims)
        ]
        return base64.b64encode(f"jwt/{'.'.join(parts)}.{self.signature}".encode()).decode()


IDENTITY = f'"sub":"{ACCOUNT}","iss":"{PARENT_ID}"'
PREFIX_SCOPE = Vector(
    claims='{"bucket":"films","scope":"object-read-only",'
    '"paths":{"prefixPaths":["dev/users/ä b/"],"objectPaths":[]},'
    f'{IDENTITY},"aud":"{R2_HOST}","iat":1790000000,"exp":1790000900}}',
    signature="ngCM5F_IcKiUcTcR7MeXE1QZa0siQIziSIaEcGu2ti0",
    secret_access_key="ec2ca386845551d79f7b145146344e2257d150c7dba5df1d10fcd5636e6cc8cd",
)
ACTIONS = Vector(
    claims='{"bucket":"films","actions":["GetObject","HeadObject"],'
    '"paths":{"prefixPaths":["data/"],"objectPaths":["shared/manifest.json"]},'
    f'{IDENTITY},"aud":"127.0.0.1:9000","iat":1790000000,"exp":1790003600}}',
    signature="WC5AIG9LLIucw3K-xXZnyTjGZ92rgfs5NeZgDk7igjU",
    secret_access_key="7bfd6bf847778f7abf8ec360f1f53e56d879590b6a1b143023665dc442608f9f",
)
WHOLE_BUCKET = Vector(
    claims='{"bucket":"films","scope":"object-read-write",'
    f'{IDENTITY},"aud":"{R2_HOST}","iat":1790000000,"exp":1790003600}}',
    signature="5ONeO0Qk9PkboGZabcwvbDgwkkNhj6u9KiGwUE6_5mc",
    secret_access_key="d0a5ab7a7583f4790f452a7fabfef76a7afba2068c0e39cce56c7d84a36255d1",
)


def _parent(host: str = R2_HOST) -> Parent:
    return Parent(ACCOUNT, PARENT_ID, SecretStr("0123456789abcdef" * 4), host)


def test_a_preset_limited_to_a_prefix_is_byte_for_byte_cloudflares() -> None:
    """Member order, compact JSON, raw UTF-8, an empty list of objects beside the prefixes."""
    made = sign(
        _parent(),
        "films",
        issued_at=ISSUED,
        expires_at=ISSUED + 900,
        scope="object-read-only",
        prefixes=["dev/users/ä b/"],
    )
    assert made.session_token is not None
    assert made.session_token.get_secret_value() == PREFIX_SCOPE.session_token
    assert made.secret_access_key.get_secret_value() == PREFIX_SCOPE.secret_access_key
    assert made.access_key_id == PARENT_ID
    assert made.expires_at == datetime.fromtimestamp(ISSUED + 900, UTC)


def test_actions_are_byte_for_byte_cloudflares_without_scope() -> None:
    """The audience of a local endpoint has its port."""
    made = sign(
        _parent("127.0.0.1:9000"),
        "films",
        issued_at=ISSUED,
        expires_at=ISSUED + 3600,
        actions=["GetObject", "HeadObject"],
        prefixes=["data/"],
        objects=["shared/manifest.json"],
    )
    assert made.session_token is not None
    assert made.session_token.get_secret_value() == ACTIONS.session_token
    assert made.secret_access_key.get_secret_value() == ACTIONS.secret_access_key


def test_the_whole_bucket_is_a_token_without_paths() -> None:
    """No member `paths` at all, as in Cloudflare's example."""
    made = sign(_parent(), "films", issued_at=ISSUED, expires_at=ISSUED + 3600, scope="object-read-write")
    assert made.session_token is not None
    assert made.session_token.get_secret_value() == WHOLE_BUCKET.session_token
    assert made.secret_access_key.get_secret_value() == WHOLE_BUCKET.secret_access_key


@pytest.mark.parametrize(
    ("scope", "actions", "shown"),
    [(None, [], "None and []"), ("object-read-only", ["GetObject"], "'object-read-only' and ['GetObject']")],
)
def test_both_or_neither_of_scope_and_actions_are_refused(
    scope: str | None, actions: list[str], shown: str
) -> None:
    """R2 is reported to refuse both; neither would open nothing or everything."""
    with pytest.raises(CredentialsError) as caught:
        sign(_parent(), "films", issued_at=0, expires_at=60, scope=scope, actions=actions)
    assert str(caught.value) == f"A credential is limited by a scope or by actions, not by {shown}."
    assert caught.value.hint == ("Give exactly one of them; R2 refuses a session token that carries both.")


def test_an_unknown_action_is_refused() -> None:
    """A misspelt action would be granted to nobody, and noticed late."""
    with pytest.raises(CredentialsError) as caught:
        sign(_parent(), "films", issued_at=0, expires_at=60, actions=["GetObject", "ReadObject"])
    assert str(caught.value) == "A credential cannot be limited to 'ReadObject'."
    assert caught.value.hint == (
        "R2 knows these actions: HeadObject, GetObject, GetBucketLocation, ListObjectsV1, ListObjectsV2, "
        "ListMultipartUploads, ListParts, PutObject, DeleteObject, DeleteObjects, CopyObject, "
        "CreateMultipartUpload, UploadPart, UploadPartCopy, AbortMultipartUpload, CompleteMultipartUpload."
    )


def test_no_secret_is_shown() -> None:
    """Neither the parent's nor the credential's own."""
    made = sign(_parent(), "films", issued_at=0, expires_at=60, scope="object-read-only")
    assert made.session_token is not None
    shown = f"{_parent()!r} {made!r} {made}"
    assert "0123456789abcdef" * 4 not in shown
    assert made.secret_access_key.get_secret_value() not in shown
    assert made.session_token.get_secret_value() not in shown


def test_the_local_cloudflare_signs_the_same() -> None:
    """It was written from the documents too, without this module: each checks the other."""
    theirs = mint(
        account_id=ACCOUNT,
        parent_access_key_id=PARENT_ID,
        parent_secret_access_key="0123456789abcdef" * 4,
        audience=R2_HOST,
        bucket="films",
        lifetime=timedelta(minutes=15),
        now=datetime.fromtimestamp(ISSUED, UTC),
        permission=Permission.OBJECT_READ_ONLY,
        prefixes=["dev/users/ä b/"],
    )
    assert theirs.session_token == PREFIX_SCOPE.session_token
    assert theirs.secret_access_key == PREFIX_SCOPE.secret_access_key
