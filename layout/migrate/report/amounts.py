"""Amounts as people read them."""

__all__ = ["size"]


def size(count: int) -> str:
    """Bytes for people: `3.1 GiB`."""
    value, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{count} B" if unit == "B" else f"{value:,.1f} {unit}"
