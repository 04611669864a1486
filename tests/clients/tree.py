"""A small tree of files, on disk and in the bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TREE = {
    "plain.txt": b"plain",
    "empty.bin": b"",
    "below/one/more.txt": b"deep",
    "with space.txt": b"space",
    "100%.txt": b"percent",
    "%41%2F.txt": b"looks encoded",
    "plus+and&.txt": b"plus",
    "a=b;c,d.txt": b"signs",
    "#hash.txt": b"hash",
    "quote's.txt": b"quote",
    "what?.txt": b"question",
    "žluťoučký kůň.txt": b"Czech",
    "日本 🎬.bin": b"Japanese",
}
"""Names of files and what is in them. Unicode is in NFC, as R2 keeps it."""


def write_tree(folder: Path, tree: dict[str, bytes] = TREE) -> None:
    """Writes the files into a folder."""
    for name, body in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def read_tree(folder: Path) -> dict[str, bytes]:
    """The files in a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def stored_tree(s3: S3Client, bucket: str, prefix: str) -> dict[str, bytes]:
    """The objects below a prefix."""
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]
    return {key.removeprefix(prefix): s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
