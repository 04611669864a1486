"""The rows of the matrix's third axis: every row of the scheme in every environment, and what lies around it."""

from dataclasses import dataclass

from layout.environment import Environment
from layout.keys import user_prefix
from layout.scheme.table import SCHEME
from layout.scheme.template import KeyTemplate
from layout.scheme.variables import Variable

__all__ = ["AREAS", "BUCKET", "OTHER_BUCKET", "USERS", "USERS_ENVIRONMENT", "Area"]

BUCKET = "films"
OTHER_BUCKET = "another"
USERS = ("a", "ab")
"""One id is the beginning of the other: a scope that forgot the slash would open both."""
USERS_ENVIRONMENT = Environment.DEV
"""Where the users live whose credentials are tried; keys of both exist in every environment."""


@dataclass(frozen=True)
class Area:
    """A place in a bucket, with one key in it that stands for all.

    Attributes:
        group: The environment, or what else the place belongs to.
        name: The template, with environment and user filled in.
        bucket: Where it is.
        key: Has characters that must be encoded in a URL, where its template lets it.
    """

    group: str
    name: str
    bucket: str
    key: str

    @property
    def folder(self) -> str:
        """What a listing that shows the key asks for: all up to its last slash; the root, if it has none."""
        return self.key[: self.key.rfind("/") + 1]

    @property
    def content(self) -> bytes:
        """The bytes of the object, found in no other."""
        return f"what {self.bucket}/{self.key} holds".encode()


def _of_scheme(template: KeyTemplate, environment: Environment, user: str) -> Area:
    fields = {variable.name: _sample(variable) for variable in template.variables}
    known = {"env": environment.value, "user": user}
    key = template.format(**{name: known.get(name, sample) for name, sample in fields.items()})
    shown = template.text
    for name, value in known.items():
        shown = shown.replace(f"{{{name}}}", value)
    return Area(environment.value, shown, BUCKET, key)


def _sample(variable: Variable) -> str:
    if variable.choices:
        return variable.choices[-1]
    return "été/clip +1.mp4" if variable.many else f"{variable.name} 1"


def _all_of_scheme() -> list[Area]:
    return [
        _of_scheme(template, environment, user)
        for environment in Environment
        for template in SCHEME.templates
        for user in (USERS if "user" in template.names else USERS[:1])
    ]


AREAS: tuple[Area, ...] = (
    *_all_of_scheme(),
    Area("outside the layout", "keys of an old layout", BUCKET, f"{USERS[0]}/raw_clips/clip 1.mp4"),
    Area(
        "outside the layout", "an environment with a longer name", BUCKET, f"{USERS_ENVIRONMENT}2/layout.json"
    ),
    Area("outside the layout", "the root", BUCKET, USERS_ENVIRONMENT.value),
    Area(
        "another bucket",
        "the same keys in another bucket",
        OTHER_BUCKET,
        user_prefix(USERS[0], environment=USERS_ENVIRONMENT) + "profiles.json",
    ),
)
