"""The data sources that a program may call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from local_cloudflare.provider.api import Api
from local_cloudflare.provider.kinds import bucket_state

__all__ = ["FUNCTIONS"]

Arguments = dict[str, Any]


async def _bucket(api: Api, arguments: Arguments) -> Arguments:
    # This version of pulumi_cloudflare has no jurisdiction here.
    name = arguments["bucketName"]
    answer = await api.send("GET", f"/accounts/{arguments['accountId']}/r2/buckets/{name}")
    return {**arguments, **bucket_state(answer), "id": name, "name": answer["name"]}


async def _rules(api: Api, arguments: Arguments, leaf: str) -> Arguments:
    path = f"/accounts/{arguments['accountId']}/r2/buckets/{arguments['bucketName']}/{leaf}"
    answer = await api.send("GET", path)
    return {**arguments, "rules": answer.get("rules", [])}


async def _permission_groups(api: Api, arguments: Arguments) -> Arguments:
    filters = {name: value for name, value in arguments.items() if name in {"name", "scope"}}
    path = f"/accounts/{arguments['accountId']}/tokens/permission_groups"
    answer = await api.send("GET", f"{path}?{urlencode(filters)}" if filters else path)
    results = [
        {
            "id": group["id"],
            "name": group["name"],
            "scopes": group["scopes"],
            "category": group["category"],
            "isSelectable": group["is_selectable"],
        }
        for group in answer[: arguments.get("maxItems", 1000)]
    ]
    return {**arguments, "results": results}


FUNCTIONS: dict[str, Callable[[Api, Arguments], Awaitable[Arguments]]] = {
    "cloudflare:index/getR2Bucket:getR2Bucket": _bucket,
    "cloudflare:index/getR2BucketLifecycle:getR2BucketLifecycle": partial(_rules, leaf="lifecycle"),
    "cloudflare:index/getR2BucketLock:getR2BucketLock": partial(_rules, leaf="lock"),
    "cloudflare:index/getAccountApiTokenPermissionGroupsList:getAccountApiTokenPermissionGroupsList": (
        _permission_groups
    ),
}
