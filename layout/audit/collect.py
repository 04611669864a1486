"""Reads a bucket once: the listing, the documents of the scheme, what its sources of references say, open uploads."""

from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice

from layout.audit.cases import Case, Cases, Kind
from layout.audit.inventory import Expiring, File, Inventory, Month, Owner
from layout.audit.place import environment_of, place_of
from layout.audit.references import Coverage, Doubt, Fault, Reference, ReferenceSource
from layout.documents.profiles import Profiles, SelectedProfile
from layout.errors import InvalidDocumentError
from layout.migrate.bucket.pace import FEW_IN_FLIGHT
from layout.migrate.bucket.reader import BucketReader, ListedObject, ObjectHead
from layout.migrate.report.progress import Progress
from layout.scheme.table import SCHEME
from layout.times import write_time

__all__ = ["MOST_USERS", "Collected", "collect", "overdue_before"]

MOST_USERS = 500
"""So many users are shown, those with the most bytes first."""
_PAGE = 256
_GRACE = timedelta(days=2)
_PROFILE_FILE = "profile_file"
_DOCUMENTS: dict[str, type[Profiles] | type[SelectedProfile]] = {
    "profiles": Profiles,
    "selected_profile": SelectedProfile,
}
_OF_PROFILES = (_PROFILE_FILE, "selected_profile")


@dataclass
class Collected:
    """What was read, for `judge`.

    Attributes:
        bucket: Its name.
        endpoint: S3 endpoint that it was read through.
        began: When, by the bucket's clock, ISO 8601 in UTC.
        objects: How many objects the listing showed.
        bytes: Their size.
        inventory: Where the sums are.
        cases: What was found, by kind and environment.
        months: What was written when.
        expiring: What ends when.
        users: Those with the most bytes.
        users_total: How many there are.
        sources: Names of the sources of references that were asked.
        unread: By environment a reason why not all references are known.
    """

    bucket: str
    endpoint: str
    began: str
    objects: int
    bytes: int
    inventory: Inventory
    cases: dict[tuple[Kind, str], Cases] = field(default_factory=lambda: defaultdict(Cases))
    months: list[Month] = field(default_factory=list)
    expiring: list[Expiring] = field(default_factory=list)
    users: list[Owner] = field(default_factory=list)
    users_total: int = 0
    sources: list[str] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)

    def add(self, kind: Kind, environment: str, case: Case) -> None:
        """Notes something that was found."""
        self.cases[kind, environment].add(case)


def collect(
    bucket: BucketReader, inventory: Inventory, sources: Iterable[ReferenceSource], progress: Progress
) -> Collected:
    """Reads everything that an audit is about.

    Raises:
        StorageError: The bucket did not answer.
        LayoutError: A source of references cannot be read.
    """
    found = Collected(bucket.name, bucket.endpoint, write_time(bucket.now()), 0, 0, inventory)
    with progress.task("listed") as step:
        for page in bucket.pages():
            _take_page(found, page)
            step(len(page))
    # As text: without the Z, which comes after the point of a fraction.
    inventory.doubt_written_since(
        found.began.removesuffix("Z"), "objects were written while the bucket was listed"
    )
    _read_documents(bucket, found, progress)
    for source in sources:
        _ask(source, found, progress)
    _compare(found)
    _list_uploads(bucket, found)
    found.months, found.expiring = inventory.months(), inventory.expiring()
    found.users, found.users_total = inventory.largest_users(MOST_USERS), inventory.count_users()
    _find_overdue(found)
    return found


def _take_page(found: Collected, page: list[ListedObject]) -> None:
    """A page of the listing: each object is counted in exactly one place."""
    found.objects += len(page)
    found.bytes += sum(item.size for item in page)
    sums: dict[tuple[str, ...], list[int | str]] = {}
    expiring: dict[tuple[str, ...], list[int]] = {}
    files = []
    for item in page:
        place, key = place_of(item.key)
        row = (*place, item.modified[:7])
        had = sums.setdefault(row, [0, 0, item.modified, item.modified])
        had[0] += 1  # type: ignore[operator]
        had[1] += item.size  # type: ignore[operator]
        had[2], had[3] = min(str(had[2]), item.modified), max(str(had[3]), item.modified)
        if key is None:
            case = Case(item.key, owner=place.owner, bytes=item.size)
            found.add(Kind.UNKNOWN_KEY, place.environment, case)
            continue
        files.append((str(key), item.etag, item.size, key.template.content_type is not None))
        if key.template.retention is not None:
            day = _last_day(item.modified[:10], key.template.retention)
            amount = expiring.setdefault((place.environment, place.area, day), [0, 0])
            amount[0] += 1
            amount[1] += item.size
    found.inventory.add_sums((*row, *amounts) for row, amounts in sums.items())
    found.inventory.add_expiring((*row, *amounts) for row, amounts in expiring.items())
    found.inventory.add_files(files)


@lru_cache(maxsize=4096)
def _last_day(written: str, retention: timedelta) -> str:
    return (date.fromisoformat(written) + retention).isoformat()


def _read_documents(bucket: BucketReader, found: Collected, progress: Progress) -> None:
    """The objects whose content type the scheme names: they are few and small."""
    documents = found.inventory.documents()
    with progress.task("documents read") as step, ThreadPoolExecutor(FEW_IN_FLIGHT) as pool:
        while page := list(islice(documents, _PAGE)):
            answers = pool.map(bucket.read_described, [file.key for file in page])
            for file, answer in zip(page, answers, strict=True):
                if answer is not None:
                    _take_document(found, file, *answer)
            step(len(page))


def _take_document(found: Collected, file: File, body: bytes, head: ObjectHead) -> None:
    place, key = place_of(file.key)
    assert key is not None  # noqa: S101 - it is in the inventory since the scheme knows it
    wanted, has = key.template.content_type, head.described.get("content-type", "")
    if has.partition(";")[0].strip().lower() != wanted:
        reason = (
            f"its content type is {has!r}, not {wanted!r}"
            if has
            else f"it has no content type, not {wanted!r}"
        )
        found.add(Kind.WRONG_TYPE, place.environment, Case(file.key, reason, place.user, bytes=file.size))
    kind = _DOCUMENTS.get(place.area)
    if kind is None:
        return
    try:
        document = kind.from_json(body, key=file.key)
    except InvalidDocumentError as error:
        case = Case(file.key, str(error).rstrip("."), place.user, bytes=file.size)
        found.add(Kind.DAMAGED_DOCUMENT, place.environment, case)
        if kind is Profiles:
            found.inventory.register(place.environment, place.user, None)
        return
    if isinstance(document, Profiles):
        found.inventory.register(place.environment, place.user, (document.profiles, document.deleted))


def _ask(source: ReferenceSource, found: Collected, progress: Progress) -> None:
    """Everything that a source says, one statement at a time."""
    found.sources.append(source.name)
    inventory = found.inventory
    with progress.task(f"references of {source.name}") as step:
        for statement in source.statements(inventory):
            step(1)
            match statement:
                case Reference(key, where, holder, required):
                    if not inventory.refer(key) and required:
                        place, _ = place_of(holder)
                        case = Case(key, f"named by {where}", place.user, place.owner, objects=0)
                        found.add(Kind.MISSING_OBJECT, environment_of(key), case)
                case Coverage(prefix):
                    inventory.cover(prefix)
                case Doubt(place, reason):
                    inventory.doubt(place, reason)
                    found.unread.setdefault(place.environment, reason)
                case Fault(key, reason, readable):
                    place, _ = place_of(key)
                    kind = Kind.NO_VERSION if readable else Kind.DAMAGED_DATABASE
                    found.add(kind, place.environment, Case(key, reason, place.user, place.owner))


def _compare(found: Collected) -> None:
    """The registries with the objects, and the objects with the references, in both directions."""
    inventory = found.inventory
    for owner in inventory.users_without_registry(_OF_PROFILES):
        found.add(Kind.NO_REGISTRY, owner.environment, _case(owner, "profiles"))
    for owner in inventory.profiles_with_objects(_PROFILE_FILE, deleted=False):
        found.add(Kind.UNREGISTERED_PROFILE, owner.environment, _case(owner, _PROFILE_FILE))
    for owner in inventory.profiles_with_objects(_PROFILE_FILE, deleted=True):
        found.add(Kind.DELETED_PROFILE, owner.environment, _case(owner, _PROFILE_FILE))
    for owner in inventory.profiles_without_objects(_PROFILE_FILE):
        found.add(Kind.EMPTY_PROFILE, owner.environment, _case(owner, _PROFILE_FILE))
    for file in inventory.unreferenced():
        place, _ = place_of(file.key)
        case = Case(file.key, user=place.user, owner=place.owner, bytes=file.size)
        found.add(Kind.UNREFERENCED_OBJECT, place.environment, case)


def _case(owner: Owner, row: str) -> Case:
    if row == _PROFILE_FILE:
        key = SCHEME.prefix("profile").fill(owner.environment, owner.user, owner.owner)
    else:
        key = str(SCHEME[row].fill(owner.environment, owner.user))
    return Case(key, "", owner.user, owner.owner, owner.objects, owner.bytes)


def _list_uploads(bucket: BucketReader, found: Collected) -> None:
    """What they hold is stored and paid for, and in no listing: the sizes of their places may be too small."""
    for upload in bucket.open_uploads():
        place, _ = place_of(upload.key)
        case = Case(upload.key, f"begun at {upload.begun}", place.user, place.owner, objects=0)
        found.add(Kind.OPEN_UPLOAD, place.environment, case)
        found.inventory.doubt(place, "an upload is open, whose parts are in no listing")


def overdue_before(began: str) -> str:
    """What ended before this day should be gone: R2 removes an object within a day or so after its time."""
    return (date.fromisoformat(began[:10]) - _GRACE).isoformat()


def _find_overdue(found: Collected) -> None:
    limit = overdue_before(found.began)
    for row in found.expiring:
        if row.day < limit:
            prefix = SCHEME[row.area].text.format(env=row.environment, path="")
            case = Case(prefix, f"their time was {row.day}", objects=row.objects, bytes=row.bytes)
            found.add(Kind.OVERDUE, row.environment, case)
