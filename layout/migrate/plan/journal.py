"""The journal of a plan: every statement that changes what the plan knows of an object or a user.

What may happen to an object is the table in `layout.migrate.plan.moves`; each statement is built from it and
changes a row only in a state that the table allows. Every method belongs into a transaction of the plan.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import normalize

from layout.legacy import Evidence
from layout.migrate.bucket.reader import ListedObject
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.moves import LIFE, Event, Proof
from layout.migrate.plan.rows import PlannedObject, prefix_end
from layout.migrate.plan.schema import UserState
from layout.times import utc_now

__all__ = ["ChosenUser", "Journal", "PlacedObject"]


@dataclass(frozen=True, slots=True)
class PlacedObject:
    """What the layout says of one object: row, event, and the columns that the placement fills."""

    id: int
    event: Event
    area: str
    rule: str
    reason: str
    owner: str
    new_key: str | None
    phase: int


@dataclass(frozen=True, slots=True)
class ChosenUser:
    """A user as the plan takes them: the columns of one row of `users`."""

    owner: str
    user_id: str
    prefix: str
    profile_id: str
    origin: str
    state: UserState
    reason: str


def _seen(new: ListedObject, proof: Proof) -> dict[str, object]:
    return {"new_etag": new.etag, "new_modified": new.modified, "proof": proof}


class Journal:
    """Writes into the tables of one plan."""

    def __init__(self, plan: PlanFile) -> None:
        self.plan = plan

    def listed(self, page: Iterable[ListedObject], shown: Collection[Evidence]) -> None:
        """Objects that a listing showed, and the users that their keys show."""
        database = self.plan.database
        database.executemany(
            "INSERT OR REPLACE INTO objects (key, etag, size, modified, storage_class) VALUES (?, ?, ?, ?, ?)",
            ((item.key, item.etag, item.size, item.modified, item.storage_class) for item in page),
        )
        database.executemany(
            "INSERT OR REPLACE INTO spellings (name, key) VALUES (?, ?)",
            (
                (name, item.key)
                for item in page
                if not item.key.isascii() and (name := normalize("NFC", item.key)) != item.key
            ),
        )
        database.executemany(
            "INSERT OR IGNORE INTO users (owner) VALUES (?)", ((one.owner,) for one in shown)
        )
        database.executemany(
            "INSERT OR IGNORE INTO evidence (owner, name) VALUES (?, ?)",
            ((one.owner, one.name) for one in shown),
        )

    def users_without_profiles(self, users: Mapping[str, str]) -> None:
        """Users, each with their prefix in the new layout, which has no profiles for this old one."""
        self.plan.database.executemany(
            f"INSERT OR IGNORE INTO users (owner, user_id, prefix, profile_id, state)"
            f" VALUES (?, ?, ?, '-', '{UserState.NO_PROFILES}')",
            ((user, user, prefix) for user, prefix in users.items()),
        )

    def chosen(self, users: Iterable[ChosenUser]) -> None:
        """The profiles that users' objects go to."""
        self.plan.database.executemany(
            "UPDATE users SET user_id = ?, prefix = ?, profile_id = ?, origin = ?, state = ?, reason = ?"
            " WHERE owner = ?",
            (
                (user.user_id, user.prefix, user.profile_id, user.origin, user.state, user.reason, user.owner)
                for user in users
            ),
        )

    def rules_kept(self, name: str, text: str) -> None:
        """The rule file that the plan is made with."""
        self.plan.database.execute("INSERT INTO rule_file (id, name, text) VALUES (1, ?, ?)", (name, text))

    def rules_matched(self, matches: Mapping[int, int]) -> None:
        """How many more keys each rule matched, by its line."""
        self.plan.database.executemany(
            "INSERT INTO rule_matches (line, objects) VALUES (?, ?)"
            " ON CONFLICT (line) DO UPDATE SET objects = objects + excluded.objects",
            matches.items(),
        )

    def placed(self, objects: Iterable[PlacedObject]) -> None:
        """Where objects belong. One whose new key another has taken stays as it was, for `collided`."""
        for one in objects:
            self._place("UPDATE OR IGNORE", one.event, one)

    def collided(self, objects: Iterable[PlacedObject]) -> None:
        """Objects that wanted a new key which was taken, and those that had taken it."""
        for one in objects:
            self._place("UPDATE", Event.COLLIDED, one)
        self.plan.database.execute(
            f"UPDATE objects SET {LIFE.new_state(Event.COLLIDED)}, collides = 1 WHERE {LIFE.guard(Event.COLLIDED)}"
            " AND new_key IN (SELECT new_key FROM objects WHERE state = 'collision')"
        )
        self.plan.database.execute(
            "UPDATE objects SET reason = 'several objects would get the key ' || new_key"
            " WHERE state = 'collision'"
        )

    def _place(self, update: str, event: Event, one: PlacedObject) -> None:
        self.plan.database.execute(
            f"{update} objects SET {LIFE.new_state(event)}, collides = {int(event is Event.COLLIDED)},"
            " area = ?, rule = ?, reason = ?, owner = ?, new_key = ?, phase = ?"
            f" WHERE id = ? AND {LIFE.guard(event)}",
            (one.area, one.rule, one.reason, one.owner, one.new_key, one.phase, one.id),
        )

    def unclear_owners(self) -> None:
        """Nothing moves of the users whose profile files were unclear when the profiles were chosen."""
        self.plan.database.execute(
            f"UPDATE objects SET {LIFE.new_state(Event.OWNER_UNCLEAR)}, reason = users.reason FROM users"
            " WHERE objects.owner = users.owner AND users.state IN ('conflict', 'invalid')"
            f" AND {LIFE.guard(Event.OWNER_UNCLEAR)}"
        )

    def user_ready(self, owner: str) -> None:
        """Both profile files of a user are there and name the planned profile."""
        self._user(owner, UserState.READY, "")

    def user_unsure(self, owner: str) -> None:
        """A user's files are not as the copy left them: the next copy looks again, and writes what is missing."""
        self._user(owner, UserState.PLANNED, "")

    def user_refused(self, owner: str, prefix: str, problem: str) -> None:
        """A user's files are not as planned: nothing of theirs is copied any more."""
        self._user(owner, UserState.CONFLICT, problem)
        self.plan.database.execute(
            f"UPDATE objects SET {LIFE.new_state(Event.OWNER_UNCLEAR)}, reason = ? WHERE new_key IS NOT NULL"
            f" AND {LIFE.guard(Event.OWNER_UNCLEAR)} AND new_key >= ? AND new_key < ?",
            (problem, prefix, prefix_end(prefix)),
        )

    def _user(self, owner: str, state: UserState, reason: str) -> None:
        self.plan.database.execute(
            "UPDATE users SET state = ?, reason = ? WHERE owner = ? AND state <> 'invalid'",
            (state, reason, owner),
        )

    def found(self, one: PlannedObject, new: ListedObject, proof: Proof) -> None:
        """The same object is at its new key already."""
        self._move(Event.FOUND, one, reason="the same object is at its new key", **_seen(new, proof))

    def taken(self, one: PlannedObject, reason: str) -> None:
        """Another object is at its new key, or one of which nothing is known."""
        self._move(Event.TAKEN, one, reason=reason, problem=reason)

    def source_taken(self, one: PlannedObject, replaces: str, backup: str, rule: str, reason: str) -> None:
        """A rule has it replace the object with that ETag at its new key, of which a backup is made before."""
        self._move(Event.SOURCE_TAKEN, one, replaces=replaces, replaced_to=backup, rule=rule, reason=reason)

    def destination_taken(self, one: PlannedObject, backup: str, area: str, rule: str, reason: str) -> None:
        """A rule sets it aside, since what is at its new key stays there."""
        self._move(Event.DESTINATION_TAKEN, one, new_key=backup, area=area, rule=rule, reason=reason)

    def evidence(self, row: int, sides: str) -> None:
        """What is known of both sides of a conflict, as JSON."""
        self.plan.database.execute(
            "INSERT OR REPLACE INTO conflict_evidence (object, sides) VALUES (?, ?)", (row, sides)
        )

    def overtaken(self, one: PlannedObject, reason: str) -> None:
        """The environment is live, and the application has written the new object since."""
        self._move(Event.OVERTAKEN, one, reason=reason)

    def gone(self, one: PlannedObject, reason: str, run: int | None = None) -> None:
        """The environment is live, and somebody deleted the new object; `run` is the verification that saw it."""
        self._move(Event.GONE, one, reason=reason, problem=reason, checked_in=run, own_etag=None)

    def copied(self, one: PlannedObject, new: ListedObject, proof: Proof) -> None:
        """The bucket confirmed a copy."""
        facts = {"problem": None, "replaces": None, "replaced_to": None, "own_etag": new.etag}
        self._move(Event.COPIED, one, **facts, **_seen(new, proof))

    def failed(self, one: PlannedObject, problem: str) -> None:
        """It was not copied."""
        self._move(Event.FAILED, one, problem=problem)

    def same(self, pairs: Sequence[tuple[PlannedObject, ListedObject, Proof]], run: int) -> None:
        """Verification `run` found the same objects at their new keys."""
        if not pairs:
            return
        columns = (
            "checked_in = ?, verified_at = ?, problem = NULL, own_etag = ?, new_etag = ?, new_modified = ?"
        )
        now = utc_now()
        changed = self.plan.database.executemany(
            f"UPDATE objects SET {LIFE.new_state(Event.SAME)}, {columns}, proof = ?"
            f" WHERE id = ? AND {LIFE.guard(Event.SAME)}",
            (
                (run, now, one.own_etag and new.etag, new.etag, new.modified, proof, one.id)
                for one, new, proof in pairs
            ),
        )
        if changed.rowcount != len(pairs):
            raise LIFE.another_state(self.plan, Event.SAME, f"{len(pairs):,} objects", "one of them is")

    def renewed(self, one: PlannedObject, modified: str) -> None:
        """The old object has another time than planned, and is still, or again, the same as the new one."""
        self._move(Event.RENEWED, one, modified=modified, deleted_at=None)

    def changed_live(self, one: PlannedObject, run: int) -> None:
        """The application has written or deleted the new object since it went live; it was known equal before."""
        self._move(Event.CHANGED_LIVE, one, checked_in=run, changed_in=run, problem=None)

    def different(self, one: PlannedObject, problem: str, run: int) -> None:
        """Verification `run` found another object on either side, or could not compare."""
        self._move(Event.DIFFERENT, one, checked_in=run, problem=problem)

    def missing(self, one: PlannedObject, problem: str, run: int) -> None:
        """Verification `run` met nothing at its new key: it is to be copied again."""
        unseen = {"new_etag": None, "new_modified": None, "proof": None, "own_etag": None}
        self._move(Event.MISSING, one, checked_in=run, problem=problem, **unseen)

    def deleted(self, one: PlannedObject) -> None:
        """The old object is gone."""
        self._move(Event.DELETED, one, deleted_at=utc_now(), problem=None)

    def not_deleted(self, one: PlannedObject, problem: str) -> None:
        """The bucket refused to delete it."""
        self._move(Event.NOT_DELETED, one, problem=problem)

    def _move(self, event: Event, one: PlannedObject, **facts: object) -> None:
        LIFE.move(self.plan, event, one.id, one.key, facts)
