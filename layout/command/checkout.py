"""The checkout of this project that the package was loaded from, if any."""

from pathlib import Path

__all__ = ["checkout"]


def checkout() -> Path | None:
    """The folder with `Pulumi.yaml`, the tests and the rest; None where only the package is installed."""
    folder = Path(__file__).resolve().parents[2]
    return folder if (folder / "Pulumi.yaml").is_file() and (folder / "tests").is_dir() else None
