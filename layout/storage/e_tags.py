"""ETags of R2: what one looks like, and what it tells of the bytes.

That of an object written at once is the MD5 of its bytes; that of one made of parts is the MD5 of the parts' MD5s and
their number (Cloudflare's R2 docs, `objects/multipart-objects`).
"""

import hashlib
import re
from collections.abc import Iterable

__all__ = ["e_tag_of_parts", "is_e_tag", "md5_of"]

_E_TAG = re.compile(r'"[!#-~]+"')
_MD5 = re.compile(r'"([0-9a-f]{32})"')


def is_e_tag(text: str) -> bool:
    """Whether a text is the strong ETag of an object, in its quotes."""
    return _E_TAG.fullmatch(text) is not None


def md5_of(e_tag: str) -> str | None:
    """The MD5 of the object's or the part's bytes, in hex; None if the ETag does not tell it."""
    found = _MD5.fullmatch(e_tag)
    return found[1] if found else None


def e_tag_of_parts(e_tags: Iterable[str]) -> str | None:
    """The ETag of an object made of the parts with these ETags; None if one of them is no MD5."""
    digests = []
    for e_tag in e_tags:
        md5 = md5_of(e_tag)
        if md5 is None:
            return None
        digests.append(bytes.fromhex(md5))
    return f'"{hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()}-{len(digests)}"'
