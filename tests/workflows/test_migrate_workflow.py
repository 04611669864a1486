"""The workflow that migrates, run against the local Cloudflare: what the file says is what ran."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.scripts.migration import operator_of
from tests.workflows.runner import Job, Runner, load

if TYPE_CHECKING:
    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.scripts.migration import Operator

JOBS = ("plan", "approve-copy", "copy", "verify", "references", "approve-delete", "delete")


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Operator]:
    """A bucket with one user's old objects."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    for number in range(20):
        operator.put(f"a/raw_clips/{number}.mp4", b"clip")
    operator.put("a/database.sqlite", b"database")
    yield operator
    cloudflare.s3.faults.clear()


@pytest.fixture
def runner(cloudflare: LocalCloudflare, operator: Operator, bucket: str, tmp_path: Path) -> Runner:
    """The workflow, dispatched for dev; the parent token is of this bucket alone."""
    keys = cloudflare.s3_keys("Workers R2 Storage Bucket Item Write", bucket=bucket)
    assert operator.bucket == bucket
    return Runner(
        load("migrate.yml"),
        tmp_path / "run",
        {
            "inputs.layout": "flat",
            "inputs.environment": "dev",
            "inputs.default_user": "",
            "inputs.min_age": "0",
            "vars.R2_BUCKET": bucket,
            "vars.R2_ENDPOINT": cloudflare.s3_endpoint,
            "vars.CLOUDFLARE_ACCOUNT_ID": cloudflare.account_id,
            "secrets.R2_ACCESS_KEY_ID": keys.access_key_id,
            "secrets.R2_SECRET_ACCESS_KEY": keys.secret_access_key,
            "secrets.MONGODB_URI": "",
        },
    )


def names(runner: Runner, job: str) -> list[str]:
    """The shell steps of a job that are wanted for the layout flat, as the file names them."""
    steps = runner.workflow["jobs"][job]["steps"]
    return [step["name"] for step in steps if "run" in step and "scenes" not in step.get("if", "")]


def until(runner: Runner, last: str) -> list[Job]:
    """Runs the jobs up to one, each of which has to succeed and to run all its steps."""
    done = []
    for name in JOBS[: JOBS.index(last) + 1]:
        done.append(runner.run(name))
        assert (done[-1].status, done[-1].ran) == (0, names(runner, name)), done[-1].output
    return done


def test_jobs_are_in_the_order_in_which_this_test_runs_them(runner: Runner) -> None:
    """Each waits for the one before it, and for nothing else."""
    needed = [job.get("needs") for job in runner.workflow["jobs"].values()]
    assert (tuple(runner.workflow["jobs"]), tuple(needed)) == (JOBS, (None, *JOBS[:-1]))


def test_a_whole_run_moves_everything(runner: Runner, operator: Operator) -> None:
    """The old keys are gone, the marker says moved and who did it; the summaries have the tables."""
    jobs = until(runner, "delete")
    assert operator.old_keys() == []
    marker = operator.marker()
    assert (marker["phase"], marker["history"][0]["by"]) == ("moved", "anna, GitHub run 123")
    summaries = [job.summary.partition("\n")[0] for job in jobs]
    assert summaries == [
        "### plan: exit status 0", "", "### copy: exit status 0", "### verify: exit status 0",
        "### mark: exit status 0", "", "### delete: exit status 0",
    ]  # fmt: skip
    assert "  {user}/raw_clips/       copy         20   80 B\n" in jobs[0].summary
    assert "Verified: 21 objects, 88 B, are equal by size and ETag" in jobs[3].summary


def test_a_job_holds_a_masked_temporary_credential_and_no_parent(runner: Runner) -> None:
    """The secret of the parent is printed nowhere; that of the credential only in the line that masks it."""
    (job,) = until(runner, "plan")
    held = dict(line.split("=", 1) for line in (job.folder / ".env").read_text().splitlines())
    assert held["R2_SESSION_TOKEN"]
    for name in ("R2_SECRET_ACCESS_KEY", "R2_SESSION_TOKEN"):
        lines = [line for line in job.output.splitlines() if held[name] in line]
        assert lines == [f"::add-mask::{held[name]}"]
    parent = runner.contexts["secrets.R2_SECRET_ACCESS_KEY"]
    assert parent not in job.output + job.summary + (job.folder / ".env").read_text()


def test_what_no_rule_knows_fails_the_job_and_leaves_the_plan(runner: Runner, operator: Operator) -> None:
    """Nothing is written; the plan is an artifact for the person who decides."""
    operator.put("logs/a.log", b"log")
    job = runner.run("plan")
    assert job.status == 3
    assert "unknown" in job.summary
    assert (runner.folder / "artifacts" / "plan" / "plan.sqlite").is_file()
    assert not [key for key in operator.listed() if key.startswith("dev/")]


def test_a_failing_verification_fails_the_job_and_leaves_the_verdict(
    runner: Runner, operator: Operator
) -> None:
    """Somebody replaced what was copied: the jobs that mark and delete need this one."""
    until(runner, "copy")
    operator.put(operator.new_key("database.sqlite"), b"other")
    assert runner.run("verify").status == 3
    verdict = json.loads((runner.folder / "artifacts" / "verdict" / "verdict.json").read_text())
    assert verdict["ok"] is False
    assert operator.marker()["phase"] == "moving"
    # Also if somebody started the next job by hand.
    job = runner.run("references")
    assert (job.status, operator.marker()["phase"]) == (1, "moving")


def test_a_cancelled_copy_leaves_the_plan_and_runs_again(
    runner: Runner, operator: Operator, cloudflare: LocalCloudflare
) -> None:
    """The command ends as interrupted; the same job, run again, goes on with the plan of the artifact."""
    until(runner, "approve-copy")
    cloudflare.s3.faults.add(FaultRule(FaultAction.DELAY, operation="CopyObject", times=None, seconds=1))
    job = runner.run("copy", cancel_when=lambda: "dev/layout.json" in operator.listed())
    assert (job.status, "### copy: exit status 130" in job.summary) == (130, True), job.output
    assert len(operator.old_keys()) == 21
    assert (runner.folder / "artifacts" / "plan" / "plan.sqlite").is_file()
    cloudflare.s3.faults.clear()
    for name in JOBS[2:]:
        assert runner.run(name).status == 0
    assert operator.old_keys() == []
