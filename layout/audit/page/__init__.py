"""The report as one page for a browser: it works from disk, asks no network, and needs no script from elsewhere.

Jinja2 escapes every value. The page forbids itself, by a policy with the hashes of its own style and script, to load
or to run anything else. Tables can be read without the script, which sorts, filters and draws.
"""

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from layout.audit.report import Node, Report, Severity
from layout.migrate.report.amounts import size

__all__ = ["page"]

_LOUDEST = list(Severity)


def page(report: Report) -> str:
    """The page."""
    style, script = _file("page.css"), _file("page.js")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    environment.filters["size"] = size
    environment.filters["amount"] = "{:,}".format
    template = environment.from_string(_file("page.html.jinja"))
    return template.render(
        report=report,
        # Our own files, which hold nothing of a report.
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        policy="; ".join(
            (
                "default-src 'none'",
                f"style-src '{_hash(style)}'",
                f"script-src '{_hash(script)}'",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
        severities=[
            (severity, sum(finding.severity is severity for finding in report.findings))
            for severity in _LOUDEST
        ],
        tree=report.tree.model_dump(mode="json"),
        areas=[
            (environment.name, area) for environment in report.tree.children for area in environment.children
        ],
        doubts=sorted(_doubts(report.tree)),
        largest_month=max((month.bytes for month in report.months), default=0),
    )


def _doubts(node: Node) -> set[str]:
    return set(node.doubts).union(*map(_doubts, node.children))


def _file(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
