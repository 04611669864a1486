"""Profiles made by several processes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage

if TYPE_CHECKING:
    from layout.storage.settings import StorageSettings

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import sys
from concurrent.futures import ThreadPoolExecutor
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings

store = ProfileStore(R2Storage(load_settings()))
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(13) as threads:
    print(*set(threads.map(lambda _: store.selected("anna"), range(13))))
"""


def test_four_processes_make_one_default_profile(local: StorageSettings) -> None:
    """Fifty first requests of a user in all: each sees the same profile."""
    environ = os.environ | {
        "R2_BUCKET": local.bucket,
        "R2_ENDPOINT": local.endpoint,
        "R2_ACCESS_KEY_ID": local.access_key_id,
        "R2_SECRET_ACCESS_KEY": local.secret_access_key.get_secret_value(),
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT],
            env=environ,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    found = {process.communicate()[0].strip() for process in started}
    with R2Storage(local) as storage:
        registry = ProfileStore(storage).read("anna")
    assert found == {registry.default}
    assert [*registry.profiles] == [registry.default]
