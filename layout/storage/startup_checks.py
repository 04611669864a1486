"""What a process checks before it serves: the credential is for its environment, and the data in its layout.

`APP_ENV` has a default, so a forgotten variable is possible. It must stop the start, not reach other data.
"""

from layout.storage._async.startup_checks import open_async_storage
from layout.storage._sync.startup_checks import ensure_marker, open_storage, read_marker

__all__ = ["ensure_marker", "open_async_storage", "open_storage", "read_marker"]
