"""POST `/r2/temp-access-credentials`: credentials of one bucket, minted from a token."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from local_cloudflare.control.buckets import MALFORMED
from local_cloudflare.control.call import Call
from local_cloudflare.control.envelope import Answer, ApiError, no_such_bucket
from local_cloudflare.r2.auth.access import Credential, Permission
from local_cloudflare.r2.auth.temporary import mint
from local_cloudflare.r2.protocol.host import JURISDICTIONS as ENDPOINTS

__all__ = ["create"]

_Path = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
_Name = Annotated[str, StringConstraints(min_length=1)]


class TemporaryCredentialRequest(BaseModel):
    """The body. Without `prefixes` and `objects`, or with empty lists, it opens the whole bucket."""

    model_config = ConfigDict(extra="forbid")
    bucket: _Name
    parent: Annotated[_Name, Field(alias="parentAccessKeyId")]
    permission: Permission
    lifetime: Annotated[int, Field(ge=1, le=604800, alias="ttlSeconds", strict=True)] = 900
    prefixes: list[_Path] | None = None
    objects: list[_Path] | None = None


def create(call: Call) -> Answer:
    """Signs with the parent's secret; never more than the parent may.

    Raises:
        ApiError: 400 (10040) wrong body, 403 (10003) the parent is unknown, not usable, or may less than is
            asked for, 404 (10006) no such bucket.
    """
    body = call.request.document(TemporaryCredentialRequest, code=MALFORMED)
    jurisdiction = call.request.jurisdiction()
    if call.store.bucket(body.bucket, jurisdiction) is None:
        raise no_such_bucket(body.bucket, jurisdiction)
    parent = _parent(call, body.parent)
    fitting = (grant for grant in parent.grants if grant.opens(body.bucket, jurisdiction))
    if not any(grant.permission.covers(body.permission) for grant in fitting):
        raise ApiError(
            403,
            10003,
            "Access Denied",
            why=f"parent {parent.access_key_id!r} may not {body.permission} bucket {body.bucket!r}",
        )
    minted = mint(
        account_id=call.account.id,
        parent_access_key_id=parent.access_key_id,
        parent_secret_access_key=parent.secret_access_key,
        audience=_audience(call.audience, jurisdiction),
        bucket=body.bucket,
        lifetime=timedelta(seconds=body.lifetime),
        now=call.account.clock.client_now(),
        permission=body.permission,
        prefixes=body.prefixes or (),
        objects=body.objects or (),
    )
    return Answer(
        {
            "accessKeyId": minted.access_key_id,
            "secretAccessKey": minted.secret_access_key,
            "sessionToken": minted.session_token,
        }
    )


def _audience(host: str, jurisdiction: str) -> str:
    """The host of the jurisdiction's own endpoint, as Cloudflare's document has it."""
    _, _, port = host.partition(":")
    return f"{jurisdiction}.localhost:{port}" if jurisdiction in ENDPOINTS else host


def _parent(call: Call, access_key_id: str) -> Credential:
    parent = call.account.credential(access_key_id)
    if parent is None or not parent.active:
        why = parent.reason if parent else f"there is no token {access_key_id!r}"
        raise ApiError(403, 10003, "Access Denied", why=why)
    return parent
