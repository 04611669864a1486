"""Secrets stay out of botocore's debug log.

botocore's loggers print whole requests at level DEBUG, headers included. On R2 that gives away everything: the secret
of a temporary credential is the hash of what the session token contains. A signature beside the request that it signs
is a presigned URL, which opens an object for up to seven days.
"""

import logging
import re
from functools import cache

__all__ = ["redact_session_tokens"]

# Those that print a session token or a signature; a test looks for others.
_LOGGERS = ("botocore.auth", "botocore.endpoint")
_SECRET = re.compile(
    r"(x-amz-security-token(?:'\s*:\s*b?'|:|=)|signature(?::\s*|=))[A-Za-z0-9+/=%_-]+", re.IGNORECASE
)


class _Redacted(logging.Filter):
    """Puts stars in place of token and signature; the rest of the line is still of use."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = _SECRET.sub(r"\1***", message)
        if redacted != message:
            record.msg, record.args = redacted, None
        return True


@cache
def redact_session_tokens() -> None:
    """From now on, for every boto3 client of this process."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_Redacted())
