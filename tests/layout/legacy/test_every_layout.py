"""What holds of every old layout: those that there are, and one that was made for the tests."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layout.environment import Environment
from layout.keys import parse_key, r2_key, scene_file_key
from layout.legacy import LEGACY_LAYOUTS, Decision, Facts, LegacyLayout
from layout.testing import keys, paths, segments
from tests.layout.legacy.versioned import VERSIONED

LAYOUTS = [pytest.param(layout, id=layout.name) for layout in (*LEGACY_LAYOUTS.values(), VERSIONED)]
AS_USER = Facts(Environment.PROD, lambda _: "p1")
AS_NOBODY = Facts(Environment.PROD, lambda _: None)

_WORDS = [
    "", "dev", "staging", "prod", "production", "users", "games", "v0", "anna", "profiles", "profiles.json",
    "layout.json", "temp", "backups", "database.sqlite", "raw_clips", "uploads", "e\u0301", "1.mp4", "0" * 64 + ".mp4",
]  # fmt: skip
likely_keys = st.lists(st.sampled_from(_WORDS), min_size=1, max_size=6).map("/".join)
any_keys = st.one_of(
    st.text(max_size=300), likely_keys, keys(), st.builds("/".join, st.lists(segments(), max_size=5))
)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(key=any_keys)
def test_every_possible_key_is_placed(layout: LegacyLayout, key: str) -> None:
    """Placing never fails; a move gives a key that the scheme parses, and what stays says why."""
    for facts in (AS_USER, AS_NOBODY):
        placement = layout.place(key, facts)
        assert (placement.new_key is not None) == (placement.decision is Decision.MOVE)
        assert (placement.reason == "") == (placement.decision is Decision.MOVE)
        if placement.new_key is not None:
            assert parse_key(placement.new_key).fields == placement.new_key.fields


@pytest.mark.parametrize("layout", LAYOUTS)
@given(key=any_keys)
def test_kept_means_parsed(layout: LegacyLayout, key: str) -> None:
    """A key is kept if the scheme parses it, and only then."""
    try:
        parse_key(key)
    except ValueError:
        parsed = False
    else:
        parsed = True
    assert (layout.place(key, AS_USER).decision is Decision.KEEP) == parsed


@pytest.mark.parametrize("layout", LAYOUTS)
@given(key=any_keys)
def test_a_placement_names_the_owner_of_the_key(layout: LegacyLayout, key: str) -> None:
    """Only objects that have an owner are placed with one, and evidence is about the key's own owner."""
    assert layout.place(key, AS_USER).owner in {"", layout.owner_of(key)}
    evidence = layout.evidence_in(key)
    assert evidence is None or evidence.owner == layout.owner_of(key)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(key=any_keys)
def test_nothing_of_an_owner_moves_who_is_no_user(layout: LegacyLayout, key: str) -> None:
    """Without a profile there is no key that an owner's object could move to."""
    placement = layout.place(key, AS_NOBODY)
    assert placement.decision is not Decision.MOVE or layout.owner_of(key) is None


@pytest.mark.parametrize("layout", LAYOUTS)
@given(
    key=st.one_of(
        any_keys,
        st.builds("{}/{}".format, segments(), paths()),
        st.builds("v0/{}/{}".format, segments(), paths()),
    )
)
def test_mapping_back_gives_the_old_key(layout: LegacyLayout, key: str) -> None:
    """old_key undoes place, up to Unicode normalisation."""
    new_key = layout.place(key, AS_USER).new_key
    if new_key is not None:
        old_key = layout.old_key(new_key, AS_USER)
        assert old_key is not None
        assert layout.place(old_key, AS_USER).new_key == new_key
        assert old_key == normalize("NFC", key)


@pytest.mark.parametrize("layout", LAYOUTS)
@given(new_key=keys())
def test_an_old_key_is_placed_where_it_came_from(layout: LegacyLayout, new_key: str) -> None:
    """Place undoes old_key: no object of the new layout is sent to an old key of another one."""
    old_key = layout.old_key(parse_key(new_key), AS_USER)
    if old_key is not None:
        assert layout.place(old_key, AS_USER).new_key == new_key


@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_directions_are_met(layout: LegacyLayout) -> None:
    """Something goes there and back: the properties above are not true of nothing."""
    samples = [
        r2_key("anna", "database.sqlite", "p1", environment=Environment.PROD),
        scene_file_key("anna", "p", "s", "media", "1.mp4", environment=Environment.PROD),
    ]
    for new_key in samples:
        old_key = layout.old_key(new_key, AS_USER)
        if old_key is not None:
            assert layout.place(old_key, AS_USER).new_key == new_key
            if layout.has_profiles:
                assert layout.place(old_key, AS_NOBODY).decision is Decision.UNKNOWN
                assert layout.old_key(new_key, AS_NOBODY) is None
            return
    pytest.fail(f"{layout.name} has no old key for any of {samples}")
