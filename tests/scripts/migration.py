"""An operator of scripts/migrate.py, and the applications that write while they work."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from layout.storage.clients import s3_client
from layout.storage.settings import load_settings
from scripts.migrate import main
from tests.operator_environment import become_operator

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

__all__ = ["Operator", "Run", "keys_of", "operator_of"]

Run = Callable[..., tuple[int, str, str]]
"""Runs a command by its name and further arguments; gives status, stdout and stderr."""

TYPE: dict[str, Any] = {"ContentType": "video/mp4"}


@dataclass
class Operator:
    """Commands in the current folder, and shorthands for what others write into the bucket meanwhile."""

    client: S3Client
    bucket: str
    plan: str = "plan.sqlite"

    def run(self, name: str, *arguments: str, dry: bool = False) -> tuple[int, str, str]:
        """Runs a command with the plan and the verdict of this folder; gives status, stdout and stderr."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            words = self.words(name, *arguments)
            status = main([word for word in words if not (dry and word == "--execute")])
        return status, out.getvalue(), err.getvalue()

    def words(self, name: str, *arguments: str) -> list[str]:
        """A command with the plan and the verdict of this folder, as it is typed."""
        verdict = ("--verdict", f"{self.plan}.json")
        common: dict[str, tuple[str, ...]] = {
            "list": (),
            "explain": ("--plan", self.plan),
            "plan": ("flat", "--plan", self.plan),
            "copy": ("--plan", self.plan, "--execute"),
            "verify": ("--plan", self.plan, *verdict),
            "mark": ("--plan", self.plan, *verdict, "--execute"),
            "delete": ("--plan", self.plan, *verdict, "--bucket", self.bucket, "--min-age", "0", "--execute"),
            "rollback": ("--plan", self.plan, "--execute"),
        }
        return [name, *common[name], *arguments]

    def remove_new(self) -> tuple[int, str, str]:
        """The second step of a rollback."""
        return self.run("rollback", "--delete-new", "--bucket", self.bucket, "--min-age", "0")

    def statuses(self, *names: str) -> list[int]:
        """Runs commands one after the other and gives their statuses."""
        return [self.run(name)[0] for name in names]

    def new_plan(self) -> None:
        """From now on the commands use another plan file."""
        self.plan = f"another-{self.plan}"

    def put(self, key: str, body: bytes, **arguments: Any) -> None:
        """Stores an object at once."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body, **TYPE | arguments)

    def put_in_parts(self, key: str, body: bytes, **arguments: Any) -> None:
        """Stores an object by a multipart upload of one part: its ETag ends in `-1` and is no hash."""
        names: Any = {"Bucket": self.bucket, "Key": key}
        names["UploadId"] = self.client.create_multipart_upload(**names, **TYPE | arguments)["UploadId"]
        etag = self.client.upload_part(**names, PartNumber=1, Body=body)["ETag"]
        parts: Any = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        self.client.complete_multipart_upload(**names, MultipartUpload=parts)

    def delete(self, key: str) -> None:
        """Deletes an object."""
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def listed(self) -> list[str]:
        """All keys of the bucket."""
        return [item["Key"] for item in self.client.list_objects_v2(Bucket=self.bucket).get("Contents", ())]

    def body(self, key: str) -> bytes:
        """An object's body."""
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def old_keys(self) -> list[str]:
        """The keys that are not in the environment."""
        return [key for key in self.listed() if not key.startswith("dev/")]

    def metadata(self, key: str) -> dict[str, str]:
        """An object's user metadata."""
        return self.client.head_object(Bucket=self.bucket, Key=key)["Metadata"]

    def new_key(self, name: str) -> str:
        """The new key of a user's object."""
        (key,) = [key for key in self.listed() if "/profiles/" in key and key.endswith(f"/{name}")]
        return key

    def marker(self) -> Any:
        """The content of the environment's marker."""
        return json.loads(self.body("dev/layout.json"))

    def take_over(self) -> int:
        """Copies with this plan instead of the one that has claimed the environment; gives the status."""
        return self.run("copy", "--take-over", self.marker()["plan_id"])[0]

    def verdict(self) -> Any:
        """The verdict of the last verification with this plan."""
        return json.loads(Path(f"{self.plan}.json").read_text(encoding="utf-8"))


def operator_of(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> Operator:
    """An operator whose environment and folder are ready."""
    become_operator(cloudflare, bucket, monkeypatch, folder)
    return Operator(s3_client(load_settings()), bucket)


def keys_of(client: S3Client, bucket: str) -> list[str]:
    """All keys of the bucket."""
    return [item["Key"] for item in client.list_objects_v2(Bucket=bucket).get("Contents", ())]
