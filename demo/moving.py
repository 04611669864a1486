"""The migration of the flat bucket into ``dev/``, command by command, with the tree before and after."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo import checks
from demo.access import read_variables, settings_of
from demo.checks import Check
from demo.commands import Commands
from demo.credentials import Credentials
from demo.screen import Screen
from demo.snapshot import Snapshot, take_snapshot
from demo.tree import draw, fold
from layout.environment import Environment
from layout.keys import marker_key, profile_prefix, profiles_key, r2_global_key, r2_key, selected_profile_key
from layout.storage.clients import s3_client
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SHOWN_USER = "a"
_GAMES = "games"


@dataclass(frozen=True)
class Migration:
    """The move of one bucket into one environment.

    Attributes:
        screen: Where to print.
        commands: What runs the scripts.
        credentials: What the scripts may do.
        bucket: Its name.
        environment: Where the data goes.
        folder: Where plan and verdict are written.
    """

    screen: Screen
    commands: Commands
    credentials: Credentials
    bucket: str
    environment: Environment
    folder: Path

    def run(self) -> list[Check]:
        """The whole road; return the statements about the result.

        Raises:
            LocalCloudflareError: A command failed.
        """
        strays = self._put_strays()
        before = self._take_snapshot()
        self._draw("before", before, f"{SHOWN_USER}/")
        self.screen.say("\nThe layout does not know everything, so a plan stops, and suggests rules.")
        rules = self._decide_about_strays()
        taken_back = self._try_one_user(before, rules)
        self.screen.say("\nThen everybody, while the old application goes on writing.")
        moved = self._move_all(rules)
        after = self._take_snapshot()
        profiles = self._profiles({key.split("/")[0] for key in moved if key not in strays} - {_GAMES})
        self._draw(
            "after", after, profile_prefix(SHOWN_USER, profiles[SHOWN_USER], environment=self.environment)
        )
        expected = {key: stored for key, stored in moved.items() if key not in strays}
        return [taken_back, *self._check(expected, after, profiles, strays)]

    def _put_strays(self) -> list[str]:
        """What lies in real buckets besides: an archive that somebody made, and the markers of a file browser."""
        strays = {
            "old-backup.zip": b"PK\x05\x06" + bytes(18),
            f"{SHOWN_USER}/": b"",
            f"{SHOWN_USER}/uploads/": b"",
        }
        for key, body in strays.items():
            self._old_application_writes(key, body)
        return list(strays)

    def _old_application_writes(self, key: str, body: bytes) -> None:
        with self._client(self.credentials.writer) as client:
            client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def _decide_about_strays(self) -> Path:
        """Let the tool suggest rules, and delete the `#` before one, as an operator does in an editor."""
        suggested, rules = self.folder / "suggested.toml", self.folder / "rules.toml"
        shown = self.commands.shown(suggested)
        plan = ["--plan", self.commands.shown(self.folder / "first.sqlite"), "--suggest", shown]
        self._migrate(
            self.credentials.reader, "plan", "flat", "--env", self.environment.value, *plan, status=3
        )
        lines = suggested.read_text(encoding="utf-8").splitlines()
        chosen = next(
            number for number, line in enumerate(lines) if line.startswith('# { key = "old-backup.zip"')
        )
        lines[chosen] = lines[chosen].removeprefix("# ")
        rules.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.screen.say(f"\nThe operator deletes the # before one line: {lines[chosen]}")
        return rules

    def _try_one_user(self, before: Snapshot, rules: Path) -> Check:
        """Move one user, let the new application write, find that it was too early, and take it back."""
        self.screen.say(
            f"\nOne user first: {SHOWN_USER!r} moves, the new application writes a clip, and is not ready."
        )
        reader, writer = self.credentials.reader, self.credentials.writer
        plan = ["--plan", self.commands.shown(self.folder / "canary.sqlite")]
        verdict = ["--verdict", self.commands.shown(self.folder / "canary.json")]
        only = ["--only-user", SHOWN_USER, "--rules", self.commands.shown(rules)]
        self._migrate(reader, "plan", "flat", "--env", self.environment.value, *plan, *only)
        self._migrate(writer, "copy", *plan, "--execute")
        self._migrate(reader, "verify", *plan, *verdict)
        self._migrate(writer, "mark", *plan, *verdict, "--execute")
        path, body = "raw_clips/written_too_early.mp4", b"a clip of the new application"
        key = r2_key(SHOWN_USER, path, self._profiles({SHOWN_USER})[SHOWN_USER], environment=self.environment)
        R2Storage(settings_of(read_variables(writer))).put(key, body)
        self._migrate(writer, "rollback", *plan, "--execute")
        self._migrate(
            writer, "rollback", *plan, "--delete-new", "--bucket", self.bucket, "--min-age", "0", "--execute"
        )
        marker = str(marker_key(environment=self.environment))
        return checks.everything_is_back(
            before, self._take_snapshot(), {f"{SHOWN_USER}/{path}": body}, marker
        )

    def _move_all(self, rules: Path) -> Snapshot:
        """Everybody's data, with writes of the old application in between; return the old side as it was last."""
        reader, writer = self.credentials.reader, self.credentials.writer
        plan = ["--plan", self.commands.shown(self.folder / "plan.sqlite")]
        verdict = ["--verdict", self.commands.shown(self.folder / "verdict.json")]
        confirmed = ["--bucket", self.bucket, "--min-age", "0"]
        chosen = ["--rules", self.commands.shown(rules)]
        self._migrate(reader, "plan", "flat", "--env", self.environment.value, *plan, *chosen)
        self._migrate(reader, "copy", *plan)
        self._migrate(writer, "copy", *plan, "--execute")
        self._old_application_writes(f"{SHOWN_USER}/raw_clips/written_meanwhile.mp4", b"a new clip")
        self._old_application_writes(f"{SHOWN_USER}/raw_clips/written_too_early.mp4", b"the clip, cut again")
        self.screen.say("\nMeanwhile the old application wrote two clips. It is stopped; the cut:")
        self._migrate(writer, "copy", *plan, "--follow", "--until-equal", "--execute")
        self._migrate(reader, "verify", *plan, *verdict)
        self._migrate(writer, "mark", *plan, *verdict, "--execute")
        found = self._take_snapshot()
        self._migrate(writer, "delete", *plan, *verdict, *confirmed, "--execute")
        new = f"{self.environment.value}/"
        return {key: stored for key, stored in found.items() if not key.startswith(new)}

    def _migrate(self, credential: Path, *arguments: str, status: int = 0) -> None:
        self.commands.run_with(credential, ["scripts/migrate.py", *arguments], status=status)

    def _take_snapshot(self) -> Snapshot:
        with self._client(self.credentials.reader) as client:
            return take_snapshot(client, self.bucket)

    def _profiles(self, users: set[str]) -> dict[str, str]:
        """Return for each user the default profile, from the registry that the copy wrote."""
        store = ProfileStore(R2Storage(settings_of(read_variables(self.credentials.application))))
        return {user: store.read(user).default for user in sorted(users)}

    @contextmanager
    def _client(self, credential: Path) -> "Iterator[S3Client]":
        client = s3_client(settings_of(read_variables(credential)))
        try:
            yield client
        finally:
            client.close()

    def _draw(self, when: str, snapshot: Snapshot, unfold: str) -> None:
        root = fold((key, stored.size) for key, stored in snapshot.items())
        self.screen.say(f"\nThe bucket {when}, user {SHOWN_USER!r} unfolded:")
        self.screen.show(draw(self.bucket, root, unfold=unfold))

    def _check(
        self, before: Snapshot, after: Snapshot, profiles: dict[str, str], strays: list[str]
    ) -> list[Check]:
        new_keys = {key: self._new_key(key, profiles) for key in before}
        moved = {key: stored for key, stored in after.items() if key not in strays}
        created = [str(marker_key(environment=self.environment))]
        for user in profiles:
            created.append(profiles_key(user, environment=self.environment))
            created.append(selected_profile_key(user, environment=self.environment))
        return [
            checks.every_object_moved(before, after, new_keys),
            checks.nothing_else_created(moved, new_keys, created),
            checks.nothing_left_at_the_root(after, self.environment.value, strays),
        ]

    def _new_key(self, key: str, profiles: dict[str, str]) -> str:
        """Return where an object belongs, from the key alone and not from the plan."""
        root, _, path = key.partition("/")
        if root == _GAMES:
            return r2_global_key(path, environment=self.environment)
        return r2_key(root, path, profiles[root], environment=self.environment)
