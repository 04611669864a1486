"""Documents in MongoDB as a source of references: read whole, a batch at a time, and never written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from layout.audit.references import Coverage, Reference, Statement
from layout.environment import Environment
from layout.errors import AuditError
from layout.keys import parse_key, project_prefix, users_prefix
from layout.migrate.bucket.pace import FEW_IN_FLIGHT
from layout.references.resolving import Candidate, How, resolve
from layout.references.scanning import scan

if TYPE_CHECKING:
    from layout.audit.inventory import Inventory
    from layout.migrate.bucket.reader import BucketReader
    from layout.references.connecting import Documents
    from layout.references.records import FoundReference
    from layout.references.table import ReferenceTable

__all__ = ["DocumentReferences"]


class DocumentReferences:
    """Documents that name the files of projects.

    Args:
        bucket: Where the files are.
        documents: An open database.
        table: Which of its fields name objects.
        hosts: Hosts in URLs at which objects of the bucket are read, besides R2's own.
    """

    name = "documents"

    def __init__(
        self,
        bucket: BucketReader,
        documents: Documents,
        table: ReferenceTable,
        hosts: Iterable[str] = (),
    ) -> None:
        self._bucket, self._documents, self._table, self._hosts = bucket, documents, table, frozenset(hosts)

    def statements(self, inventory: Inventory) -> Iterator[Statement]:
        """What they name; then, of each environment that they name objects of, that its projects were asked for.

        Raises:
            AuditError: There is not a single document, or not one reference names an object.
            StorageUnavailableError: The database did not answer.
        """
        documents = references = 0
        found, environments = False, set[str]()
        with ThreadPoolExecutor(FEW_IN_FLIGHT) as pool:
            for said in scan(self._documents, self._table):
                documents += said.documents
                missing: list[tuple[FoundReference, Sequence[str]]] = []
                for one in said.references:
                    asked = _Asked(inventory)
                    named = resolve(
                        one.value, one.group, one.role, asked, bucket=self._bucket.name, hosts=self._hosts
                    )
                    references += named.how is not How.EXTERNAL
                    for candidate in named.objects:
                        environments.add(parse_key(candidate.key).fields["env"])
                        yield Reference(candidate.key, _where(one), _where(one))
                    if named.how is How.NOTHING:
                        missing.append((one, asked.keys))
                # What is at an old key is in the listing as one that the scheme does not know.
                for (one, _), is_there in zip(
                    missing, pool.map(self._any_there, [keys for _, keys in missing]), strict=True
                ):
                    found |= is_there
                    if not is_there:
                        yield Reference(one.value, _where(one), _where(one))
        self._require_some(documents, references, found=found or bool(environments))
        for environment in sorted(environments):
            yield from _projects(inventory, Environment(environment))

    def _any_there(self, keys: Sequence[str]) -> bool:
        return any(self._bucket.head(key) is not None for key in keys)

    def _require_some(self, documents: int, references: int, *, found: bool) -> None:
        if not documents:
            raise AuditError(
                f"The database {self._documents.name!r} has not a single document in its collections"
                f" {', '.join(self._table.collections)}.",
                hint="Check the address of MongoDB and --database.",
            )
        if references and not found:
            raise AuditError(
                f"Not one of the {references:,} references names an object of {self._bucket.name!r}.",
                hint="Check the address of MongoDB, --database and R2_BUCKET: do they belong together?",
            )


class _Asked:
    """The objects of an inventory, by whole keys alone; it keeps which were asked for in vain."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.keys: list[str] = []

    def at(self, key: str) -> Candidate | None:
        if self._inventory.refer(key):
            return Candidate(0, key)
        if key not in self.keys:
            self.keys.append(key)
        return None

    def called(self, name: str) -> Sequence[Candidate]:  # noqa: ARG002 - a name alone is no key
        return ()

    def of_group(self, group: str) -> Sequence[Candidate]:  # noqa: ARG002 - likewise
        return ()


def _projects(inventory: Inventory, environment: Environment) -> Iterator[Coverage]:
    last = ""
    for file in inventory.files_in(users_prefix(environment=environment)):
        fields = parse_key(file.key).fields
        if "project" not in fields:
            continue
        prefix = project_prefix(fields["user"], fields["project"], environment=environment)
        if prefix != last:
            last = prefix
            yield Coverage(prefix)


def _where(one: FoundReference) -> str:
    return f"{one.collection} {one.document} {one.path}"
