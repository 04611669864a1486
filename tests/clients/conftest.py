"""Real clients, each with a temporary credential for the environment dev of a fresh bucket."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_cloudflare.engine.places import REPOSITORY
from tests.clients import install
from tests.clients.commands import COMMANDS, Client
from tests.clients.page import aws_config, block

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare

REQUIRED = "CLIENTS_REQUIRED"
"""Set by `make check-clients`: what takes minutes to install must be there too."""


def need(name: str) -> None:
    """Fails if a virtual environment is not installed; one that `make test` does without may be missing."""
    _need(install.missing(name), always=install.PACKAGES[name].always)


def need_rclone() -> None:
    """Skips the test without rclone, unless it is required."""
    _need(install.missing_rclone(), always=False)


def need_javascript() -> None:
    """Skips the test without the clients in JavaScript, unless they are required."""
    _need(install.missing_javascript(), always=False)


def _need(missing: str | None, *, always: bool) -> None:
    if missing and not always and not os.environ.get(REQUIRED):
        pytest.skip(missing)
    if missing:
        pytest.fail(missing, pytrace=False)


@pytest.fixture
def plain_environment(cloudflare: LocalCloudflare, bucket: str, tmp_path: Path) -> dict[str, str]:
    """What a shell in a checkout has: the programs, and the parent's settings. Nothing of the user's."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    folders = [REPOSITORY / ".venv" / "bin", install.programs(), install.rclone_folder()]
    return {
        "PATH": os.pathsep.join([*map(str, folders), os.defpath]),
        "HOME": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "APP_ENV": "dev",
        "CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
        "R2_ENDPOINT": cloudflare.s3_endpoint,
        "R2_BUCKET": bucket,
        "R2_ACCESS_KEY_ID": keys.access_key_id,
        "R2_SECRET_ACCESS_KEY": keys.secret_access_key,
    }


@pytest.fixture
def api_variables(cloudflare: LocalCloudflare) -> dict[str, str]:
    """What `python -m local_cloudflare env` prints for clients of the control API."""
    return {
        "CLOUDFLARE_API_TOKEN": cloudflare.api_token,
        "CLOUDFLARE_BASE_URL": cloudflare.api_url,
        "CLOUDFLARE_API_BASE_URL": cloudflare.api_url,
    }


@pytest.fixture
def cloudflare_folder(cloudflare: LocalCloudflare) -> Path:
    """Where the local Cloudflare of the tests keeps its data."""
    return cloudflare.folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where clients run: `scripts/` is there, and no `.env`."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "scripts").symlink_to(REPOSITORY / "scripts")
    return work


@pytest.fixture
def minted(plain_environment: dict[str, str], folder: Path) -> dict[str, str]:
    """The environment after the documented command for s5cmd and rclone."""
    command = re.fullmatch(r'eval "\$\((.*)\)"\n', block("Clients"))
    assert command is not None
    printed = subprocess.run(
        shlex.split(command[1]), cwd=folder, env=plain_environment, capture_output=True, text=True, check=True
    ).stdout
    words = (shlex.split(line) for line in printed.splitlines())
    return plain_environment | dict(word.split("=", 1) for _export, word in words)


@pytest.fixture
def aws_profile(plain_environment: dict[str, str], folder: Path) -> dict[str, str]:
    """The environment of the AWS CLI with the documented profile, which mints by itself, and variables."""
    config = folder.parent / ".aws" / "config"
    config.parent.mkdir()
    config.write_text(aws_config(plain_environment["R2_ENDPOINT"]))
    _export, *words = shlex.split(block("AWS CLI").splitlines()[0])
    return plain_environment | dict(word.split("=", 1) for word in words)


@pytest.fixture(params=COMMANDS)
def client(request: pytest.FixtureRequest, bucket: str, folder: Path) -> Client:
    """Each client in turn, with the credential in the form that the page names for it."""
    if request.param == "rclone":
        need_rclone()
    else:
        need("python")
    form = "aws_profile" if request.param == "aws" else "minted"
    return Client(request.param, bucket, request.getfixturevalue(form), folder)


@pytest.fixture
def s5cmd(bucket: str, minted: dict[str, str], folder: Path) -> Client:
    """Only s5cmd."""
    need("python")
    return Client("s5cmd", bucket, minted, folder)


@pytest.fixture
def aws(bucket: str, aws_profile: dict[str, str], folder: Path) -> Client:
    """Only the AWS CLI."""
    need("python")
    return Client("aws", bucket, aws_profile, folder)
