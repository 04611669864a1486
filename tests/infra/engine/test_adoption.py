"""A bucket that existed before the stack: what stops its adoption, and what adoption leaves as it was."""

from __future__ import annotations

import pytest

from tests.infra.engine.house import OpenHouse

pytestmark = pytest.mark.engine

BUCKET = "reel-ballers-users"
ABORT_RULE = {
    "id": "Default Multipart Abort Rule",
    "enabled": True,
    "conditions": {"prefix": ""},
    "abortMultipartUploadsTransition": {"condition": {"type": "Age", "maxAge": 604800}},
}
FOREIGN_RULE = {
    "id": "old-logs",
    "enabled": True,
    "conditions": {"prefix": "logs/"},
    "deleteObjectsTransition": {"condition": {"type": "Age", "maxAge": 2592000}},
}
FOREIGN_LOCK = {"id": "hold", "enabled": True, "prefix": "a/", "condition": {"type": "Indefinite"}}


def test_adoption(open_house: OpenHouse) -> None:
    """Refused unasked and over foreign rules; then bucket and objects stay, and the next preview is clean."""
    house = open_house()
    store, workspace, account = house.cloudflare.store, house.workspace, house.cloudflare.account_id
    store.create_bucket(BUCKET, storage_class="InfrequentAccess")
    created = store.bucket(BUCKET)
    admin = house.cloudflare.s3_keys("Workers R2 Storage Write")
    house.client(admin.access_key_id, admin.secret_access_key).put_object(
        Bucket=BUCKET, Key="a/raw_clips/goal.mp4", Body=b"goal"
    )
    store.set_lifecycle(BUCKET, rules=[ABORT_RULE, FOREIGN_RULE])
    store.set_lock_rules(BUCKET, rules=[FOREIGN_LOCK])
    workspace.set_config("prod", "storageClass", "InfrequentAccess")

    workspace.set_config("prod", "adopt", None)
    assert house.refusal("prod") == (
        f"Bucket '{BUCKET}' exists in account '{account}' and is none of this stack's. "
        "To take it over, set config r2-layout:adopt to true."
    )
    workspace.set_config("prod", "adopt", True)
    assert house.refusal("prod") == (
        f"Bucket '{BUCKET}' has rules that neither the scheme nor this stack wrote and that this update would "
        "replace: lifecycle rule 'old-logs' (prefix 'logs/': delete objects after 30 days), lock rule 'hold' (prefix "
        "'a/': lock for ever). Declare what they do in layout/scheme/table.py, or give them up: list their ids in "
        "config r2-layout:replaceRules."
    )
    assert store.lifecycle(BUCKET) == [ABORT_RULE, FOREIGN_RULE]
    assert store.lock_rules(BUCKET) == [FOREIGN_LOCK]

    store.set_lifecycle(BUCKET, rules=[ABORT_RULE])
    store.set_lock_rules(BUCKET)
    workspace.up("prod")
    assert sorted(house.changes()) == [
        "POST /tokens",
        "POST /tokens",
        f"PUT /r2/buckets/{BUCKET}/lifecycle",
        f"PUT /r2/buckets/{BUCKET}/lock",
    ]
    assert store.bucket(BUCKET) == created
    outputs = workspace.outputs("prod")
    listed = house.s3(outputs, "audit").list_objects_v2(Bucket=BUCKET)
    assert [(item["Key"], item["Size"]) for item in listed["Contents"]] == [("a/raw_clips/goal.mp4", 4)]
    assert [rule["id"] for rule in store.lifecycle(BUCKET)] == [
        rule["id"] for rule in outputs["lifecycle_rules"]
    ]
    workspace.preview("prod", expect_no_changes=True)
