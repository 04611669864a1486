"""What a value that goes into a header of a request may be made of."""

__all__ = ["unprintable"]


def unprintable(text: str) -> str:
    """The first character that no id, secret, token or address has, by its code point; empty if there is none.

    Both HTTP libraries quote a header that they refuse, secret and all, so such a value must not reach them.
    """
    for character in text:
        if not "!" <= character <= "~":
            return f"the character U+{ord(character):04X}, which is no printable ASCII"
    return ""
