"""Who sent a request, and what that credential opens."""

import ipaddress
from dataclasses import dataclass

from local_cloudflare.r2.auth import signature, temporary
from local_cloudflare.r2.auth.access import Credential, CredentialLookup, Permission
from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error
from local_cloudflare.r2.protocol.host import address_of
from local_cloudflare.r2.protocol.request import Request
from local_cloudflare.r2.store.keys import normal_form

__all__ = ["Authenticator", "Caller"]


@dataclass(frozen=True)
class Caller:
    """An authenticated credential: an account token's, or one that was minted from it.

    Attributes:
        credential: The account token's credential; of a temporary one, the parent.
        claims: What the session token grants; None for the account token itself.
        signed: What the request says about its signature.
        signing_key: Signs the chunks of a streamed body.
    """

    credential: Credential
    claims: temporary.Claims | None
    signed: signature.Signed
    signing_key: bytes

    def may(self, need: Permission, action: str, bucket: str, jurisdiction: str) -> bool:
        """Whether the credential grants `need` on a bucket (`""`: on the account).

        A temporary credential never exceeds its parent (CFD r2/api/s3/temporary-credentials.mdx).
        """
        grants = self.credential.grants
        if not any(g.opens(bucket, jurisdiction) and g.permission.covers(need) for g in grants):
            return False
        if self.claims is None:
            return True
        if not bucket or self.claims.bucket != bucket:
            return False
        if self.claims.actions is not None:
            return action in self.claims.actions
        if need.is_admin and need.may_write and not self.claims.whole_bucket:
            return False  # the configuration of a bucket concerns all of its keys
        return self.claims.permission is not None and self.claims.permission.covers(need)

    def opens_key(self, key: str) -> bool:
        """Whether a key (in NFC) lies in the paths of the credential."""
        if self.claims is None or self.claims.whole_bucket:
            return True
        return key in map(normal_form, self.claims.objects) or self.opens_prefix(key)

    def opens_prefix(self, prefix: str) -> bool:
        """Whether all keys with that prefix lie in one allowed prefix.

        A mere beginning of an allowed prefix, and the root, do not. R2's docs leave this
        open; it is the strict reading.
        """
        if self.claims is None or self.claims.whole_bucket:
            return True
        return any(prefix.startswith(normal_form(allowed)) for allowed in self.claims.prefixes)

    def describe(self) -> str:
        """The scope, for the request log."""
        if self.claims is not None:
            return self.claims.describe()
        return ", ".join(f"{grant.permission} on {grant.bucket}" for grant in self.credential.grants)


class Authenticator:
    """Finds out who sent a request."""

    def __init__(self, lookup: CredentialLookup, *, account_id: str) -> None:
        self._lookup = lookup
        self._account_id = account_id
        self.audiences: frozenset[str] = frozenset()

    def authenticate(self, request: Request) -> Caller:
        """Checks signature, credential, session token and network.

        Raises:
            S3Error: In R2's order: a malformed or old signature, an unknown or inactive credential
                (401), a bad session token, a wrong signature (403), a refused network (403).
        """
        signed = signature.read(request)
        credential = self._active(signed.scope.access_key_id)
        claims = self._claims(signed, credential, request)
        secret = credential.secret_access_key if claims is None else claims.secret_access_key
        key = signature.verify(request, signed, secret)
        if not _network_is_allowed(credential, request.peer):
            raise S3Error(ErrorKind.ACCESS_DENIED, reason=f"the address {request.peer} is not allowed")
        return Caller(credential, claims, signed, key)

    def _active(self, access_key_id: str) -> Credential:
        credential = self._lookup(access_key_id)
        if credential is None:
            # Never S3's InvalidAccessKeyId: R2 does not use it.
            raise S3Error(ErrorKind.UNAUTHORIZED, reason="there is no such access key")
        if not credential.active:
            raise S3Error(ErrorKind.UNAUTHORIZED, reason=credential.reason or "the token is not active")
        return credential

    def _claims(
        self, signed: signature.Signed, parent: Credential, request: Request
    ) -> temporary.Claims | None:
        if signed.session_token is None:
            return None
        claims = temporary.decode(signed.session_token)
        if claims.parent_access_key_id != parent.access_key_id:
            raise S3Error(
                ErrorKind.UNAUTHORIZED, reason="the session token was minted from another credential"
            )
        # Another jurisdiction may have a bucket of the same name, which this token does not mean.
        here = (name for name in self.audiences if address_of(name).jurisdiction == request.jurisdiction)
        temporary.verify(
            claims,
            parent.secret_access_key,
            account_id=self._account_id,
            audiences=frozenset(here),
            now=request.time,
        )
        return claims


def _network_is_allowed(credential: Credential, peer: str) -> bool:
    if not credential.allowed_networks and not credential.denied_networks:
        return True
    address = ipaddress.ip_address(peer)
    if _is_in(address, credential.denied_networks):
        return False
    return not credential.allowed_networks or _is_in(address, credential.allowed_networks)


def _is_in(address: ipaddress.IPv4Address | ipaddress.IPv6Address, networks: tuple[str, ...]) -> bool:
    return any(address in ipaddress.ip_network(network, strict=False) for network in networks)
