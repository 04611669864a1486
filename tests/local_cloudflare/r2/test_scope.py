"""What a credential opens: buckets, reading and writing, and for temporary ones prefixes and actions."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from local_cloudflare.r2.auth.access import Grant, Permission
from local_cloudflare.r2.auth.temporary import ACTIONS
from local_cloudflare.r2.routes import OPERATIONS

if TYPE_CHECKING:
    from tests.local_cloudflare.r2.conftest import LocalR2

DENIED = (403, "AccessDenied", "Access Denied")


def test_a_token_opens_its_bucket_only(r2: "LocalR2", bucket: str, refused: Any) -> None:
    """Another bucket is 403, whether it exists or not."""
    client = r2.client(r2.credential(Permission.OBJECT_READ_WRITE, bucket))
    client.put_object(Bucket=bucket, Key="key", Body=b"")
    for name in (r2.bucket().name, "no-such-bucket"):
        assert refused(client.get_object, Bucket=name, Key="key") == DENIED


def test_a_read_token_cannot_write(r2: "LocalR2", bucket: str, refused: Any) -> None:
    """It lists and reads, and is refused everything that changes something."""
    r2.client().put_object(Bucket=bucket, Key="key", Body=b"text")
    client = r2.client(r2.credential(Permission.OBJECT_READ_ONLY, bucket))
    assert client.get_object(Bucket=bucket, Key="key")["Body"].read() == b"text"
    assert client.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    source = {"Bucket": bucket, "Key": "key"}
    assert refused(client.put_object, Bucket=bucket, Key="new", Body=b"") == DENIED
    assert refused(client.copy_object, Bucket=bucket, Key="new", CopySource=source) == DENIED
    assert refused(client.delete_object, Bucket=bucket, Key="key") == DENIED
    assert refused(client.delete_objects, Bucket=bucket, Delete={"Objects": [{"Key": "key"}]}) == DENIED
    assert refused(client.create_multipart_upload, Bucket=bucket, Key="new") == DENIED


def test_an_object_token_reaches_no_bucket_calls(r2: "LocalR2", bucket: str, refused: Any) -> None:
    """ListBuckets, HeadBucket and the configuration are for admin tokens."""
    client = r2.client(r2.credential(Permission.OBJECT_READ_WRITE, bucket))
    assert refused(client.list_buckets) == DENIED
    assert refused(client.create_bucket, Bucket="new-bucket") == DENIED
    assert refused(client.delete_bucket, Bucket=bucket) == DENIED
    assert refused(client.get_bucket_cors, Bucket=bucket) == DENIED
    assert refused(client.get_bucket_lifecycle_configuration, Bucket=bucket) == DENIED
    assert refused(client.head_bucket, Bucket=bucket)[0] == 403
    assert client.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "auto"


def test_an_admin_read_token_sees_but_changes_nothing(r2: "LocalR2", bucket: str, refused: Any) -> None:
    """It lists buckets and reads their configuration."""
    client = r2.client(r2.credential(Permission.ADMIN_READ_ONLY))
    assert bucket in {found["Name"] for found in client.list_buckets()["Buckets"]}
    client.head_bucket(Bucket=bucket)
    assert refused(client.create_bucket, Bucket="new-bucket") == DENIED
    assert refused(client.put_object, Bucket=bucket, Key="key", Body=b"") == DENIED


def test_a_copy_needs_its_source_readable(r2: "LocalR2", bucket: str, refused: Any) -> None:
    """From a bucket that the token does not open, nothing can be copied."""
    other = r2.bucket().name
    r2.client().put_object(Bucket=other, Key="key", Body=b"text")
    source = {"Bucket": other, "Key": "key"}
    client = r2.client(r2.credential(Permission.OBJECT_READ_WRITE, bucket))
    assert refused(client.copy_object, Bucket=bucket, Key="key", CopySource=source) == DENIED
    both = (
        Grant(bucket, "default", Permission.OBJECT_READ_WRITE),
        Grant(other, "default", Permission.OBJECT_READ_ONLY),
    )
    r2.client(r2.credential(grants=both)).copy_object(Bucket=bucket, Key="key", CopySource=source)


@pytest.mark.parametrize(
    ("prefix", "allowed"),
    [
        ("dev/", True),
        ("dev/users/", True),
        ("", False),
        ("d", False),
        ("dev", False),
        ("dev2/", False),
        ("prod/", False),
    ],
)
def test_a_listing_must_stay_in_the_prefix(r2: "LocalR2", bucket: str, prefix: str, allowed: bool) -> None:
    """The root and a mere beginning of the prefix are refused, for objects and uploads."""
    minted, prefix = r2.temporary(bucket, prefixes=["dev/"]), quote(prefix, safe="")
    for query in (f"?list-type=2&prefix={prefix}", f"?prefix={prefix}", f"?uploads&prefix={prefix}"):
        reply = r2.send("GET", f"/{bucket}{query}", credential=minted)
        assert reply.status == (200 if allowed else 403), query


@pytest.mark.parametrize("key", ["prod/a", "dev", "dev2/a", "a", "Dev/a"])
def test_every_operation_on_a_key_out_of_scope_is_refused(r2: "LocalR2", bucket: str, key: str) -> None:
    """Whether the key exists or not."""
    r2.send("PUT", f"/{bucket}/{key}", body=b"text")
    r2.send("PUT", f"/{bucket}/dev/mine", body=b"text")
    minted = r2.temporary(bucket, prefixes=["dev/"])
    copy = {"x-amz-copy-source": f"/{bucket}/dev/mine"}
    for method, query, headers in (
        ("GET", "", {}), ("HEAD", "", {}), ("PUT", "", {}), ("PUT", "", copy), ("DELETE", "", {}),
        ("POST", "?uploads", {}), ("PUT", "?partNumber=1&uploadId=x", {}),
        ("PUT", "?partNumber=1&uploadId=x", copy), ("POST", "?uploadId=x", {}),
        ("DELETE", "?uploadId=x", {}), ("GET", "?uploadId=x", {}),
    ):  # fmt: skip
        reply = r2.send(method, f"/{bucket}/{key}{query}", headers=headers, credential=minted)
        assert reply.status == 403, (method, query)
    assert r2.send("GET", f"/{bucket}/{key}").body == b"text"


def test_a_copy_cannot_fetch_from_outside_the_prefix(r2: "LocalR2", bucket: str, refused: Any) -> None:
    """Neither whole nor as a part."""
    r2.client().put_object(Bucket=bucket, Key="prod/secret", Body=b"secret")
    client = r2.client(r2.temporary(bucket, prefixes=["dev/"]))
    source = {"Bucket": bucket, "Key": "prod/secret"}
    assert refused(client.copy_object, Bucket=bucket, Key="dev/a", CopySource=source) == DENIED
    upload = client.create_multipart_upload(Bucket=bucket, Key="dev/a")["UploadId"]
    part = {"Bucket": bucket, "Key": "dev/a", "UploadId": upload, "PartNumber": 1}
    assert refused(client.upload_part_copy, CopySource=source, **part) == DENIED


def test_a_batch_delete_answers_key_by_key(r2: "LocalR2", bucket: str) -> None:
    """Keys in scope go, the others get an AccessDenied of their own."""
    for key in ("dev/a", "prod/b"):
        r2.client().put_object(Bucket=bucket, Key=key, Body=b"")
    client = r2.client(r2.temporary(bucket, prefixes=["dev/"]))
    answer = client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "dev/a"}, {"Key": "prod/b"}]})
    assert [deleted["Key"] for deleted in answer["Deleted"]] == ["dev/a"]
    assert answer["Errors"] == [{"Key": "prod/b", "Code": "AccessDenied", "Message": "Access Denied"}]
    assert r2.send("HEAD", f"/{bucket}/prod/b").status == 200


def test_exact_objects_are_open_and_nothing_behind_them(r2: "LocalR2", bucket: str) -> None:
    """An object path is no prefix."""
    minted = r2.temporary(bucket, objects=["shared/manifest"])
    assert r2.send("PUT", f"/{bucket}/shared/manifest", body=b"x", credential=minted).status == 200
    assert r2.send("PUT", f"/{bucket}/shared/manifest2", body=b"x", credential=minted).status == 403
    assert r2.send("GET", f"/{bucket}?prefix=shared%2Fmanifest", credential=minted).status == 403


def test_a_prefix_is_compared_in_nfc(r2: "LocalR2", bucket: str) -> None:
    """The decomposed spelling of a scope opens the composed key, and the other way round."""
    for prefix, key in (("de\u0301v/", "d%C3%A9v/a"), ("d\u00e9v/", "de%CC%81v/a")):
        minted = r2.temporary(bucket, prefixes=[prefix])
        assert r2.send("PUT", f"/{bucket}/{key}", body=b"x", credential=minted).status == 200


def test_a_temporary_credential_opens_one_bucket(r2: "LocalR2", bucket: str) -> None:
    """Also if its parent opens all."""
    minted = r2.temporary(bucket)
    assert r2.send("GET", f"/{r2.bucket().name}", credential=minted).status == 403
    assert r2.send("GET", "/", credential=minted).status == 403
    nameless = r2.temporary("", permission=Permission.ADMIN_READ_WRITE)
    assert r2.send("GET", "/", credential=nameless).status == 403


def test_a_temporary_credential_opens_one_jurisdiction(own: "LocalR2") -> None:
    """The audience of its token names the endpoint; a bucket of the same name elsewhere is another one."""
    name, eu = own.bucket().name, f"eu.localhost:{own.server.port}"
    own.store.create_bucket(name, jurisdiction="eu")
    for audience, headers, status in (
        (own.server.host, {}, 200),
        (own.server.host, {"host": eu}, 401),
        (eu, {"host": eu}, 200),
        (eu, {}, 401),
    ):
        minted = own.temporary(name, audience=audience)
        target, signed = own.sign("GET", f"/{name}", headers=headers, credential=minted)
        assert own.send_raw("GET", target, b"", signed).status == status, (audience, headers)


def test_a_temporary_credential_never_exceeds_its_parent(r2: "LocalR2", bucket: str) -> None:
    """A read token that signs a write scope still only reads; another bucket stays closed."""
    reader = r2.credential(Permission.OBJECT_READ_ONLY, bucket)
    minted = r2.temporary(bucket, reader, permission=Permission.ADMIN_READ_WRITE)
    assert r2.send("GET", f"/{bucket}", credential=minted).status == 200
    assert r2.send("PUT", f"/{bucket}/key", body=b"", credential=minted).status == 403
    elsewhere = r2.temporary(r2.bucket().name, reader)
    assert r2.send("GET", f"/{bucket}", credential=elsewhere).status == 403


def test_actions_allow_just_those_operations(r2: "LocalR2", bucket: str) -> None:
    """GetObject does not include listing, nor HeadObject."""
    r2.send("PUT", f"/{bucket}/key", body=b"text")
    minted = r2.temporary(bucket, actions=["GetObject"])
    assert r2.send("GET", f"/{bucket}/key", credential=minted).status == 200
    assert r2.send("HEAD", f"/{bucket}/key", credential=minted).status == 403
    assert r2.send("GET", f"/{bucket}", credential=minted).status == 403
    first = r2.temporary(bucket, actions=["ListObjectsV1"])
    assert r2.send("GET", f"/{bucket}", credential=first).status == 200
    assert r2.send("GET", f"/{bucket}?list-type=2", credential=first).status == 403


def test_every_action_is_an_operation() -> None:
    """The documented names and the operations of this endpoint agree."""
    assert {operation.action or operation.name for operation in OPERATIONS.values()} >= ACTIONS


def test_bucket_configuration_is_closed_to_a_path_scope(r2: "LocalR2", bucket: str) -> None:
    """A rule of the bucket concerns all of its keys."""
    admin: dict[str, Any] = {"permission": Permission.ADMIN_READ_WRITE}
    whole, narrow = r2.temporary(bucket, **admin), r2.temporary(bucket, prefixes=["dev/"], **admin)
    assert r2.send("DELETE", f"/{bucket}?cors", credential=whole).status == 204
    assert r2.send("DELETE", f"/{bucket}?cors", credential=narrow).status == 403
