"""A Pulumi workspace for the local Cloudflare: state, plugins, passphrase and stack files in one folder.

::

    {folder}/
      state/                    the file backend
      home/                     PULUMI_HOME, with the stand-in provider installed as the plugin `cloudflare`
      stacks/Pulumi.yaml        copy of the project file, so that `stack init` writes here
      stacks/Pulumi.dev.yaml    copies of the stack files, for --config-file
      passphrase                random, mode 0600

Nothing outside is written: ``pulumi stack init`` and ``pulumi up`` add an ``encryptionsalt`` to the stack
file that they use, which would otherwise be a tracked one. Nothing from outside leaks in: the CLI gets a
complete environment of its own, so a PULUMI_ or CLOUDFLARE_ variable of the shell can neither redirect it nor
lend it an account.
"""

import itertools
import json
import os
import secrets
import shlex
import shutil
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # PyYAML comes with pulumi, its stubs do not

from local_cloudflare.engine import Engine
from local_cloudflare.engine.places import REPOSITORY
from local_cloudflare.engine.run import run_to_end
from local_cloudflare.errors import LocalCloudflareError

__all__ = ["Workspace"]

TIMEOUT: Final = 600.0
"""Seconds for one command; an ``up`` of one stack takes under 10 on two cores."""
OUTPUT_LINES: Final = 40
"""Lines of the CLI's output that an error carries."""

_KEPT: Final = ("PATH", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM")
_WITH_CONFIG_FILE: Final = frozenset({"config", "destroy", "import", "preview", "refresh", "up"})
_HINT: Final = (
    "The whole output may say more: run the same command with `check=False` and read its stdout and stderr."
)


class Workspace:
    """Runs the Pulumi CLI on the program of this repository, or another one, against the local Cloudflare.

    Args:
        folder: where everything is kept; made if missing, readable by its owner only.
        engine: the CLI, from `local_cloudflare.engine.engine`.
        account_id: the local account.
        api_url: its API, ``http://127.0.0.1:{port}/client/v4``.
        api_token: a token that may manage buckets and account tokens.
        s3_endpoint: becomes the config value ``endpoint`` of every stack.
        program: folder with ``Pulumi.yaml`` and the stack files.
    """

    def __init__(
        self,
        folder: Path,
        *,
        engine: Engine,
        account_id: str,
        api_url: str,
        api_token: str,
        s3_endpoint: str,
        program: Path = REPOSITORY,
    ) -> None:
        self.folder = folder.absolute()
        self.program = program.absolute()
        self._engine = engine
        self._account_id = account_id
        self._api_url = api_url
        self._api_token = api_token
        self._s3_endpoint = s3_endpoint
        self._state = self.folder / "state"
        self._home = self.folder / "home"
        self._stacks = self.folder / "stacks"
        self._passphrase = self.folder / "passphrase"
        self._make_folders()

    def environment(self, stack: str | None = None) -> dict[str, str]:
        """Give the complete environment for the Pulumi CLI; with a stack, APP_ENV is its name."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {
            **kept,
            **self._engine.variables(kept.get("PATH", os.defpath)),
            "HOME": str(self._home),
            "PULUMI_HOME": str(self._home),
            "PULUMI_BACKEND_URL": self._state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase),
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "CLOUDFLARE_BASE_URL": self._api_url,
            "CLOUDFLARE_API_TOKEN": self._api_token,
            "CLOUDFLARE_ACCOUNT_ID": self._account_id,
            **({"APP_ENV": stack} if stack is not None else {}),
        }

    def stack_file(self, stack: str) -> Path:
        """Give the copy of a stack's file, made when it is first asked for, with the local endpoint in it.

        Raises:
            LocalCloudflareError: the program has no file for this stack.
        """
        copy = self._stacks / f"Pulumi.{stack}.yaml"
        if not copy.exists():
            original = self.program / copy.name
            if not original.is_file():
                raise LocalCloudflareError(
                    f"There is no stack file {copy.name!r} in {str(self.program)!r}.",
                    hint="The stacks are dev, staging and prod: one file for each APP_ENV.",
                )
            shutil.copyfile(original, copy)
            self.set_config(stack, "endpoint", self._s3_endpoint)
        return copy

    def set_config(self, stack: str, key: str, value: Any) -> None:
        """Set one config value in the copy of a stack's file; ``None`` removes it.

        Args:
            stack: name of the stack.
            key: with its namespace (``cloudflare:baseUrl``), or without for the project's own.
            value: what YAML can express: text, number, truth value, list, mapping.
        """
        path = self.stack_file(stack)
        document = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        config = document.setdefault("config", None) or {}
        name = key if ":" in key else f"{self.project}:{key}"
        config.pop(name, None)
        if value is not None:
            config[name] = value
        path.write_text(yaml.safe_dump({**document, "config": config}, sort_keys=False), encoding="utf-8")

    @property
    def project(self) -> str:
        """The project's name, from ``Pulumi.yaml``."""
        document: Mapping[str, Any] = yaml.safe_load(
            (self._stacks / "Pulumi.yaml").read_text(encoding="utf-8")
        )
        return str(document["name"])

    def run(
        self, *arguments: str, stack: str, check: bool = True, timeout: float = TIMEOUT
    ) -> CompletedProcess[str]:
        """Run ``pulumi arguments... --stack stack`` to its end; the stack is made if it does not exist yet.

        Raises:
            LocalCloudflareError: it did not end within ``timeout`` seconds, or ended with another status than
                0 and ``check`` is true. The message has the last lines of its output.
        """
        self._initialise(stack)
        if arguments[0] in _WITH_CONFIG_FILE:
            options = ["--stack", stack, "--config-file", str(self.stack_file(stack))]
            return self._pulumi([*arguments, *options], self.program, stack, check=check, timeout=timeout)
        return self._pulumi([*arguments, "--stack", stack], self._stacks, stack, check=check, timeout=timeout)

    def up(
        self, stack: str, *arguments: str, expect_no_changes: bool = False, check: bool = True
    ) -> CompletedProcess[str]:
        """Bring a stack up; with ``expect_no_changes`` any change of a resource is an error."""
        options = ["--yes", "--skip-preview", "--suppress-progress", *_no_changes(expect_no_changes)]
        return self.run("up", *options, *arguments, stack=stack, check=check)

    def preview(
        self, stack: str, *arguments: str, expect_no_changes: bool = False, check: bool = True
    ) -> CompletedProcess[str]:
        """Show what an ``up`` would do; with ``expect_no_changes`` any change of a resource is an error."""
        options = ["--suppress-progress", *_no_changes(expect_no_changes)]
        return self.run("preview", *options, *arguments, stack=stack, check=check)

    def destroy(self, stack: str, *arguments: str, check: bool = True) -> CompletedProcess[str]:
        """Destroy a stack's resources; a protected one refuses it in the preview."""
        return self.run("destroy", "--yes", "--suppress-progress", *arguments, stack=stack, check=check)

    def outputs(self, stack: str) -> dict[str, Any]:
        """Give a stack's outputs by name, secrets in clear text."""
        answer = self.run("stack", "output", "--json", "--show-secrets", stack=stack)
        outputs: dict[str, Any] = json.loads(answer.stdout)
        return outputs

    def _make_folders(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for folder in (self._state, self._home, self._stacks):
            folder.mkdir(exist_ok=True)
        shutil.copyfile(self.program / "Pulumi.yaml", self._stacks / "Pulumi.yaml")
        if not self._passphrase.exists():
            descriptor = os.open(self._passphrase, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(32))

    def _initialise(self, stack: str) -> None:
        """Install the provider plugin and make the stack, each unless it is there."""
        plugin = f"resource-cloudflare-v{version('pulumi_cloudflare')}"
        if not (self._home / "plugins" / plugin).is_dir():
            self._install_provider()
        self.stack_file(stack)
        if not (self._state / ".pulumi" / "stacks" / self.project / f"{stack}.json").exists():
            self._pulumi(
                ["stack", "init", stack, "--no-select"], self._stacks, stack, check=True, timeout=TIMEOUT
            )

    def _install_provider(self) -> None:
        """Install a script that runs `local_cloudflare.provider` as the plugin of the installed pulumi_cloudflare.

        The language host built here cannot run a plugin folder with ``runtime: python``, an executable always
        works.
        """
        wrapper = self.folder / "pulumi-resource-cloudflare"
        search = f"PYTHONPATH={shlex.quote(str(REPOSITORY))}"
        command = f"exec env {search} {shlex.quote(sys.executable)} -P -m local_cloudflare.provider"
        wrapper.write_text(f'#!/bin/sh\n{command} "$@"\n', encoding="utf-8")
        wrapper.chmod(0o755)
        name = ["plugin", "install", "resource", "cloudflare", version("pulumi_cloudflare")]
        self._pulumi([*name, "--file", str(wrapper)], self._stacks, None, check=True, timeout=TIMEOUT)

    def _pulumi(
        self, arguments: list[str], folder: Path, stack: str | None, *, check: bool, timeout: float
    ) -> CompletedProcess[str]:
        command = [str(self._engine.pulumi), *arguments, "--non-interactive", "--color", "never"]
        words = itertools.takewhile(lambda argument: not argument.startswith("-"), arguments[:2])
        what = f"`pulumi {' '.join(words)}`" + (f" for stack {stack!r}" if stack else "")
        answer = run_to_end(
            command, what, folder=folder, environment=self.environment(stack), timeout=timeout
        )
        if check and answer.returncode != 0:
            raise LocalCloudflareError(
                f"The command {what} ended with status {answer.returncode}:\n{_last_lines(answer)}",
                hint=_HINT,
            )
        return answer


def _no_changes(expected: bool) -> list[str]:
    return ["--expect-no-changes"] if expected else []


def _last_lines(answer: CompletedProcess[str]) -> str:
    lines = [line for line in (answer.stdout + answer.stderr).splitlines() if line.strip()]
    return "\n".join(lines[-OUTPUT_LINES:])
