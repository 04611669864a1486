"""What an answer says of the end of an object: `x-amz-expiration`, from the lifecycle rules in force.

Source: CFD r2/buckets/object-lifecycles.mdx, behavior. R2's pages do not show the header's form; this is AWS's. AWS
rounds to the next midnight; here it is the moment at which the rule acts.
"""

from email.utils import formatdate
from math import ceil
from urllib.parse import quote

from local_cloudflare.r2.operations.context import Context
from local_cloudflare.r2.store.lifecycle import expiry_of
from local_cloudflare.r2.store.models import StoredObject, from_milliseconds

__all__ = ["expiration_headers"]


def expiration_headers(context: Context, found: StoredObject) -> dict[str, str]:
    """The header for an object in the request's bucket; nothing if no rule will delete it."""
    rules = context.store.rules_of(context.bucket.id)
    expiry = expiry_of(rules, found.key, from_milliseconds(found.modified))
    if expiry is None:
        return {}
    # Rounded up: in the whole second before, the object is still there.
    date = formatdate(ceil(expiry.time.timestamp()), usegmt=True)
    return {"x-amz-expiration": f'expiry-date="{date}", rule-id="{quote(expiry.rule_id, safe="")}"'}
