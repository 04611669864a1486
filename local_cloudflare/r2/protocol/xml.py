"""The XML of the S3 protocol: writing answers, reading request bodies."""

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from local_cloudflare.r2.protocol.errors import ErrorKind, S3Error

__all__ = [
    "NAMESPACE",
    "Element",
    "children",
    "document",
    "leaf",
    "local_name",
    "members",
    "only_text",
    "parse",
    "printable",
]

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

Element = tuple[str, "str | int | bool | Sequence[Element]"]
"""A name and what is in it: text, a number, true or false, or further elements."""


def document(root: str, content: Sequence[Element], *, namespace: str | None = NAMESPACE) -> bytes:
    """An answer's body. R2's error documents carry no namespace, all others do."""
    attribute = f' xmlns="{namespace}"' if namespace else ""
    return f"{_DECLARATION}<{root}{attribute}>{''.join(map(_render, content))}</{root}>".encode()


def _render(element: Element) -> str:
    name, value = element
    if isinstance(value, bool):
        return f"<{name}>{'true' if value else 'false'}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if isinstance(value, str):
        return f"<{name}>{_escape(value)}</{name}>"
    return f"<{name}>{''.join(map(_render, value))}</{name}>"


_SPECIAL = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "\r": "&#13;"}
# XML 1.0 cannot hold most control characters. S3 sends them as references all the same, and
# clients that may meet such keys ask for encoding-type=url.
_SPECIAL |= {chr(code): f"&#{code};" for code in range(32) if chr(code) not in "\t\n\r"}
_TRANSLATION = str.maketrans(_SPECIAL)
_UNPRINTABLE = str.maketrans(dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535), "�"))


def printable(text: str) -> str:
    """The text without the characters that XML 1.0 cannot hold."""
    return text.translate(_UNPRINTABLE)


def _escape(text: str) -> str:
    return text.translate(_TRANSLATION)


def parse(body: bytes, root: str) -> ET.Element:
    """Reads a request body whose root element must be `root`.

    Raises:
        S3Error: MalformedXML if it is not well formed, has another root, or declares a DTD
            (no S3 client sends one, and entities can expand without bound).
    """
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise S3Error(ErrorKind.MALFORMED_XML)
    try:
        tree = ET.fromstring(body)  # noqa: S314 (DTDs are refused above)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise S3Error(ErrorKind.MALFORMED_XML) from error
    if local_name(tree) != root:
        raise S3Error(ErrorKind.MALFORMED_XML)
    return tree


def children(element: ET.Element, name: str) -> Iterator[ET.Element]:
    """The child elements of that name, whatever their namespace."""
    return (child for child in element if local_name(child) == name)


def members(
    element: ET.Element, *, once: Sequence[str] = (), many: Sequence[str] = ()
) -> dict[str, list[ET.Element]]:
    """The child elements of a container by their names, each name in `once` and `many` being there.

    Raises:
        S3Error: MalformedXML for a child of another name, for a second one where there may be one, and for text
            beside the children: whatever is not read could have meant something.
    """
    found: dict[str, list[ET.Element]] = {name: [] for name in (*once, *many)}
    for child in element:
        if (name := local_name(child)) not in found:
            raise S3Error(ErrorKind.MALFORMED_XML, reason=f"an element that is not known here: {name}")
        found[name].append(child)
    texts = [element.text, *(child.tail for child in element)]
    if any(len(found[name]) > 1 for name in once) or "".join(text or "" for text in texts).strip():
        raise S3Error(
            ErrorKind.MALFORMED_XML, reason="an element that is there twice, or text beside elements"
        )
    return found


def leaf(element: ET.Element) -> str:
    """The text of an element that holds nothing else.

    Raises:
        S3Error: MalformedXML if it holds elements.
    """
    if len(element):
        raise S3Error(ErrorKind.MALFORMED_XML)
    return element.text or ""


def only_text(element: ET.Element, name: str) -> str:
    """The text of the one child of that name.

    Raises:
        S3Error: MalformedXML if there is none, or another one, or if it holds elements.
    """
    found = [leaf(child) for child in children(element, name)]
    if len(found) != 1:
        raise S3Error(ErrorKind.MALFORMED_XML)
    return found[0]


def local_name(element: ET.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]
