"""What holds for every workflow, read from the files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML comes with pulumi, its stubs do not

from scripts.lint_workflows import commands
from tests.workflows.runner import ACTIONS, TARGETS, WORKFLOWS, load

NAMES = sorted(file.name for file in WORKFLOWS.iterdir())
MAKE = re.compile(r"make ([a-z-]+)")


def steps(name: str) -> list[dict[str, Any]]:
    """All steps of a workflow."""
    return [step for job in load(name)["jobs"].values() for step in job["steps"]]


def test_these_are_the_workflows() -> None:
    """One that is added is added here, and to what holds for each."""
    assert [
        f"{name}.yml" for name in ("check", "drift", "migrate", "preview", "provision", "release")
    ] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_action_is_pinned_by_its_commit_with_the_version_behind_it(name: str) -> None:
    """And has a reason why a test does not run it."""
    lines = re.findall(r"uses: (.*)", (WORKFLOWS / name).read_text(encoding="utf-8"))
    assert [line for line in lines if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", line)] == []
    assert {line.partition("@")[0] for line in lines} <= set(ACTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_has_no_permission_and_each_job_says_its_own(name: str) -> None:
    """Each job ends by itself, too."""
    workflow = load(name)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert "permissions" in job
        assert job["timeout-minutes"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs_a_stranger_s_code_with_secrets(name: str) -> None:
    """No workflow is started by what runs on the base with a fork's code, and no checkout leaves a token."""
    workflow = load(name)
    assert "pull_request_target" not in workflow["on"]
    for step in steps(name):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("name", NAMES)
def test_commands_are_short_and_hold_no_expression(name: str) -> None:
    """They call make and scripts, which exist; what they are given comes through the environment."""
    for step in steps(name):
        if "run" not in step:
            continue
        assert "${{" not in step["run"]
        assert len(step["run"].strip().splitlines()) <= 2
        assert set(MAKE.findall(step["run"])) <= set(TARGETS)
        for script in re.findall(r"scripts/\w+\.py", step["run"]):
            assert Path(WORKFLOWS.parents[1] / script).is_file()


def test_a_fork_gets_no_secret_of_a_preview() -> None:
    """Both jobs ask where the pull request comes from."""
    for job in load("preview.yml")["jobs"].values():
        assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]


def test_the_stack_that_owns_the_bucket_is_provisioned_first() -> None:
    """The one that Pulumi.yaml names; one run a stack at a time."""
    jobs = load("provision.yml")["jobs"]
    project = yaml.safe_load((WORKFLOWS.parents[1] / "Pulumi.yaml").read_text(encoding="utf-8"))
    assert [(name, job.get("needs")) for name, job in jobs.items()] == [
        (project["config"]["bucketOwner"]["default"], None),
        ("staging", "prod"),
        ("dev", "staging"),
    ]
    for name, job in jobs.items():
        assert job["concurrency"] == {"group": f"stack-{name}", "cancel-in-progress": False}
        assert job["environment"] == name


def test_both_linters_are_asked_about_every_workflow() -> None:
    """And neither asks the network."""
    actionlint, zizmor = commands(Path("folder"))
    files = [str(WORKFLOWS / name) for name in NAMES]
    assert actionlint == ["folder/actionlint", "-no-color", "-shellcheck=", "-pyflakes=", *files]
    assert zizmor == ["folder/zizmor/bin/zizmor", "--offline", "--no-progress", "--quiet", *files]
