"""What an account API token is: its document as the API takes it, and the stored token."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from local_cloudflare.permissions import Policy, group_with_id

__all__ = ["Token", "TokenDocument", "rfc3339", "secret_of", "timestamp"]


def timestamp(moment: datetime) -> str:
    """A time as the API writes it: UTC, whole seconds, `Z`."""
    # strftime writes the year 300 with three digits, which nothing reads back.
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def secret_of(value: str) -> str:
    """The S3 secret of a token: lower-case hex SHA-256 of its value (CFD r2/api/tokens.mdx)."""
    return hashlib.sha256(value.encode()).hexdigest()


def rfc3339(text: str) -> str:
    """A time of a body in the spelling that the API answers with.

    Raises:
        ValueError: Not RFC 3339, without a time zone, or out of range.
    """
    if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
        raise ValueError("a time has the form 2027-10-01T00:00:00Z")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time needs a time zone, as in 2027-10-01T00:00:00Z")
    try:
        return timestamp(moment)
    except OverflowError as error:
        raise ValueError("the time is out of range") from error


def _network(text: str) -> str:
    # Python also reads masks written as addresses, and zones of a machine's own.
    if not _CIDR.fullmatch(text):
        raise ValueError("it is neither an address nor a network in CIDR notation")
    ipaddress.ip_network(text, strict=False)
    return text


_CIDR = re.compile(r"[0-9a-fA-F:.]+(?:/[0-9]{1,3})?")
Time = Annotated[str, AfterValidator(rfc3339)]
Network = Annotated[str, AfterValidator(_network)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=True)


class GroupReference(_Document):
    """A permission group inside a policy: only the id counts, the API writes the name beside it."""

    model_config = ConfigDict(extra="ignore")
    id: str


class PolicyDocument(_Document):
    """A policy as the API takes it. `id` is given by the server; one that is sent is ignored."""

    id: str | None = None
    effect: Literal["allow"]
    permission_groups: Annotated[list[GroupReference], Field(min_length=1)]
    resources: Annotated[dict[str, str | dict[str, str]], Field(min_length=1)]

    def policy(self) -> Policy:
        """The same, ready to be evaluated."""
        return Policy(tuple(sorted({group.id for group in self.permission_groups})), self.resources)


class RequestIp(_Document):
    """CIDR networks that a token may, or may not, be used from."""

    allowed: list[Network] | None = Field(None, alias="in")
    denied: list[Network] | None = Field(None, alias="not_in")


class Condition(_Document):
    """Where a token may be used."""

    request_ip: RequestIp | None = None


class TokenDocument(_Document):
    """The body of POST and PUT `/tokens`."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    policies: Annotated[list[PolicyDocument], Field(min_length=1)]
    condition: Condition | None = None
    expires_on: Time | None = None
    not_before: Time | None = None
    status: Literal["active", "disabled"] | None = None

    def networks(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The allowed and the denied networks."""
        request_ip = self.condition.request_ip if self.condition else None
        if request_ip is None:
            return (), ()
        return tuple(request_ip.allowed or ()), tuple(request_ip.denied or ())


@dataclass(frozen=True)
class Token:
    """A stored token. Its value is not kept, only what checks it.

    Attributes:
        secret: Lower-case hex SHA-256 of the value: it checks the value at the control API, and is
            itself the secret access key at the S3 endpoint.
        ready_on: From when the account knows it: R2 may take a minute (CFD consistency.mdx).
    """

    id: str
    secret: str = field(repr=False)
    document: TokenDocument
    issued_on: datetime
    modified_on: datetime
    ready_on: datetime
    last_used_on: datetime | None = None

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies, ready to be evaluated."""
        return tuple(policy.policy() for policy in self.document.policies)

    def status(self, now: datetime) -> str:
        """`active`, `disabled` or `expired`, as the API reports it."""
        expires_on = self.document.expires_on
        if expires_on is not None and now >= datetime.fromisoformat(expires_on):
            return "expired"
        return self.document.status or "active"

    def refusal(self, now: datetime) -> str | None:
        """Why the token cannot be used at this time, or None."""
        status = self.status(now)
        if status != "active":
            return f"token {self.id} is {status}"
        if now < self.ready_on:
            return f"token {self.id} is new and works from {timestamp(self.ready_on)}"
        not_before = self.document.not_before
        if not_before is not None and now < datetime.fromisoformat(not_before):
            return f"token {self.id} is not valid before {not_before}"
        return None

    def refuses_address(self, address: str) -> bool:
        """Whether its IP ranges keep that client out. Denied networks win over allowed ones."""
        allowed, denied = self.document.networks()
        client = ipaddress.ip_address(address)
        inside = {
            name: any(client in ipaddress.ip_network(network, strict=False) for network in networks)
            for name, networks in (("allowed", allowed), ("denied", denied))
        }
        return inside["denied"] or (bool(allowed) and not inside["allowed"])

    def was_used(self, now: datetime) -> Token | None:
        """This token with a new time of last use, or None if the old one is less than a minute old."""
        if self.last_used_on is not None and now - self.last_used_on < timedelta(minutes=1):
            return None
        return replace(self, last_used_on=now)

    def answer(self, now: datetime) -> dict[str, Any]:
        """The token as the API shows it: without its value, permission groups sorted by id."""
        body = self.document.model_dump(by_alias=True, exclude_none=True)
        body["policies"] = [self._policy_answer(policy) for policy in self.document.policies]
        moments = {
            "issued_on": self.issued_on,
            "modified_on": self.modified_on,
            "last_used_on": self.last_used_on,
        }
        times = {name: timestamp(moment) for name, moment in moments.items() if moment is not None}
        return {"id": self.id, **body, "status": self.status(now), **times}

    def _policy_answer(self, policy: PolicyDocument) -> dict[str, Any]:
        groups = [group for group_id in policy.policy().group_ids if (group := group_with_id(group_id))]
        content = json.dumps([self.id, policy.resources, [group.id for group in groups]], sort_keys=True)
        return {
            "id": hashlib.sha256(content.encode()).hexdigest()[:32],
            "effect": policy.effect,
            "resources": policy.resources,
            "permission_groups": [{"id": group.id, "name": group.name} for group in groups],
        }

    def stored(self) -> str:
        """The token as the account keeps it on disk."""
        moments = {
            name: moment.isoformat() if moment else None
            for name, moment in (
                ("issued_on", self.issued_on),
                ("modified_on", self.modified_on),
                ("ready_on", self.ready_on),
                ("last_used_on", self.last_used_on),
            )
        }
        document = self.document.model_dump(by_alias=True, exclude_none=True)
        return json.dumps({"secret": self.secret, "document": document, **moments})

    @classmethod
    def from_stored(cls, token_id: str, text: str) -> Token:
        """Reads what `stored` wrote."""
        row: Mapping[str, Any] = json.loads(text)
        moments = {
            name: datetime.fromisoformat(row[name])
            for name in ("issued_on", "modified_on", "ready_on")
            if row[name]
        }
        last = row["last_used_on"]
        return cls(
            id=token_id,
            secret=row["secret"],
            document=TokenDocument.model_validate(row["document"]),
            last_used_on=datetime.fromisoformat(last) if last else None,
            **moments,
        )
