"""A local Cloudflare in a process of its own, with things in it that nobody may see."""

import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from mypy_boto3_s3 import S3Client
from pydantic import SecretStr

from layout.access import BACKEND, bucket_resource, scope_for_user, token_policy
from layout.environment import Environment
from layout.storage.clients import s3_client
from layout.storage.credentials.minting import local_minter
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.settings import StorageSettings

__all__ = ["BUCKET", "OTHER_BUCKET", "SCOPE", "SCRATCH_BUCKET", "SECRET", "UNSEEN", "Place", "started"]

REPOSITORY = Path(__file__).resolve().parents[3]
BUCKET, OTHER_BUCKET, SCRATCH_BUCKET = "films", "another", "scratch"
SCOPE = scope_for_user(BUCKET, Environment.DEV, "a", write=True)
SECRET = b"5f1c the body of an object that is out of scope"
UNSEEN = "unseen-9d2e"
"""In names that no request names: whoever is told one has been shown a listing that is out of scope."""

_HIDDEN = (
    "prod/users/a/profiles.json",
    f"prod/users/a/{UNSEEN}.mp4",
    "dev/users/ab/profiles.json",
    f"dev/users/ab/{UNSEEN}.mp4",
    "dev/users/a",
    "dev/layout.json",
    f"a/{UNSEEN}.mp4",
)


@dataclass
class Place:
    """The process, its addresses, and what must stay unseen and unchanged.

    Attributes:
        credentials: Open what `SCOPE` says.
        limited_tokens: API tokens that may read buckets, or read tokens.
        hidden: Texts that no answer may hold.
        known_tokens: Ids of tokens.
        uploads: Ids of uploads, one in scope, the others not.
    """

    process: subprocess.Popen[str]
    errors: Path
    endpoints: dict[str, Any]
    credentials: StorageCredentials
    admin: S3Client
    limited_tokens: tuple[str, ...]
    hidden: tuple[bytes, ...]
    known_tokens: tuple[str, ...]
    uploads: tuple[str, ...]
    before: object = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.outside()

    @property
    def s3_address(self) -> tuple[str, int]:
        """Host and port of the S3 endpoint."""
        return _address(self.endpoints["s3_endpoint"])

    @property
    def api_address(self) -> tuple[str, int]:
        """Host and port of the control API."""
        return _address(self.endpoints["api_url"])

    def outside(self) -> object:
        """All objects and uploads that are out of scope, with ETag and time."""
        found: list[Any] = []
        for bucket in (BUCKET, OTHER_BUCKET):
            listed = self.admin.list_objects_v2(Bucket=bucket).get("Contents", [])
            found += [(bucket, entry["Key"], entry["ETag"], entry["LastModified"]) for entry in listed]
            for upload in self.admin.list_multipart_uploads(Bucket=bucket).get("Uploads", []):
                parts = self.admin.list_parts(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
                found.append((bucket, upload["Key"], upload["Initiated"], len(parts.get("Parts", []))))
        return [entry for entry in found if entry[0] != BUCKET or not SCOPE.allows(entry[1])]

    def inside(self) -> list[bytes]:
        """The bodies of all objects in scope."""
        pages = self.admin.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=SCOPE.prefixes[0])
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return [self.admin.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys]

    def send(self, address: tuple[str, int], data: bytes) -> bytes:
        """Sends bytes over a connection of their own, and gives all that comes back."""
        received = bytearray()
        with socket.create_connection(address, timeout=60) as connection:
            # A head may be refused before all of it has arrived; what was said until then counts.
            with suppress(OSError):
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while piece := connection.recv(1 << 16):
                    received += piece
        return bytes(received)

    def stop(self) -> str:
        """Ends the process as a user does, and gives what it wrote to its standard error."""
        self.admin.close()
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0
        return self.errors.read_text(encoding="utf-8")


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


@contextmanager
def started(folder: Path) -> Iterator[Place]:
    """Starts the process and fills its buckets; it is ended in any case."""
    command = [
        sys.executable,
        "-m",
        "local_cloudflare",
        "up",
        "--folder",
        str(folder / "cloudflare"),
        "--json",
    ]
    command += ["--no-rate-limit", "--until-stdin-closes"]
    command += [word for name in (BUCKET, OTHER_BUCKET, SCRATCH_BUCKET) for word in ("--bucket", name)]
    errors, pipe = folder / "stderr", subprocess.PIPE
    with (
        errors.open("w") as file,
        subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=file, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            shown = json.loads(process.stdout.readline())
            endpoints = json.loads(Path(shown["endpoints_file"]).read_text(encoding="utf-8"))
            yield _fill(process, errors, endpoints)
        finally:
            process.kill()


def _fill(process: subprocess.Popen[str], errors: Path, endpoints: dict[str, Any]) -> Place:
    account = endpoints["account_id"]
    api = httpx.Client(
        base_url=f"{endpoints['api_url']}/accounts/{account}",
        headers={"Authorization": f"Bearer {endpoints['api_token']}"},
        trust_env=False,
    )
    with api:
        groups = {group["name"]: group["id"] for group in _result(api.get("/tokens/permission_groups"))}
        everything = {f"com.cloudflare.api.account.{account}": "*"}
        made = {
            name: _token(
                api,
                name,
                {"effect": "allow", "resources": everything, "permission_groups": [{"id": groups[name]}]},
            )
            for name in ("Workers R2 Storage Write", "Workers R2 Storage Read", "Account API Tokens Read")
        }
        policy = token_policy(BACKEND, groups[BACKEND.permission_group], bucket_resource(account, BUCKET))
        made["parent"] = _token(api, "parent", {**policy, "resources": json.loads(policy["resources"])})
    admin = s3_client(_settings(endpoints, made["Workers R2 Storage Write"]))
    uploads = _put_all(admin)
    minter = local_minter(_settings(endpoints, made["parent"]))
    values = [token["value"] for token in made.values()]
    secrets = [endpoints["api_token"], endpoints["admin_secret"], *values, *map(_sha256, values)]
    return Place(
        process,
        errors,
        endpoints,
        minter(SCOPE, timedelta(hours=1)),
        admin,
        tuple(made[name]["value"] for name in ("Workers R2 Storage Read", "Account API Tokens Read")),
        (SECRET, UNSEEN.encode(), *(secret.encode() for secret in secrets)),
        tuple(token["id"] for token in made.values()),
        uploads,
    )


def _put_all(admin: S3Client) -> tuple[str, ...]:
    own = f"{SCOPE.prefixes[0]}profiles.json"
    places = [(BUCKET, key) for key in (own, *_HIDDEN)] + [(OTHER_BUCKET, f"dev/users/a/{UNSEEN}.mp4")]
    uploads = []
    for bucket, key in places:
        body = b"{}" if key == own else SECRET
        admin.put_object(Bucket=bucket, Key=key, Body=body)
        upload = admin.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        admin.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=body)
        uploads.append(upload)
    return tuple(uploads)


def _token(api: httpx.Client, name: str, policy: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = _result(api.post("/tokens", json={"name": name, "policies": [policy]}))
    return made


def _result(answer: httpx.Response) -> Any:
    return answer.raise_for_status().json()["result"]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _settings(endpoints: dict[str, Any], token: dict[str, Any]) -> StorageSettings:
    return StorageSettings(
        _env_file=None,
        account_id=endpoints["account_id"],
        endpoint=endpoints["s3_endpoint"],
        bucket=BUCKET,
        access_key_id=token["id"],
        secret_access_key=SecretStr(_sha256(token["value"])),
    )
