"""The second application: its bucket moves into ``dev/``, and the documents that name its objects follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymongo

from demo.access import account_variables, read_variables, settings_of
from demo.checks import Check
from demo.commands import Commands
from demo.running import Endpoints
from demo.screen import Screen
from demo.snapshot import take_snapshot
from layout.environment import Environment
from layout.keys import marker_key, parse_key
from layout.storage.clients import s3_client
from layout.storage.r2_storage import R2Storage
from local_cloudflare.sdk import sdk
from tests.data.studio_bucket import studio_data
from tests.data.studio_bucket.naming import PUBLIC_HOST, as_moved, named_objects
from tests.mongo.server import MongoServer

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from pymongo.database import Database

_PAGE = "audit.html"
_FINDINGS = 3  # the exit status of an audit that found something


@dataclass(frozen=True)
class StudioMove:
    """The move of one bucket and its documents.

    Attributes:
        screen: Where to print.
        commands: What runs the scripts.
        endpoints: Of the local Cloudflare.
        folder: Where plan, verdict, credentials and the audit's page are written; the database's files too.
        lock: Descriptor of the folder's claim, which the database's server keeps while it writes there.
    """

    screen: Screen
    commands: Commands
    endpoints: Endpoints
    folder: Path
    lock: int

    def run(self) -> list[Check]:
        """The whole road; return the statements about the result.

        Raises:
            LocalCloudflareError: A command failed.
        """
        with ExitStack() as running:
            server = MongoServer(self._made("mongo"), lock=self.lock)
            running.callback(server.stop)
            client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(server.uri)
            running.callback(client.close)
            database = client[studio_data.DATABASE]
            self._fill(database)
            reader, writer = self._hand_out()
            documents = ["--mongo", server.uri, "--database", studio_data.DATABASE]
            self._move(reader, writer, documents)
            return [*self._check(database, reader), self._audit(reader, documents)]

    def _made(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder

    def _fill(self, database: Database[dict[str, Any]]) -> None:
        with sdk(api_token=self.endpoints.api_token, base_url=self.endpoints.api_url) as api:
            api.r2.buckets.create(account_id=self.endpoints.account_id, name=studio_data.BUCKET)
        with _client(account_variables(self.endpoints, studio_data.BUCKET)) as s3:
            objects = studio_data.fill(s3)
        studio_data.insert(database)
        projects, named = (
            len(studio_data.DOCUMENTS["projects"]),
            len(named_objects(studio_data.DOCUMENTS)),
        )
        self.screen.say(
            f"{studio_data.BUCKET}: {objects} objects in seven generations of keys; {named} values in the documents of"
            f" {projects} projects name them"
        )

    def _hand_out(self) -> tuple[Path, Path]:
        """Two credentials for an hour, the first of which only reads."""
        account = self.folder / "studio.env"
        account.touch(mode=0o600)
        variables = account_variables(self.endpoints, studio_data.BUCKET)
        account.write_text(
            "".join(f"{name}='{value}'\n" for name, value in variables.items()), encoding="utf-8"
        )
        reader, writer = self.folder / "studio-reader.env", self.folder / "studio-writer.env"
        for file, options in ((reader, ["--read-only"]), (writer, [])):
            mint = ["scripts/credentials.py", "mint", "--whole-bucket", *options, "--ttl", "1h"]
            self.commands.run_with(
                account, [*mint, "--format", "dotenv", "--output", self.commands.shown(file)]
            )
        return reader, writer

    def _move(self, reader: Path, writer: Path, documents: list[str]) -> None:
        plan = ["--plan", self.commands.shown(self.folder / "studio.sqlite")]
        verdict = ["--verdict", self.commands.shown(self.folder / "studio.json")]
        rules = self.folder / "studio.toml"
        rules.write_text(studio_data.RULES, encoding="utf-8")
        chosen = [
            "--default-user", studio_data.DEFAULT_USER, "--public-host", PUBLIC_HOST,
            "--rules", self.commands.shown(rules),
        ]  # fmt: skip
        self._migrate(reader, "plan", "scenes", "--env", Environment.DEV.value, *plan, *documents, *chosen)
        self._migrate(writer, "copy", *plan, "--execute")
        self._migrate(reader, "verify", *plan, *verdict)
        self._migrate(writer, "mark", *plan, *verdict, "--execute")
        self._migrate(writer, "references", *plan, *documents, "--execute")
        self._migrate(reader, "verify", *plan, *verdict)
        confirmed = ["--bucket", studio_data.BUCKET, "--min-age", "0"]
        self._migrate(writer, "delete", *plan, *verdict, *documents, *confirmed, "--execute")

    def _migrate(self, credential: Path, *arguments: str) -> None:
        self.commands.run_with(credential, ["scripts/migrate.py", *arguments])

    def _check(self, database: Database[dict[str, Any]], reader: Path) -> list[Check]:
        with _client(read_variables(reader)) as s3:
            found = {key: stored.sha256 for key, stored in take_snapshot(s3, studio_data.BUCKET).items()}
        found.pop(str(marker_key(environment=Environment.DEV)), None)
        places = {**studio_data.NEW_KEYS, **{key: key for key in studio_data.STRAYS}}
        expected = {now: sha256(studio_data.body_of(old)).hexdigest() for old, now in places.items()}
        documents = {name: list(database[name].find()) for name in studio_data.DOCUMENTS}
        wanted = as_moved(studio_data.DOCUMENTS, studio_data.NEW_KEYS)
        return [
            Check(
                f"each of the {len(studio_data.NEW_KEYS)} objects of the second application is where its document says,"
                f" beside {len(studio_data.STRAYS)} strays of nobody",
                tuple(f"{key!r} is not as it should be" for key in _differing(expected, found)),
            ),
            Check(
                f"each of the {len(named_objects(studio_data.DOCUMENTS))} values that name one names its new key, and"
                " nothing else is changed in any document",
                tuple(
                    f"{name}: {document['_id']}"
                    for name in documents
                    for here, there in ((documents[name], wanted[name]), (wanted[name], documents[name]))
                    for document in here
                    if document not in there
                ),
            ),
            Check("a scene is opened through its document", _opened(documents["projects"], reader)),
        ]

    def _audit(self, reader: Path, documents: list[str]) -> Check:
        page = self.folder / _PAGE
        self.commands.run_with(
            reader,
            [
                "scripts/audit.py", *documents, "--public-host", PUBLIC_HOST,
                "--html", self.commands.shown(page),
            ],
            status=_FINDINGS,
        )  # fmt: skip
        self.screen.say(f"\nThe page of the audit, for a browser: {self.commands.shown(page)}")
        missing = () if page.is_file() and page.stat().st_size else (f"there is no {str(page)!r}",)
        return Check("the page of an audit is written", missing)


def _differing(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    return sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))


def _opened(projects: list[dict[str, Any]], credential: Path) -> tuple[str, ...]:
    """Read the first scene's file as a backend does: by what its document has."""
    named = projects[0]["scenes"][0]["media"]["storageKey"]
    old = next((old for old, new in studio_data.NEW_KEYS.items() if new == named), None)
    if old is None:
        return (f"the document names {named!r}",)
    with R2Storage(settings_of(read_variables(credential))) as storage:
        body = storage.get(parse_key(named)).body
    return () if body == studio_data.body_of(old) else (f"{named!r} has {len(body)} other bytes",)


@contextmanager
def _client(variables: Mapping[str, str]) -> Iterator[S3Client]:
    client = s3_client(settings_of(variables))
    try:
        yield client
    finally:
        client.close()
