"""The commands of docs/tutorial.md, in order, as they stand there, from an empty account."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.engine import engine
from local_cloudflare.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial.md"


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


@pytest.mark.engine
@pytest.mark.xdist_group("engine")
def test_the_tutorial_serves_a_file_from_an_empty_account(tmp_path: Path) -> None:
    """Each block ends well; the URL gives the file, and the audit finds nothing wrong."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 4
    with LocalCloudflare(tmp_path / "cloudflare") as cloudflare:
        workspace = Workspace(
            tmp_path / "workspace",
            engine=engine(),
            account_id=cloudflare.account_id,
            api_url=cloudflare.api_url,
            api_token=cloudflare.api_token,
            s3_endpoint=cloudflare.s3_endpoint,
        )
        workspace._install_provider()  # the local stand-in for Cloudflare's plugin, which Pulumi would download
        folder = checkout(tmp_path / "checkout", cloudflare.s3_endpoint)
        environment = workspace.environment()
        printed = []
        for block in blocks:
            done = subprocess.run(
                ["bash", "-e", "-c", block],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
            assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
            printed.append(done.stdout)
        assert printed[1:3] == ["Wrote .env for dev with its backend token.\n", "Hello from R2\n"]
        assert "films-dev" in printed[3]
