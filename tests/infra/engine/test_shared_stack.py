"""The owner of a shared bucket with the real engine: from empty, and what may happen to it afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from layout.environment import Environment
from layout.retention import lifecycle_rules, lock_rules
from tests.infra.engine.house import House, OpenHouse, failed_requests

pytestmark = pytest.mark.engine

BUCKET = "reel-ballers-users"


@dataclass(frozen=True)
class Standing:
    """Stack prod after its first `up`."""

    house: House
    changes: list[str]
    failed: set[str]
    outputs: dict[str, Any]


@pytest.fixture(scope="module")
def standing(open_house: OpenHouse) -> Standing:
    """Stack prod, up from an empty account, with one object in its bucket."""
    house = open_house()
    house.workspace.set_config("prod", "adopt", None)
    failed = failed_requests(house.workspace.up("prod"))
    changes = house.changes()
    outputs = house.workspace.outputs("prod")
    house.s3(outputs).put_object(Bucket=BUCKET, Key="prod/layout.json", Body=b"{}")
    return Standing(house, changes, failed, outputs)


@pytest.fixture
def house(standing: Standing) -> House:
    """The same, with its requests forgotten."""
    standing.house.requests.clear()
    return standing.house


def test_up_from_empty_makes_bucket_rules_and_tokens(standing: Standing) -> None:
    """Five requests make the whole stack, and the rules are those of the scheme in all environments."""
    assert sorted(standing.changes) == [
        "POST /r2/buckets",
        "POST /tokens",
        "POST /tokens",
        f"PUT /r2/buckets/{BUCKET}/lifecycle",
        f"PUT /r2/buckets/{BUCKET}/lock",
    ]
    rules = standing.house.cloudflare.store.lifecycle(BUCKET)
    assert [(rule["id"], rule["conditions"]["prefix"]) for rule in rules] == [
        (rule.id, rule.prefix) for rule in lifecycle_rules(Environment)
    ]
    assert [rule["id"] for rule in standing.outputs["lifecycle_rules"]] == [rule["id"] for rule in rules]
    locks = standing.house.cloudflare.store.lock_rules(BUCKET)
    assert [(rule["id"], rule["prefix"]) for rule in locks] == [
        (rule.id, rule.prefix) for rule in lock_rules(Environment)
    ]


def test_the_first_up_reports_its_look_up(standing: Standing) -> None:
    """A bucket that is not there yet is one line of the plugin's own, beside a success; README prepares for it."""
    house = standing.house
    url = f"{house.cloudflare.api_url}/accounts/{house.cloudflare.account_id}/r2/buckets/{BUCKET}"
    assert standing.failed == {f'GET "{url}": 404 Not Found'}


def test_the_backend_token_writes_and_the_audit_token_only_reads(standing: Standing) -> None:
    """Both open the bucket by the outputs as they are; writing is refused to audit."""
    assert standing.outputs["s3_endpoint"] == standing.house.cloudflare.s3_endpoint
    audit = standing.house.s3(standing.outputs, "audit")
    assert audit.get_object(Bucket=BUCKET, Key="prod/layout.json")["Body"].read() == b"{}"
    with pytest.raises(ClientError) as refused:
        audit.put_object(Bucket=BUCKET, Key="prod/games/a", Body=b"")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_a_second_up_changes_nothing_and_sends_nothing(house: House) -> None:
    """Policies and rules equal the API's answers byte for byte, also after they were read back."""
    house.workspace.up("prod", "--refresh", expect_no_changes=True)
    assert house.changes() == []


def test_a_rule_changed_by_hand_is_not_reset(house: House) -> None:
    """Retention that somebody lengthened stops the next update, also after a refresh took it over into the state."""
    store = house.cloudflare.store
    before = store.lifecycle(BUCKET)
    longer = [{**rule, "enabled": not rule["id"].endswith("prod-backups")} for rule in before]
    store.set_lifecycle(BUCKET, rules=longer)
    told = (
        f"Bucket '{BUCKET}' has rules that neither the scheme nor this stack wrote and that this update would replace: "
        "lifecycle rule 'expire-prod-backups' (prefix 'prod/backups/': switched off, delete objects after 30 days), "
        "where the scheme has prefix 'prod/backups/': delete objects after 30 days. Declare what they do in "
        "layout/scheme/table.py, or give them up: list their ids in config r2-layout:replaceRules."
    )
    assert house.refusal("prod") == told
    house.workspace.run("refresh", "--yes", "--suppress-progress", stack="prod")
    assert house.refusal("prod") == told
    house.workspace.set_config("prod", "replaceRules", ["expire-prod-backups"])
    house.workspace.up("prod")
    house.workspace.set_config("prod", "replaceRules", None)
    assert store.lifecycle(BUCKET) == before


def test_adopt_set_later_leaves_the_stacks_own_bucket_alone(house: House, standing: Standing) -> None:
    """An import over it would plan a replacement; nothing is sent, and its object lives on."""
    house.workspace.set_config("prod", "adopt", True)
    house.workspace.up("prod", expect_no_changes=True)
    house.workspace.set_config("prod", "adopt", None)
    assert house.changes() == []
    body = house.s3(standing.outputs).get_object(Bucket=BUCKET, Key="prod/layout.json")["Body"]
    assert body.read() == b"{}"


def test_destroy_is_refused_by_protection(house: House) -> None:
    """It stops in the preview: nothing is deleted, the tokens neither."""
    answer = house.workspace.destroy("prod", check=False)
    assert answer.returncode != 0
    urn = "urn:pulumi:prod::r2-layout::r2layout:infra:LayoutBucket$cloudflare:index/r2Bucket:R2Bucket::bucket"
    assert f'error: Preview failed: resource "{urn}" cannot be deleted' in answer.stdout
    assert house.changes() == []
    assert house.cloudflare.store.bucket(BUCKET) is not None


def test_wrong_config_is_one_line_and_touches_nothing(house: House) -> None:
    """The engine prints the program's own line and neither a traceback nor a second diagnostic."""
    house.workspace.set_config("prod", "topology", "both")
    line = house.refusal("prod")
    house.workspace.set_config("prod", "topology", None)
    assert line == "Config r2-layout:topology is 'both': input should be 'shared' or 'dedicated'."
    assert house.requests == []
