"""Asking Pulumi for the outputs of a stack; what is made of them is tested with scripts/env.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.stack_outputs import ask_pulumi
from layout.errors import SettingsError


def test_without_a_cli_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None on PATH, and none built here."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError) as caught:
        ask_pulumi("dev", local=tmp_path)
    assert str(caught.value) == "There is no Pulumi CLI."
    assert caught.value.hint == "Run `make setup`, or put pulumi on PATH."
