"""The command that resolves a case, or goes on with it: lines for a shell, quoted, with every value filled in.

Where this project has a command, it is that one. What only its library does is a line of Python; what is done to one
object by hand is the AWS CLI's, for whose credential `credentials mint` prints what a shell needs.
"""

import shlex
from collections.abc import Callable

from layout import program
from layout.audit.cases import Case, Kind
from layout.audit.place import OUTSIDE
from layout.environment import Environment
from layout.errors import InvalidKeyError
from layout.keys import Key, parse_key
from layout.set_aside import set_aside_key
from layout.sync.stamps import VERSION

__all__ = ["Bucket", "command_for"]

_PLAN = "plan.sqlite"
_REGISTRY = (
    "from layout.documents.profiles import Profile; "
    "from layout.storage.profile_store import ProfileStore; "
    "from layout.storage.r2_storage import R2Storage; "
    "from layout.storage.settings import load_settings; "
    "ProfileStore(R2Storage(load_settings())).{call}"
)
_SET_ASIDE = "audit"


class Bucket:
    """Where commands are about.

    Args:
        name: Of the bucket.
        endpoint: S3 endpoint.
        environment: Of the case; empty if its key begins with none.
    """

    def __init__(self, name: str, endpoint: str, environment: str) -> None:
        self.name, self.endpoint, self.environment = name, endpoint, environment

    @property
    def target(self) -> Environment:
        """The environment that something goes to."""
        return Environment.DEV if self.environment == OUTSIDE else Environment(self.environment)

    def address(self, key: str) -> str:
        """Of an object, as the AWS CLI takes it."""
        return f"s3://{self.name}/{key}"

    def aws(self, *words: str) -> str:
        """A line of the AWS CLI."""
        return shlex.join(["aws", *words, "--endpoint-url", self.endpoint])

    def python(self, call: str) -> str:
        """A line that calls the registry of profiles."""
        return f"APP_ENV={self.target.value} " + shlex.join(["python", "-c", _REGISTRY.format(call=call)])

    def sync(self, command: str, case: Case, *words: str) -> str:
        """A line of the sync of databases."""
        who = ("--user", case.user, "--profile", case.owner)
        return f"APP_ENV={self.target.value} " + program.command("sync", command, *who, *words)


def command_for(kind: Kind, case: Case, bucket: Bucket) -> str:
    """The command for one case."""
    return _COMMANDS[kind](case, bucket)


def _find_copies(case: Case, bucket: Bucket) -> str:
    # A raw string of JMESPath: it knows these two escapes.
    name = case.key.rpartition("/")[2].replace("\\", "\\\\").replace("'", "\\'")
    query = f"Contents[?contains(Key, '{name}')].Key"
    return bucket.aws("s3api", "list-objects-v2", "--bucket", bucket.name, "--query", query)


def _versions(case: Case, bucket: Bucket) -> str:
    key = _parsed(case.key)
    path = key.fields.get("path", "") if key is not None else ""
    return bucket.sync("restore", case, *(("--name", path) if path else ()), "--list")


def _fetch(case: Case, bucket: Bucket) -> str:
    return bucket.aws("s3", "cp", bucket.address(case.key), "-")


def _make_registry(case: Case, bucket: Bucket) -> str:
    if not case.owner:
        # Which of several profiles is the default is for a person to say.
        prefix = case.key.rpartition("/")[0] + "/"
        return bucket.aws("s3", "ls", "--recursive", bucket.address(prefix))
    code = (
        "import sys; from layout import Profiles;"
        f" sys.stdout.buffer.write(Profiles.first({case.owner!r}).to_json())"
    )
    put = bucket.aws(
        *("s3api", "put-object", "--if-none-match", "*", "--bucket", bucket.name, "--key", case.key),
        *("--content-type", "application/json", "--body", "registry.json"),
    )
    return f"{shlex.join(['python', '-c', code])} > registry.json && {put}"


def _register(case: Case, bucket: Bucket) -> str:
    change = f"lambda found: found.with_profile({case.owner!r}, Profile(name=None))"
    return bucket.python(f"update({case.user!r}, {change})")


def _delete_profile(case: Case, bucket: Bucket) -> str:
    return bucket.python(f"delete({case.user!r}, {case.owner!r})")


def _migrate(_case: Case, bucket: Bucket) -> str:
    return program.command("migrate", "plan", "flat", "--env", bucket.target.value, "--plan", _PLAN)


def _move_aside(case: Case, bucket: Bucket) -> str:
    aside = set_aside_key(_SET_ASIDE, case.key, bucket.target)
    return bucket.aws("s3", "mv", bucket.address(case.key), bucket.address(aside))


def _abort(_case: Case, bucket: Bucket) -> str:
    if bucket.environment == OUTSIDE:
        # No environment's command reaches them, and R2 ends them after seven days.
        return bucket.aws("s3api", "list-multipart-uploads", "--bucket", bucket.name)
    return program.command("clear", "--env", bucket.environment, "--uploads-only")


def _bring_up(_case: Case, bucket: Bucket) -> str:
    return shlex.join(["pulumi", "up", "--stack", bucket.target.value])


def _set_type(case: Case, bucket: Bucket) -> str:
    key = _parsed(case.key)
    wanted = (key.template.content_type if key is not None else None) or ""
    address = bucket.address(case.key)
    return bucket.aws(
        "s3", "cp", address, address, "--content-type", wanted, "--metadata-directive", "REPLACE"
    )


def _stamp(case: Case, bucket: Bucket) -> str:
    address = bucket.address(case.key)
    metadata = ("--metadata", f"{VERSION}=0", "--metadata-directive", "REPLACE")
    return bucket.aws("s3", "cp", address, address, *metadata)


def _parsed(text: str) -> Key | None:
    try:
        return parse_key(text)
    except InvalidKeyError:
        return None


_COMMANDS: dict[Kind, Callable[[Case, Bucket], str]] = {
    Kind.MISSING_OBJECT: _find_copies,
    Kind.DAMAGED_DATABASE: _versions,
    Kind.DAMAGED_DOCUMENT: _fetch,
    Kind.NO_REGISTRY: _make_registry,
    Kind.UNREGISTERED_PROFILE: _register,
    Kind.EMPTY_PROFILE: _versions,
    Kind.UNKNOWN_KEY: _migrate,
    Kind.DELETED_PROFILE: _delete_profile,
    Kind.UNREFERENCED_OBJECT: _move_aside,
    Kind.OPEN_UPLOAD: _abort,
    Kind.OVERDUE: _bring_up,
    Kind.WRONG_TYPE: _set_type,
    Kind.NO_VERSION: _stamp,
}
