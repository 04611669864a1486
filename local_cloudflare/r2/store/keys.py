"""Object keys as R2 sees them: NFC for identity, the uploaded spelling for show."""

import unicodedata

__all__ = ["key_bytes", "normal_form"]


def normal_form(key: str) -> str:
    """The key under which R2 stores: NFC (CFD r2/reference/unicode-interoperability.mdx)."""
    return key if key.isascii() else unicodedata.normalize("NFC", key)


def key_bytes(key: str) -> bytes:
    """The UTF-8 bytes of a key, by which listings are ordered."""
    return key.encode()
