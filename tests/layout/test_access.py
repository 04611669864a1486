"""From the scheme to token policies and credential scopes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from layout.access import (
    AUDIT,
    BACKEND,
    CredentialScope,
    ObjectPermission,
    bucket_resource,
    scope_for_environment,
    scope_for_user,
    scope_for_whole_bucket,
    token_policy,
)
from layout.environment import Environment
from layout.errors import CredentialsError, InvalidKeyError, SettingsError
from layout.scheme.table import SCHEME, Scheme
from layout.scheme.template import Key, KeyTemplate
from layout.scheme.variables import Access
from layout.testing import keys

ACCOUNT = "0123456789abcdef" * 2
BUCKET = "reel-ballers-users"
RESOURCE = f"com.cloudflare.edge.r2.bucket.{ACCOUNT}_default_{BUCKET}"


@pytest.mark.parametrize("jurisdiction", ["default", "eu", "fedramp", "us"])
def test_bucket_resource(jurisdiction: str) -> None:
    """A bucket's name in a policy has the account and the jurisdiction in it."""
    expected = f"com.cloudflare.edge.r2.bucket.{ACCOUNT}_{jurisdiction}_{BUCKET}"
    assert bucket_resource(ACCOUNT, BUCKET, jurisdiction) == expected


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            ("ABC", BUCKET),
            "The account id 'ABC' is not 32 lower-case hexadecimal characters.",
            "Copy it from the Cloudflare dashboard, R2, Account details.",
        ),
        (
            (ACCOUNT, "My_Bucket"),
            "The bucket name 'My_Bucket' is not 3 to 63 lower-case letters, digits and inner hyphens.",
            "Use the name as the R2 dashboard shows it.",
        ),
        (
            (ACCOUNT, BUCKET, "mars"),
            "The jurisdiction 'mars' is none of default, eu, fedramp, us.",
            "Use one of default, eu, fedramp, us.",
        ),
    ],
)
def test_wrong_resource(arguments: tuple[str, ...], message: str, hint: str) -> None:
    """A policy is never made for a name that cannot exist."""
    with pytest.raises(SettingsError) as caught:
        bucket_resource(*arguments)
    assert (str(caught.value), caught.value.hint) == (message, hint)


@pytest.mark.parametrize("level", [BACKEND, AUDIT])
def test_token_policy(level: Any) -> None:
    """A token has one policy, about one bucket; its resources are compact JSON."""
    assert token_policy(level, "f" * 32, RESOURCE) == {
        "effect": "allow",
        "permission_groups": [{"id": "f" * 32}],
        "resources": f'{{"{RESOURCE}":"*"}}',
    }


def test_resources_are_json() -> None:
    """The resources parse to the bucket and everything in it."""
    assert json.loads(token_policy(BACKEND, "f", RESOURCE)["resources"]) == {RESOURCE: "*"}


def test_token_policy_without_a_group() -> None:
    """A look-up that found nothing makes no policy."""
    with pytest.raises(SettingsError) as caught:
        token_policy(AUDIT, "", RESOURCE)
    assert str(caught.value) == "The permission group 'Workers R2 Storage Bucket Item Read' has no id."
    assert caught.value.hint == "Look it up by its name with a token that has 'Account API Tokens Write'."


def test_levels() -> None:
    """The backend reads and writes, the audit reads."""
    assert (BACKEND.permission_group, BACKEND.permission) == (
        "Workers R2 Storage Bucket Item Write",
        "object-read-write",
    )
    assert (AUDIT.permission_group, AUDIT.permission) == (
        "Workers R2 Storage Bucket Item Read",
        "object-read-only",
    )


@pytest.mark.parametrize(("write", "permission"), [(True, "object-read-write"), (False, "object-read-only")])
def test_scopes(write: bool, permission: str) -> None:
    """A scope is an environment's, a user's or the whole bucket, to read or to write as well."""
    environment = scope_for_environment(BUCKET, Environment.DEV, write)
    user = scope_for_user(BUCKET, Environment.DEV, "a", write)
    whole = scope_for_whole_bucket(BUCKET, write)
    assert (environment.prefixes, whole.prefixes) == (("dev/",), ())
    assert user.prefixes == (("dev/users/a/",) if write else ("dev/users/a/", "dev/games/"))
    assert (environment.whole_bucket, user.whole_bucket, whole.whole_bucket) == (False, False, True)
    assert {environment.permission, user.permission, whole.permission} == {permission}


@given(key=keys())
def test_scopes_follow_from_the_access_of_the_rows(key: Key) -> None:
    """A user writes the user's own rows, and reads those that are open to everyone too; no other key."""
    environment = Environment(key.fields["env"])
    own = key.template.access is Access.USER and key.fields["user"] == "a"
    assert scope_for_user(BUCKET, environment, "a", write=True).allows(key) == own
    read = scope_for_user(BUCKET, environment, "a", write=False)
    assert read.allows(key) == (own or key.template.access is Access.EVERYONE)


@given(key=keys())
def test_scope_of_an_environment_is_that_environments_keys(key: Key) -> None:
    """An environment's scope allows exactly its keys, and the whole bucket's every key."""
    environment = Environment(key.fields["env"])
    assert [scope_for_environment(BUCKET, other, write=True).allows(key) for other in Environment] == [
        other is environment for other in Environment
    ]
    assert scope_for_whole_bucket(BUCKET, write=False).allows(key)


def test_scopes_of_another_scheme() -> None:
    """Every folder that a scheme opens to a user is in the scope, each once."""
    more = [
        ("{env}/users/{user}/thumbnails/{file}", Access.USER),
        ("{env}/avatars/{user}/{file}", Access.USER),
        ("{env}/open/{file}", Access.EVERYONE),
        ("{env}/bills/{user}/{file}", Access.BACKEND),
    ]
    variables = (*SCHEME["profile_file"].variables, *SCHEME["project_output"].variables[3:])
    rows = [
        KeyTemplate(name=text, text=text, description="A test.", variables=variables, access=access)
        for text, access in more
    ]
    scheme = Scheme(templates=(*SCHEME.templates, *rows))
    own = ("dev/users/a/", "dev/avatars/a/")
    assert scope_for_user(BUCKET, Environment.DEV, "a", True, scheme).prefixes == own
    assert scope_for_user(BUCKET, Environment.DEV, "a", False, scheme).prefixes == (
        *own,
        "dev/games/",
        "dev/open/",
    )


def test_a_scheme_that_opens_nothing_to_a_user() -> None:
    """A credential that would open nothing, which R2 reads as everything, is refused."""
    scheme = Scheme(templates=(SCHEME["temporary"],))
    with pytest.raises(CredentialsError) as caught:
        scope_for_user(BUCKET, Environment.DEV, "a", True, scheme)
    assert str(caught.value) == (
        "Credentials were asked for with an empty scope, which R2 reads as the whole bucket."
    )


def test_scope_does_not_reach_a_longer_name() -> None:
    """The scope of user a does not reach user anna."""
    assert not scope_for_user(BUCKET, Environment.DEV, "a", write=False).allows(
        "dev/users/anna/profiles.json"
    )


def test_scope_for_no_user() -> None:
    """An empty user id would make the scope of all users, and is refused."""
    with pytest.raises(InvalidKeyError) as caught:
        scope_for_user(BUCKET, Environment.DEV, "", write=False)
    assert str(caught.value) == "The user id '' is empty."


@pytest.mark.parametrize(
    ("prefixes", "whole", "message", "hint"),
    [
        (
            (),
            False,
            "Credentials were asked for with an empty scope, which R2 reads as the whole bucket.",
            "Name an environment or a user; for the whole bucket use scope_for_whole_bucket.",
        ),
        (
            ("dev/",),
            True,
            "Credentials were asked for the whole bucket and for ('dev/',).",
            "Leave the prefixes out, or ask for them alone.",
        ),
        *(
            (
                ("dev/", prefix),
                False,
                f"The prefix {prefix!r} starts with '/' or does not end in '/'.",
                (
                    "R2 compares characters: 'dev/users/a' would open 'dev/users/anna/' too. "
                    "Use a prefix of layout.keys."
                ),
            )
            for prefix in ("", "dev", "/dev/", "/")
        ),
    ],
)
def test_wrong_scope(prefixes: tuple[str, ...], whole: bool, message: str, hint: str) -> None:
    """An empty, contradicting or open-ended scope is refused."""
    with pytest.raises(CredentialsError) as caught:
        CredentialScope(
            bucket=BUCKET, permission=ObjectPermission.READ_ONLY, prefixes=prefixes, whole_bucket=whole
        )
    assert (str(caught.value), caught.value.hint, caught.value.bucket) == (message, hint, BUCKET)


def test_scope_of_no_bucket() -> None:
    """A scope is about one bucket."""
    with pytest.raises(SettingsError) as caught:
        scope_for_whole_bucket("*", write=False)
    assert (
        str(caught.value)
        == "The bucket name '*' is not 3 to 63 lower-case letters, digits and inner hyphens."
    )


@pytest.mark.parametrize("seconds", [60, 604_800])
def test_lifetime_of_prefixes(seconds: int) -> None:
    """Credentials for a prefix live a minute to seven days."""
    assert scope_for_environment(BUCKET, Environment.DEV, write=True).check_lifetime(seconds) == seconds


@pytest.mark.parametrize("seconds", [60, 3600])
def test_lifetime_of_the_whole_bucket(seconds: int) -> None:
    """Credentials for the whole bucket live an hour at most."""
    assert scope_for_whole_bucket(BUCKET, write=True).check_lifetime(seconds) == seconds


@pytest.mark.parametrize("seconds", [-1, 0, 59, 604_801])
def test_wrong_lifetime(seconds: int) -> None:
    """Another lifetime is refused here, before R2 is asked."""
    with pytest.raises(CredentialsError) as caught:
        scope_for_environment(BUCKET, Environment.DEV, write=True).check_lifetime(seconds)
    assert str(caught.value) == f"Credentials for prefixes cannot live {seconds} seconds."
    assert caught.value.hint == "Use 60 to 604,800 seconds."


def test_whole_bucket_is_short_lived() -> None:
    """More than an hour for the whole bucket is refused."""
    with pytest.raises(CredentialsError) as caught:
        scope_for_whole_bucket(BUCKET, write=True).check_lifetime(3601)
    assert str(caught.value) == "Credentials for the whole bucket cannot live 3601 seconds."
    assert caught.value.hint == "Use 60 to 3,600 seconds."
