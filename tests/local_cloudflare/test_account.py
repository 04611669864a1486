"""The account keeps tokens and answers the S3 endpoint's question who a key belongs to."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import pytest

from local_cloudflare.account import Account, token_document
from local_cloudflare.clock import Clock
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.permissions import group_named
from local_cloudflare.r2.auth.access import Grant, Permission
from local_cloudflare.tokens import TokenDocument, timestamp

ACCOUNT = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def clock() -> Clock:
    """A clock that only this test advances."""
    return Clock()


@pytest.fixture
def account(tmp_path: Path, clock: Clock) -> Account:
    """An account without tokens."""
    return Account(tmp_path, clock, account_id=ACCOUNT)


def document(**fields: object) -> TokenDocument:
    """The document of a reading token, with some fields changed."""
    plain = token_document("backend", ACCOUNT, [group_named("Workers R2 Storage Read").id])
    return TokenDocument.model_validate(plain.model_dump(by_alias=True, exclude_none=True) | fields)


def test_a_token_value_has_the_form_that_the_provider_takes(account: Account) -> None:
    """Values match the pattern of the real provider: 40 to 80 letters, digits, hyphens, underscores."""
    _, value = account.create(document())
    assert re.fullmatch(r"[0-9A-Za-z\-_]{40,80}", value)


def test_the_s3_keys_of_a_token_are_its_id_and_the_hash_of_its_value(account: Account) -> None:
    """The access key id is the token's id, the secret the lower-case hex SHA-256 of its value."""
    token, value = account.create(document())
    credential = account.credential(token.id)
    assert credential is not None
    assert credential.secret_access_key == hashlib.sha256(value.encode()).hexdigest()
    assert credential.grants == (Grant("*", "*", Permission.ADMIN_READ_ONLY),)
    assert credential.active


def test_the_folder_does_not_hold_the_value(account: Account, tmp_path: Path) -> None:
    """Only what checks a value is kept, never the value."""
    _, value = account.create(document())
    account.close()
    assert value.encode() not in (tmp_path / "account.sqlite").read_bytes()


def test_only_the_owner_reads_the_secrets(account: Account, tmp_path: Path) -> None:
    """The file holds what opens the S3 endpoint: mode 0600."""
    account.create(document())
    assert [path.stat().st_mode & 0o777 for path in tmp_path.glob("account.sqlite*")] == [0o600]


def test_tokens_survive_a_restart(account: Account, tmp_path: Path, clock: Clock) -> None:
    """A second account on the same folder knows the tokens and its own id."""
    token, value = account.create(document(expires_on="2999-01-01T00:00:00+00:00"))
    account.close()
    again = Account(tmp_path, clock)
    assert again.id == ACCOUNT
    assert again.token_with_value(value) == token
    again.close()


def test_a_folder_belongs_to_one_account(account: Account, tmp_path: Path, clock: Clock) -> None:
    """Opening a folder under another account id is refused and names both ids."""
    account.close()
    with pytest.raises(LocalCloudflareError) as caught:
        Account(tmp_path, clock, account_id="f" * 32)
    assert str(caught.value) == (
        f"The folder {str(tmp_path)!r} belongs to account '{ACCOUNT}', not to '{'f' * 32}'."
    )
    assert caught.value.hint == "Leave the account id out, or use another folder."


def test_an_account_id_has_one_form(tmp_path: Path, clock: Clock) -> None:
    """Anything but 32 lower-case hexadecimal digits is refused before the folder is made."""
    with pytest.raises(LocalCloudflareError) as caught:
        Account(tmp_path / "new", clock, account_id="ABC")
    assert str(caught.value) == "The account id 'ABC' is not 32 hexadecimal digits in lower case."
    assert caught.value.hint == "Leave it out, and one is made."
    assert not (tmp_path / "new").exists()


def test_an_unknown_key_is_nobodys(account: Account) -> None:
    """A key id that was never given, or whose token was deleted, has no credential."""
    token, value = account.create(document())
    assert account.delete(token.id)
    assert account.credential(token.id) is None
    assert account.credential("0" * 32) is None
    assert account.token_with_value(value) is None
    assert not account.delete(token.id)


def test_a_disabled_token_is_inactive(account: Account) -> None:
    """Status `disabled` closes the S3 endpoint and says why."""
    token, _ = account.create(document())
    account.update(token.id, document(status="disabled"))
    credential = account.credential(token.id)
    assert credential is not None
    assert (credential.active, credential.reason) == (False, f"token {token.id} is disabled")


def test_an_update_without_status_keeps_it(account: Account) -> None:
    """A disabled token is not switched on by a PUT that does not speak of it."""
    token, _ = account.create(document(status="disabled"))
    changed = account.update(token.id, document(name="renamed"))
    assert changed is not None
    assert (changed.document.name, changed.document.status) == ("renamed", "disabled")


def test_a_token_expires_with_the_clock(account: Account, clock: Clock) -> None:
    """From `expires_on` on a token is expired."""
    end = clock.now() + timedelta(hours=1)
    token, _ = account.create(document(expires_on=timestamp(end)))
    assert account.credential(token.id) == account.credential(token.id)
    clock.advance(timedelta(hours=1))
    credential = account.credential(token.id)
    assert credential is not None
    assert (credential.active, credential.reason) == (False, f"token {token.id} is expired")


def test_a_token_begins_with_the_clock(account: Account, clock: Clock) -> None:
    """Before `not_before` a token is not valid."""
    begin = timestamp(clock.now() + timedelta(hours=1))
    token, _ = account.create(document(not_before=begin))
    credential = account.credential(token.id)
    assert credential is not None
    assert (credential.active, credential.reason) == (False, f"token {token.id} is not valid before {begin}")
    clock.advance(timedelta(hours=2))
    begun = account.credential(token.id)
    assert begun is not None
    assert begun.active


def test_new_and_rolled_tokens_may_need_a_moment(tmp_path: Path, clock: Clock) -> None:
    """With an activation delay, a new value works only after it (R2 may take a minute)."""
    account = Account(tmp_path, clock, account_id=ACCOUNT, activation_delay=timedelta(minutes=1))
    token, _ = account.create(document())
    for _ in range(2):
        young = account.credential(token.id)
        assert young is not None
        assert not young.active
        clock.advance(timedelta(minutes=1))
        ready = account.credential(token.id)
        assert ready is not None
        assert ready.active
        account.roll(token.id)
    account.close()


def test_a_roll_replaces_value_and_secret(account: Account) -> None:
    """After a roll the old value is unknown and the S3 secret is that of the new one."""
    token, old = account.create(document())
    new = account.roll(token.id)
    assert new is not None
    assert account.token_with_value(old) is None
    credential = account.credential(token.id)
    assert credential is not None
    assert credential.secret_access_key == hashlib.sha256(new.encode()).hexdigest()


def test_ranges_reach_the_s3_endpoint(account: Account) -> None:
    """The IP ranges of a token are those of its credential."""
    condition = {"request_ip": {"in": ["192.0.2.0/24"], "not_in": ["192.0.2.7"]}}
    token, _ = account.create(document(condition=condition))
    credential = account.credential(token.id)
    assert credential is not None
    assert credential.allowed_networks == ("192.0.2.0/24",)
    assert credential.denied_networks == ("192.0.2.7",)
    refused = {
        address: token.refuses_address(address)
        for address in ("192.0.2.1", "192.0.2.7", "198.51.100.1", "::1")
    }
    assert refused == {"192.0.2.1": False, "192.0.2.7": True, "198.51.100.1": True, "::1": True}
