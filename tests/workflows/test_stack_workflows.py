"""Preview, provision and drift, run with the engine against the local Cloudflare. GitHub's own CLI is not called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local_cloudflare.cloudflare import LocalCloudflare
from tests.tutorial.follower import Follower
from tests.workflows.runner import Runner, load

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]
STACKS = ("prod", "staging", "dev")


@dataclass
class Account:
    """An empty account, and who runs the workflows on it."""

    cloudflare: LocalCloudflare
    follower: Follower
    folder: Path

    def runner(self, workflow: str, **contexts: str) -> Runner:
        """A run of a workflow, with the variables of a repository."""
        environment = self.follower.environment
        audit = self.cloudflare.s3_keys("Workers R2 Storage Read")
        return Runner(
            load(workflow),
            self.folder / workflow,
            {
                "vars.PULUMI_BACKEND_URL": environment["PULUMI_BACKEND_URL"],
                "secrets.PULUMI_CONFIG_PASSPHRASE": "a passphrase",
                "secrets.CLOUDFLARE_API_TOKEN": environment["CLOUDFLARE_API_TOKEN"],
                "vars.CLOUDFLARE_ACCOUNT_ID": environment["CLOUDFLARE_ACCOUNT_ID"],
                "vars.R2_BUCKET": "reel-ballers-users",
                "vars.R2_ENDPOINT": self.cloudflare.s3_endpoint,
                "secrets.R2_AUDIT_ACCESS_KEY_ID": audit.access_key_id,
                "secrets.R2_AUDIT_SECRET_ACCESS_KEY": audit.secret_access_key,
                "github.token": "a token",
                "github.repository": "example/films",
                "github.event.pull_request.number": "7",
                **contexts,
            },
            checkout=self.follower.folder,
            extra={
                name: environment[name]
                for name in environment
                if name.startswith("PULUMI_") and "PASSPHRASE" not in name and "BACKEND" not in name
            }
            | {"CLOUDFLARE_BASE_URL": environment["CLOUDFLARE_BASE_URL"]},
        )


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Its stacks are initialised, as a person does once."""
    folder = tmp_path_factory.mktemp("account")
    with LocalCloudflare(folder / "cloudflare") as cloudflare:
        follower = Follower.at(cloudflare, folder)
        follower.environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE")
        follower.environment["PULUMI_CONFIG_PASSPHRASE"] = "a passphrase"
        for stack in STACKS:
            follower.shell(
                f"pulumi stack init {stack} && pulumi config set --stack {stack} endpoint {cloudflare.s3_endpoint}"
            )
        follower.shell("pulumi config rm --stack prod adopt")
        yield Account(cloudflare, follower, folder)


def test_stacks_are_provisioned_previewed_and_compared(account: Account) -> None:
    """In the workflow's order; then a preview is a comment and nothing has drifted; what an audit finds is an issue."""
    provision = account.runner("provision.yml")
    for stack in STACKS:
        job = provision.run(stack)
        assert job.status == 0, job.output
    preview = account.runner("preview.yml", **{"matrix.stack": "dev"})
    job = preview.run("preview")
    assert (job.status, "### preview-dev: exit status 0" in job.summary) == (0, True), job.output
    comment = preview.run("comment")
    assert comment.status == 0, comment.output
    assert "pr comment 7 --edit-last --create-if-none --body-file comment.md" in comment.output
    assert "### preview-dev" in (comment.folder / "comment.md").read_text()
    drift = account.runner("drift.yml", **{"matrix.stack": "prod"})
    assert drift.run("stacks").status == 0
    assert drift.run("audit").status == 0
    s3 = account.cloudflare.s3_keys("Workers R2 Storage Write")
    account.follower.environment |= {
        "AWS_ACCESS_KEY_ID": s3.access_key_id,
        "AWS_SECRET_ACCESS_KEY": s3.secret_access_key,
        "AWS_ENDPOINT_URL": account.cloudflare.s3_endpoint,
    }
    put = "import boto3; boto3.client('s3', region_name='auto').put_object(Bucket='reel-ballers-users', Key='logs/a')"
    account.follower.shell(f'.venv/bin/python -c "{put}"')
    found = drift.run("audit")
    assert found.status == 3
    report = drift.run("report")
    assert (
        "gh issue create --title The account or the bucket is not as declared --body-file issue.md"
        in report.output
    )
    assert "### drift-audit: exit status 3" in (report.folder / "issue.md").read_text()
