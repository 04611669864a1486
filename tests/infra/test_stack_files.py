"""The project file and the stack files that a user edits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # PyYAML comes with pulumi, its stubs do not
from pydantic.alias_generators import to_camel

from infra.settings import StackSettings, load_settings
from layout.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
ENVIRON = {"CLOUDFLARE_ACCOUNT_ID": "0123456789abcdef0123456789abcdef"}
PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))
CONFIG = {to_camel(name) for name in StackSettings.model_fields} - {"environment"}


def stack_text(stack: str) -> str:
    """A stack file as it is written."""
    return (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")


def as_pulumi_hands_over(values: dict[str, Any]) -> dict[str, str]:
    """Text as it is, everything else as JSON."""
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


@pytest.mark.parametrize("stack_name", list(Environment))
def test_the_stack_files_are_valid_config(stack: Callable[..., None], stack_name: str) -> None:
    """A checkout needs nothing but an account to preview any stack of the shared bucket."""
    defaults = {key: value["default"] for key, value in PROJECT["config"].items()}
    own = {
        key.removeprefix("r2-layout:"): value
        for key, value in yaml.safe_load(stack_text(stack_name))["config"].items()
    }
    stack(stack_name, **as_pulumi_hands_over({**defaults, **own}))
    settings = load_settings(ENVIRON)
    assert (settings.bucket_name, settings.owner) == ("reel-ballers-users", "prod")
    assert settings.adopt is (stack_name == "prod")


@pytest.mark.parametrize("stack_name", list(Environment))
def test_each_stack_file_shows_every_value(stack_name: str) -> None:
    """A value is explained where it is set: in the project file if all stacks share it, else in each stack file."""
    shared = set(PROJECT["config"])
    text = stack_text(stack_name)
    assert shared == {"bucket", "topology", "bucketOwner"}
    assert {name for name in CONFIG - shared if f"r2-layout:{name}:" not in text} == set()
    assert {name for name in shared if f"r2-layout:{name}:" in text} == set()


@pytest.mark.parametrize("stack_name", list(Environment))
def test_values_in_comments_are_valid_too(stack: Callable[..., None], stack_name: str) -> None:
    """Whoever removes a comment sign gets config that works, in the topology that the comment is about."""
    uncommented = "\n".join(
        line.replace("# r2-layout:", "r2-layout:", 1) for line in stack_text(stack_name).splitlines()
    )
    values = {
        key.removeprefix("r2-layout:"): value for key, value in yaml.safe_load(uncommented)["config"].items()
    }
    assert set(values) == CONFIG - set(PROJECT["config"])
    stack(stack_name, **as_pulumi_hands_over({"bucket": "clips", "topology": "dedicated", **values}))
    assert load_settings(ENVIRON).owns_bucket is True
