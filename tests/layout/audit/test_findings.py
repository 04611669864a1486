"""Each kind of finding, from a bucket that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layout.audit.cases import Kind
from layout.audit.report import Severity

if TYPE_CHECKING:
    from layout.audit.report import Finding, Report
    from tests.layout.audit.conftest import Audited


def found(report: Report) -> dict[Kind, Finding]:
    """The findings by kind."""
    assert len({finding.kind for finding in report.findings}) == len(report.findings)
    return {finding.kind: finding for finding in report.findings}


def test_a_bucket_in_order_has_no_finding(in_order: Audited) -> None:
    """A stale file name beside a hash, an empty name and a null are no references."""
    report = in_order.audit()
    assert report.findings == []
    assert (report.ok, report.objects) == (True, 6)


def test_a_key_that_the_scheme_does_not_know(in_order: Audited) -> None:
    """At the root and in an environment, each for itself; the migration is what goes on with them."""
    in_order.put("anna/raw_clips/a.mp4")
    in_order.put("dev/auth/auth.sqlite")
    report = in_order.audit()
    assert [(one.environment, one.total, one.command) for one in report.findings] == [
        ("", 1, "r2-layout migrate plan flat --env dev --plan plan.sqlite"),
        ("dev", 1, "r2-layout migrate plan flat --env dev --plan plan.sqlite"),
    ]
    assert {finding.severity for finding in report.findings} == {Severity.RISK}


def test_a_user_without_registry(in_order: Audited) -> None:
    """The command writes one with the only profile that there is."""
    in_order.put("dev/users/bert/profiles/q1/raw_clips/a.mp4")
    finding = found(in_order.audit())[Kind.NO_REGISTRY]
    assert (finding.severity, finding.total, finding.objects) == (Severity.RISK, 1, 1)
    assert finding.examples[0].key == "dev/users/bert/profiles.json"
    assert finding.command == (
        "python -c 'import sys; from layout import Profiles;"
        """ sys.stdout.buffer.write(Profiles.first('"'"'q1'"'"').to_json())' > registry.json && """
        f"aws s3api put-object --if-none-match '*' --bucket {in_order.bucket} --key dev/users/bert/profiles.json"
        f" --content-type application/json --body registry.json --endpoint-url {in_order.settings.endpoint}"
    )


def test_of_several_profiles_a_person_says_which_is_the_default(in_order: Audited) -> None:
    """The command shows what they hold."""
    in_order.put("dev/users/bert/profiles/q1/raw_clips/a.mp4")
    in_order.put("dev/users/bert/profiles/q2/raw_clips/a.mp4")
    assert found(in_order.audit())[Kind.NO_REGISTRY].command == (
        f"aws s3 ls --recursive s3://{in_order.bucket}/dev/users/bert/"
        f" --endpoint-url {in_order.settings.endpoint}"
    )


def test_registry_and_objects_disagree_in_both_directions(in_order: Audited) -> None:
    """A profile without objects, and objects of a profile that nobody registered; those of a deleted one apart."""
    in_order.register("anna", "p1", "empty", deleted=("gone",))
    in_order.put("dev/users/anna/profiles/stray/a.mp4")
    in_order.put("dev/users/anna/profiles/gone/a.mp4")
    findings = found(in_order.audit())
    assert {kind: [one.key for one in finding.examples] for kind, finding in findings.items()} == {
        Kind.UNREGISTERED_PROFILE: ["dev/users/anna/profiles/stray/"],
        Kind.EMPTY_PROFILE: ["dev/users/anna/profiles/empty/"],
        Kind.DELETED_PROFILE: ["dev/users/anna/profiles/gone/"],
    }
    assert findings[Kind.EMPTY_PROFILE].command == (
        "APP_ENV=dev r2-layout sync restore --user anna --profile empty --list"
    )
    assert findings[Kind.UNREGISTERED_PROFILE].command.endswith(
        """.update('"'"'anna'"'"', lambda found: found.with_profile('"'"'stray'"'"', Profile(name=None)))'"""
    )


def test_a_reference_without_object(in_order: Audited) -> None:
    """A file name, a hash, and a name that no key can have."""
    in_order.database(
        "anna", "p1", raw_clips=[("goal.mp4",), ("lost.mp4",), ("a\x01b",)], games=[(None, "b" * 64, None)]
    )
    findings = found(in_order.audit())
    finding = findings[Kind.MISSING_OBJECT]
    assert (finding.severity, finding.total, finding.doubt) == (Severity.LOST, 3, "")
    holder = "dev/users/anna/profiles/p1/database.sqlite"
    assert {(one.key, one.reason) for one in finding.examples} == {
        ("dev/users/anna/profiles/p1/raw_clips/lost.mp4", f"named by {holder}: raw_clips.filename"),
        ("dev/users/anna/profiles/p1/raw_clips/a\x01b", f"named by {holder}: raw_clips.filename"),
        (f"dev/games/{'b' * 64}.mp4", f"named by {holder}: games.blake3_hash"),
    }
    assert [one.key for one in findings[Kind.UNREFERENCED_OBJECT].examples] == [f"dev/games/{'a' * 64}.mp4"]


def test_media_without_reference(in_order: Audited) -> None:
    """Only in folders that a column names; what JSON, a key, an address or an archive names is used."""
    folder = "dev/users/anna/profiles/p1"
    for name in (
        "raw_clips/x.mp4",
        "final_videos/url.mp4",
        "final_videos/key.mp4",
        "working_videos/json.mp4",
    ):
        in_order.put(f"{folder}/{name}")
    in_order.put(f"{folder}/working_videos/archived.mp4")
    in_order.put(f"{folder}/downloads/nobody-names-these.tsv")
    in_order.put(f"{folder}/archive/3.json", b'{"working_videos": [{"filename": "archived.mp4"}]}')
    in_order.database(
        "anna",
        "p1",
        raw_clips=[("goal.mp4",)],
        games=[(None, "a" * 64, "https://x.example/anna/final_videos/url.mp4?X-Amz-Expires=1")],
        export_jobs=[
            (f"{folder}/final_videos/key.mp4", b'{"inputs": ["working_videos/json.mp4"]}'),
        ],
    )
    finding = found(in_order.audit())[Kind.UNREFERENCED_OBJECT]
    assert [one.key for one in finding.examples] == [f"{folder}/raw_clips/x.mp4"]
    assert (finding.severity, finding.doubt) == (Severity.HARMLESS, "")
    assert finding.command == (
        f"aws s3 mv s3://{in_order.bucket}/{folder}/raw_clips/x.mp4"
        f" s3://{in_order.bucket}/dev/backups/audit/{folder}/raw_clips/x.mp4"
        f" --endpoint-url {in_order.settings.endpoint}"
    )


def test_a_damaged_database_casts_doubt_on_what_it_may_name(in_order: Audited) -> None:
    """Its profile's media are not said to be without reference; of games there may be fewer without one."""
    in_order.register("bert", "q1")
    in_order.put("dev/users/bert/profiles/q1/raw_clips/a.mp4")
    in_order.database("bert", "q1", b"no database")
    in_order.put("dev/games/unnamed.mp4")
    findings = found(in_order.audit())
    assert set(findings) == {Kind.DAMAGED_DATABASE, Kind.UNREFERENCED_OBJECT}
    assert findings[Kind.DAMAGED_DATABASE].examples[0].reason == "it is no SQLite database"
    assert findings[Kind.DAMAGED_DATABASE].command == (
        "APP_ENV=dev r2-layout sync restore --user bert --profile q1 --name database.sqlite --list"
    )
    assert [one.key for one in findings[Kind.UNREFERENCED_OBJECT].examples] == ["dev/games/unnamed.mp4"]
    assert findings[Kind.UNREFERENCED_OBJECT].doubt == (
        "there may be fewer: a database of this profile could not be read"
    )


def test_an_open_upload(in_order: Audited) -> None:
    """Its parts are in no listing, so the sizes of its place may be wrong, and so may those above."""
    in_order.begin_upload("dev/users/anna/profiles/p1/raw_clips/coming.mp4")
    report = in_order.audit()
    finding = found(report)[Kind.OPEN_UPLOAD]
    assert finding.command == "r2-layout clear --env dev --uploads-only"
    assert finding.examples[0].reason.startswith("begun at ")
    (environment,) = report.tree.children
    doubtful = {area.name: area.doubtful for area in environment.children}
    assert report.tree.doubtful
    assert environment.doubtful
    assert [name for name, doubt in doubtful.items() if doubt] == ["profile_file"]
    assert (report.tree.doubts, environment.doubts) == ([], [])


def test_a_content_type_that_is_not_the_schemes(in_order: Audited) -> None:
    """None at all, or another; a parameter behind it is none of the scheme's business."""
    in_order.put("dev/users/anna/selected-profile.json", b'{"profileId": "p1"}')
    in_order.put("dev/layout.json", b"{}", ContentType="application/json; charset=utf-8")
    finding = found(in_order.audit())[Kind.WRONG_TYPE]
    address = f"s3://{in_order.bucket}/dev/users/anna/selected-profile.json"
    assert (finding.total, finding.severity) == (1, Severity.HARMLESS)
    assert finding.command == (
        f"aws s3 cp {address} {address} --content-type application/json --metadata-directive REPLACE"
        f" --endpoint-url {in_order.settings.endpoint}"
    )


def test_a_database_without_a_version(in_order: Audited) -> None:
    """It is read as version 0, and its references are known all the same."""
    body = in_order.client.get_object(
        Bucket=in_order.bucket, Key="dev/users/anna/profiles/p1/database.sqlite"
    )["Body"].read()
    in_order.put("dev/users/anna/profiles/p1/database.sqlite", body)
    finding = found(in_order.audit())[Kind.NO_VERSION]
    assert finding.examples[0].reason == "its metadata have no db-version"


def test_a_damaged_registry_is_one_finding(in_order: Audited) -> None:
    """Not also a user without one, and nothing is said of the user's profiles."""
    in_order.put("dev/users/anna/profiles.json", b"{", ContentType="application/json")
    finding = found(in_order.audit())[Kind.DAMAGED_DOCUMENT]
    assert finding.severity is Severity.LOST
    assert finding.examples[0].reason == (
        "dev/users/anna/profiles.json is not JSON: Expecting property name enclosed in double quotes:"
        " line 1 column 2 (char 1)"
    )
