"""Asking Pulumi for the outputs of a stack; what is made of them is tested with scripts/env.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from layout.command.env import ask_pulumi
from layout.errors import SettingsError


def test_without_a_cli_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None on PATH, and none named."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError) as caught:
        ask_pulumi("dev", tmp_path)
    assert str(caught.value) == "There is no Pulumi CLI 'pulumi'."
    assert caught.value.hint == (
        "Put pulumi on PATH, or name it with --pulumi. A checkout's own:"
        " python -m local_cloudflare.engine prints its path."
    )
