"""What a token's policies open."""

import pytest

from local_cloudflare.permissions import Policy, allows, grants, group_named, group_with_id
from local_cloudflare.r2.auth.access import Grant, Permission

Resources = dict[str, str | dict[str, str]]

ACCOUNT = "0123456789abcdef0123456789abcdef"
OTHER = "f" * 32
EVERYTHING: Resources = {f"com.cloudflare.api.account.{ACCOUNT}": "*"}
ALL_BUCKETS: Resources = {f"com.cloudflare.api.account.{ACCOUNT}": {"com.cloudflare.edge.r2.bucket.*": "*"}}
READ, WRITE = "Workers R2 Storage Bucket Item Read", "Workers R2 Storage Bucket Item Write"


def policy(*names: str, resources: Resources) -> Policy:
    """A policy with the named groups."""
    return Policy(tuple(group_named(name).id for name in names), resources)


def one_bucket(account: str = ACCOUNT, jurisdiction: str = "default") -> Resources:
    """The resource of the bucket `films-2`."""
    return {f"com.cloudflare.edge.r2.bucket.{account}_{jurisdiction}_films-2": "*"}


def test_the_r2_groups_have_cloudflares_ids() -> None:
    """The four R2 groups are found by the ids that Cloudflare's documents and many programs use."""
    names = {
        "6a018a9f2fc74eb6b293b0c548f38b39": READ,
        "2efd5506f9c8494dacb1fa10a3e7d5b6": WRITE,
        "b4992e1108244f5d8bfbd5744320c2e1": "Workers R2 Storage Read",
        "bf7481a1826f439697cb59a20b22293e": "Workers R2 Storage Write",
    }
    found = {group_id: group.name for group_id in names if (group := group_with_id(group_id))}
    assert found == names


@pytest.mark.parametrize(
    ("given", "opened"),
    [
        (policy(WRITE, resources=one_bucket()), Grant("films-2", "default", Permission.OBJECT_READ_WRITE)),
        (
            policy(READ, resources=one_bucket(jurisdiction="fedramp-high")),
            Grant("films-2", "fedramp-high", Permission.OBJECT_READ_ONLY),
        ),
        (policy(READ, resources=ALL_BUCKETS), Grant("*", "*", Permission.OBJECT_READ_ONLY)),
        (
            policy("Workers R2 Storage Write", resources=EVERYTHING),
            Grant("*", "*", Permission.ADMIN_READ_WRITE),
        ),
        (
            policy("Workers R2 Storage Read", resources=EVERYTHING),
            Grant("*", "*", Permission.ADMIN_READ_ONLY),
        ),
    ],
)
def test_each_form_of_resource_opens_its_buckets(given: Policy, opened: Grant) -> None:
    """One bucket with its jurisdiction, all buckets, and the whole account are told apart."""
    assert given.problem(ACCOUNT) is None
    assert grants([given], ACCOUNT) == (opened,)


def test_other_permissions_open_no_bucket() -> None:
    """A token that may mint tokens has nothing at the S3 endpoint by that alone."""
    assert grants([policy("Account API Tokens Write", resources=EVERYTHING)], ACCOUNT) == ()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (
            policy(READ, resources=one_bucket(account=OTHER)),
            (
                f"a resource is not of account {ACCOUNT!r} or has no known form: "
                f"['com.cloudflare.edge.r2.bucket.{OTHER}_default_films-2']"
            ),
        ),
        (
            policy(READ, resources={"com.cloudflare.edge.r2.bucket.*": "*"}),
            (
                f"a resource is not of account {ACCOUNT!r} or has no known form: "
                "['com.cloudflare.edge.r2.bucket.*']"
            ),
        ),
        (
            policy(READ, resources=EVERYTHING),
            (
                "permission group 'Workers R2 Storage Bucket Item Read' needs a resource of scope "
                "'com.cloudflare.edge.r2.bucket'"
            ),
        ),
        (
            policy("Workers R2 Storage Write", resources=one_bucket()),
            (
                "permission group 'Workers R2 Storage Write' needs a resource of scope "
                "'com.cloudflare.api.account'"
            ),
        ),
        (Policy(("0" * 32,), EVERYTHING), f"permission group '{'0' * 32}' does not exist"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(given: Policy, problem: str) -> None:
    """Foreign accounts, unknown groups, and groups on resources of another scope are named."""
    assert given.problem(ACCOUNT) == problem


def test_account_wide_permissions_are_looked_up_by_name() -> None:
    """A group counts only on the resource of this very account."""
    held = [policy("Account API Tokens Read", resources=EVERYTHING)]
    assert allows(held, ACCOUNT, ["Account API Tokens Read", "Account API Tokens Write"])
    assert not allows(held, ACCOUNT, ["Account API Tokens Write"])
    assert not allows(held, OTHER, ["Account API Tokens Read"])
