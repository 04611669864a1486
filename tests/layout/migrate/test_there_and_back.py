"""Plan, copy, rollback, plan again, copy, verify, delete: for every layout, every fault, and whatever the keys."""

from __future__ import annotations

import sys
import uuid
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layout.environment import Environment
from layout.errors import LayoutError, RulesError
from layout.keys import parse_key
from layout.legacy import FLAT, LEGACY_LAYOUTS, LegacyLayout, is_new_key
from layout.migrate import (
    BucketReader,
    BucketWriter,
    PlanFile,
    PlanMeta,
    check_delete,
    copy_objects,
    delete_old_objects,
    make_plan,
    verify_plan,
    write_marker,
)
from layout.migrate.plan.totals import blocked_rows
from layout.migrate.removing import check_removal, remove_new_objects
from layout.migrate.rolling_back import roll_back
from layout.migrate.rules.kept import keep_rules
from layout.migrate.rules.reading import parse_rules
from layout.migrate.rules.rule import Action, ObjectRule
from layout.migrate.rules.toml_text import as_line
from local_cloudflare.r2.faults import FaultAction, FaultRule
from tests.data.flat_bucket.names import game_key
from tests.layout.legacy.versioned import VERSIONED
from tests.layout.migrate.rules.test_accounting import rule_files
from tests.layout.migrate.test_accounting import buckets
from tests.soak.contents import contents, store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local_cloudflare.cloudflare import LocalCloudflare
    from tests.layout.migrate.conftest import Flat
    from tests.soak.contents import Contents

MARKER = "dev/layout.json"
AT_ONCE = timedelta(0)
LAYOUTS = (*(layout for layout in LEGACY_LAYOUTS.values() if layout.has_profiles), VERSIONED)
FAULTS = {
    "none": [],
    **{
        action.value: [FaultRule(action, first=2, every=9, times=None, status=503, seconds=0.1)]
        for action in FaultAction
    },
    "429": [FaultRule(FaultAction.ERROR_BEFORE, every=7, times=12, status=429)],
    "mixed": [
        FaultRule(action, first=1 + number, every=10 * len(FaultAction), times=None, seconds=0.1)
        for number, action in enumerate(FaultAction)
    ],
}


class Flow:
    """One migration there, back, and there again; each step may be disturbed and is then done once more.

    A test that uses it cannot leave out the way back.
    """

    def __init__(
        self, cloudflare: LocalCloudflare, flat: Flat, layout: LegacyLayout, faults: list[FaultRule]
    ) -> None:
        self.cloudflare, self.flat, self.layout, self.faults = cloudflare, flat, layout, faults
        self.before = self.now()

    def now(self) -> Contents:
        """What the bucket holds."""
        return contents(self.cloudflare, self.flat.bucket)

    def step(self, do: Callable[[], bool]) -> None:
        """Does it while requests fail, then without; the second time it must be complete."""
        for rule in self.faults:
            self.cloudflare.s3.faults.add(rule)
        try:
            with suppress(LayoutError):
                do()
        finally:
            self.cloudflare.s3.faults.clear()
        assert do()
        gone = set(self.before.values()) - set(self.now().values())
        assert not gone, "a version that existed is nowhere any more"

    def plan(self, rules: str = "") -> PlanFile:
        """A finished plan; in what state the faults left the file before does not matter."""
        path = self.flat.folder / f"{uuid.uuid4().hex}.sqlite"
        meta = PlanMeta.new(self.layout.name, self.flat.settings, Environment.DEV)

        def make() -> bool:
            with PlanFile.open_or_create(path, meta) as plan:
                if rules:
                    keep_rules(plan, parse_rules("r.toml", rules))
                make_plan(plan, self.flat.reader, self.layout, self.flat.quiet)
                return plan.meta.finished_at is not None

        self.step(make)
        return PlanFile.open(path, writable=True, finished=True)

    def migrate(self, plan: PlanFile, *, delete: bool) -> None:
        """Copy, verify, mark, and delete if asked."""
        flat = self.flat
        self.step(lambda: copy_objects(plan, flat.writer, flat.quiet).complete)
        self.step(lambda: verify_plan(plan, flat.reader, flat.quiet).ok)
        verdict = verify_plan(plan, flat.reader, flat.quiet)

        def mark() -> bool:
            write_marker(plan, verdict, flat.writer)
            return True

        self.step(mark)
        if delete:
            check_delete(plan, verdict, flat.reader, flat.bucket)
            self.step(self._delete(plan))

    def _delete(self, plan: PlanFile) -> Callable[[], bool]:
        def delete() -> bool:
            report = delete_old_objects(
                plan, self.flat.writer, AT_ONCE, self.flat.quiet, writers_stopped=not self.faults
            )
            return not (report.refused or report.errors or report.left or report.young)

        return delete

    def take_back(self, plan: PlanFile) -> None:
        """Rollback and removal: the original bucket, but for the marker, locked backups and what a rule replaced."""
        flat = self.flat

        def back() -> bool:
            report = roll_back(plan, flat.writer, flat.quiet)
            return not (report.errors or report.refused or report.no_place)

        self.step(back)
        check_removal(plan, flat.reader, flat.bucket)

        def remove() -> bool:
            report = remove_new_objects(plan, flat.writer, AT_ONCE, flat.quiet)
            return not report.errors and not report.young

        self.step(remove)
        now = {key: version for key, version in self.now().items() if not key.startswith("dev/backups/")}
        now.pop(MARKER)
        was = {key: version for key, version in self.before.items() if key != MARKER}
        # docs/rolling_back.md: what `take source` replaced stays replaced; it is in the backups.
        replaced = plan.rows(
            "SELECT own.key, own.new_key FROM objects AS own JOIN objects AS lost ON lost.key = own.new_key"
            " WHERE own.own_etag IS NOT NULL"
        )
        assert now == was | {new_key: was[key] for key, new_key in replaced}


@pytest.fixture
def versioned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The layout of the tests is one of those that a plan may name."""
    every = {layout.name: layout for layout in LAYOUTS}
    for name, module in list(sys.modules.items()):
        if name.startswith("layout.") and hasattr(module, "LEGACY_LAYOUTS"):
            monkeypatch.setattr(module, "LEGACY_LAYOUTS", every)


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_there_and_back_and_there_again(
    cloudflare: LocalCloudflare, flat: Flat, layout: LegacyLayout, faults: list[FaultRule]
) -> None:
    """Nothing is lost on the way; after the way back the bucket is as it was; the second way goes to the end."""
    root = "" if layout is FLAT else "v0/"
    for user in ("anna", "b\u00f6rje"):
        for name in ("database.sqlite", *(f"raw_clips/{number}.mp4" for number in range(6))):
            store(
                cloudflare,
                flat.bucket,
                f"{root}{user}/{name}",
                f"{user} {name}".encode(),
                {"of": "the old one"},
            )
    flow = Flow(cloudflare, flat, layout, faults)
    with flow.plan() as plan:
        flow.migrate(plan, delete=False)
        flow.take_back(plan)
    with flow.plan() as plan:
        flow.migrate(plan, delete=True)
        flow.take_back(plan)
    with flow.plan() as plan:
        flow.migrate(plan, delete=True)
    assert [key for key in flow.now() if not is_new_key(key)] == []


@pytest.mark.parametrize("body", [b"", b"another"], ids=["same bytes", "other bytes"])
@pytest.mark.parametrize("action", [Action.TAKE_SOURCE, Action.TAKE_DESTINATION])
def test_what_a_rule_replaced_stays_replaced(
    cloudflare: LocalCloudflare, flat: Flat, action: Action, body: bytes
) -> None:
    """By one with equal bytes too; all else is as it was, and the one that lost is in the backups."""
    store(cloudflare, flat.bucket, game_key(1), b"", {"number": "2"})
    store(cloudflare, flat.bucket, f"dev/{game_key(1)}", body, {"number": "1"})
    flow = Flow(cloudflare, flat, FLAT, [])
    with flow.plan(
        f"objects = [\n  {as_line(ObjectRule(0, action, 'decided', key=game_key(1)))}\n]\n"
    ) as plan:
        flow.migrate(plan, delete=True)
        flow.take_back(plan)
    assert set(flow.before.values()) <= set(flow.now().values())


def ignoring(rules: str, keys: list[str]) -> str:
    """The rules, and one more for each of these keys: it stays where it is."""
    lines = [f"  {as_line(ObjectRule(0, Action.IGNORE, 'undecided', key=key))}" for key in keys]
    return rules.replace("objects = [\n", "objects = [\n" + "".join(f"{line}\n" for line in lines), 1)


def can_be_listed(key: str) -> bool:
    """Whether a bucket may hold it, and it is no document that the migration reads, nor a backup, which stays."""
    if not key.isprintable() or len(key.encode("utf-8", "replace")) > 1024:
        return False
    return not is_new_key(key) or parse_key(key).template.name in {"game", "profile_file"}


@pytest.fixture
def buckets_of_their_own(cloudflare: LocalCloudflare, flat: Flat) -> Iterator[Callable[[], Flat]]:
    """A new bucket for each example."""
    made: list[Flat] = []

    def make() -> Flat:
        name = f"back-{uuid.uuid4().hex[:16]}"
        cloudflare.store.create_bucket(name)
        own = flat.settings.model_copy(update={"bucket": name})
        made.append(replace(flat, settings=own, reader=BucketReader(own), writer=BucketWriter(own)))
        return made[-1]

    yield make
    for one in made:
        with closing(one.reader), closing(one.writer):
            pass


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), listed=buckets, delete=st.booleans())
def test_migrate_then_rollback_gives_the_original_bucket(
    cloudflare: LocalCloudflare,
    buckets_of_their_own: Callable[[], Flat],
    data: st.DataObject,
    listed: list[str],
    *,
    delete: bool,
) -> None:
    """Over keys, metadata and rule files; what stops a plan is left where it is by one more rule."""
    kept = [key for key in listed if can_be_listed(key)]
    if not [key for key in kept if not is_new_key(key)]:
        return
    flat = buckets_of_their_own()
    for number, key in enumerate(kept):
        store(cloudflare, flat.bucket, key, data.draw(st.binary(max_size=3)), {"number": str(number)})
    flow = Flow(cloudflare, flat, FLAT, [])
    rules = data.draw(rule_files(kept))
    try:
        for _ in range(5):
            with flow.plan(rules) as plan:
                blocked = [row.key for row in blocked_rows(plan)]
                if not blocked:
                    break
            rules = ignoring(rules, blocked)
        else:
            return
    except RulesError:
        return
    with PlanFile.open(plan.path, writable=True, finished=True) as plan:
        flow.migrate(plan, delete=delete)
        flow.take_back(plan)
