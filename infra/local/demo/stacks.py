"""Three stacks brought up on the local account with the real Pulumi CLI, and what they report."""

import json
import time
from typing import Any

from infra.local.demo.checks import Check
from infra.local.demo.screen import Screen
from infra.local.workspace import Workspace

STACKS = ("prod", "staging", "dev")  # prod owns the bucket that all share, so it comes first
_SECRET = "[secret]"  # noqa: S105  how the CLI writes a value that it does not show


def bring_up(screen: Screen, workspace: Workspace) -> list[Check]:
    """Run ``pulumi up`` for each stack twice; show resources and outputs, secrets as ``[secret]``.

    Returns:
        One statement a stack: that the second run changed nothing.

    Raises:
        LocalCloudflareError: A stack did not come up; the message has the CLI's last lines.
    """
    checks = []
    for stack in STACKS:
        _show_command(screen, workspace, stack)
        screen.say(f"{_timed_up(workspace, stack)}")
        _show_resources(screen, workspace, stack)
        _show_outputs(screen, workspace, stack)
        checks.append(_second_up(screen, workspace, stack))
    return checks


def _show_command(screen: Screen, workspace: Workspace, stack: str) -> None:
    screen.command(
        ["pulumi", "up", "--stack", stack, "--config-file", workspace.stack_file(stack).name, "--yes"]
    )


def _timed_up(workspace: Workspace, stack: str) -> str:
    started = time.monotonic()
    answer = workspace.up(stack)
    return f"{stack}: {_counts(answer.stdout)} in {time.monotonic() - started:.0f} s"


def _second_up(screen: Screen, workspace: Workspace, stack: str) -> Check:
    answer = workspace.up(stack, expect_no_changes=True, check=False)
    screen.say(f"{stack}, a second time: {_counts(answer.stdout)}")
    problems = () if answer.returncode == 0 else tuple(answer.stderr.strip().splitlines()[-3:])
    if answer.returncode != 0 and not problems:
        problems = (f"pulumi up --expect-no-changes ended with status {answer.returncode}",)
    return Check(f"a second `pulumi up` of {stack} changed nothing", problems)


def _counts(output: str) -> str:
    """Return the CLI's own counts (``+ 7 created``), which follow the line ``Resources:``."""
    lines = [line.strip() for line in output.splitlines()]
    if "Resources:" not in lines:
        return "no counts reported"
    after = lines[lines.index("Resources:") + 1 :]
    return ", ".join(after[: after.index("")] if "" in after else after)


def _show_resources(screen: Screen, workspace: Workspace, stack: str) -> None:
    exported = json.loads(workspace.run("stack", "export", stack=stack).stdout)
    rows = [
        (str(resource["type"]), str(resource["urn"]).rsplit("::", 1)[-1], str(resource["id"]))
        for resource in exported["deployment"].get("resources", [])
        if resource.get("id") and not str(resource["type"]).startswith("pulumi:providers:")
    ]
    screen.table(f"Resources of {stack}", ["type", "name", "id"], rows)


def _show_outputs(screen: Screen, workspace: Workspace, stack: str) -> None:
    outputs: dict[str, Any] = json.loads(workspace.run("stack", "output", "--json", stack=stack).stdout)
    rows = [(name, _SECRET if value == _SECRET else _text(value)) for name, value in sorted(outputs.items())]
    screen.table(f"Outputs of {stack}", ["name", "value"], rows)


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
