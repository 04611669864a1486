"""The migration of the flat bucket into ``dev/``, command by command, with the tree before and after."""

from dataclasses import dataclass
from pathlib import Path

from infra.local.demo import checks
from infra.local.demo.access import temporary, variables
from infra.local.demo.checks import Check
from infra.local.demo.commands import Commands
from infra.local.demo.screen import Screen
from infra.local.demo.snapshot import Snapshot, take_snapshot
from infra.local.demo.tree import draw, fold
from layout.access import scope_for_whole_bucket
from layout.keys import marker_key, profile_prefix, profiles_key, r2_global_key, r2_key, selected_profile_key
from layout.storage.clients import s3_client
from layout.storage.profile_store import ProfileStore
from layout.storage.r2_storage import R2Storage
from layout.storage.settings import StorageSettings

SHOWN_USER = "a"
_GAMES = "games"


@dataclass(frozen=True)
class Migration:
    """The move of one bucket.

    Attributes:
        screen: Where to print.
        commands: What runs the scripts.
        parent: The dev stack's token; the scripts only get temporary credentials minted from it.
        folder: Where plan and verdict are written.
    """

    screen: Screen
    commands: Commands
    parent: StorageSettings
    folder: Path

    def run(self) -> list[Check]:
        """Plan, copy, verify, mark and delete; return the statements about the result.

        Raises:
            LocalCloudflareError: A command did not end as it should.
        """
        before = self._take_snapshot()
        self._draw("before", before, f"{SHOWN_USER}/")
        self._run_commands()
        after = self._take_snapshot()
        profiles = self._profiles({key.split("/")[0] for key in before} - {_GAMES})
        prefix = profile_prefix(SHOWN_USER, profiles[SHOWN_USER], environment=self.parent.app_env)
        self._draw("after", after, prefix)
        return self._check(before, after, profiles)

    def _run_commands(self) -> None:
        plan = ["--plan", self.commands.shown(self.folder / "plan.sqlite")]
        verdict = ["--verdict", self.commands.shown(self.folder / "verdict.json")]
        environment = ["--env", self.parent.app_env.value]
        confirmed = ["--bucket", self.parent.bucket, "--min-age", "0"]
        for write, arguments in (
            (False, ["plan", "flat", *environment, *plan]),
            (False, ["copy", *plan]),
            (True, ["copy", *plan, "--execute"]),
            (False, ["verify", *plan, *verdict]),
            (True, ["mark", *plan, *verdict, "--execute"]),
            (True, ["delete", *plan, *verdict, *confirmed, "--execute"]),
        ):
            self.commands.run(["scripts/migrate.py", *arguments], variables(self._whole_bucket(write=write)))

    def _whole_bucket(self, *, write: bool) -> StorageSettings:
        """Old keys lie at the root, so no prefix is enough; the credential ends after an hour."""
        return temporary(self.parent, scope_for_whole_bucket(self.parent.bucket, write))

    def _take_snapshot(self) -> Snapshot:
        client = s3_client(self._whole_bucket(write=False))
        try:
            return take_snapshot(client, self.parent.bucket)
        finally:
            client.close()

    def _profiles(self, users: set[str]) -> dict[str, str]:
        """Return for each user the default profile, from the registry that the copy wrote."""
        store = ProfileStore(R2Storage(self._whole_bucket(write=False)))
        return {user: store.read(user).default for user in sorted(users)}

    def _draw(self, when: str, snapshot: Snapshot, unfold: str) -> None:
        root = fold((key, stored.size) for key, stored in snapshot.items())
        self.screen.say(f"\nThe bucket {when}, user {SHOWN_USER!r} unfolded:")
        self.screen.show(draw(self.parent.bucket, root, unfold=unfold))

    def _check(self, before: Snapshot, after: Snapshot, profiles: dict[str, str]) -> list[Check]:
        environment = self.parent.app_env
        new_keys = {key: self._new_key(key, profiles) for key in before}
        created = [marker_key(environment=environment)]
        for user in profiles:
            created.append(profiles_key(user, environment=environment))
            created.append(selected_profile_key(user, environment=environment))
        return [
            checks.every_object_moved(before, after, new_keys),
            checks.nothing_else_created(after, new_keys, created),
            checks.nothing_left_at_the_root(after, environment.value),
        ]

    def _new_key(self, key: str, profiles: dict[str, str]) -> str:
        """Return where an object belongs, from the key alone and not from the plan."""
        root, _, path = key.partition("/")
        if root == _GAMES:
            return r2_global_key(path, environment=self.parent.app_env)
        return r2_key(root, path, profiles[root], environment=self.parent.app_env)
