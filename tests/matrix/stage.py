"""The bucket in which the cells are tried: filled, looked at behind the server's back, and put right again."""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
from pydantic import SecretStr

from layout.access import AUDIT, BACKEND, AccessLevel, bucket_resource, token_policy
from layout.storage.credentials.minting import api_minter, local_minter
from layout.storage.credentials.storage_credentials import StorageCredentials
from layout.storage.settings import StorageSettings
from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.r2.store.blobs import Body
from local_cloudflare.r2.store.models import Bucket, ObjectMetadata, Part, StoredObject
from tests.matrix.areas import AREAS, BUCKET, OTHER_BUCKET, Area
from tests.matrix.credentials import Kind, Way
from tests.matrix.expected import home_of
from tests.matrix.operations import Situation

__all__ = ["Stage"]

_LIFETIME = timedelta(hours=1)
_HOME = b"what is at home"


class Stage:
    """Two buckets with an object in every area, and the tokens of one stack.

    Args:
        cloudflare: Where they are made; it must not have them yet.
    """

    def __init__(self, cloudflare: LocalCloudflare) -> None:
        self.cloudflare = cloudflare
        self._store = cloudflare.store
        self._buckets: Mapping[str, Bucket] = {
            name: cloudflare.store.create_bucket(name) for name in (BUCKET, OTHER_BUCKET)
        }
        self._groups = self._permission_groups()
        self._tokens = {level: self._token(level) for level in (BACKEND, AUDIT)}
        for area in AREAS:
            self._fill(area.bucket, area.key, area.content)

    def credentials(self, kind: Kind) -> StorageCredentials:
        """A credential of that kind, made as a user of this project makes it."""
        settings = self._tokens[kind.parent]
        if kind.way is Way.TOKEN:
            return StorageCredentials(settings.access_key_id, settings.secret_access_key)
        api_token = SecretStr(self.cloudflare.api_token)
        minters = {
            Way.SIGNED: local_minter(settings),
            Way.ASKED: api_minter(settings, api_token, api_url=self.cloudflare.api_url),
        }
        return minters[kind.way](kind.scope, _LIFETIME)

    def ready(self, kind: Kind, area: Area) -> Situation:
        """Puts in place all that an operation on the area may need; uploads of earlier ones are gone."""
        for bucket in self._buckets.values():
            for left in self._store.uploads.of_bucket(bucket.id):
                self._store.uploads.abort(left)
        home, home_bucket = home_of(kind.scope), kind.scope.bucket
        upload = self._fill(area.bucket, area.key, area.content)
        return Situation(area, upload, home, home_bucket, self._fill(home_bucket, home, _HOME))

    def writes(self) -> int:
        """How many rows have been written so far in everything that is stored, in all buckets."""
        with self._store.transaction() as transaction:
            return int(transaction.execute("SELECT total_changes()").fetchone()[0])

    def _fill(self, bucket: str, key: str, content: bytes) -> str:
        """An object and an upload with one part under a key; gives the upload's id."""
        where, now = self._buckets[bucket].id, self._store.now()
        etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
        body, metadata = Body(len(content), content), ObjectMetadata()
        self._store.objects.put(where, StoredObject(key, key, etag, now, body, metadata))
        upload = self._store.uploads.create(where, key, key, now, metadata, None)
        self._store.uploads.put_part(upload, Part(1, etag, now, body))
        return upload.id

    def _permission_groups(self) -> dict[str, str]:
        groups = self._api("GET", "/tokens/permission_groups")
        return {group["name"]: group["id"] for group in groups}

    def _token(self, level: AccessLevel) -> StorageSettings:
        """A token with the policy that the Pulumi program gives it."""
        account = self.cloudflare.account_id
        policy = token_policy(level, self._groups[level.permission_group], bucket_resource(account, BUCKET))
        sent = {**policy, "resources": json.loads(policy["resources"])}
        token = self._api("POST", "/tokens", {"name": level.name, "policies": [sent]})
        return StorageSettings(
            _env_file=None,
            account_id=account,
            endpoint=self.cloudflare.s3_endpoint,
            bucket=BUCKET,
            access_key_id=token["id"],
            secret_access_key=SecretStr(hashlib.sha256(token["value"].encode()).hexdigest()),
        )

    def _api(self, method: str, path: str, content: object = None) -> Any:
        url = f"{self.cloudflare.api_url}/accounts/{self.cloudflare.account_id}{path}"
        headers = {"Authorization": f"Bearer {self.cloudflare.api_token}"}
        with httpx.Client(trust_env=False) as client:
            answer = client.request(method, url, headers=headers, json=content)
        return answer.raise_for_status().json()["result"]
