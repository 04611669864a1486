"""What each resource sends to the control API, and what it takes from the answers.

State is spelled as Pulumi spells it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from local_cloudflare.provider.api import Api, ProviderError
from local_cloudflare.provider.policies import condition_to_api, policies_to_api, state_of_token
from local_cloudflare.provider.resources import BUCKET, CORS, LIFECYCLE, LOCK, TOKEN, Resource

__all__ = ["KINDS", "Kind", "bucket_state", "headers"]

State = dict[str, Any]


class Kind(Protocol):
    """The requests of one resource. A state that exists has its id under `id`."""

    resource: Resource

    async def create(self, api: Api, planned: State) -> tuple[str, State]:
        """Makes it; returns the id and the state."""

    async def read(self, api: Api, state: State) -> State:
        """The state as the API has it. Raises ProviderError with status 404 if it is gone."""

    async def update(self, api: Api, planned: State) -> State:
        """Changes it in place."""

    async def delete(self, api: Api, state: State) -> None:
        """Removes it."""


def headers(state: Mapping[str, Any]) -> dict[str, str]:
    """Every R2 request carries the jurisdiction, as the program wrote it."""
    return {"cf-r2-jurisdiction": str(state.get("jurisdiction", "default"))}


def bucket_state(answer: Mapping[str, Any]) -> State:
    """What the API says about a bucket, in Pulumi's spelling."""
    fields = {
        "creationDate": answer.get("creation_date"),
        "location": answer.get("location"),
        "storageClass": answer.get("storage_class"),
        "jurisdiction": answer.get("jurisdiction"),
    }
    return {name: value for name, value in fields.items() if value is not None}


class _Bucket:
    resource = BUCKET

    async def create(self, api: Api, planned: State) -> tuple[str, State]:
        body = {"name": planned["name"], "storageClass": planned["storageClass"]}
        if "location" in planned:
            body["locationHint"] = planned["location"]
        answer = await api.send(
            "POST", f"/accounts/{planned['accountId']}/r2/buckets", body=body, headers=headers(planned)
        )
        return planned["name"], {**bucket_state(answer), **planned}

    async def read(self, api: Api, state: State) -> State:
        answer = await api.send("GET", self._path(state), headers=headers(state))
        return {"accountId": state["accountId"], "name": state["name"], **bucket_state(answer)}

    async def update(self, api: Api, planned: State) -> State:
        # The only thing that can change in place; a changed jurisdiction asks elsewhere and finds nothing.
        storage_class = {"cf-r2-storage-class": planned["storageClass"]}
        answer = await api.send("PATCH", self._path(planned), headers={**headers(planned), **storage_class})
        return {**bucket_state(answer), **planned}

    async def delete(self, api: Api, state: State) -> None:
        await api.send("DELETE", self._path(state), headers=headers(state))

    def _path(self, state: State) -> str:
        return f"/accounts/{state['accountId']}/r2/buckets/{state['name']}"


class _Rules:
    """Lifecycle, locks and CORS: one set of rules per bucket, in the API's own spelling."""

    def __init__(self, resource: Resource, leaf: str, *, deletes: bool) -> None:
        self.resource = resource
        self._leaf = leaf
        self._deletes = deletes

    async def create(self, api: Api, planned: State) -> tuple[str, State]:
        body = {"rules": planned["rules"]} if "rules" in planned else {}
        await api.send("PUT", self._path(planned), body=body, headers=headers(planned))
        # The id of the real resource is the account's, so it is not unique (PCF resourcesWithMissingID).
        return planned["accountId"], planned

    async def read(self, api: Api, state: State) -> State:
        answer = await api.send("GET", self._path(state), headers=headers(state))
        return {**state, "rules": answer.get("rules", [])}

    async def update(self, api: Api, planned: State) -> State:
        # Rules that the program no longer names are sent as null.
        body = {"rules": planned.get("rules")}
        await api.send("PUT", self._path(planned), body=body, headers=headers(planned))
        return planned

    async def delete(self, api: Api, state: State) -> None:
        # The provider sends nothing for lifecycle and lock rules: they stay (TFCF r2_bucket_lifecycle/resource.go,
        # r2_bucket_lock/resource.go).
        if self._deletes:
            await api.send("DELETE", self._path(state), headers=headers(state))

    def _path(self, state: State) -> str:
        return f"/accounts/{state['accountId']}/r2/buckets/{state['bucketName']}/{self._leaf}"


class _Token:
    resource = TOKEN

    async def create(self, api: Api, planned: State) -> tuple[str, State]:
        path = f"/accounts/{planned['accountId']}/tokens"
        answer = await api.send("POST", path, body=self._body(planned))
        state = state_of_token(answer, planned)
        return answer["id"], {**state, "value": answer["value"]}

    async def read(self, api: Api, state: State) -> State:
        path = f"/accounts/{state['accountId']}/tokens/{state['id']}"
        answer = await api.send("GET", path)
        if answer["status"] == "expired":
            # The plugin drops it with a warning, and the next `up` makes a new one.
            raise ProviderError(f"token {state['id']} has expired", status=404)
        return state_of_token(answer, state)

    async def update(self, api: Api, planned: State) -> State:
        path = f"/accounts/{planned['accountId']}/tokens/{planned['id']}"
        answer = await api.send("PUT", path, body=self._body(planned))
        return state_of_token(answer, planned)

    async def delete(self, api: Api, state: State) -> None:
        await api.send("DELETE", f"/accounts/{state['accountId']}/tokens/{state['id']}")

    def _body(self, planned: State) -> State:
        # The status that a token was found with is not sent back: somebody's disabling stays.
        body = {"name": planned["name"], "policies": policies_to_api(planned["policies"])}
        optional = {
            "condition": condition_to_api(planned.get("condition")),
            "expires_on": planned.get("expiresOn"),
            "not_before": planned.get("notBefore"),
            "status": planned.get("status"),
        }
        return {**body, **{name: value for name, value in optional.items() if value is not None}}


KINDS: dict[str, Kind] = {
    kind.resource.token: kind
    for kind in (
        _Bucket(),
        _Rules(LIFECYCLE, "lifecycle", deletes=False),
        _Rules(LOCK, "lock", deletes=False),
        _Rules(CORS, "cors", deletes=True),
        _Token(),
    )
}
