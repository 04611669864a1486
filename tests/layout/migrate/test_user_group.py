"""Groups of users that move, one after the other and back again, and what the marker says of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from layout.documents.marker import Marker, MarkerPhase
from layout.migrate.live import LiveSince
from layout.migrate.marker_file import FoundMarker
from layout.migrate.marking import read_live
from layout.migrate.user_group import UserGroup, live_facts, phase_of_live

USERS = ["a", "b", "c", "new"]
SHARED = ""

groups = st.builds(
    UserGroup, st.frozensets(st.sampled_from(["a", "b", "c"]), min_size=1), others=st.booleans()
) | st.just(UserGroup())


def members(group: UserGroup) -> set[str]:
    """Who of `USERS` and what is shared is in a group."""
    everybody = {*USERS, SHARED}
    return everybody - group.users if group.others else set(group.users)


def living(live: LiveSince) -> set[str]:
    """Who of them applications work for."""
    return {user for user in USERS if live.of(user) is not None} | (
        {SHARED} if live.others is not None else set()
    )


def written(live: LiveSince, time: str) -> LiveSince:
    """The same as read from a marker that was written at a time."""
    content = {"revision": 1, "scheme": "r2-layout", "phase": phase_of_live(live)}
    facts = {name: value for name, value in live_facts(live).items() if value is not None}
    marker = Marker.from_json(Marker.model_validate(content | facts).to_json())
    assert all(marker.holds(user) is (user in living(live)) for user in USERS)
    return read_live(FoundMarker(marker, "e", time))


@given(st.lists(st.tuples(st.booleans(), groups), max_size=6))
def test_the_marker_knows_who_is_moved(steps: list[tuple[bool, UserGroup]]) -> None:
    """After any groups were marked and taken back; who was moved before keeps the time of then."""
    live, model = LiveSince(), dict[str, str]()
    for number, (add, group) in enumerate(steps):
        time = f"2026-05-04T03:02:0{number}Z"
        live = written(group.added_to(live) if add else group.taken_from(live), time)
        if add:
            model = dict.fromkeys(members(group), time) | model
        else:
            model = {user: since for user, since in model.items() if user not in members(group)}
        assert living(live) == set(model)
        assert {user: live.of(user) for user in USERS if user in model} == {
            user: since for user, since in model.items() if user != SHARED
        }
        assert live.others == model.get(SHARED)
        assert group.is_live(live) is add
        everybody = set(model) == {*USERS, SHARED}
        assert phase_of_live(live) is (MarkerPhase.MOVED if everybody else MarkerPhase.MOVING)


@given(groups, groups)
def test_groups_overlap_if_somebody_is_of_both(one: UserGroup, other: UserGroup) -> None:
    """Users who are not known yet count, as they belong to every group that leaves only some out."""
    assert one.overlaps(other) == bool(members(one) & members(other))
