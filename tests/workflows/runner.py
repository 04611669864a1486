"""Runs the shell steps of a workflow's jobs as GitHub would: in order, each job in a fresh checkout, from the file.

What the file says is what runs: its commands, its environment, its conditions. What cannot run here is in `ACTIONS`
and `TARGETS`, each with its reason; anything else that is not understood fails the test.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # PyYAML comes with pulumi, its stubs do not

__all__ = ["ACTIONS", "TARGETS", "WORKFLOWS", "Job", "Runner", "load"]

REPOSITORY = Path(__file__).resolve().parents[2]
WORKFLOWS = REPOSITORY / ".github" / "workflows"
TIMEOUT = 120

ACTIONS = {
    "actions/checkout": "the checkout is this one: the job's folder has links to its files",
    "actions/setup-python": "the Python is that of .venv",
    "actions/upload-artifact": "GitHub's store; here a folder keeps the files that its paths name",
    "actions/download-artifact": "GitHub's store; here a folder gives back what was kept",
    "pypa/gh-action-pypi-publish": "it would publish; what it gets is what `make package` made and used",
}
TARGETS = {
    "environment": "makes .venv, which runs this test",
    "setup": "makes .venv and the engine, which run this test",
    "check": "runs all tests, this one included",
    "package": "tested by tests/scripts/test_package.py",
}
"""Targets of make that a job calls and a test does not: that they are there is what is checked."""


def load(name: str) -> dict[str, Any]:
    """A workflow; YAML reads its key `on` as true."""
    content: dict[Any, Any] = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))
    content["on"] = content.pop(True)
    return content


@dataclass
class Job:
    """How a job ended.

    Attributes:
        status: That of the step that failed, else 0.
        output: What its steps printed.
        summary: Its summary.
        ran: The names of the shell steps that ran.
        folder: Its checkout.
    """

    folder: Path
    status: int = 0
    output: str = ""
    summary: str = ""
    ran: list[str] = field(default_factory=list)


@dataclass
class Runner:
    """One run of a workflow.

    Attributes:
        workflow: The file's content.
        folder: Where checkouts and artifacts are.
        contexts: The values of expressions: `inputs.layout`, `vars.R2_BUCKET`, `secrets.R2_ACCESS_KEY_ID`.
        checkout: Whose files a job works on.
        extra: Variables that tell the local Cloudflare from the real one, which a workflow does not set.
    """

    workflow: Mapping[str, Any]
    folder: Path
    contexts: Mapping[str, str]
    checkout: Path = REPOSITORY
    extra: Mapping[str, str] = field(default_factory=dict)

    def run(self, name: str, *, cancel_when: Callable[[], bool] | None = None) -> Job:
        """Runs a job.

        Args:
            name: Its name.
            cancel_when: The run is cancelled once this is true: the step's process gets SIGINT, and of the steps after
                it only those run that run always.
        """
        job = Job(self._checkout(name))
        environment = self._environment(job.folder) | self._values(self.workflow.get("env", {}))
        for step in self.workflow["jobs"][name]["steps"]:
            if not self._is_wanted(step.get("if", ""), job.status):
                continue
            if "uses" in step:
                self._use(step, job.folder)
                continue
            job.ran.append(step["name"])
            self._shell(step["run"], job, environment | self._values(step.get("env", {})), cancel_when)
        summary = job.folder / "summary.md"
        job.summary = summary.read_text(encoding="utf-8") if summary.exists() else ""
        return job

    def value(self, text: str) -> str:
        """A text with its expressions replaced; one that is not known fails the test."""
        return re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda found: self.contexts[found[1]], str(text))

    def _values(self, pairs: Mapping[str, str]) -> dict[str, str]:
        return {name: self.value(text) for name, text in pairs.items()}

    def _checkout(self, name: str) -> Path:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name_of in (".venv", "Makefile", "infra", "layout", "local_cloudflare", "scripts"):
            (folder / name_of).symlink_to(REPOSITORY / name_of)
        for file in self.checkout.glob("Pulumi*.yaml"):
            shutil.copy(file, folder)
        # Where a job has no token of GitHub, its CLI says what it was asked.
        (folder / "bin").mkdir()
        (folder / "bin" / "gh").write_text('#!/bin/sh\necho "gh $*"\n', encoding="utf-8")
        (folder / "bin" / "gh").chmod(0o755)
        return folder

    def _environment(self, folder: Path) -> dict[str, str]:
        """What GitHub sets and these steps read; no variable of this process but where programs are."""
        return {
            **self.extra,
            "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": "anna",
            "GITHUB_RUN_ID": "123",
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        }

    def _is_wanted(self, condition: str, status: int) -> bool:
        if condition == "always()":
            return True
        if condition == "failure()":
            return status != 0
        if status:
            return False
        if not condition:
            return True
        found = re.fullmatch(r"([\w.]+) == '(\w+)'", condition)
        assert found is not None, f"a condition that this runner does not understand: {condition}"
        return self.contexts[found[1]] == found[2]

    def _use(self, step: Mapping[str, Any], folder: Path) -> None:
        action = step["uses"].partition("@")[0]
        assert action in ACTIONS, f"an action without a reason: {action}"
        given = step.get("with", {})
        if action == "actions/upload-artifact":
            artifact = self.folder / "artifacts" / self.value(given["name"])
            shutil.rmtree(artifact, ignore_errors=True)
            artifact.mkdir(parents=True)
            for file in folder.glob(self.value(given["path"])):
                shutil.copy(file, artifact)
        if action == "actions/download-artifact":
            for artifact in (self.folder / "artifacts").glob(given.get("name") or given["pattern"]):
                shutil.copytree(artifact, folder, dirs_exist_ok=True)

    def _shell(
        self,
        command: str,
        job: Job,
        environment: Mapping[str, str],
        cancel_when: Callable[[], bool] | None,
    ) -> None:
        assert "${{" not in command, f"an expression in a command: {command}"
        if made := re.fullmatch(r"make ([a-z-]+)", command.strip()):
            assert made[1] in TARGETS
            assert re.search(rf"^{made[1]}:", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.M)
            return
        with (job.folder.parent / "output.txt").open("w+", encoding="utf-8") as output:
            # GitHub's own words for a step without `shell`.
            process = subprocess.Popen(
                ["bash", "-e", "-c", command],
                cwd=job.folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            end = time.monotonic() + TIMEOUT
            while process.poll() is None and time.monotonic() < end:
                if cancel_when is not None and cancel_when():
                    process.send_signal(signal.SIGINT)
                    cancel_when = None
                time.sleep(0.02)
            if process.poll() is None:
                process.kill()
            job.status = process.wait()
            output.seek(0)
            job.output += output.read()
