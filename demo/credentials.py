"""The temporary credentials that the demonstration hands out: the stack's token itself opens nothing here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.commands import Commands


@dataclass(frozen=True)
class Credentials:
    """Files of variables, each readable by its owner only.

    Attributes:
        reader: The whole bucket, read only: a plan and a verification look at old keys at the root.
        writer: The whole bucket, for copy, mark and delete.
        application: Keys of ``dev/``, read only: what reads a file afterwards needs no more.
        backend: Keys of ``dev/``, for an application that writes too.
    """

    reader: Path
    writer: Path
    application: Path
    backend: Path


def hand_out(commands: Commands, folder: Path, environment: Mapping[str, str]) -> Credentials:
    """Write the dev stack's settings to a file, and mint one credential from them for each job.

    Args:
        commands: What runs the scripts.
        folder: Where the files go.
        environment: In which the Pulumi CLI finds the stack.

    Raises:
        LocalCloudflareError: A script did not do it.
    """
    stack = folder / "stack.env"
    commands.run(["scripts/env.py", "--stack", "dev", "--file", commands.shown(stack)], environment)
    made = Credentials(
        folder / "reader.env", folder / "writer.env", folder / "application.env", folder / "backend.env"
    )
    for file, options in (
        (made.reader, ["--whole-bucket", "--read-only", "--ttl", "1h"]),
        (made.writer, ["--whole-bucket", "--ttl", "1h"]),
        (made.application, ["--env", "dev", "--read-only", "--ttl", "12h"]),
        (made.backend, ["--env", "dev", "--ttl", "12h"]),
    ):
        mint = ["scripts/credentials.py", "mint", *options, "--format", "dotenv"]
        mint += ["--output", commands.shown(file)]
        commands.run_with(stack, mint)
    return made
