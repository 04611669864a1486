"""A Pulumi workspace: what the CLI gets to see, what is written where, and what a run gives."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local_cloudflare.engine import Engine, engine
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.workspace import Workspace

ACCOUNT = "0" * 32
PROJECT = """
name: sample
runtime: python
main: program
"""
STACK = """\
# a comment of the tracked file
config:
  sample:words: [a, b]
"""
# What the program does is in its config: it fails, or exports what it sees.
PROGRAM = """
import os, sys
import pulumi
config = pulumi.Config()
if config.get("complaint"):
    pulumi.log.error(config.require("complaint"))
    sys.exit(32)
pulumi.export("environment", os.environ["APP_ENV"])
pulumi.export("endpoint", config.require("endpoint"))
pulumi.export("words", config.require_object("words"))
pulumi.export("password", pulumi.Output.secret("hush"))
pulumi.export("python", sys.prefix)
"""

Make = Callable[[], Workspace]


def write_program(folder: Path) -> Path:
    """Write the Pulumi program to a folder below this one, whose name has a space and a percent sign."""
    program = folder / "a program%41"
    (program / "program").mkdir(parents=True)
    (program / "Pulumi.yaml").write_text(PROJECT)
    (program / "Pulumi.dev.yaml").write_text(STACK)
    (program / "program" / "__main__.py").write_text(PROGRAM)
    return program


def make_workspace(folder: Path, used: Engine, program: Path) -> Workspace:
    """Make a workspace below a folder; nothing answers at its endpoints."""
    return Workspace(
        folder / "work space%41",
        engine=used,
        account_id=ACCOUNT,
        api_url="http://127.0.0.1:1/client/v4",
        api_token="t" * 40,
        s3_endpoint="http://127.0.0.1:2",
        program=program,
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A small Pulumi program."""
    return write_program(tmp_path)


@pytest.fixture
def make(program: Path, tmp_path: Path) -> Make:
    """Give a function that makes the workspace, with a CLI that is not there."""
    missing = Engine(tmp_path / "pulumi", (tmp_path,), own_language_host=True)
    return lambda: make_workspace(tmp_path, missing, program)


@pytest.fixture
def fresh(program: Path, tmp_path: Path) -> Workspace:
    """A workspace with the real CLI, and no stack yet."""
    return make_workspace(tmp_path, engine(), program)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with the real CLI, in which the stack dev is up."""
    folder = tmp_path_factory.mktemp("up")
    workspace = make_workspace(folder, engine(), write_program(folder))
    workspace.up("dev")
    return workspace


def test_environment_is_complete_and_nothing_ambient_leaks_in(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The CLI gets these variables and no others, whatever the shell has."""
    for name in (
        "PULUMI_ACCESS_TOKEN",
        "PULUMI_CONFIG_PASSPHRASE",
        "CLOUDFLARE_EMAIL",
        "AWS_PROFILE",
        "HTTP_PROXY",
    ):
        monkeypatch.setenv(name, "ambient")
    for name in ("TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/usr/bin")
    folder = tmp_path / "work space%41"
    assert make().environment("staging") == {
        "PATH": f"{tmp_path}:/usr/bin",
        "HOME": str(folder / "home"),
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "passphrase"),
        "PULUMI_PYTHON_CMD": sys.executable,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "CLOUDFLARE_BASE_URL": "http://127.0.0.1:1/client/v4",
        "CLOUDFLARE_API_TOKEN": "t" * 40,
        "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
        "APP_ENV": "staging",
    }


def test_environment_without_a_stack_has_no_app_env(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """APP_ENV is a stack's own: the shell's is not passed on."""
    monkeypatch.setenv("APP_ENV", "prod")
    assert "APP_ENV" not in make().environment()


def test_folder_and_passphrase_are_private_and_kept(make: Make) -> None:
    """Only the owner can read the folder and the passphrase, which a second workspace there keeps."""
    workspace = make()
    passphrase = workspace.folder / "passphrase"
    first = passphrase.read_text()
    make()
    assert passphrase.read_text() == first
    assert re.fullmatch(r"[\w-]{43}", first)
    assert (workspace.folder.stat().st_mode & 0o777, passphrase.stat().st_mode & 0o777) == (0o700, 0o600)


def test_stack_file_is_a_copy_with_the_local_endpoint(make: Make, program: Path) -> None:
    """The copy has the tracked file's config and the endpoint; the tracked file stays as it is."""
    copy = make().stack_file("dev")
    assert copy.read_text() == (
        "config:\n  sample:words:\n  - a\n  - b\n  sample:endpoint: http://127.0.0.1:2\n"
    )
    assert (program / "Pulumi.dev.yaml").read_text() == STACK


def test_config_can_be_set_and_removed(make: Make) -> None:
    """A plain key gets the project's namespace, another one is kept; None removes."""
    workspace = make()
    workspace.set_config("dev", "generations", [1, 2])
    workspace.set_config("dev", "cloudflare:baseUrl", "http://127.0.0.1:3")
    workspace.set_config("dev", "adopt", True)
    workspace.set_config("dev", "words", None)
    workspace.set_config("dev", "never-set", None)
    assert workspace.stack_file("dev").read_text() == (
        "config:\n  sample:endpoint: http://127.0.0.1:2\n  sample:generations:\n  - 1\n  - 2\n"
        "  cloudflare:baseUrl: http://127.0.0.1:3\n  sample:adopt: true\n"
    )


def test_unknown_stack(make: Make, program: Path) -> None:
    """A stack without a file is an error that names file and folder."""
    with pytest.raises(LocalCloudflareError) as raised:
        make().stack_file("production")
    assert str(raised.value) == f"There is no stack file 'Pulumi.production.yaml' in {str(program)!r}."
    assert raised.value.hint == "The stacks are dev, staging and prod: one file for each APP_ENV."


@pytest.mark.engine
def test_outputs_come_with_secrets(up: Workspace) -> None:
    """Outputs are what the program exported, run by this Python with APP_ENV set."""
    assert up.outputs("dev") == {
        "environment": "dev",
        "endpoint": "http://127.0.0.1:2",
        "words": ["a", "b"],
        "password": "hush",
        "python": sys.prefix,
    }


@pytest.mark.engine
def test_second_up_changes_nothing(up: Workspace) -> None:
    """An `up` of an unchanged program passes with `expect_no_changes`."""
    assert "1 unchanged" in up.up("dev", expect_no_changes=True).stdout


@pytest.mark.engine
def test_secrets_are_encrypted_in_the_state(up: Workspace) -> None:
    """A secret output stands nowhere in the workspace in clear text."""
    files = [path for path in up.folder.rglob("*") if path.is_file()]
    assert [path for path in files if b"hush" in path.read_bytes()] == []


@pytest.mark.engine
def test_tracked_files_are_not_changed(up: Workspace) -> None:
    """The salt of the secrets goes into the copy of the stack file."""
    assert {path.name: path.read_text() for path in up.program.glob("*.yaml")} == {
        "Pulumi.yaml": PROJECT,
        "Pulumi.dev.yaml": STACK,
    }
    assert "encryptionsalt: v1:" in up.stack_file("dev").read_text()


@pytest.mark.engine
def test_provider_plugin_is_the_stand_in(up: Workspace) -> None:
    """The plugin that is installed for pulumi_cloudflare starts the local provider, from any folder."""
    (plugin,) = (up.folder / "home" / "plugins").glob("resource-cloudflare-v*/pulumi-resource-cloudflare")
    command = [str(plugin), "127.0.0.1:1"]
    environment = {"PATH": os.defpath}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/", env=environment) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) > 0
        process.terminate()


@pytest.mark.engine
def test_expected_no_changes_but_there_are(fresh: Workspace) -> None:
    """A preview that would make something fails with `expect_no_changes`."""
    with pytest.raises(LocalCloudflareError) as raised:
        fresh.preview("dev", expect_no_changes=True)
    assert (
        str(raised.value).splitlines()[0]
        == "The command `pulumi preview` for stack 'dev' ended with status 7:"
    )
    assert str(raised.value).splitlines()[-1] == (
        "error: no changes were expected for preview but changes were proposed"
    )


@pytest.mark.engine
def test_failed_program(fresh: Workspace) -> None:
    """The error has the command, the stack and the CLI's last lines."""
    fresh.set_config("dev", "complaint", "the bucket is missing")
    with pytest.raises(LocalCloudflareError) as raised:
        fresh.preview("dev")
    assert str(raised.value) == (
        "The command `pulumi preview` for stack 'dev' ended with status 1:\n"
        "Previewing update (dev):\n"
        "    pulumi:pulumi:Stack sample-dev  error: the bucket is missing\n"
        " +  pulumi:pulumi:Stack sample-dev create error: the bucket is missing\n"
        " +  pulumi:pulumi:Stack sample-dev create 1 error\n"
        "Diagnostics:\n"
        "  pulumi:pulumi:Stack (sample-dev):\n"
        "    error: the bucket is missing\n"
        "Resources:\n"
        "    + 1 to create\n"
        "    1 errored"
    )


@pytest.mark.engine
def test_destroy_empties_a_stack(fresh: Workspace) -> None:
    """After a destroy no output is left."""
    fresh.up("dev")
    fresh.destroy("dev")
    assert fresh.outputs("dev") == {}
