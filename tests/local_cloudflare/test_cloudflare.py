"""LocalCloudflare as a whole: folder, lock, endpoints file, clock, buckets."""

import json
import os
import re
import socket
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from local_cloudflare.cloudflare import LocalCloudflare, read_endpoints
from local_cloudflare.errors import LocalCloudflareError
from local_cloudflare.lock import holder


def test_the_endpoints_file_is_there_while_it_runs(tmp_path: Path) -> None:
    """It holds what clients need, only its owner can read it, and it goes with the server."""
    with LocalCloudflare(tmp_path) as running:
        assert stat.S_IMODE(running.endpoints_file.stat().st_mode) == 0o600
        assert (
            json.loads(running.endpoints_file.read_text()) == read_endpoints(tmp_path) == running.endpoints()
        )
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/client/v4", running.api_url)
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", running.s3_endpoint)
        assert running.endpoints()["pid"] == holder(tmp_path) == os.getpid()
    assert not running.endpoints_file.exists()
    assert holder(tmp_path) is None


def test_where_none_runs_the_way_to_start_is_named(tmp_path: Path) -> None:
    """A folder without a running server, and one with the file of a killed one, are the same."""
    for _ in range(2):
        with pytest.raises(LocalCloudflareError) as caught:
            read_endpoints(tmp_path)
        assert str(caught.value) == f"No local Cloudflare runs in {str(tmp_path)!r}."
        assert caught.value.hint == f"Start it: python -m local_cloudflare up --folder {tmp_path}"
        (tmp_path / "endpoints.json").write_text('{"pid": 1}')
        (tmp_path / "lock").write_text("1")


def test_a_folder_is_used_once(tmp_path: Path) -> None:
    """A second one on the same folder is refused and names the process."""
    with LocalCloudflare(tmp_path):
        with pytest.raises(LocalCloudflareError) as caught:
            LocalCloudflare(tmp_path)
        assert str(caught.value) == f"The folder {str(tmp_path)!r} is in use by process {os.getpid()}."
        assert caught.value.hint == "Stop that one, or use another folder."
    LocalCloudflare(tmp_path).stop()


@pytest.mark.parametrize("port", [-1, 65_536])
@pytest.mark.parametrize(("name", "option"), [("s3_port", "--s3-port"), ("api_port", "--api-port")])
def test_a_port_that_there_is_not_is_named(tmp_path: Path, name: str, option: str, port: Any) -> None:
    """And the folder is free again."""
    with pytest.raises(LocalCloudflareError) as caught:
        LocalCloudflare(tmp_path, **{name: port})
    assert str(caught.value) == f"There is no port {port}."
    assert caught.value.hint == f"Choose another {option}: 1 to 65535, or 0 for a free one."
    with LocalCloudflare(tmp_path):
        pass


@pytest.mark.parametrize(("name", "option"), [("s3_port", "--s3-port"), ("api_port", "--api-port")])
def test_a_taken_port_is_named(tmp_path: Path, name: str, option: str) -> None:
    """The message names the port and the option that chooses another; the folder is free again."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        with pytest.raises(LocalCloudflareError) as caught:
            LocalCloudflare(tmp_path, **{name: port})
    assert str(caught.value) == f"The port {port} of 127.0.0.1 is taken."
    assert caught.value.hint == f"Stop what listens there, or choose another {option}."
    LocalCloudflare(tmp_path).stop()


def test_a_wrong_bucket_name_stops_the_start(tmp_path: Path) -> None:
    """Names of buckets follow R2's rules from the start on; the folder is free again."""
    with pytest.raises(LocalCloudflareError) as caught:
        LocalCloudflare(tmp_path, buckets=["Films"])
    assert str(caught.value) == "No bucket can be called 'Films'."
    assert caught.value.hint == "Use 3 to 63 lower-case letters, digits and inner hyphens."
    LocalCloudflare(tmp_path).stop()


def test_what_was_stored_survives_a_restart(tmp_path: Path) -> None:
    """Account, buckets, tokens and the clock go on; the bootstrap token of the last run is gone."""
    with LocalCloudflare(tmp_path, buckets=["films"]) as first:
        keys = first.s3_keys("Workers R2 Storage Read")
        first.clock.advance(timedelta(days=2))
        old_token = first.api_token
    with LocalCloudflare(tmp_path, buckets=["films"]) as second:
        assert second.account_id == first.account_id
        assert [bucket.name for bucket in second.store.buckets()] == ["films"]
        assert second.account.credential(keys.access_key_id) is not None
        assert second.clock.offset == timedelta(days=2)
        assert second.account.token_with_value(old_token) is None
        assert [token.document.name for token in second.account.tokens()] == [
            "s3 keys: Workers R2 Storage Read",
            "local bootstrap",
        ]


def test_the_bootstrap_token_works_at_once(tmp_path: Path) -> None:
    """An activation delay is for tokens that are made later."""
    with LocalCloudflare(tmp_path, activation_delay=timedelta(minutes=1)) as running:
        headers = {"authorization": f"Bearer {running.api_token}"}
        with httpx.Client(trust_env=False, headers=headers) as client:
            answer = client.get(f"{running.api_url}/accounts/{running.account_id}/tokens/verify")
    assert answer.json()["result"]["status"] == "active"


def test_requests_of_the_control_api_are_logged(tmp_path: Path) -> None:
    """Method, path below the account, status and error codes; never a token or a body."""
    with LocalCloudflare(tmp_path) as running:
        headers = {"authorization": f"Bearer {running.api_token}"}
        with httpx.Client(trust_env=False, headers=headers) as client:
            client.get(f"{running.api_url}/accounts/{running.account_id}/r2/buckets?per_page=5")
            client.delete(f"{running.api_url}/accounts/{running.account_id}/r2/buckets/absent")
        records = list(running.api_requests)
    assert [(each.number, each.method, each.path, each.status, each.codes) for each in records] == [
        (1, "GET", "/r2/buckets", 200, ()),
        (2, "DELETE", "/r2/buckets/absent", 404, (10006,)),
    ]
