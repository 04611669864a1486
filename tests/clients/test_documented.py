"""The commands on docs/clients.md, run as they stand there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.clients.commands import Client
from tests.clients.page import PAGE, block
from tests.clients.tree import TREE, read_tree, stored_tree, write_tree

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEADINGS = {"s5cmd": "s5cmd", "rclone": "rclone", "aws": "AWS CLI"}


def test_the_page_can_be_followed(
    client: Client, plain_environment: dict[str, str], s3: S3Client, bucket: str
) -> None:
    """First the credential, unless the profile mints it, then the client's examples."""
    first = "" if client.name == "aws" else block("Clients")
    reader = Client(client.name, bucket, plain_environment, client.folder)
    write_tree(client.folder / "films")
    done = reader.shell(first + block(HEADINGS[client.name]))
    assert done.returncode == 0, done.stderr
    assert stored_tree(s3, bucket, "dev/games/films/") == TREE
    assert read_tree(client.folder / "back") == TREE


def test_the_page_names_the_versions_that_are_installed(client: Client) -> None:
    """The head of its table says what was measured."""
    printed = client.must({"s5cmd": "s5cmd version"}.get(client.name, f"{client.name} --version"))
    version = re.search(r"\d+\.\d+\.\d+", printed)
    assert version is not None
    assert f"| {HEADINGS[client.name]} {version[0]} |" in PAGE.read_text(encoding="utf-8")


def test_s3cmd_works_as_the_page_says(
    s5cmd: Client, minted: dict[str, str], s3: S3Client, bucket: str
) -> None:
    """Which is installed beside s5cmd: a tree goes there and back."""
    write_tree(s5cmd.folder / "films")
    (s5cmd.folder / "back").mkdir()
    done = Client("s5cmd", bucket, minted, s5cmd.folder).shell(block("s3cmd"))
    assert done.returncode == 0, done.stderr
    assert stored_tree(s3, bucket, "dev/games/films/") == TREE
    assert read_tree(s5cmd.folder / "back") == TREE
    assert all(name in done.stdout for name in TREE)
