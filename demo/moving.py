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
        """Plan, copy, verify, mark and delete; return the statements about the result.

        Raises:
            LocalCloudflareError: A command failed.
        """
        before = self._take_snapshot()
        self._draw("before", before, f"{SHOWN_USER}/")
        self._run_commands()
        after = self._take_snapshot()
        profiles = self._profiles({key.split("/")[0] for key in before} - {_GAMES})
        self._draw(
            "after", after, profile_prefix(SHOWN_USER, profiles[SHOWN_USER], environment=self.environment)
        )
        return self._check(before, after, profiles)

    def _run_commands(self) -> None:
        reader, writer = self.credentials.reader, self.credentials.writer
        plan = ["--plan", self.commands.shown(self.folder / "plan.sqlite")]
        verdict = ["--verdict", self.commands.shown(self.folder / "verdict.json")]
        confirmed = ["--bucket", self.bucket, "--min-age", "0"]
        for credential, arguments in (
            (reader, ["plan", "flat", "--env", self.environment.value, *plan]),
            (reader, ["copy", *plan]),
            (writer, ["copy", *plan, "--execute"]),
            (reader, ["verify", *plan, *verdict]),
            (writer, ["mark", *plan, *verdict, "--execute"]),
            (writer, ["delete", *plan, *verdict, *confirmed, "--execute"]),
        ):
            self.commands.run_with(credential, ["scripts/migrate.py", *arguments])

    def _take_snapshot(self) -> Snapshot:
        with self._reader() as client:
            return take_snapshot(client, self.bucket)

    def _profiles(self, users: set[str]) -> dict[str, str]:
        """Return for each user the default profile, from the registry that the copy wrote."""
        store = ProfileStore(R2Storage(settings_of(read_variables(self.credentials.application))))
        return {user: store.read(user).default for user in sorted(users)}

    @contextmanager
    def _reader(self) -> "Iterator[S3Client]":
        client = s3_client(settings_of(read_variables(self.credentials.reader)))
        try:
            yield client
        finally:
            client.close()

    def _draw(self, when: str, snapshot: Snapshot, unfold: str) -> None:
        root = fold((key, stored.size) for key, stored in snapshot.items())
        self.screen.say(f"\nThe bucket {when}, user {SHOWN_USER!r} unfolded:")
        self.screen.show(draw(self.bucket, root, unfold=unfold))

    def _check(self, before: Snapshot, after: Snapshot, profiles: dict[str, str]) -> list[Check]:
        new_keys = {key: self._new_key(key, profiles) for key in before}
        created = [str(marker_key(environment=self.environment))]
        for user in profiles:
            created.append(profiles_key(user, environment=self.environment))
            created.append(selected_profile_key(user, environment=self.environment))
        return [
            checks.every_object_moved(before, after, new_keys),
            checks.nothing_else_created(after, new_keys, created),
            checks.nothing_left_at_the_root(after, self.environment.value),
        ]

    def _new_key(self, key: str, profiles: dict[str, str]) -> str:
        """Return where an object belongs, from the key alone and not from the plan."""
        root, _, path = key.partition("/")
        if root == _GAMES:
            return r2_global_key(path, environment=self.environment)
        return r2_key(root, path, profiles[root], environment=self.environment)
