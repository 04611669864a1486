"""Stacks that ask the account in vain: the engine prints the program's one line."""

from __future__ import annotations

import pytest

from local_cloudflare.engine import Engine
from local_cloudflare.workspace import Workspace
from tests.infra.engine.house import OpenHouse, error_lines

pytestmark = pytest.mark.engine


def test_a_stack_without_its_bucket_names_the_owner(open_house: OpenHouse) -> None:
    """In the shared topology the stack of config `bucketOwner` comes first."""
    house = open_house()
    assert house.refusal("staging") == (
        f"Bucket 'reel-ballers-users' does not exist in account '{house.cloudflare.account_id}'; "
        "stack 'prod' owns it. Bring that up first: pulumi up --stack prod"
    )


def test_a_wrong_token_is_told_in_one_line(open_house: OpenHouse, pulumi_engine: Engine) -> None:
    """The look-up's raw answer follows a sentence that says what to check, without a traceback."""
    house = open_house()
    workspace = Workspace(
        house.workspace.folder.parent / "wrong-token",
        engine=pulumi_engine,
        account_id=house.cloudflare.account_id,
        api_url=house.cloudflare.api_url,
        api_token="x" * 40,
        s3_endpoint=house.cloudflare.s3_endpoint,
    )
    answer = workspace.preview("dev", check=False)
    (line,) = error_lines(answer)
    assert answer.returncode != 0
    url = f"{house.cloudflare.api_url}/accounts/{house.cloudflare.account_id}/r2/buckets/reel-ballers-users"
    assert line == (
        f"Cannot read bucket 'reel-ballers-users' of account '{house.cloudflare.account_id}': 401 Unauthorized: "
        "Authentication error (code 10000); local Cloudflare: no token of this account has that value "
        f"({url}). Check the account id, and that CLOUDFLARE_API_TOKEN has the permissions Workers R2 Storage Write "
        "and Account API Tokens Write."
    )
