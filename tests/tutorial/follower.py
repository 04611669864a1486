"""A checkout whose pages are followed: its files, its stack, and a shell with the local Cloudflare."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.engine import engine
from local_cloudflare.workspace import Workspace

__all__ = ["ROOT", "Follower", "blocks"]

ROOT = Path(__file__).resolve().parents[2]


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page in docs/ that are in this language, in order."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


@dataclass
class Follower:
    """Who follows a page.

    Attributes:
        folder: The checkout.
        environment: The variables of the shell: those of Pulumi, and of the account.
    """

    folder: Path
    environment: dict[str, str]

    @classmethod
    def at(cls, cloudflare: LocalCloudflare, folder: Path) -> Self:
        """Somebody with an empty account."""
        workspace = Workspace(
            folder / "workspace",
            engine=engine(),
            account_id=cloudflare.account_id,
            api_url=cloudflare.api_url,
            api_token=cloudflare.api_token,
            s3_endpoint=cloudflare.s3_endpoint,
        )
        workspace._install_provider()  # the local stand-in for Cloudflare's plugin, which Pulumi would download
        return cls(checkout(folder / "checkout", cloudflare.s3_endpoint), workspace.environment())

    def shell(self, block: str) -> str:
        """Runs a block as it stands; gives what it printed."""
        done = subprocess.run(
            ["bash", "-e", "-c", block],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def checkout(folder: Path, endpoint: str) -> Path:
    """The files of a checkout that the page works in; its stack is told the local endpoint, as no real one is."""
    folder.mkdir()
    for file in (*ROOT.glob("Pulumi*.yaml"), ROOT / "pyproject.toml"):
        shutil.copy(file, folder)
    for name in ("infra", "layout", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    with (folder / "Pulumi.dev.yaml").open("a", encoding="utf-8") as stack:
        stack.write(f"\n  r2-layout:endpoint: {endpoint}\n")
    return folder
