"""Three stacks brought up on the local account with the real Pulumi CLI, and what they report."""

import json
import time
from typing import Any

from demo.checks import Check
from demo.commands import Commands
from demo.screen import Screen
from local_cloudflare.workspace import Workspace

STACKS = ("prod", "staging", "dev")  # prod owns the bucket that all share, so it comes first
_SECRET = "[secret]"  # noqa: S105  how the CLI writes a value that it does not show
_LAST_LINES = 3


def bring_up(screen: Screen, commands: Commands, workspace: Workspace) -> list[Check]:
    """Run ``pulumi up`` for each stack twice; show resources and outputs, secrets as ``[secret]``.

    Returns:
        One statement a stack: that the second run changed nothing.

    Raises:
        LocalCloudflareError: A stack did not come up; the message has the CLI's last lines.
    """
    screen.say(f"Typed by hand, the commands below need: {_shell_variables(commands, workspace)}")
    checks = []
    for stack in STACKS:
        file = commands.shown(workspace.stack_file(stack))
        screen.command(f"pulumi up --yes --stack {stack} --config-file {file}   # usually 5 to 15 s, twice")
        started = time.monotonic()
        answer = workspace.up(stack)
        screen.say(f"{stack}: {counts(answer.stdout)} in {time.monotonic() - started:.0f} s")
        _show_resources(screen, workspace, stack)
        _show_outputs(screen, workspace, stack)
        checks.append(_second_up(screen, workspace, stack))
    return checks


def _shell_variables(commands: Commands, workspace: Workspace) -> str:
    folder = workspace.folder
    beside = (
        f"--folder {commands.shown(folder.parent / 'cloudflare')} --stack-folder {commands.shown(folder)}"
    )
    return f'eval "$(python -m local_cloudflare env {beside})"'


def _second_up(screen: Screen, workspace: Workspace, stack: str) -> Check:
    answer = workspace.up(stack, expect_no_changes=True, check=False)
    screen.say(f"{stack}, a second time: {counts(answer.stdout)}")
    problems: list[str] = []
    if answer.returncode != 0:
        said = [line for line in (answer.stdout + answer.stderr).splitlines() if line.strip()]
        problems = [
            f"pulumi up --expect-no-changes ended with status {answer.returncode}",
            *said[-_LAST_LINES:],
        ]
    return Check(f"a second `pulumi up` of {stack} changed nothing", tuple(problems))


def counts(output: str) -> str:
    """Return the CLI's own counts (``+ 7 created``), which follow the line ``Resources:``."""
    lines = [line.strip() for line in output.splitlines()]
    if "Resources:" not in lines:
        return "no counts reported"
    after = lines[lines.index("Resources:") + 1 :]
    return ", ".join(after[: after.index("")] if "" in after else after)


def _show_resources(screen: Screen, workspace: Workspace, stack: str) -> None:
    exported = json.loads(workspace.run("stack", "export", stack=stack).stdout)
    rows = [
        (
            str(resource["type"]).rsplit(":", 1)[-1],
            str(resource["urn"]).rsplit("::", 1)[-1],
            str(resource["id"]),
        )
        for resource in exported["deployment"].get("resources", [])
        if resource.get("id") and not str(resource["type"]).startswith("pulumi:providers:")
    ]
    screen.table(f"Resources of {stack}", ["type", "name", "id"], sorted(rows))


def _show_outputs(screen: Screen, workspace: Workspace, stack: str) -> None:
    outputs: dict[str, Any] = json.loads(workspace.run("stack", "output", "--json", stack=stack).stdout)
    rows = [(name, _SECRET if value == _SECRET else _text(value)) for name, value in sorted(outputs.items())]
    screen.table(f"Outputs of {stack}", ["name", "value"], rows)


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
