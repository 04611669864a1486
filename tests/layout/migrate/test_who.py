"""Who a migration was run by."""

from __future__ import annotations

import pytest

from layout.migrate.who import is_name, who


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a person at a host called `laptop`."""
    for name in ("GITHUB_ACTOR", "GITHUB_RUN_ID", "GITLAB_USER_LOGIN", "CI_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "anna")
    monkeypatch.setattr("socket.gethostname", lambda: "laptop")


def test_a_person_is_login_and_host() -> None:
    """As the operating system tells them."""
    assert who() == "anna@laptop"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"GITHUB_ACTOR": "bert", "GITHUB_RUN_ID": "7"}, "bert, GitHub run 7"),
        ({"GITLAB_USER_LOGIN": "bert", "CI_JOB_ID": "8"}, "bert, GitLab job 8"),
        ({"GITHUB_ACTOR": "bert"}, "bert, GitHub run unknown"),
        ({"GITHUB_ACTOR": "b\nert"}, "anna@laptop"),
    ],
)
def test_a_job_is_account_and_run(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    """Unless what its environment says cannot be shown."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert who() == told


def test_a_host_without_a_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that cannot be shown gets into a marker."""
    monkeypatch.setattr("socket.gethostname", lambda: "\x1b[31m")
    assert who() == "unknown"


@pytest.mark.parametrize(
    ("text", "fits"), [("Anna B.", True), ("", False), (" ", False), ("a\tb", False), ("x" * 201, False)]
)
def test_what_can_be_a_name(text: str, fits: bool) -> None:
    """One line that a person can read."""
    assert is_name(text) is fits
