"""A storage in a forked process: one clear error at once, never a request that waits for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layout.storage.settings import StorageSettings

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import os, sys
from layout import r2_key
from layout.errors import LayoutError
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings

settings = load_settings()
storage, key = R2Storage(settings), r2_key("a", "x.txt", "p1")
def in_child(make):
    if child := os.fork():
        return os.waitpid(child, 0)
    try:
        make().put(key, b"from the child")
        print("written", flush=True)
    except LayoutError as error:
        text = str(error).replace(str(os.getpid()), "CHILD").replace(str(os.getppid()), "PARENT")
        print(text, error.hint, sep="\\n", flush=True)
    os._exit(0)
in_child(lambda: storage)
storage.put(key, b"from the parent")
in_child(lambda: storage)
in_child(lambda: R2Storage(settings))
storage.put(key, b"from the parent again")
print("parent goes on")
"""
BY_A_FUNCTION = """
import obstore, os
from layout.errors import LayoutError
from layout.storage.clients import object_store
from layout.storage.settings import load_settings

store = object_store(load_settings())
obstore.put(store, "dev/layout.json", b"from the parent")
if child := os.fork():
    os.waitpid(child, 0)
else:
    try:
        store.put("dev/layout.json", b"from the child")
    except LayoutError as error:
        print(str(error).replace(str(os.getpid()), "CHILD").replace(str(os.getppid()), "PARENT"), flush=True)
    os._exit(0)
"""
BOTO3 = """
import os
from datetime import timedelta
from layout import r2_key
from layout.errors import LayoutError
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings

settings = load_settings()
storage = R2Storage(settings)
storage.client
def in_child(make):
    if child := os.fork():
        return os.waitpid(child, 0)
    try:
        print(list(make().list_files("dev/")), flush=True)
    except LayoutError as error:
        text = str(error).replace(str(os.getpid()), "CHILD").replace(str(os.getppid()), "PARENT")
        print(text, error.hint, sep="\\n", flush=True)
    storage.presign_get(r2_key("a", "x.txt", "p1"), lifetime=timedelta(minutes=1))
    os._exit(0)
in_child(lambda: storage)
print(list(storage.list_files("dev/")), flush=True)
in_child(lambda: storage)
in_child(lambda: R2Storage(settings))
print(list(storage.list_files("dev/")), flush=True)
"""
ASYNC = """
import asyncio, os
from layout import r2_key
from layout.errors import LayoutError
from layout.storage.r2_storage import AsyncR2Storage
from layout.storage.settings import load_settings

storage, key = AsyncR2Storage(load_settings()), r2_key("a", "x.txt", "p1")
asyncio.run(storage.put(key, b"from the parent"))
if child := os.fork():
    os.waitpid(child, 0)
else:
    try:
        asyncio.run(storage.put(key, b"from the child"))
    except LayoutError as error:
        text = str(error).replace(str(os.getpid()), "CHILD").replace(str(os.getppid()), "PARENT")
        print(text, error.hint, sep="\\n", flush=True)
    os._exit(0)
"""
SPAWNED = """
import multiprocessing
from layout import r2_key
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings
from tests.layout.storage.spawned import put

R2Storage(load_settings()).put(r2_key("a", "x.txt", "p1"), b"from the parent")
worker = multiprocessing.get_context("spawn").Process(target=put)
worker.start()
worker.join(60)
print(worker.exitcode)
"""
REFUSED = [
    (
        "Process CHILD was forked from process PARENT, which had used the storage already:"
        " its requests would wait for ever."
    ),
    (
        "Start workers with the method 'spawn' or 'forkserver' (multiprocessing.get_context('spawn')),"
        " or use the storage for the first time in the worker: with gunicorn, without --preload."
    ),
]


SHARED = "Process CHILD was forked from process PARENT, which had used the storage already: {}."


def _output(script: str, local: StorageSettings) -> list[str]:
    environ = {
        "PYTHONPATH": str(ROOT),
        "APP_ENV": "dev",
        "R2_ENDPOINT": local.endpoint,
        "R2_BUCKET": local.bucket,
        "R2_ACCESS_KEY_ID": local.access_key_id,
        "R2_SECRET_ACCESS_KEY": local.secret_access_key.get_secret_value(),
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=environ, capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout.splitlines()


def test_a_forked_child_is_refused_unless_the_storage_was_not_used_before(local: StorageSettings) -> None:
    """Also with a storage made in the child: the runtime is the process's."""
    assert _output(SCRIPT, local) == ["written", *REFUSED, *REFUSED, "parent goes on"]


def test_a_store_that_obstores_own_functions_used_is_used(local: StorageSettings) -> None:
    """They take it without asking for any of its methods."""
    assert _output(BY_A_FUNCTION, local) == [SHARED.format("its requests would wait for ever")]


def test_a_forked_child_does_not_send_on_the_connections_of_its_parent(local: StorageSettings) -> None:
    """A client that was not used has none, one made in the child has its own, and a URL needs none."""
    refused = [SHARED.format("each would take the other's answers"), REFUSED[1]]
    assert _output(BOTO3, local) == ["[]", "[]", *refused, "[]", "[]"]


def test_a_child_of_an_async_parent_is_refused_too(local: StorageSettings) -> None:
    """The runtime is the same one."""
    assert _output(ASYNC, local) == REFUSED


def test_a_spawned_worker_works(local: StorageSettings) -> None:
    """Although the parent has used the storage: nothing of it is copied."""
    assert _output(SPAWNED, local) == ["written by a spawned worker", "0"]
