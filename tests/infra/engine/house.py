"""What an engine test works in: a local Cloudflare of its own, and a Pulumi workspace that talks to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from subprocess import CompletedProcess
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.workspace import Workspace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["House", "OpenHouse", "error_lines", "failed_requests"]


@dataclass
class House:
    """What one test module works in."""

    cloudflare: LocalCloudflare
    workspace: Workspace
    requests: list[str] = field(default_factory=list)

    def changes(self) -> list[str]:
        """The requests to the control API that were not reads, without the account."""
        account = f"/client/v4/accounts/{self.cloudflare.account_id}"
        calls = [line.split()[:2] for line in self.requests]
        return [f"{method} {path.removeprefix(account)}" for method, path in calls if method != "GET"]

    def s3(self, outputs: dict[str, Any], kind: str = "backend") -> S3Client:
        """A client with the S3 credentials that a stack's outputs name."""
        return self.client(outputs[f"{kind}_access_key_id"], outputs[f"{kind}_secret_access_key"])

    def client(self, access_key_id: str, secret_access_key: str) -> S3Client:
        """A client of the S3 endpoint, which tries each request once."""
        return boto3.client(
            "s3",
            endpoint_url=self.cloudflare.s3_endpoint,
            region_name="auto",
            aws_access_key_id=access_key_id,
            aws_secret_access_key=secret_access_key,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def refusal(self, stack: str) -> str:
        """The one line of an `up` that the program stopped; it sent nothing but questions."""
        self.requests.clear()
        answer = self.workspace.up(stack, check=False)
        assert answer.returncode != 0
        assert self.changes() == []
        (line,) = error_lines(answer)
        return line


OpenHouse = Callable[..., House]
_PLUGIN = "[ERROR] "


def error_lines(answer: CompletedProcess[str]) -> set[str]:
    """What the program reported as errors, without repetitions; a traceback would be a failure."""
    assert "Traceback" not in answer.stdout + answer.stderr
    return {line for line in _behind_error(answer) if not line.startswith(_PLUGIN)}


def failed_requests(answer: CompletedProcess[str]) -> set[str]:
    """Method, URL and status of the requests that the plugin reported, as the real one reports each that fails."""
    lines = (line for line in _behind_error(answer) if line.startswith(_PLUGIN))
    return {line.removeprefix(_PLUGIN).partition(" {")[0] for line in lines}


def _behind_error(answer: CompletedProcess[str]) -> list[str]:
    return [line.split("error: ", 1)[1] for line in answer.stdout.splitlines() if "error: " in line]
