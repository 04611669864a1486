"""Temporary credentials, minted as this project mints them: one prefix of the bucket, and nothing beside it."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from mypy_boto3_s3 import S3Client
from pydantic import SecretStr

from layout.access import CredentialScope, ObjectPermission
from layout.storage.clients import s3_client
from layout.storage.credentials.minting import local_minter
from tests.conformance.area import Area, refusal
from tests.conformance.stores import Store

DENIED = (403, "AccessDenied")


def _client(
    store: Store, area: Area, permission: ObjectPermission = ObjectPermission.READ_WRITE, token_end: str = ""
) -> S3Client:
    """A client whose credential opens `inside/` in the area; `token_end` is written over the end of its token."""
    scope = CredentialScope(bucket=area.bucket, permission=permission, prefixes=(area.key("inside/"),))
    minted = local_minter(store.settings)(scope, timedelta(minutes=15))
    token = minted.session_token.get_secret_value() if minted.session_token else ""
    keys = {
        "access_key_id": minted.access_key_id,
        "secret_access_key": minted.secret_access_key,
        "session_token": SecretStr(token[: len(token) - len(token_end)] + token_end),
    }
    return s3_client(store.settings.model_copy(update=keys))


def test_inside(area: Area, store: Store) -> None:
    """A temporary credential for a prefix reads, writes, copies, lists and deletes below it."""
    inside = Area(_client(store, area), area.bucket, area.key("inside/"))
    inside.put("object", b"hello")
    inside.copy("object", "copy")
    assert inside.get("copy") == b"hello"
    assert inside.names() == ["copy", "object"]
    inside.s3.delete_object(Bucket=area.bucket, Key=inside.key("object"))
    assert area.names() == ["inside/copy"]


def test_outside(area: Area, store: Store) -> None:
    """A temporary credential for a prefix is refused beside it with 403 AccessDenied: GET, PUT, DELETE."""
    area.put("inside", b"its name is a beginning of the prefix")
    s3 = _client(store, area)
    for name in ("inside", "other/object"):
        where: Any = {"Bucket": area.bucket, "Key": area.key(name)}
        assert refusal(partial(s3.get_object, **where)) == DENIED
        assert refusal(partial(s3.put_object, **where, Body=b"")) == DENIED
        assert refusal(partial(s3.delete_object, **where)) == DENIED
    assert area.names() == ["inside"]


@pytest.mark.parametrize(
    ("source", "destination"), [("outside", "inside/new"), ("inside/object", "outside2")], ids=["from", "to"]
)
def test_copy_across(area: Area, store: Store, source: str, destination: str) -> None:
    """A temporary credential for a prefix copies neither from beside it nor to there: 403 AccessDenied."""
    area.fill(["inside/object", "outside"])
    reached = Area(_client(store, area), area.bucket, area.prefix)
    assert refusal(lambda: reached.copy(source, destination)) == DENIED
    assert area.names() == ["inside/object", "outside"]


def test_listing(area: Area, store: Store) -> None:
    """A temporary credential for a prefix lists neither the root nor a mere beginning of it: 403 AccessDenied."""
    s3 = _client(store, area)
    for prefix in ("", area.prefix, area.key("inside")):
        assert refusal(partial(s3.list_objects_v2, Bucket=area.bucket, Prefix=prefix)) == DENIED


def test_read_only(area: Area, store: Store) -> None:
    """A temporary credential for reading is refused with 403 AccessDenied when it writes."""
    area.put("inside/object", b"hello")
    inside = Area(_client(store, area, ObjectPermission.READ_ONLY), area.bucket, area.key("inside/"))
    assert inside.get("object") == b"hello"
    assert refusal(lambda: inside.put("object", b"changed")) == DENIED
    assert area.get("inside/object") == b"hello"


def test_tampered(area: Area, store: Store) -> None:
    """A session token that was changed is refused."""
    area.put("inside/object")
    s3 = _client(store, area, token_end="A" * 16)
    where: Any = {"Bucket": area.bucket, "Key": area.key("inside/object")}
    assert refusal(lambda: s3.get_object(**where))[0] in {400, 401, 403}
