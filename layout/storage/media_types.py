"""What the ending of a name says of its content."""

import mimetypes

__all__ = ["guess_media_type"]

# The library's own table: what a machine has in /etc/mime.types would make two machines differ.
_TYPES = mimetypes.MimeTypes(filenames=())


def guess_media_type(name: str) -> str:
    """The media type of a file by its name; `application/octet-stream` if the ending says nothing."""
    kind, encoding = _TYPES.guess_type(f"/{name.rpartition('/')[2]}", strict=True)
    # What is compressed is served as what it is, not as what is in it: a browser would unpack it.
    return kind if kind and not encoding else "application/octet-stream"
