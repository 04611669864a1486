"""The databases that this machine has a copy of."""

import os
from collections.abc import Iterator
from pathlib import Path

from layout.environment import Environment
from layout.errors import LayoutError
from layout.mirror.paths import user_data_base
from layout.sync.baseline import parse_baseline
from layout.sync.location import FOLDER, Database, locate

__all__ = ["local_databases"]


def local_databases(environment: Environment, base: str | os.PathLike[str] | None) -> Iterator[Database]:
    """Every database below the base of the mirror that was synced before, in the order of their paths.

    Each says itself which it is, in its baseline; a file that was moved elsewhere says another one's and is left out.
    """
    root = (user_data_base() if base is None else Path(base)).resolve()
    for file in sorted(root.rglob(f"{FOLDER}/*.json")):
        known = parse_baseline(file.read_text(encoding="utf-8", errors="replace"))
        if known is None:
            continue
        try:
            found = locate(known.user_id, known.profile_id, known.name, environment=environment, base=base)
        except LayoutError:
            continue
        if found.beside("json") == file:
            yield found
