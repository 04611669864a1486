"""Token policies and conditions: Pulumi's spelling and the API's.

In Pulumi `resources` is a JSON text, which is compared byte for byte: the state holds the very bytes of the API's
answer (TFCF account_token/custom.go), so a program that writes another text sees a change in every `up`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from local_cloudflare.provider.api import Answer, ProviderError

__all__ = ["condition_to_api", "policies_to_api", "state_of_token"]

State = dict[str, Any]


def policies_to_api(policies: Sequence[Mapping[str, Any]]) -> list[State]:
    """The policies as POST and PUT send them.

    Raises:
        ProviderError: `resources` is not a JSON object.
    """
    return [
        {
            "effect": policy["effect"],
            "permission_groups": [{"id": group["id"]} for group in policy["permissionGroups"]],
            "resources": _resources(policy["resources"]),
        }
        for policy in policies
    ]


def _resources(text: str) -> State:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ProviderError(f"policies: resources must be a JSON object, got {text!r}")
    return value


def condition_to_api(condition: Mapping[str, Any] | None) -> State | None:
    """The condition as POST and PUT send it."""
    if condition is None:
        return None
    request_ip = condition.get("requestIp")
    if request_ip is None:
        return {}
    names = {"ins": "in", "notIns": "not_in"}
    return {"request_ip": {names[name]: value for name, value in request_ip.items()}}


def _condition_from_api(condition: Mapping[str, Any] | None) -> State | None:
    if condition is None:
        return None
    request_ip = condition.get("request_ip")
    if request_ip is None:
        return {}
    names = {"in": "ins", "not_in": "notIns"}
    return {"requestIp": {names[name]: value for name, value in request_ip.items()}}


_RESOURCES = re.compile(r'"resources"\s*:\s*')


def _texts(envelope: str) -> list[str]:
    """The text of each policy's `resources`, in order. Inside a string the quotes of the name would be escaped."""
    decoder = json.JSONDecoder()
    starts = [found.end() for found in _RESOURCES.finditer(envelope)]
    return [envelope[start : decoder.raw_decode(envelope, start)[1]] for start in starts]


def _policies_from_api(answer: Answer, known: Sequence[Mapping[str, Any]]) -> list[State]:
    """The API's policies; in the order of `known` where they are the same but for the order.

    The API sorts permission groups by id and may swap policies (TFCF issues 7094, 7125).
    """
    policies = [
        {
            "effect": policy["effect"],
            "permissionGroups": [{"id": group["id"]} for group in policy["permission_groups"]],
            "resources": text,
        }
        for policy, text in zip(answer["policies"], _texts(answer.text), strict=True)
    ]
    ordered = []
    for model in known:
        match = next((policy for policy in policies if _sorted(policy) == _sorted(model)), None)
        if match is None:
            return policies
        policies.remove(match)
        ordered.append({**match, "permissionGroups": list(model["permissionGroups"])})
    return ordered + policies


def _sorted(policy: Mapping[str, Any]) -> str:
    """A policy without the orders that mean nothing."""
    groups = sorted(group["id"] for group in policy["permissionGroups"])
    return json.dumps([policy["effect"], groups, _resources(policy["resources"])], sort_keys=True)


def state_of_token(answer: Answer, known: Mapping[str, Any]) -> State:
    """A token's state from the API's answer, beside what was known before."""
    fields = {
        "accountId": known["accountId"],
        "name": answer["name"],
        "policies": _policies_from_api(answer, known.get("policies", [])),
        "condition": _condition_from_api(answer.get("condition")),
        "expiresOn": answer.get("expires_on"),
        "notBefore": answer.get("not_before"),
        "status": answer["status"],
        "issuedOn": answer.get("issued_on"),
        "lastUsedOn": answer.get("last_used_on"),
        "modifiedOn": answer.get("modified_on"),
    }
    return {name: value for name, value in fields.items() if value is not None}
