"""The examples of libraries on docs/clients.md, run as they stand there with what `env` and `mint` print."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_cloudflare.engine.places import REPOSITORY
from tests.clients import install
from tests.clients.conftest import need, need_javascript
from tests.clients.page import block
from tests.clients.programs import run
from tests.clients.tree import TREE, write_tree

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIBRARIES = {
    "boto3": ["boto3.txt"],
    "aioboto3": ["aioboto3.txt"],
    "s3fs, fsspec and universal-pathlib": ["s3fs.bin", "upath.txt"],
    "smart_open": ["smart_open.txt"],
    "cloudpathlib": ["cloudpathlib.txt"],
    "django-storages": ["django.txt"],
    "minio": ["minio.txt"],
    "OpenDAL": ["opendal.txt"],
}
TABLES = {
    "pyarrow": ["pyarrow/part-0.parquet"],
    "polars": ["polars.parquet"],
    "delta-rs": ["delta/_delta_log/00000000000000000000.json"],
    "awswrangler": [],
}
"""What an example leaves below `dev/games/`; names that are made at random are left out."""


@pytest.mark.parametrize("heading", [*LIBRARIES, *TABLES])
def test_an_example_works(
    heading: str, minted: dict[str, str], folder: Path, s3: S3Client, bucket: str
) -> None:
    """In a shell that holds the temporary credential and nothing else."""
    environment = "libraries" if heading in LIBRARIES else "tables"
    need(environment)
    write_tree(folder / "films")
    python = install.programs(environment) / "python"
    done = run([str(python), "-c", block(heading, "python")], minted, folder)
    assert done.returncode == 0, done.stderr
    stored = {found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    assert {f"dev/games/{name}" for name in (LIBRARIES | TABLES)[heading]} <= stored
    assert all(key.startswith("dev/games/") for key in stored)


def test_a_presigned_url_is_signed_with_version_4(minted: dict[str, str], folder: Path) -> None:
    """boto3 falls back to version 2, which R2 does not have, when no region is set."""
    need("libraries")
    write_tree(folder / "films")
    script = block("boto3", "python") + "\nimport urllib.request\nprint(urllib.request.urlopen(url).read())"
    done = run([str(install.programs("libraries") / "python"), "-c", script], minted, folder)
    assert done.stdout == f"{TREE['plain.txt']!r}\n", done.stderr


def _with_node(variables: dict[str, str]) -> dict[str, str]:
    """The variables of a shell that finds node and wrangler, and does not speak to Cloudflare about its use."""
    path = os.pathsep.join([*map(str, install.node_folders()), variables["PATH"]])
    return {**variables, "PATH": path, "CI": "1", "WRANGLER_SEND_METRICS": "false"}


def test_the_javascript_example_works(
    minted: dict[str, str], folder: Path, s3: S3Client, bucket: str
) -> None:
    """In parts of equal size, and without waiting for what it asks."""
    need_javascript()
    (folder / "node_modules").symlink_to(install.modules_folder() / "node_modules")
    script = folder / "example.mjs"
    script.write_text(block("AWS SDK for JavaScript and aws4fetch", "js"), encoding="utf-8")
    done = run(["node", str(script)], _with_node(minted), folder)
    assert done.returncode == 0, done.stderr
    stored = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    assert stored == ["dev/games/aws4fetch.txt", "dev/games/javascript.bin"]


def test_wrangler_tells_the_truth(
    plain_environment: dict[str, str], api_variables: dict[str, str], folder: Path, s3: S3Client, bucket: str
) -> None:
    """What it put is there, what it got is that, and what it deleted is gone; what is missing here is said."""
    need_javascript()
    write_tree(folder / "films")
    variables = _with_node(plain_environment | api_variables)
    put, get, delete = block("wrangler").splitlines()
    for line in (put, get):
        done = run(["sh", "-euc", line], variables, folder)
        assert done.returncode == 0, done.stderr
    assert (folder / "back.txt").read_bytes() == TREE["plain.txt"]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    information = run(["wrangler", "r2", "bucket", "info", bucket], variables, folder)
    assert "object_count:           1\n" in information.stdout, information.stderr
    assert run(["sh", "-euc", delete], variables, folder).returncode == 0
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    domains = run(["wrangler", "r2", "bucket", "domain", "list", bucket], variables, folder)
    assert domains.returncode == 1
    assert "The local Cloudflare does not implement this" in domains.stdout + domains.stderr


def test_the_two_lines_of_the_page_are_enough(
    plain_environment: dict[str, str], folder: Path, cloudflare_folder: Path, s3: S3Client, bucket: str
) -> None:
    """`env` and `mint`, in a shell that has only the programs; and `mint` again."""
    need("python")
    env = block("Clients", "sh", number=1).replace(
        "--bucket films", f"--folder {cloudflare_folder} --bucket {bucket}"
    )
    mint = block("Clients")
    script = f"{env}{mint}{mint}s5cmd cp films/plain.txt s3://{bucket}/dev/games/plain.txt\n"
    write_tree(folder / "films")
    (folder / "local_cloudflare").symlink_to(REPOSITORY / "local_cloudflare")
    (folder / "layout").symlink_to(REPOSITORY / "layout")
    bare = {name: plain_environment[name] for name in ("PATH", "HOME", "LC_ALL")}
    done = run(["sh", "-euc", script], bare, folder)
    assert done.returncode == 0, done.stderr
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [
        "dev/games/plain.txt"
    ]
