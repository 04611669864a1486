"""What each client is called with, and how a test runs it."""

import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.clients.programs import run


@dataclass(frozen=True)
class Commands:
    """One client's commands. `{...}` is replaced inside each word, so names may hold anything.

    Attributes:
        sync: Makes the keys below `prefix` equal to `folder`, deletions included.
        fetch: Copies what is below `prefix` into `folder`.
        list: Names what is below `prefix`.
        put: Stores `file` as `key`.
        get: Reads `key` into `file`.
        copy: Copies `source` to `key` without the bytes passing through this machine.
        remove: Deletes `key`.
        remove_all: Deletes what is below `prefix`.
        part: Bytes of a part when `put` stores 12 MiB.
    """

    sync: str
    fetch: str
    list: str
    put: str
    get: str
    copy: str
    remove: str
    remove_all: str
    part: int


COMMANDS = {
    "s5cmd": Commands(
        sync="s5cmd sync --delete {folder}/ s3://{bucket}/{prefix}",
        fetch="s5cmd cp s3://{bucket}/{prefix}* {folder}/",
        list="s5cmd ls s3://{bucket}/{prefix}*",
        put="s5cmd cp --part-size 5 {file} s3://{bucket}/{key}",
        get="s5cmd cp s3://{bucket}/{key} {file}",
        copy="s5cmd cp s3://{bucket}/{source} s3://{bucket}/{key}",
        remove="s5cmd rm s3://{bucket}/{key}",
        remove_all="s5cmd rm s3://{bucket}/{prefix}*",
        part=5 * 2**20,
    ),
    "rclone": Commands(
        sync="rclone sync {folder} R2:{bucket}/{prefix}",
        fetch="rclone copy R2:{bucket}/{prefix} {folder}",
        list="rclone lsf --recursive --files-only R2:{bucket}/{prefix}",
        put="rclone copyto --s3-upload-cutoff 5Mi --s3-chunk-size 5Mi {file} R2:{bucket}/{key}",
        get="rclone copyto R2:{bucket}/{key} {file}",
        copy="rclone copyto R2:{bucket}/{source} R2:{bucket}/{key}",
        remove="rclone deletefile R2:{bucket}/{key}",
        remove_all="rclone delete R2:{bucket}/{prefix}",
        part=5 * 2**20,
    ),
    "aws": Commands(
        sync="aws s3 sync --delete {folder} s3://{bucket}/{prefix}",
        fetch="aws s3 cp --recursive s3://{bucket}/{prefix} {folder}",
        list="aws s3 ls --recursive s3://{bucket}/{prefix}",
        put="aws s3 cp {file} s3://{bucket}/{key}",
        get="aws s3 cp s3://{bucket}/{key} {file}",
        copy="aws s3 cp s3://{bucket}/{source} s3://{bucket}/{key}",
        remove="aws s3 rm s3://{bucket}/{key}",
        remove_all="aws s3 rm --recursive s3://{bucket}/{prefix}",
        part=8 * 2**20,
    ),
}


class Client:
    """A client with the credential in its environment, in a folder of its own.

    Args:
        name: One of `COMMANDS`.
        bucket: What `{bucket}` stands for.
        environment: All of it: nothing of this process is passed on.
        folder: Where it runs.
    """

    def __init__(self, name: str, bucket: str, environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.commands = COMMANDS[name]
        self.bucket = bucket
        self.environment = environment
        self.folder = folder

    def run(self, command: str, **fields: object) -> subprocess.CompletedProcess[str]:
        """Runs one command to its end, which may be a failure."""
        names = {"bucket": self.bucket, **fields}
        words = [word.format_map(names) for word in shlex.split(command)]
        return self._run(words)

    def shell(self, script: str) -> subprocess.CompletedProcess[str]:
        """Runs lines of a shell script until one fails."""
        return self._run(["sh", "-euc", script])

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        return run(words, self.environment, self.folder)

    def must(self, command: str, **fields: object) -> str:
        """Runs one command that has to succeed, and gives its output."""
        done = self.run(command, **fields)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout
