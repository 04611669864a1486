"""From the scheme to lifecycle rules and lock rules."""

from __future__ import annotations

import itertools

import pytest

from layout.environment import Environment
from layout.errors import EnvironmentNameError
from layout.retention import ABORT_INCOMPLETE_UPLOADS, LifecycleRule, LockRule, lifecycle_rules, lock_rules
from layout.scheme.table import SCHEME

DEV_RULES = (
    LifecycleRule(id="Default Multipart Abort Rule", prefix="", abort_multipart_after_seconds=604_800),
    LifecycleRule(id="expire-dev-temp", prefix="dev/temp/", delete_after_seconds=86_400),
    LifecycleRule(id="expire-dev-backups", prefix="dev/backups/", delete_after_seconds=2_592_000),
)


def test_rules_of_one_environment() -> None:
    """Temporary data lives a day, backups 30 days, and R2's own rule is restated."""
    assert lifecycle_rules([Environment.DEV]) == DEV_RULES


def test_rules_of_all_environments() -> None:
    """A shared bucket has the rules of every environment, in a fixed order."""
    assert [rule.id for rule in lifecycle_rules(Environment)] == [
        "Default Multipart Abort Rule",
        "expire-dev-temp",
        "expire-dev-backups",
        "expire-staging-temp",
        "expire-staging-backups",
        "expire-prod-temp",
        "expire-prod-backups",
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(Environment)))
def test_order_depends_on_nothing(order: tuple[Environment, ...]) -> None:
    """The order in which environments are named, or how often, makes no difference."""
    assert lifecycle_rules([*order, *order]) == lifecycle_rules(Environment)


def test_every_rule_is_about_a_folder() -> None:
    """Every prefix but that of R2's own rule ends in a slash and leads keys of the scheme."""
    expiring = [rule for rule in lifecycle_rules(Environment) if rule != ABORT_INCOMPLETE_UPLOADS]
    assert all(rule.prefix.endswith("/") for rule in expiring)
    assert all(SCHEME.parse(f"{rule.prefix}x").template.retention for rule in expiring)


def test_ids_are_unique() -> None:
    """No two rules share an id."""
    ids = [rule.id for rule in lifecycle_rules(Environment)]
    assert len(set(ids)) == len(ids)


def test_only_the_default_rule_is_about_everything() -> None:
    """No rule that deletes has an empty prefix."""
    assert [rule for rule in lifecycle_rules(Environment) if not rule.prefix] == [ABORT_INCOMPLETE_UPLOADS]
    assert ABORT_INCOMPLETE_UPLOADS.delete_after_seconds is None


def test_no_environment() -> None:
    """The rules of nothing would switch off all expiry, so they are refused."""
    with pytest.raises(EnvironmentNameError) as caught:
        lifecycle_rules([])
    assert str(caught.value) == "Lifecycle rules were asked for no environment."
    assert caught.value.hint == "Name the environments whose data the bucket holds: dev, staging, prod."


def test_lock_rules_of_one_environment() -> None:
    """Backups are locked for 30 days, and nothing else is."""
    assert lock_rules([Environment.DEV]) == (
        LockRule(id="lock-dev-backups", prefix="dev/backups/", max_age_seconds=2_592_000),
    )


@pytest.mark.parametrize("order", list(itertools.permutations(Environment)))
def test_lock_rules_of_all_environments(order: tuple[Environment, ...]) -> None:
    """A shared bucket has the lock rules of every environment, in a fixed order."""
    assert [rule.prefix for rule in lock_rules([*order, *order])] == [
        "dev/backups/",
        "staging/backups/",
        "prod/backups/",
    ]


def test_no_lock_outlasts_its_lifecycle_rule() -> None:
    """What is locked expires no earlier than its lock ends."""
    expiring = {rule.prefix: rule.delete_after_seconds for rule in lifecycle_rules(Environment)}
    ages = [(rule.max_age_seconds, expiring[rule.prefix]) for rule in lock_rules(Environment)]
    assert ages == [(2_592_000, 2_592_000)] * 3


def test_lock_rules_of_no_environment() -> None:
    """The rules of nothing would unlock everything, so they are refused."""
    with pytest.raises(EnvironmentNameError) as caught:
        lock_rules([])
    assert str(caught.value) == "Lock rules were asked for no environment."
    assert caught.value.hint == "Name the environments whose data the bucket holds: dev, staging, prod."
