"""APP_ENV."""

from __future__ import annotations

import pytest

from layout.environment import Environment, current_environment
from layout.errors import EnvironmentNameError


@pytest.mark.parametrize("environment", list(Environment))
def test_variable_names_the_environment(environment: Environment) -> None:
    """APP_ENV is one of the three names."""
    assert current_environment({"APP_ENV": environment.value}) is environment


def test_unset_means_dev() -> None:
    """Without APP_ENV the environment is dev."""
    assert current_environment({}) is Environment.DEV


def test_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of the process's environment counts from the next call on."""
    monkeypatch.setenv("APP_ENV", "prod")
    first = current_environment()
    monkeypatch.setenv("APP_ENV", "staging")
    assert (first, current_environment()) == (Environment.PROD, Environment.STAGING)


@pytest.mark.parametrize("name", ["production", "", "DEV", " dev", "dev/"])
def test_other_names_are_refused(name: str) -> None:
    """Anything else is refused with a message that names the three, the empty text included."""
    with pytest.raises(EnvironmentNameError) as caught:
        current_environment({"APP_ENV": name})
    assert str(caught.value) == f"APP_ENV is {name!r}, which is none of dev, staging, prod."
    assert caught.value.hint == "Set APP_ENV to one of dev, staging, prod; unset, it means dev."


def test_a_huge_name_is_shown_in_part() -> None:
    """A whole file in the variable would hide what the message says."""
    with pytest.raises(EnvironmentNameError) as caught:
        current_environment({"APP_ENV": "x" * 5000})
    assert str(caught.value).endswith("... (5,002 characters in all), which is none of dev, staging, prod.")
