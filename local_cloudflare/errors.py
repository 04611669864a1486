"""The error of what runs on this machine in Cloudflare's place."""

from layout.errors import LayoutError

__all__ = ["LocalCloudflareError"]


class LocalCloudflareError(LayoutError):
    """The local Cloudflare cannot run: engine, port or workspace."""
