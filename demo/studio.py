"""The second application: its bucket moves into ``dev/``, and the documents that name its objects follow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymongo

from demo.access import account_variables, read_variables, settings_of
from demo.checks import Check
from demo.commands import Commands
from demo.running import Endpoints
from demo.screen import Screen
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
            reader, writer = self._hand_out(server.uri)
            self._move(reader, writer)
            return [*self._check(database, writer), self._audit(reader)]

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

    def _hand_out(self, uri: str) -> tuple[Path, Path]:
        """Two credentials for an hour, one of which only reads; beside each the address of the database."""
        account = self.folder / "studio.env"
        _write_private(account, account_variables(self.endpoints, studio_data.BUCKET))
        made = []
        for name, options in (("reader", ["--read-only"]), ("writer", [])):
            file = self.folder / f"studio-{name}.env"
            mint = ["scripts/credentials.py", "mint", "--whole-bucket", *options, "--ttl", "1h"]
            self.commands.run_with(
                account, [*mint, "--format", "dotenv", "--output", self.commands.shown(file)]
            )
            _write_private(file, read_variables(file) | {"MONGODB_URI": uri})
            made.append(file)
        return made[0], made[1]

    def _move(self, reader: Path, writer: Path) -> None:
        plan = ["--plan", self.commands.shown(self.folder / "studio.sqlite")]
        verdict = ["--verdict", self.commands.shown(self.folder / "studio.json")]
        database = ["--database", studio_data.DATABASE]
        chosen = [
            "--default-user", studio_data.DEFAULT_USER, "--public-host", PUBLIC_HOST,
            "--rules", self.commands.shown(self._rules()),
        ]  # fmt: skip
        self._migrate(reader, "plan", "scenes", "--env", Environment.DEV.value, *plan, *database, *chosen)
        self._migrate(writer, "copy", *plan, "--execute")
        self._migrate(reader, "verify", *plan, *verdict)
        self._migrate(writer, "mark", *plan, *verdict, "--execute")
        self._migrate(writer, "references", *plan, *database, "--execute")
        self._migrate(reader, "verify", *plan, *verdict)
        confirmed = ["--bucket", studio_data.BUCKET, "--min-age", "0"]
        self._migrate(writer, "delete", *plan, *verdict, *database, *confirmed, "--execute")

    def _rules(self) -> Path:
        """What an operator wrote about the objects of nobody."""
        rules = self.folder / "studio.toml"
        lines = [
            f'  {{ key = "{key}", action = "ignore", reason = "of nobody" }},' for key in studio_data.STRAYS
        ]
        rules.write_text("\n".join(["objects = [", *lines, "]", ""]), encoding="utf-8")
        return rules

    def _migrate(self, credential: Path, *arguments: str) -> None:
        self.commands.run_with(credential, ["scripts/migrate.py", *arguments])

    def _check(self, database: Database[dict[str, Any]], writer: Path) -> list[Check]:
        with _client(read_variables(writer)) as s3:
            found = {
                item["Key"]: s3.get_object(Bucket=studio_data.BUCKET, Key=item["Key"])["Body"].read()
                for page in s3.get_paginator("list_objects_v2").paginate(Bucket=studio_data.BUCKET)
                for item in page.get("Contents", [])
            }
        found.pop(str(marker_key(environment=Environment.DEV)), None)
        expected = {new: studio_data.body_of(old) for old, new in studio_data.NEW_KEYS.items()}
        expected |= {key: studio_data.body_of(key) for key in studio_data.STRAYS}
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
                    for name, rows in documents.items()
                    for document in rows
                    if document not in wanted[name]
                ),
            ),
            Check("a scene is opened through its document", _opened(documents["projects"], writer)),
        ]

    def _audit(self, reader: Path) -> Check:
        page = self.folder / _PAGE
        self.commands.run_with(
            reader,
            [
                "scripts/audit.py", "--database", studio_data.DATABASE, "--public-host", PUBLIC_HOST,
                "--html", self.commands.shown(page),
            ],
            status=_FINDINGS,
        )  # fmt: skip
        self.screen.say(f"\nThe page of the audit, for a browser: {self.commands.shown(page)}")
        missing = () if page.is_file() and page.stat().st_size else (f"there is no {str(page)!r}",)
        return Check("the page of an audit is written", missing)


def _differing(expected: Mapping[str, bytes], found: Mapping[str, bytes]) -> list[str]:
    return sorted(key for key in expected.keys() | found.keys() if expected.get(key) != found.get(key))


def _opened(projects: list[dict[str, Any]], credential: Path) -> tuple[str, ...]:
    """Read the first scene's file as a backend does: by what its document has."""
    named = projects[0]["scenes"][0]["media"]["storageKey"]
    old = next((old for old, new in studio_data.NEW_KEYS.items() if new == named), None)
    if old is None:
        return (f"the document names {named!r}",)
    with R2Storage(settings_of(_settings(read_variables(credential)))) as storage:
        body = storage.get(parse_key(named)).body
    return () if body == studio_data.body_of(old) else (f"{named!r} has {len(body)} other bytes",)


def _settings(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name != "MONGODB_URI"}


def _write_private(file: Path, variables: Mapping[str, str]) -> None:
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}='{value}'\n" for name, value in variables.items()), encoding="utf-8")


@contextmanager
def _client(variables: Mapping[str, str]) -> Iterator[S3Client]:
    client = s3_client(settings_of(_settings(variables)))
    try:
        yield client
    finally:
        client.close()
