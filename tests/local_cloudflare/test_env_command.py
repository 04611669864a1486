"""`python -m local_cloudflare env`: what a shell needs."""

import shlex
from pathlib import Path

import pytest

from local_cloudflare.__main__ import main
from local_cloudflare.cloudflare import LocalCloudflare
from local_cloudflare.r2.auth.access import Permission
from tests.local_cloudflare.running import run


def test_env_gives_a_shell_what_it_needs(
    running: LocalCloudflare, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines for eval, with the account, the API and the S3 endpoint."""
    lines = run(running, capsys, "env").splitlines()
    assert lines == [
        f"export CLOUDFLARE_ACCOUNT_ID={running.account_id}",
        f"export CLOUDFLARE_API_BASE_URL={running.api_url}",
        f"export CLOUDFLARE_API_TOKEN={running.api_token}",
        f"export CLOUDFLARE_BASE_URL={running.api_url}",
        f"export R2_ENDPOINT={running.s3_endpoint}",
    ]


def _variables(
    running: LocalCloudflare, capsys: pytest.CaptureFixture[str], *arguments: str
) -> dict[str, str]:
    lines = run(running, capsys, "env", *arguments).splitlines()
    return dict(shlex.split(line)[1].split("=", 1) for line in lines)


def test_env_gives_the_parent_of_a_bucket(
    running: LocalCloudflare, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that reads and writes objects of that bucket and no more; settings of another bucket do not mix in."""
    for name in ("films", "others"):
        running.store.create_bucket(name)
    variables = _variables(running, capsys, "--bucket", "films")
    credential = running.account.credential(variables["R2_ACCESS_KEY_ID"])
    assert credential is not None
    assert credential.secret_access_key == variables["R2_SECRET_ACCESS_KEY"]
    (grant,) = credential.grants
    assert (grant.bucket, grant.permission) == ("films", Permission.OBJECT_READ_WRITE)
    shown = {
        name: value
        for name, value in variables.items()
        if not name.endswith(("_ID", "_KEY", "_TOKEN", "_URL"))
    }
    assert shown == {"R2_BUCKET": "films", "R2_ENDPOINT": running.s3_endpoint, "R2_JURISDICTION": "default"}
    assert variables["R2_SESSION_TOKEN"] == ""


def test_env_gives_the_same_parent_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After a restart too, and for each bucket its own; a parent that was deleted or changed is replaced."""
    keys = []
    for _ in range(2):
        with LocalCloudflare(tmp_path, buckets=["films", "others"]) as running:
            keys += [_variables(running, capsys, "--bucket", "films")["R2_ACCESS_KEY_ID"] for _ in range(2)]
            other = _variables(running, capsys, "--bucket", "others")["R2_ACCESS_KEY_ID"]
            count = len(running.account.tokens())
    assert (len(set(keys)), other in keys, count) == (1, False, 3)
    with LocalCloudflare(tmp_path) as running:
        running.account.delete(keys[0])
        assert _variables(running, capsys, "--bucket", "films")["R2_ACCESS_KEY_ID"] != keys[0]


def test_env_refuses_a_bucket_that_is_not_there(
    running: LocalCloudflare, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt name makes neither a bucket nor a token."""
    tokens = running.account.tokens()
    assert main(["env", "--folder", str(running.folder), "--bucket", "film"]) == 1
    assert capsys.readouterr() == (
        "",
        (
            f"Error: The local Cloudflare in {str(running.folder)!r} has no bucket 'film'.\n"
            "Try: Start it with --bucket film, or create the bucket through its API (docs/control-api.md).\n"
        ),
    )
    assert running.account.tokens() == tokens


@pytest.mark.engine
def test_env_knows_a_pulumi_workspace(
    running: LocalCloudflare, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With a stack folder, the shell finds engine, state, plugins and passphrase of that workspace."""
    lines = run(running, capsys, "env", "--stack-folder", str(tmp_path / "stacks")).splitlines()
    variables = dict(shlex.split(line)[1].split("=", 1) for line in lines)
    assert variables["PULUMI_BACKEND_URL"] == (tmp_path / "stacks" / "state").as_uri()
    assert variables["PULUMI_HOME"] == str(tmp_path / "stacks" / "home")
    assert Path(variables["PULUMI_CONFIG_PASSPHRASE_FILE"]).is_file()
    assert variables["CLOUDFLARE_BASE_URL"] == running.api_url
