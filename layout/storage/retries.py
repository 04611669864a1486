"""How often both clients repeat a request that was refused or not answered, and how they read `Retry-After`.

R2 answers 429 to more than one write a second on one key, so both repeat more often than by default.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obstore.store import RetryConfig

__all__ = ["BOTO3_RETRIES", "NO_RETRIES", "OBSTORE_RETRIES", "RETRY_SECONDS", "translate_retry_after"]

# obstore repeats a request with the credential it began with: less than a minute, the shortest life of one.
RETRY_SECONDS = 45

BOTO3_RETRIES: Any = {"mode": "standard", "total_max_attempts": 6}
"""Of `botocore.config.Config`: one attempt and up to five repetitions."""

OBSTORE_RETRIES: "RetryConfig" = {
    "max_retries": 10,
    "retry_timeout": timedelta(seconds=RETRY_SECONDS),
    "backoff": {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=10),
        "base": 2,
    },
}
"""obstore has no hook for `Retry-After`: its own backoff outlasts R2's one write a second on a key."""

NO_RETRIES: "RetryConfig" = {"max_retries": 0}
"""For a caller that repeats requests itself: what obstore repeats inside, nobody learns of."""


def translate_retry_after(response: tuple[Any, Any] | None, **_: Any) -> None:
    """Copy `Retry-After` in seconds to the header in milliseconds that botocore's standard mode honours."""
    if response is None:
        return
    headers = response[0].headers
    seconds = headers.get("Retry-After", "")
    if seconds.isdecimal() and "x-amz-retry-after" not in headers:
        headers["x-amz-retry-after"] = str(int(seconds) * 1000)
