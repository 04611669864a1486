"""A dedicated bucket, and the rotation of its tokens without a moment in which no token works."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from layout.environment import Environment
from layout.retention import lifecycle_rules
from tests.infra.engine.house import OpenHouse

pytestmark = pytest.mark.engine


def test_rotation_by_generations(open_house: OpenHouse) -> None:
    """Both tokens of both kinds work after the first up; after the second the old ones are refused."""
    house = open_house()
    workspace, bucket = house.workspace, "reel-ballers-users-dev"
    workspace.set_config("dev", "topology", "dedicated")
    workspace.up("dev")
    first = workspace.outputs("dev")
    assert first["bucket_name"] == bucket
    assert [rule["id"] for rule in house.cloudflare.store.lifecycle(bucket)] == [
        rule.id for rule in lifecycle_rules([Environment.DEV])
    ]
    house.s3(first).put_object(Bucket=bucket, Key="dev/layout.json", Body=b"{}")

    workspace.set_config("dev", "generations", [1, 2])
    house.requests.clear()
    workspace.up("dev")
    assert house.changes() == ["POST /tokens", "POST /tokens"]
    second = workspace.outputs("dev")
    for kind in ("backend", "audit"):
        assert second[f"{kind}_access_key_id"] != first[f"{kind}_access_key_id"]
        for outputs in (first, second):
            house.s3(outputs, kind).head_object(Bucket=bucket, Key="dev/layout.json")

    workspace.set_config("dev", "generations", [2])
    house.requests.clear()
    workspace.up("dev")
    assert [change.split("/")[0] for change in house.changes()] == ["DELETE ", "DELETE "]
    assert workspace.outputs("dev") == second
    for kind in ("backend", "audit"):
        house.s3(second, kind).head_object(Bucket=bucket, Key="dev/layout.json")
        with pytest.raises(ClientError) as refused:
            house.s3(first, kind).get_object(Bucket=bucket, Key="dev/layout.json")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in {401, 403}
