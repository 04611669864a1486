"""Rows add up to the listing, whatever is left out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from layout.audit import tree
from layout.audit.inventory import Sum
from layout.audit.place import Place, place_of
from layout.audit.report import Amount, Node, Report, check_sums
from layout.audit.text import lines_of
from layout.audit.tree import make_tree
from layout.errors import AuditError
from layout.migrate.bucket.reader import ListedObject
from tests.layout.audit.listed import ListedBucket
from tests.layout.audit.listed import report_of as report_of_bucket

if TYPE_CHECKING:
    from pathlib import Path

    from tests.layout.audit.conftest import Audited


def report_of(node: Node, objects: int, size: int) -> Report:
    """A report with a tree and nothing else."""
    return Report(
        bucket="b",
        endpoint="https://x.example",
        began="2026-11-27T10:00:00Z",
        objects=objects,
        bytes=size,
        tree=node,
        months=[Amount(name="2026-11", objects=objects, bytes=size)],
        ends=[],
        users=[],
        users_total=0,
        sources=[],
        findings=[],
    )


def row(*place: str, objects: int = 1, size: int = 1, doubts: str = "") -> Sum:
    """What lies in a place."""
    return Sum(Place(*place), objects, size, "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z", doubts)


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("dev/layout.json", Place("dev", "marker")),
        ("dev/users/a/profiles/p/x/y", Place("dev", "profile_file", "a", "p")),
        ("prod/users/a/projects/p/output/f", Place("prod", "project_output", "a", "p")),
        ("dev/games/x", Place("dev", "game")),
        ("a/database.sqlite", Place("", "unknown", "", "a")),
        ("dev/auth/auth.sqlite", Place("dev", "unknown", "", "auth")),
        ("dev", Place("", "unknown")),
        ("<script>", Place("", "unknown")),
    ],
)
def test_each_key_has_one_place(key: str, place: Place) -> None:
    """The scheme says which; of an unknown key its first folder."""
    assert place_of(key)[0] == place


def test_what_is_too_much_to_show_is_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest are shown, the sum stays, and a doubt about one of the others stays with them."""
    monkeypatch.setattr(tree, "_MOST", (0, 0, 2, 0, 0))
    rows = [
        row("dev", "profile_file", f"u{number}", "p", size=number, doubts="why" if number == 1 else "")
        for number in range(1, 6)
    ]
    made = make_tree("b", rows)
    (environment,) = made.children
    (area,) = environment.children
    assert [(child.name, child.kind, child.objects, child.bytes) for child in area.children] == [
        ("u5", "user", 1, 5),
        ("u4", "user", 1, 4),
        ("3 others", "others", 3, 6),
    ]
    assert (area.children[-1].doubtful, area.doubtful, made.doubtful) == (True, True, True)
    check_sums(report_of(made, 5, 15))


def test_a_level_that_a_key_has_not_is_left_out() -> None:
    """Unknown keys have folders and no user; what lies in no folder is a part beside them."""
    made = make_tree("b", [row("", "unknown"), row("", "unknown", "", "anna")])
    (environment,) = made.children
    (area,) = environment.children
    assert environment.name == "no environment"
    assert [(child.name, child.kind) for child in area.children] == [
        ("anna", "owner"),
        ("directly in it", "others"),
    ]
    check_sums(report_of(made, 2, 2))


def test_an_audit_that_does_not_add_up_fails() -> None:
    """With both numbers, and with whose fault it is."""
    made = make_tree("b", [row("dev", "game", objects=2, size=2_000)])
    with pytest.raises(AuditError) as caught:
        check_sums(report_of(made, 3, 2_000))
    assert str(caught.value) == (
        "The audit does not add up: 'b' has 2 objects of 2,000 bytes, 'the listing' has 3 of 2,000."
    )
    assert caught.value.hint == (
        "Believe none of its numbers, and report this: it is a fault of the audit, not of the bucket."
    )


def test_every_part_is_added_up() -> None:
    """Not only the whole."""
    made = make_tree("b", [row("dev", "game")])
    wrong = made.model_copy(update={"children": [made.children[0].model_copy(update={"bytes": 7})]})
    with pytest.raises(AuditError) as caught:
        check_sums(report_of(wrong, 1, 1))
    assert str(caught.value) == (
        "The audit does not add up: 'its parts' has 1 objects of 7 bytes, 'b' has 1 of 1."
    )


def test_a_kept_report_comes_back(in_order: Audited, tmp_path: Path) -> None:
    """As it was."""
    report = in_order.audit()
    report.save(tmp_path / "report.json")
    assert Report.load(tmp_path / "report.json") == report


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    """The file is named."""
    place = tmp_path / "none" / "report.json"
    with pytest.raises(AuditError) as caught:
        report_of(make_tree("b", []), 0, 0).save(place)
    assert str(caught.value) == f"The report cannot be written to {str(place)!r}: No such file or directory."
    assert caught.value.hint == "Name a file in a folder that exists."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "The report {!r} cannot be read: No such file or directory."),
        ("{}", "The file {!r} is not a report: Field required."),
    ],
)
def test_a_file_that_is_no_report(tmp_path: Path, body: str | None, message: str) -> None:
    """Missing, or something else."""
    place = tmp_path / "report.json"
    if body is not None:
        place.write_text(body)
    with pytest.raises(AuditError) as caught:
        Report.load(place)
    assert str(caught.value) == message.format(str(place))
    assert caught.value.hint == "Name a file that --save has written."


def test_the_text_says_which_number_may_be_wrong() -> None:
    """With a sign at the area and at the sum, and the reason once."""
    made = make_tree(
        "b",
        [row("dev", "game"), row("dev", "profile_file", "a", "p", size=2_048, doubts="an upload is open")],
    )
    assert lines_of(report_of(made, 2, 2_049)) == [
        "Bucket 'b' at 2026-11-27T10:00:00Z: 2 ~ objects, 2.0 KiB",
        "  environment  area          oldest      newest      objects    bytes",
        "  dev          profile_file  2026-11-01  2026-11-02      1 ~  2.0 KiB",
        "  dev          game          2026-11-01  2026-11-02        1      1 B",
        "               in all        2026-11-01  2026-11-02      2 ~  2.0 KiB",
        "  ~ an upload is open",
        "",
        "Written in, and there still:",
        "  month    objects    bytes",
        "  2026-11        2  2.0 KiB",
        "",
        "Nothing was found.",
    ]


def listed(key: str, modified: str) -> ListedBucket:
    """A bucket with one object."""
    return ListedBucket([ListedObject(key, "e", 7, modified)])


def test_what_should_have_expired_is_found(tmp_path: Path) -> None:
    """Two days after its time, since R2 takes about one."""
    report = report_of_bucket(listed("dev/backups/a", "2026-10-25T23:00:00.000Z"), tmp_path)
    assert [(end.day, end.overdue) for end in report.ends] == [("2026-11-24", True)]
    (finding,) = report.findings
    assert (finding.kind.value, finding.examples[0].key, finding.examples[0].reason, finding.command) == (
        "overdue",
        "dev/backups/",
        "their time was 2026-11-24",
        "pulumi up --stack dev",
    )


def test_what_may_still_be_removed_in_time_is_not_found(tmp_path: Path) -> None:
    """A day later."""
    report = report_of_bucket(listed("dev/backups/a", "2026-10-26T23:00:00.000Z"), tmp_path)
    assert ([end.overdue for end in report.ends], report.findings) == ([False], [])


def test_what_is_written_during_the_listing_casts_doubt(tmp_path: Path) -> None:
    """It may have been listed or not."""
    report = report_of_bucket(listed("dev/games/a.mp4", "2026-11-27T10:00:00.500Z"), tmp_path)
    assert report.tree.doubtful
    assert report.tree.children[0].children[0].doubts == ["objects were written while the bucket was listed"]
