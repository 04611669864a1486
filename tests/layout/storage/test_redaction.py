"""What the log shows at its most talkative: no secret, neither ours nor through botocore."""

from __future__ import annotations

import logging
import re
from datetime import timedelta

import pytest

from layout.access import scope_for_environment
from layout.environment import Environment
from layout.keys import profiles_key
from layout.storage.credentials.minting import local_minter
from layout.storage.credentials.renewing import RenewingCredentials
from layout.storage.presence import Presence
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import StorageSettings

KEY = profiles_key("anna", environment=Environment.DEV)


def test_no_secret_is_in_the_debug_log(local: StorageSettings, caplog: pytest.LogCaptureFixture) -> None:
    """Over writes, reads, listings, refusals and presigned URLs; the headers' names are still there."""
    scope = scope_for_environment(local.bucket, Environment.DEV, write=True)
    with caplog.at_level(logging.DEBUG):
        credentials = RenewingCredentials(local_minter(local), scope, timedelta(minutes=1))
        storage = R2Storage(local, credentials=credentials)
        storage.put(KEY, b"{}")
        assert storage.exists(KEY) is Presence.PRESENT
        assert len(list(storage.list_files("dev/"))) == 1
        url = storage.presign_get(KEY, lifetime=timedelta(hours=1)).url
        storage.client.put_object(Bucket=local.bucket, Key=KEY, Body=b"{}")
    assert url.partition("X-Amz-Signature=")[2] not in caplog.text
    token = credentials().session_token
    assert token is not None
    text = caplog.text
    assert "x-amz-security-token:***" in text
    assert "Signature:\n***" in text
    assert re.search("Signature=[0-9a-f]", text) is None
    assert "'X-Amz-Security-Token': b'***'" in text
    assert token.get_secret_value()[:40] not in text
    assert token.get_secret_value()[-40:] not in text
    assert credentials().secret_access_key.get_secret_value() not in text
    assert local.secret_access_key.get_secret_value() not in text
