"""The page docs/conformance.md: which statement holds on which store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

TITLE = "# Which store does what R2 does"
INTRODUCTION = """\
One suite of statements about R2 (`tests/conformance/`) runs on several stores. A cell says whether the statement held
in a run; a number leads to the reason why not. The suite fails if a statement holds where this page says that it does
not.

- **local R2** is the strict endpoint of `python -m local_cloudflare up`.
- **miniflare** is Cloudflare's own simulator, through its S3 endpoint.
- **versitygw** is a plain S3 server: what it lacks is R2's own, or newer than it.

Run it on a bucket of yours with `python scripts/conformance.py --live` (R2_ENDPOINT, R2_BUCKET, CLOUDFLARE_ACCOUNT_ID
and the access key of a token with read and write permission in the environment; it works under the prefixes
`conformance/` and `conformance-locked/`, and removes what it wrote unless a lock rule of yours holds it).

To add a statement, write a test in the file of its area under `tests/conformance/`: its docstring is the sentence of
this page. Where another store does not hold it, `tests/conformance/differences.py` says why; `make generate` writes the
page."""
QUESTIONS = """\
Of these the sources say different things, or nothing. The local R2 does meanwhile what the statement says: what users
report, else what loses nothing. A run with `--live` reports what your bucket does, with what was seen where the
statement does not hold, and does not fail because of it; with `--to-be-seen` it asks nothing else.

Not asked, because the suite would have to change the configuration of your bucket: which ids, dates and forms of
`Prefix` lifecycle rules over S3 may have, how R2 refuses filters that it does not know, and whether a CORS rule may
have a MaxAgeSeconds above 86,400 (the local R2 refuses it)."""


@dataclass
class Outcomes:
    """What a run, or a collection, says of each statement."""

    sentences: dict[str, str] = field(default_factory=dict)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why a statement does not hold on a store; absent if it holds."""
    stores: list[str] = field(default_factory=list)
    questions: dict[str, str] = field(default_factory=dict)
    """What the sources say of a statement that is to be seen on R2."""

    def add(
        self, statement: str, sentence: str, store: str, reason: str | None, sources: str | None = None
    ) -> None:
        """Note one statement on one store; `reason` is None if it holds there."""
        self.sentences[statement] = sentence
        if sources is not None:
            self.questions[statement] = sources
        if store not in self.stores:
            self.stores.append(store)
        if reason is not None:
            self.reasons[statement, store] = reason


class Recorder:
    """A pytest plugin that keeps the outcome of each statement."""

    def __init__(self) -> None:
        self.outcomes = Outcomes()
        self.declared = Outcomes()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep what the suite declares, for a page without a run."""
        for item in session.items:
            properties = dict(item.user_properties)
            if "statement" in properties:
                mark = item.get_closest_marker("xfail")
                reason = None if mark is None else mark.kwargs["reason"]
                self.declared.add(*_named(properties), reason, _sources(properties))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what happened."""
        properties = dict(report.user_properties)
        if "statement" not in properties or (report.when != "call" and report.passed):
            return
        sources = _sources(properties)
        reason = None if report.passed else getattr(report, "wasxfail", "") or "it does not hold"
        if reason is not None and sources is not None and properties["store"] == "live":
            reason = f"seen: {_crash(report)}"
        self.outcomes.add(*_named(properties), reason, sources)


def _sources(properties: Mapping[str, object]) -> str | None:
    sources = properties.get("to be seen")
    return None if sources is None else str(sources)


def _crash(report: pytest.TestReport) -> str:
    """The first line of what a test ended with."""
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr).partition("\n")[0]


def _named(properties: Mapping[str, object]) -> tuple[str, str, str]:
    return str(properties["statement"]), str(properties["sentence"]), str(properties["store"])


def render(outcomes: Outcomes) -> str:
    """The page as Markdown."""
    notes: dict[str, int] = {}
    lines = [TITLE, "", INTRODUCTION, "", _count(outcomes), ""]
    for module, statements in _by_module(outcomes).items():
        lines += [f"## {module.removeprefix('test_').replace('_', ' ').capitalize()}", ""]
        lines += [
            "| statement | " + " | ".join(outcomes.stores) + " |",
            "|---|" + "---|" * len(outcomes.stores),
        ]
        for text, cells in _rows(outcomes, statements, notes):
            lines.append(f"| {_escape(text)} | " + " | ".join(cells) + " |")
        lines.append("")
    lines += _questions(outcomes)
    if notes:
        lines += ["## Why not", "", *(f"{number}. {reason}" for reason, number in notes.items()), ""]
    return "\n".join(lines)


def _questions(outcomes: Outcomes) -> list[str]:
    """The statements that are to be seen, and why nobody knows: the cases of one share a row."""
    rows = {outcomes.sentences[name]: sources for name, sources in outcomes.questions.items()}
    if not rows:
        return []
    table = [f"| {_escape(sentence)} | {_escape(sources)} |" for sentence, sources in rows.items()]
    return ["## To be seen on R2", "", QUESTIONS, "", "| the local R2 | sources |", "|---|---|", *table, ""]


def _count(outcomes: Outcomes) -> str:
    total = len(outcomes.sentences)
    held = (
        f"{store} {total - sum(1 for _, where in outcomes.reasons if where == store)}"
        for store in outcomes.stores
    )
    return f"Statements: {total}. Held by: {', '.join(held)}."


def _by_module(outcomes: Outcomes) -> dict[str, list[str]]:
    modules: dict[str, list[str]] = {}
    for statement in outcomes.sentences:
        modules.setdefault(statement.partition("::")[0], []).append(statement)
    return modules


def _rows(
    outcomes: Outcomes, statements: Sequence[str], notes: dict[str, int]
) -> list[tuple[str, list[str]]]:
    """One row a statement; the cases of a parametrized one share a row if they agree on every store."""
    rows: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for statement in statements:
        cells = tuple(_cell(outcomes.reasons.get((statement, store)), notes) for store in outcomes.stores)
        case = statement.partition("[")[2].removesuffix("]")
        rows.setdefault((outcomes.sentences[statement], cells), []).append(case)
    differing = [sentence for sentence, _ in rows]
    return [
        (f"{sentence} ({', '.join(cases)})" if differing.count(sentence) > 1 else sentence, list(cells))
        for (sentence, cells), cases in rows.items()
    ]


def _cell(reason: str | None, notes: dict[str, int]) -> str:
    return "yes" if reason is None else f"no ({notes.setdefault(reason, len(notes) + 1)})"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*")
