"""What a migration copies before any user: every folder of an environment that names none."""

from __future__ import annotations

from layout.environment import Environment
from layout.keys import shared_prefixes


def test_every_folder_without_a_user_is_shared() -> None:
    """In the order of the table; neither the marker, which is no folder, nor the users."""
    assert shared_prefixes(environment=Environment.DEV) == ("dev/games/", "dev/temp/", "dev/backups/")
