"""Renewing in a process that was forked while a thread of its parent renewed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
SCRIPT = """
import os, threading
from datetime import UTC, datetime, timedelta
from pydantic import SecretStr
from layout.access import scope_for_environment
from layout.environment import Environment
from layout.storage.credentials.renewing import RenewingCredentials
from layout.storage.credentials.storage_credentials import StorageCredentials

parent, minting, forked = os.getpid(), threading.Event(), threading.Event()
def mint(scope, lifetime):
    if os.getpid() == parent:
        minting.set()
        forked.wait()
    name = "parent" if os.getpid() == parent else "child"
    return StorageCredentials(name, SecretStr("s"), SecretStr("t"), datetime.now(UTC) + lifetime)

scope = scope_for_environment("films", Environment.DEV, write=True)
credentials = RenewingCredentials(mint, scope, timedelta(hours=1))
thread = threading.Thread(target=lambda: print(credentials().access_key_id, flush=True))
thread.start()
minting.wait()
child = os.fork()
if not child:
    print(credentials().access_key_id, flush=True)
    os._exit(0)
os.waitpid(child, 0)
forked.set()
thread.join()
"""


def test_the_lock_of_a_thread_that_is_not_in_the_child_holds_nobody_up() -> None:
    """The child mints for itself; the parent's thread ends as it would have."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == ["child", "parent"]
