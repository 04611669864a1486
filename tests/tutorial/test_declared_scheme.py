"""docs/declaring_a_scheme.md followed: a third application's layout, from its rows to a served document."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from local_cloudflare.cloudflare import LocalCloudflare
from tests.tutorial.follower import Follower, blocks

BUCKET = "archive-dev"
MODULE = "layout/legacy/tenants.py"


@pytest.mark.engine
@pytest.mark.xdist_group("engine")
def test_a_third_application_is_declared_provisioned_migrated_and_served(tmp_path: Path) -> None:
    """Its thumbnails expire by the bucket's rule, its old keys are gone, and its document is read."""
    (module,) = blocks("declaring_a_scheme.md", "python")
    assert len(module.splitlines()) <= 60
    with LocalCloudflare(tmp_path / "cloudflare") as cloudflare:
        cloudflare.store.create_bucket(BUCKET)
        keys = cloudflare.s3_keys("Workers R2 Storage Write")
        client = boto3.client(
            "s3",
            endpoint_url=cloudflare.s3_endpoint,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            region_name="auto",
            config=Config(s3={"addressing_style": "path"}),
        )
        client.put_object(Bucket=BUCKET, Key="acme/docs/2026/contract.pdf", Body=b"the contract")
        client.put_object(Bucket=BUCKET, Key="thumbs/acme/contract.png", Body=b"a picture")
        follower = Follower.at(cloudflare, tmp_path)
        (changes,) = blocks("declaring_a_scheme.md", "diff")
        (follower.folder / "tenants.diff").write_text(changes, encoding="utf-8")
        follower.shell("git apply --unidiff-zero tenants.diff")
        (follower.folder / MODULE).write_text(module, encoding="utf-8")
        provision, migrate, serve = blocks("declaring_a_scheme.md", "bash")
        follower.shell(provision)
        assert follower.shell(migrate).endswith("Done: plan, copy, verify, mark, delete.\n")
        listed = [item["Key"] for item in client.list_objects_v2(Bucket=BUCKET)["Contents"]]
        assert listed == [
            "dev/layout.json",
            "dev/thumbnails/acme/contract.png",
            "dev/users/acme/documents/2026/contract.pdf",
            "dev/users/acme/profiles.json",
            "dev/users/acme/selected-profile.json",
        ]
        rules = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
        days = {
            rule["Filter"]["Prefix"]: rule["Expiration"]["Days"] for rule in rules if "Expiration" in rule
        }
        assert days["dev/thumbnails/"] == 7
        assert follower.shell(serve) == "the contract"
