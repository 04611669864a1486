"""The commands on docs/clients.md, so that the tests run what readers copy."""

import re

from local_cloudflare.engine.places import REPOSITORY

PAGE = REPOSITORY / "docs" / "clients.md"


def block(heading: str, language: str = "sh", *, number: int = 0) -> str:
    """A block of code in a language below a heading (`s5cmd`), the first unless another number is given.

    `Clients` is the title of the page.
    """
    text = PAGE.read_text(encoding="utf-8")
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    return section.split(f"```{language}\n")[number + 1].split("```", 1)[0]


def aws_config(endpoint: str) -> str:
    """The documented `~/.aws/config`, with this checkout and the endpoint in place of the examples."""
    text = block("AWS CLI", "ini")
    return text.replace("/path/to/checkout", str(REPOSITORY)).replace(
        "https://<account>.r2.cloudflarestorage.com", endpoint
    )
