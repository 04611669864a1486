"""How many requests of a migration are under way at once: what limits how fast it copies, reads and deletes.

docs/migration.md ("How fast") has the arithmetic.
"""

__all__ = ["BATCH", "IN_FLIGHT", "PART_COPIES"]

IN_FLIGHT = 16
"""Copies, reads or HEADs at once. At R2's usual 50 ms an answer, 16 copies are 320 writes a second: far below the
4,000 that a bucket takes, whose limit the application's own writes share."""

PART_COPIES = 4
"""Parts at once of one object that is too large to be copied whole (above 4.99 GiB)."""

BATCH = 1_000
"""Objects that are looked at, done and noted together: what R2 shows on a page of a listing, and deletes at once."""
