"""A rule file for everything that stops a copy.

In force is only what decides about nothing: a marker of a folder that has no bytes stays where it is. All else is
commented out, with what is known of the object beside it, and with every way out that keeps its bytes: to leave it
where it is, or a name that the new layout has and nobody uses. `backup` is never suggested, since backups expire.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import normalize

from layout import program
from layout.errors import InvalidKeyError, RulesError
from layout.keys import Key, marker_key, parse_key, r2_key, user_prefix
from layout.legacy import Decision, Facts, LegacyLayout
from layout.migrate.conflicts.evidence import Evidence
from layout.migrate.plan.blocked import (
    BlockedObject,
    blocked_objects,
    has_keys_under,
    holds_only_unknown,
    stopped_users,
)
from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.moves import State
from layout.migrate.plan.rows import is_destination, is_listed, is_user
from layout.migrate.plan.schema import UserState
from layout.migrate.rules.free_names import allowed_path, allowed_segment, first_free
from layout.migrate.rules.kept import kept_rules
from layout.migrate.rules.rule import Action, ObjectRule, UserAction, UserRule
from layout.migrate.rules.toml_text import as_comment, as_line, escape_glob

__all__ = ["SuggestedRules", "check_place", "suggest_rules"]

_ANY_PROFILE = "00000000"


@dataclass(frozen=True)
class SuggestedRules:
    """What was written: rules in force, and objects and users about whom a person has to decide."""

    decided: int
    open: int


def check_place(path: Path) -> None:
    """Before a long listing: whether a suggestion may be written there. It replaces no file.

    Raises:
        RulesError: There is no such folder, or a file is there.
    """
    if not path.parent.is_dir():
        raise RulesError(
            f"There is no folder {str(path.parent)!r} to put the rules into.",
            hint="Make it, or name another file.",
        )
    try:
        there = path.exists()
    except OSError as error:
        raise _cannot_write(path, error) from error
    if there:
        raise RulesError(
            f"The file {str(path)!r} is there, and a suggestion replaces no file.",
            hint="Name another file with --suggest, or remove this one.",
        )


def suggest_rules(plan: PlanFile, layout: LegacyLayout, path: Path) -> SuggestedRules:
    """Writes the rules of the plan, and rules for all that stops it, into a new file.

    Raises:
        RulesError: The file cannot be written, or is there already.
    """
    check_place(path)
    suggestion = _Suggestion(plan, layout)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            try:
                file.writelines(f"{line}\n" for line in suggestion.lines())
                file.flush()
            except BaseException:
                path.unlink()  # half a file would be taken for a whole one
                raise
    except OSError as error:
        raise _cannot_write(path, error) from error
    return SuggestedRules(suggestion.decided, suggestion.open)


def _cannot_write(path: Path, error: OSError) -> RulesError:
    return RulesError(
        f"The rules cannot be written to {str(path)!r}: {error.strerror}.",
        hint="Name a file in a folder that exists and has space.",
    )


@dataclass
class _Suggestion:
    plan: PlanFile
    layout: LegacyLayout
    decided: int = 0
    open: int = 0
    names: set[str] = field(default_factory=set)  # new keys and ids that were suggested
    new_ids: dict[str, str] = field(default_factory=dict)  # of owners whose ids the new layout refuses

    def lines(self) -> Iterator[str]:
        kept = kept_rules(self.plan)
        yield from self._head()
        users = list(self._users())  # first: what is said of objects depends on them
        yield "objects = ["
        yield from self._kept(kept.objects)
        yield from self._objects()
        yield from ("]", "", "users = [")
        yield from self._kept(kept.users)
        yield from (*users, "]")

    def _head(self) -> Iterator[str]:
        meta = self.plan.meta
        again = program.command("migrate", "plan", meta.layout, "--plan", "ANOTHER", "--rules", "THIS")
        yield f"# Rules for the old layout {meta.layout}, into {meta.environment.value}/."
        yield "# A line that begins with '# {' is a rule that is not in force. Delete its # to choose it, one for each"
        yield "# object or user, and write why; what nothing decides about stops the copy. See docs/migration_rules.md."
        yield "# Then make a new plan with them:"
        yield f"#   {again}"
        yield ""

    def _kept(self, rules: tuple[ObjectRule, ...] | tuple[UserRule, ...]) -> Iterator[str]:
        if rules:
            yield as_comment("The rules that the plan was made with.")
        for rule in rules:
            self.decided += 1
            yield f"  {as_line(rule)}"

    def _users(self) -> Iterator[str]:
        for user in stopped_users(self.plan):
            self.open += 1
            yield as_comment(f"{user.owner!r}: {user.reason}")
            skip = UserRule(0, UserAction.SKIP, "their objects stay where they are", user.owner)
            if user.state is UserState.INVALID:
                new_id = first_free(allowed_segment(user.owner), self._is_free_id)
                self.new_ids[user.owner] = new_id
                self.names.add(new_id)
                reason = "the new layout cannot have the user's id"
                yield from self._choices(UserRule(0, UserAction.MAP, reason, user.owner, new_id), skip)
            else:
                yield from self._choices(skip)

    def _choices(self, *rules: ObjectRule | UserRule) -> Iterator[str]:
        """Those that are likely to be right first: to move, or to stay where the environment is live already.

        There a plan takes what is from before the marker for moved and deleted since, whatever its new key.
        """
        live = is_listed(self.plan, marker_key(environment=self.plan.meta.environment))
        return (f"# {as_line(rule)}" for rule in (reversed(rules) if live else rules))

    def _is_free_id(self, user_id: str) -> bool:
        prefix = user_prefix(user_id, environment=self.plan.meta.environment)
        return not (is_user(self.plan, user_id) or user_id in self.names or has_keys_under(self.plan, prefix))

    def _objects(self) -> Iterator[str]:
        folder, as_one = "", False
        for one in blocked_objects(self.plan):
            root, slash, _ = one.key.partition("/")
            if root and slash and folder != f"{root}/":
                folder = f"{root}/"
                as_one = holds_only_unknown(self.plan, folder)
                if as_one:
                    yield from self._folder(folder, one)
            if not (as_one and one.key.startswith(folder)) and not self._user_decides(one):
                yield from self._object(one)

    def _folder(self, folder: str, first: BlockedObject) -> Iterator[str]:
        self.open += 1
        yield as_comment(
            f"Everything under {folder!r}, such as {first.key!r}, {_facts(first)}: {first.reason}"
        )
        glob = f"{escape_glob(folder)}**"
        yield from self._choices(ObjectRule(0, Action.IGNORE, "it stays where it is", glob=glob))

    def _user_decides(self, one: BlockedObject) -> bool:
        """Whether a rule about its user, as suggested, lets it move."""
        if new_id := self.new_ids.get(one.owner):
            facts = Facts(self.plan.meta.environment, lambda _: _ANY_PROFILE, {one.owner: new_id})
            return self.layout.place(one.key, facts).decision is Decision.MOVE
        return one.user_state is UserState.CONFLICT and one.state is State.CONFLICT

    def _object(self, one: BlockedObject) -> Iterator[str]:
        if one.key.endswith("/") and not one.size:
            self.decided += 1
            yield f"  {as_line(ObjectRule(0, Action.IGNORE, 'an empty marker of a folder', key=one.key))}"
            return
        self.open += 1
        yield as_comment(f"{one.key!r}, {_facts(one)}: {one.state}, {one.reason}")
        if one.sides:
            yield from self._conflict(one)
        ignore = ObjectRule(0, Action.IGNORE, "it stays where it is", key=one.key)
        if one.state is not State.REMOVED and (path := self._free_path(one)):
            reason = "another name; whatever names the old one, such as the user's database, has to follow"
            yield from self._choices(ObjectRule(0, Action.RENAME, reason, key=one.key, path=path), ignore)
        else:
            yield from self._choices(ignore)

    def _conflict(self, one: BlockedObject) -> Iterator[str]:
        """Both sides as they were found, and a rule for each."""
        evidence = Evidence.from_json(one.sides)
        yield from map(as_comment, evidence.lines())
        reason = "the object at the old key is right; a backup is made of the new one"
        if evidence.new_is_empty:
            reason = "the new database has no rows; a backup is made of it"
        yield f"# {as_line(ObjectRule(0, Action.TAKE_SOURCE, reason, key=one.key))}"
        reason = "the object at the new key is right; the old one is set aside"
        yield f"# {as_line(ObjectRule(0, Action.TAKE_DESTINATION, reason, key=one.key))}"

    def _free_path(self, one: BlockedObject) -> str:
        """A path in the user's profile at which nothing is; empty if it is nobody's or cannot be found."""
        if not one.owner:
            return ""
        environment = self.plan.meta.environment
        facts = Facts(environment, lambda _: one.profile, self.new_ids)
        if one.new_key:
            new_key: Key | None = parse_key(one.new_key)
        else:
            before, owner, after = normalize("NFC", one.key).partition(one.owner)
            placement = self.layout.place(f"{before}{owner}/{allowed_path(after)}", facts)
            new_key = placement.new_key if placement.owner == one.owner else None
        if new_key is None or new_key.template.name != "profile_file":
            return ""
        user, profile, path = (new_key.fields[name] for name in ("user", "profile", "path"))
        try:
            free = first_free(path, lambda name: self._is_free_path(user, name, profile))
        except InvalidKeyError:
            return ""
        self.names.add(r2_key(user, free, profile, environment=environment))
        return free

    def _is_free_path(self, user: str, path: str, profile: str) -> bool:
        key = r2_key(user, path, profile, environment=self.plan.meta.environment)
        return not (key in self.names or is_listed(self.plan, key) or is_destination(self.plan, key))


def _facts(one: BlockedObject) -> str:
    return f"{one.size:,} bytes, ETag {one.etag}, of {one.modified}"
