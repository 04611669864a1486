"""The account of the local Cloudflare: its id and its API tokens, kept in the folder."""

from __future__ import annotations

import re
import secrets
import sqlite3
import threading
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from local_cloudflare.clock import Clock
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.permissions import grants
from local_cloudflare.r2.auth.access import Credential
from local_cloudflare.tokens import Token, TokenDocument, secret_of

__all__ = ["Account", "token_document"]

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

_TABLES = """
CREATE TABLE IF NOT EXISTS account (id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (id TEXT PRIMARY KEY, stored TEXT NOT NULL);
"""


def _new_value() -> str:
    """A token value: the prefix of account tokens and 40 letters and digits (the API gives 40 to 80)."""
    return "cfat_" + "".join(secrets.choice(_ALPHABET) for _ in range(40))


class Account:
    """One Cloudflare account: who it is and which tokens open it. Thread-safe.

    All tokens are held in memory and written through to `account.sqlite`, because the S3 endpoint
    looks one up for each request. One process at a time may use the folder.

    Args:
        folder: Where `account.sqlite` is, made if missing.
        clock: Expiry and activation follow it.
        account_id: 32 hex characters; None takes the one in the folder, or a new one.
        activation_delay: How long a new or rolled token is unknown (R2 may take a minute,
            CFD r2/reference/consistency.mdx).

    Raises:
        LocalCloudflareError: The account id has another form, or the folder belongs to another account.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        account_id: str | None = None,
        activation_delay: timedelta = timedelta(0),
    ) -> None:
        if account_id is not None and not re.fullmatch(r"[0-9a-f]{32}", account_id):
            raise LocalCloudflareError(
                f"The account id {account_id!r} is not 32 hexadecimal digits in lower case.",
                hint="Leave it out, and one is made.",
            )
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self.activation_delay = activation_delay
        self._lock = threading.RLock()
        self._credentials: dict[str, tuple[Token, Credential]] = {}
        # It holds the S3 secrets of all tokens.
        (folder / "account.sqlite").touch(mode=0o600)
        self._database = sqlite3.connect(
            folder / "account.sqlite", check_same_thread=False, isolation_level=None
        )
        self._database.executescript(_TABLES)
        self.id = self._adopt_id(folder, account_id)
        rows = self._database.execute("SELECT id, stored FROM tokens ORDER BY rowid").fetchall()
        self._tokens = {token_id: Token.from_stored(token_id, stored) for token_id, stored in rows}
        self._by_secret = {token.secret: token.id for token in self._tokens.values()}

    def _adopt_id(self, folder: Path, account_id: str | None) -> str:
        row = self._database.execute("SELECT id FROM account").fetchone()
        if row is None:
            chosen = account_id or uuid.uuid4().hex
            self._database.execute("INSERT INTO account VALUES (?)", (chosen,))
            return chosen
        found = str(row[0])
        if account_id is not None and found != account_id:
            self._database.close()
            raise LocalCloudflareError(
                f"The folder {str(folder)!r} belongs to account {found!r}, not to {account_id!r}.",
                hint="Leave the account id out, or use another folder.",
            )
        return found

    def close(self) -> None:
        """Closes the file. The account must not be used afterwards."""
        with self._lock:
            self._database.close()

    def create(self, document: TokenDocument, *, delay: timedelta | None = None) -> tuple[Token, str]:
        """Makes a token; its value is told here and never again.

        Args:
            document: What it may do, and when.
            delay: Until it works; None takes the account's delay.
        """
        value, now = _new_value(), self.clock.now()
        token = Token(
            id=uuid.uuid4().hex,
            secret=secret_of(value),
            document=document,
            issued_on=now,
            modified_on=now,
            ready_on=now + (self.activation_delay if delay is None else delay),
        )
        self._save(token)
        return token, value

    def update(self, token_id: str, document: TokenDocument) -> Token | None:
        """Replaces the document of a token, keeping its value. None: no such token."""
        with self._lock:
            token = self._tokens.get(token_id)
            if token is None:
                return None
            if document.status is None:
                document = document.model_copy(update={"status": token.document.status})
            return self._save(replace(token, document=document, modified_on=self.clock.now()))

    def roll(self, token_id: str) -> str | None:
        """Gives a token a new value, told here and never again; the old one ends. None: no such token."""
        with self._lock:
            token = self._tokens.get(token_id)
            if token is None:
                return None
            value, now = _new_value(), self.clock.now()
            del self._by_secret[token.secret]
            self._save(
                replace(token, secret=secret_of(value), modified_on=now, ready_on=now + self.activation_delay)
            )
            return value

    def delete(self, token_id: str) -> bool:
        """Ends a token. False: no such token."""
        with self._lock:
            token = self._tokens.pop(token_id, None)
            if token is None:
                return False
            del self._by_secret[token.secret]
            self._credentials.pop(token_id, None)
            self._database.execute("DELETE FROM tokens WHERE id = ?", (token_id,))
            return True

    def token(self, token_id: str) -> Token | None:
        """The token with this id, or None."""
        return self._tokens.get(token_id)

    def tokens(self) -> list[Token]:
        """Every token, oldest first."""
        with self._lock:
            return list(self._tokens.values())

    def token_with_value(self, value: str) -> Token | None:
        """The token whose value this is, or None. Whether it may be used is the caller's question."""
        with self._lock:
            token_id = self._by_secret.get(secret_of(value))
            return self._tokens[token_id] if token_id else None

    def note_use(self, token: Token) -> None:
        """Remembers that a token was used, at most once a minute."""
        with self._lock:
            used = token.was_used(self.clock.now())
            if used is not None and self._tokens.get(token.id) == token:
                self._save(used)

    def credential(self, access_key_id: str) -> Credential | None:
        """The S3 credential of a token: the `CredentialLookup` of the S3 endpoint."""
        with self._lock:
            token = self._tokens.get(access_key_id)
            if token is None:
                return None
            known = self._credentials.get(access_key_id)
            if known is None or known[0] is not token:
                known = (token, self._credential_of(token))
                self._credentials[access_key_id] = known
        refusal = token.refusal(self.clock.now())
        return known[1] if refusal is None else replace(known[1], active=False, reason=refusal)

    def _credential_of(self, token: Token) -> Credential:
        allowed, denied = token.document.networks()
        return Credential(
            access_key_id=token.id,
            secret_access_key=token.secret,
            grants=grants(token.policies, self.id),
            allowed_networks=allowed,
            denied_networks=denied,
        )

    def _save(self, token: Token) -> Token:
        with self._lock:
            self._tokens[token.id] = token
            self._by_secret[token.secret] = token.id
            self._database.execute(
                "INSERT INTO tokens VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET stored = excluded.stored",
                (token.id, token.stored()),
            )
            return token


def token_document(
    name: str, account_id: str, group_ids: list[str], *, resources: Mapping[str, Any] | None = None
) -> TokenDocument:
    """The document of a token with one policy; `resources` None means the whole account."""
    return TokenDocument.model_validate(
        {
            "name": name,
            "policies": [
                {
                    "effect": "allow",
                    "permission_groups": [{"id": group_id} for group_id in group_ids],
                    "resources": resources or {f"com.cloudflare.api.account.{account_id}": "*"},
                }
            ],
        }
    )
