"""Opening, creating and changing a plan file."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from layout import program
from layout.documents.marker import HistoryEntry
from layout.environment import Environment
from layout.errors import PlanError
from layout.migrate.plan.file_errors import clear_errors
from layout.migrate.plan.schema import APPLICATION_ID, FORMAT, TABLES
from layout.migrate.plan.user_filter import UserFilter
from layout.storage.settings import StorageSettings
from layout.times import utc_now

__all__ = ["PlanFile", "PlanMeta"]


class PlanMeta(BaseModel):
    """Facts about a plan as a whole.

    Attributes:
        format: Format of the file, `plan_schema.FORMAT`.
        plan_id: Names the plan in verdicts; 32 hex characters.
        layout: Name of the old layout.
        bucket: Name of the bucket; of a plan of local files, their folder.
        endpoint: S3 endpoint that it was listed through; of a plan of local files, that folder as a `file:` URI.
        environment: Where the objects move to.
        created_at: ISO 8601, UTC.
        listed_to: The last key listed so far: a crashed listing goes on after it. None once all are listed.
        listed: Whether every object of the bucket is in the file.
        finished_at: When planning ended; None if it did not.
        fingerprint: SHA-256 over every decision, made at the end of planning; a verdict repeats it.
        read_objects: How often the planning read both bodies of a pair: nothing else told whether they are equal,
            or they are databases in conflict.
        read_bytes: Bytes of those bodies.
        verification: Number of the last verification that ran; 0 before the first.
        verification_id: Names it, 32 hex characters: two copies of a plan file count alike.
        user_filter: Which users the plan is of; None until that is known.
        documents: Name of the database whose documents name the objects; None: the plan was made without.
        default_user: The user of projects whose document names none; empty: there is none.
        hosts: Hosts in URLs of documents at which objects of the bucket are read, besides R2's own.
        references_run: Number of the last reading of the documents; 0 before the first.
        history: What this plan did with the environment's marker, the oldest first.
    """

    model_config = ConfigDict(extra="forbid")

    format: int = FORMAT
    plan_id: str
    layout: str
    bucket: str
    endpoint: str
    environment: Environment
    created_at: str
    listed_to: str | None = None
    listed: bool = False
    finished_at: str | None = None
    fingerprint: str | None = None
    read_objects: int = 0
    read_bytes: int = 0
    verification: int = 0
    verification_id: str = ""
    user_filter: UserFilter | None = None
    documents: str | None = None
    default_user: str = ""
    hosts: list[str] = []
    references_run: int = 0
    history: list[HistoryEntry] = []

    @classmethod
    def new(cls, layout: str, settings: StorageSettings, environment: Environment) -> Self:
        """Facts of a plan that begins now."""
        return cls(
            plan_id=uuid.uuid4().hex,
            layout=layout,
            bucket=settings.bucket,
            endpoint=settings.endpoint,
            environment=environment,
            created_at=utc_now(),
        )


class PlanFile:
    """An open plan. One process at a time may write to it; the lock ends with the process."""

    def __init__(self, path: Path, database: sqlite3.Connection, meta: PlanMeta) -> None:
        self.path = path
        self.database = database
        self.meta = meta

    @classmethod
    def open_or_create(cls, path: Path, meta: PlanMeta) -> Self:
        """The plan at `path`, made with these facts if there is no file.

        Raises:
            PlanError: The file is no plan, in use, or about another layout, bucket, endpoint or environment.
        """
        if path.exists() and path.stat().st_size:
            plan = cls.open(path, writable=True)
            try:
                plan.require(meta.bucket, meta.endpoint, meta.environment, meta.layout)
            except PlanError:
                plan.close()
                raise
            return plan
        if not path.parent.is_dir():
            raise PlanError(
                f"There is no folder {str(path.parent)!r} to put the plan into.",
                hint="Make it, or name another file.",
            )
        database = _connect(path, path.resolve().as_uri())
        with clear_errors(path):
            database.execute("PRAGMA locking_mode = EXCLUSIVE")
            database.execute("BEGIN EXCLUSIVE")
            for statement in TABLES.split(";\n"):
                database.execute(statement)
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            database.execute(f"PRAGMA user_version = {FORMAT}")
            database.execute("INSERT INTO meta (id, facts) VALUES (1, ?)", (meta.model_dump_json(),))
            database.execute("COMMIT")
        return cls(path, database, meta)

    @classmethod
    def open(cls, path: Path, *, writable: bool = False, finished: bool = False) -> Self:
        """The plan at `path`.

        Args:
            path: The file.
            writable: Take the lock that lets one process write.
            finished: Refuse a plan whose planning did not end.

        Raises:
            PlanError: The file is missing, no plan, of another format, in use, or unfinished.
        """
        if not path.is_file():
            raise PlanError(
                f"There is no plan file {str(path)!r}.",
                hint=f"Make one: {program.command('migrate', 'plan', 'flat', '--plan', 'FILE')}",
            )
        mode = "rw" if writable else "ro"
        database = _connect(path, f"{path.resolve().as_uri()}?mode={mode}")
        try:
            # Before the lock: taking it would turn an almost empty file of something else into a database.
            _require_plan(path, database)
            if writable:
                with clear_errors(path):
                    database.execute("PRAGMA locking_mode = EXCLUSIVE")
                    database.execute("BEGIN EXCLUSIVE")
                    database.execute("COMMIT")
            return cls(path, database, _read_meta(path, database, finished=finished))
        except PlanError:
            database.close()
            raise

    def require(
        self, bucket: str, endpoint: str, environment: Environment, layout: str | None = None
    ) -> None:
        """Refuses another bucket, endpoint, environment or layout than the plan is about.

        A bucket of the same name may exist in another account, so the endpoint counts too.

        Raises:
            PlanError: Names both.
        """
        wanted = [
            ("bucket", self.meta.bucket, bucket, "R2_BUCKET"),
            ("endpoint", self.meta.endpoint, endpoint, "R2_ENDPOINT and CLOUDFLARE_ACCOUNT_ID"),
            ("environment", self.meta.environment.value, environment.value, "APP_ENV or --env"),
            ("layout", self.meta.layout, layout or self.meta.layout, "the name of the layout"),
        ]
        for name, planned, asked, setting in wanted:
            if planned != asked:
                raise PlanError(
                    f"The plan {str(self.path)!r} is about the {name} {planned!r}, not {asked!r}.",
                    hint=f"Check {setting}, or name another plan file.",
                )

    def close(self) -> None:
        """Close the file and give up the lock."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or, after an exception or a crash, nothing of it. One inside another is a part of that."""
        if self.database.in_transaction:
            yield self.database
            return
        before = self.meta
        with clear_errors(self.path):
            self.database.execute("BEGIN IMMEDIATE")
            try:
                yield self.database
                self.database.execute("COMMIT")
            except BaseException:
                self.meta = before
                # On a full disk SQLite has rolled back by itself; the error that it met is the one to tell.
                with suppress(sqlite3.DatabaseError):
                    self.database.rollback()
                raise

    def note(self, **facts: Any) -> None:
        """Change facts about the plan. Inside a transaction, like every other write."""
        self.meta = self.meta.model_copy(update=facts)
        self.database.execute("UPDATE meta SET facts = ?", (self.meta.model_dump_json(),))

    def rows(self, query: str, *values: Any) -> Iterator[sqlite3.Row]:
        """Rows of a query, one at a time."""
        with clear_errors(self.path):
            yield from self.database.execute(query, values)

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        with clear_errors(self.path):
            found: sqlite3.Row | None = self.database.execute(query, values).fetchone()
        return found

    def value(self, query: str, *values: Any) -> Any:
        """The first column of the first row."""
        with clear_errors(self.path):
            return self.database.execute(query, values).fetchone()[0]


def _connect(path: Path, uri: str) -> sqlite3.Connection:
    with clear_errors(path):
        database = sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None)
    database.row_factory = sqlite3.Row
    return database


def _require_plan(path: Path, database: sqlite3.Connection) -> None:
    with clear_errors(path):
        application = database.execute("PRAGMA application_id").fetchone()[0]
        found = database.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise PlanError(
            f"The file {str(path)!r} is not a migration plan.", hint="Name the plan file with --plan."
        )
    if found != FORMAT:
        raise PlanError(
            f"The plan {str(path)!r} has the format {found!r}, and this version reads {FORMAT!r}.",
            hint="Use the version that made it, or make a new plan.",
        )


def _read_meta(path: Path, database: sqlite3.Connection, *, finished: bool) -> PlanMeta:
    with clear_errors(path):
        facts = database.execute("SELECT facts FROM meta").fetchone()[0]
    try:
        meta = PlanMeta.model_validate_json(facts)
    except ValidationError as error:
        raise PlanError(
            f"The plan {str(path)!r} is damaged: {error.errors()[0]['msg']}.", hint="Make a new plan."
        ) from error
    if finished and meta.finished_at is None:
        raise PlanError(
            f"The plan {str(path)!r} is not finished.",
            hint=f"Finish it: {program.command('migrate', 'plan', meta.layout, '--plan', path)}",
        )
    return meta
