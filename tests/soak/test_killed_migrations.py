"""A migration whose every command is killed again and again loses nothing, and ends where an undisturbed one ends.

25 kills by default; `make soak` asks for 200 by R2_LAYOUT_SOAK_KILLS, and bench/results.md keeps what it said.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from layout.storage.clients import s3_client
from layout.storage.settings import load_settings
from tests.data.flat_bucket.names import game_key
from tests.operator_environment import become_operator
from tests.soak.contents import Contents, contents
from tests.soak.killing import Campaign

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from local_cloudflare.cloudflare import LocalCloudflare

KILLS = int(os.environ.get("R2_LAYOUT_SOAK_KILLS", "25"))
KILLS_EACH = max(1, KILLS // 50)
SEED = int(os.environ.get("R2_LAYOUT_SOAK_SEED", "1"))
CLIPS = 40
MARKER = "dev/layout.json"
RULES = """
objects = [{ key = "old_archive.zip", action = "ignore", reason = "nobody knows it" }]
"""


def fill(client: S3Client, bucket: str) -> None:
    """Three users, games, an object in parts, one that a rule leaves alone, and another environment's object."""
    for user in ("anna", "b\u00f6rje", "c+d"):
        client.put_object(
            Bucket=bucket,
            Key=f"{user}/database.sqlite",
            Body=f"SQLite of {user}".encode(),
            Metadata={"db-version": "7"},
        )
        for number in range(CLIPS):
            client.put_object(
                Bucket=bucket,
                Key=f"{user}/raw_clips/{number}.mp4",
                Body=f"{user} {number}".encode(),
                ContentType="video/mp4",
                Metadata={"number": str(number)},
            )
    for number in range(5):
        client.put_object(Bucket=bucket, Key=game_key(number), Body=b"game %d" % number)
    names: Any = {"Bucket": bucket, "Key": "anna/final_videos/long.mp4"}
    upload = client.create_multipart_upload(**names, ContentType="video/mp4")["UploadId"]
    tag = client.upload_part(**names, UploadId=upload, PartNumber=1, Body=b"in parts")["ETag"]
    client.complete_multipart_upload(
        **names, UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": tag}]}
    )
    client.put_object(Bucket=bucket, Key="old_archive.zip", Body=b"an archive")
    client.put_object(Bucket=bucket, Key="prod/games/x.mp4", Body=b"another environment")


@dataclass
class Ledger:
    """What the bucket held before the migration, and what must be true of it at every moment since."""

    cloudflare: LocalCloudflare
    bucket: str
    before: Contents

    def check(self) -> None:
        """No version is gone, and what is nobody's business is untouched."""
        now = contents(self.cloudflare, self.bucket)
        gone = set(self.before.values()) - set(now.values())
        assert not gone, f"lost: {[key for key, version in self.before.items() if version in gone]}"
        for key in ("old_archive.zip", "prod/games/x.mp4"):
            assert now[key] == self.before[key]

    def moved(self) -> Contents:
        """Where each object belongs after the migration, by the profiles that the registries name."""
        store, found = self.cloudflare.store, self.cloudflare.store.bucket(self.bucket)
        assert found is not None
        expected: Contents = {}
        for key, version in self.before.items():
            root, _, rest = key.partition("/")
            if root == "games":
                key = f"dev/{key}"
            elif root not in ("old_archive.zip", "prod"):
                registry = store.objects.get(found.id, f"dev/users/{root}/profiles.json")
                assert registry is not None
                profile = json.loads(registry.body.inline or b"")["default"]
                key = f"dev/users/{root}/profiles/{profile}/{rest}"
            expected[key] = version
        return expected


def without_marker(found: Contents) -> Contents:
    """A bucket without the marker, and without what a killed command had asked the store with: that expires."""
    return {
        key: version for key, version in found.items() if key != MARKER and not key.startswith("dev/temp/")
    }


def without_documents(found: Contents) -> Contents:
    """A bucket without the files that the migration itself writes."""
    own = ("/profiles.json", "/selected-profile.json")
    return {key: version for key, version in without_marker(found).items() if not key.endswith(own)}


def migrate(campaign: Campaign, ledger: Ledger, plan: str, *, delete: bool) -> None:
    """Plan, copy, verify and mark, and delete if asked; afterwards each object is at its one new place."""
    made = ("--plan", plan)
    judged = (*made, "--verdict", f"{plan}.json")
    campaign.run("plan", "flat", *made, "--rules", "rules.toml")
    campaign.run("copy", *made, "--execute")
    campaign.run("copy", *made, "--follow", "--until-equal", "--interval", "0", "--execute", name="follow")
    campaign.run("verify", *judged)
    campaign.run("mark", *judged, "--execute")
    assert ledger.moved().items() <= contents(ledger.cloudflare, ledger.bucket).items()
    if delete:
        campaign.run("delete", *judged, "--bucket", ledger.bucket, "--min-age", "0", "--execute")
        assert without_documents(contents(ledger.cloudflare, ledger.bucket)) == ledger.moved()


def take_back(campaign: Campaign, ledger: Ledger, plan: str) -> None:
    """The original bucket, but for the marker, which tells what happened."""
    rollback = ("rollback", "--plan", plan)
    campaign.run(*rollback, "--execute")
    assert ledger.before.items() <= contents(ledger.cloudflare, ledger.bucket).items()
    removal = ("--delete-new", "--bucket", ledger.bucket, "--min-age", "0", "--execute")
    campaign.run(*rollback, *removal, name="remove")
    assert without_marker(contents(ledger.cloudflare, ledger.bucket)) == ledger.before


@pytest.fixture
def new_ledger(
    cloudflare: LocalCloudflare, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], Ledger]:
    """Makes another bucket in the flat layout, whose operator this process then is."""

    def make() -> Ledger:
        bucket = f"killed-{uuid.uuid4().hex[:16]}"
        cloudflare.store.create_bucket(bucket)
        become_operator(cloudflare, bucket, monkeypatch, tmp_path)
        client = s3_client(load_settings())
        fill(client, bucket)
        client.close()
        return Ledger(cloudflare, bucket, contents(cloudflare, bucket))

    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    return make


@pytest.mark.timeout(60 + 20 * KILLS)
@pytest.mark.parametrize("with_faults", [False, True], ids=["plain", "with faults"])
def test_nothing_is_lost_however_often_a_command_is_killed(
    new_ledger: Callable[[], Ledger],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    with_faults: bool,
) -> None:
    """After each kill every version is there; at the end each is at its one place, and the plan says so."""
    random = Random(f"{SEED}/{with_faults}")  # noqa: S311 - draws moments, no secrets
    killed: Counter[str] = Counter()
    requests: Counter[str] = Counter()
    for number in count():
        left = (KILLS + with_faults) // 2 - killed.total()
        if left <= 0:
            break
        ledger = new_ledger()
        campaign = Campaign(
            ledger.cloudflare,
            tmp_path,
            dict(os.environ),
            random,
            left,
            KILLS_EACH,
            with_faults,
            ledger.check,
            killed,
            requests,
        )
        migrate(campaign, ledger, f"{number}a.sqlite", delete=random.random() < 0.5)
        take_back(campaign, ledger, f"{number}a.sqlite")
        migrate(campaign, ledger, f"{number}b.sqlite", delete=True)
    with capsys.disabled():
        sys.stdout.write(f"\n{killed.total()} kills with seed {SEED}: {dict(killed)}\n")
