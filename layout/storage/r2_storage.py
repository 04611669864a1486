"""Objects and files of one environment: `AsyncR2Storage`, and its sync twin `R2Storage`."""

from layout.storage._async.r2_storage import AsyncR2Storage
from layout.storage._sync.r2_storage import R2Storage

__all__ = ["AsyncR2Storage", "R2Storage"]
