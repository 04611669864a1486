"""CORS: which pages a browser lets upload to the bucket and read from it."""

import pulumi_cloudflare as cloudflare

from infra.bucket import LayoutBucket
from infra.settings import StackSettings

__all__ = ["provision_cors"]

_RULE_ID = "browser-uploads"
# What a page sends with a presigned URL. The URL decides who may do what; CORS only lets the browser try.
_METHODS = ["GET", "HEAD", "PUT"]
_REQUEST_HEADERS = ["cache-control", "content-type", "if-match", "if-none-match", "range"]
# ETag: a page that uploads in parts has to send each part's ETag back.
_EXPOSED_HEADERS = ["Content-Length", "Content-Range", "ETag"]
_PREFLIGHT_SECONDS = 3600


def provision_cors(settings: StackSettings, bucket: LayoutBucket) -> cloudflare.R2BucketCors | None:
    """One rule for the origins that config names; no resource without origins."""
    if not settings.cors_origins:
        return None
    return cloudflare.R2BucketCors(
        "cors",
        account_id=settings.account_id,
        bucket_name=settings.bucket_name,
        jurisdiction=settings.jurisdiction,
        rules=[
            cloudflare.R2BucketCorsRuleArgs(
                id=_RULE_ID,
                allowed=cloudflare.R2BucketCorsRuleAllowedArgs(
                    methods=_METHODS, origins=list(settings.cors_origins), headers=_REQUEST_HEADERS
                ),
                expose_headers=_EXPOSED_HEADERS,
                max_age_seconds=_PREFLIGHT_SECONDS,
            )
        ],
        opts=bucket.child_options(),
    )
