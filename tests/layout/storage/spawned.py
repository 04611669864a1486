"""What a spawned worker does; it must be importable."""

from layout import r2_key
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import load_settings


def put() -> None:
    """Write with a storage of its own, and say so."""
    with R2Storage(load_settings()) as storage:
        storage.put(r2_key("a", "x.txt", "p1"), b"from the worker")
    print("written by a spawned worker", flush=True)  # noqa: T201 - the test reads it
