"""The name under which a browser saves what it downloads."""

from urllib.parse import quote

from layout.scheme.segments import clean_segment

__all__ = ["content_disposition"]


def content_disposition(name: str) -> str:
    """The header `Content-Disposition` for a download under this name, in any script (RFC 6266, RFC 8187).

    Raises:
        InvalidKeyError: It cannot be the name of a file: empty, with a slash, or with control characters.
    """
    clean = clean_segment(name, "download name")
    plain = "".join(c if c.isascii() and c not in '"\\%' else "_" for c in clean)
    if plain == clean:
        return f'attachment; filename="{clean}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(clean, safe='')}"
