"""An old application writes in the flat layout and a new one, which reads both, in the new one, while a copy follows.

No acknowledged write of either is lost, and what the new one has written it reads. 300 writes by default; `make soak`
asks for 2,000 by R2_LAYOUT_SOAK_WRITES.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from layout.environment import Environment
from layout.errors import ConditionFailedError
from layout.keys import r2_key
from layout.storage.presence import Presence
from layout.storage.profile_store import ProfileStore
from layout.storage.settings import load_settings
from layout.storage.startup_checks import open_storage
from tests.histories.history import History
from tests.histories.live_backend import sha256_of
from tests.scripts.migration import Operator, operator_of
from tests.soak.test_live_following import SEED, Live

if TYPE_CHECKING:
    from layout.keys import Key
    from layout.storage.r2_storage import R2Storage
    from local_cloudflare.cloudflare import LocalCloudflare

WRITES = int(os.environ.get("R2_LAYOUT_SOAK_WRITES", "300"))
OLD_USERS, USERS, CLIPS = 8, 12, 8
PAUSE = 1.1  # seconds: R2 takes one write a second on a key
RULES = "objects = [\n{}\n]\n".format(
    ",\n".join(
        f'{{ glob = "user{user}/**", action = "take destination", reason = "the new application is theirs" }}'
        for user in range(OLD_USERS, USERS)
    )
)


@pytest.fixture
def operator(
    cloudflare: LocalCloudflare, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Operator:
    """The operator of an empty bucket, of which new applications read both layouts."""
    operator = operator_of(cloudflare, bucket, monkeypatch, tmp_path)
    monkeypatch.setenv("R2_READ_OLD_LAYOUT", "flat")
    return operator


@dataclass
class NewBackend:
    """The new application: it reads both layouts, has moved users to itself, and adds files to those of the old one.

    Attributes:
        storage: What it reads and writes with.
        history: Where its writes are noted, by old key, as the old application's are.
        faults: What it read that cannot be, a line for each.
        refused: How many deletes were refused, since the old object would be shown again.
    """

    storage: R2Storage
    history: History
    faults: list[str] = field(default_factory=list)
    refused: int = 0

    def run(self, done: threading.Event) -> list[threading.Thread]:
        """Three threads at work, each for users and files of its own."""
        threads = [
            threading.Thread(target=self._work, args=(number, done), daemon=True) for number in range(3)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _key(self, user: str, path: str) -> Key:
        return r2_key(user, path, ProfileStore(self.storage).read(user).default, environment=Environment.DEV)

    def _work(self, thread: int, done: threading.Event) -> None:
        random = Random(f"{SEED}/new/{thread}")  # noqa: S311 - draws writes, no secrets
        mine = [f"user{user}" for user in range(OLD_USERS, USERS) if user % 3 == thread]
        written: dict[str, float] = {}
        for number in count():
            if done.is_set():
                return
            user, path = random.choice(mine), f"raw_clips/{random.randrange(CLIPS)}.mp4"
            what = random.random()
            if what < 0.3:
                path = "database.sqlite"
            elif what > 0.8:
                user, path = f"user{random.randrange(OLD_USERS)}", f"final_videos/{thread}-{number}.mp4"
            name = f"{user}/{path}"
            if time.monotonic() - written.get(name, -PAUSE) < PAUSE:
                time.sleep(0.01)
                continue
            written[name] = time.monotonic()
            key, body = self._key(user, path), f"{name}, new write {number} of thread {thread}".encode()
            present = self._read(name, key)
            if 0.3 <= what < 0.4 and present:
                self._delete(name, key)
            elif present:
                self.storage.replace(key, body, self.storage.get_object_info(key).e_tag)
                self.history.add(name, sha256_of(body), acknowledged=True)
            else:
                self.storage.create(key, body)
                self.history.add(name, sha256_of(body), acknowledged=True)

    def _read(self, name: str, key: Key) -> bool:
        """Nobody else writes this key: it holds what was written last."""
        present = self.storage.exists(key) is Presence.PRESENT
        found = {name: sha256_of(self.storage.get(key).body)} if present else {}
        writes = self.history.writes.get(name)
        expected = writes[-1].body if writes else None
        if found.get(name) != expected:
            self.faults.append(f"{name!r} was read as {found.get(name)}, and {expected} was written last")
        return present

    def _delete(self, name: str, key: Key) -> None:
        try:
            self.storage.delete_file(key)
        except ConditionFailedError:
            self.refused += 1
        else:
            self.history.add(name, None, acknowledged=True)


@pytest.mark.timeout(180 + WRITES // 2)
def test_no_write_is_lost_while_two_applications_write_through_both_layouts(
    cloudflare: LocalCloudflare, operator: Operator
) -> None:
    """Then both stand still, and a plan by whose rule the new application's objects win goes to the end."""
    live = Live(cloudflare, operator, users=USERS)
    assert operator.statuses("plan", "copy") == [0, 0]
    new, done = NewBackend(open_storage(load_settings()), live.history), threading.Event()
    threads = new.run(done)
    working = live.write(lambda: live.history.acknowledged >= WRITES, users=OLD_USERS)
    process = live.follow()
    while working.is_alive():
        assert process.poll() is None
        time.sleep(0.2)
    done.set()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert new.faults == []
    assert new.refused > 0

    Path("rules.toml").write_text(RULES, encoding="utf-8")
    assert operator.run("copy", "--follow", "--until-equal")[0] in {0, 3}
    operator.new_plan()
    status, out, err = operator.run("plan", "--rules", "rules.toml")
    assert status == 0, out + err
    assert operator.take_over() == 0
    for name in ("verify", "mark"):
        status, out, err = operator.run(name)
        assert status == 0, out + err
    assert live.history.faults(live.sides()[1]) == []
    assert operator.statuses("delete") == [0]
    old, moved = live.sides()
    assert old == {}
    assert live.history.faults(moved) == []
