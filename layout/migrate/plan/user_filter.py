"""Of which users a plan is: of all, of a few as a canary, or of all but a few."""

from collections.abc import Iterable
from typing import Self
from unicodedata import normalize

from pydantic import BaseModel, ConfigDict

__all__ = ["UserFilter"]


class UserFilter(BaseModel):
    """Users by their owner references in the old layout; at most one of the two is not empty.

    What belongs to no user, such as the shared games, is of a plan unless it is of a few users only.

    Attributes:
        only: The plan is of these and of nothing else.
        without: The plan is of everything but these.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @classmethod
    def of(cls, only: Iterable[str] = (), without: Iterable[str] = ()) -> Self:
        """The filter of these names, each once and in NFC, as owner references are."""
        names = (tuple(sorted({normalize("NFC", name) for name in given})) for given in (only, without))
        return cls(**dict(zip(("only", "without"), names, strict=True)))

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.only or self.without)

    def includes(self, owner: str | None) -> bool:
        """Whether the plan is of what this owner has; None: of what nobody owns."""
        return owner in self.only if self.only else owner not in self.without

    @property
    def told(self) -> str:
        """For people: `the users 'a', 'b' only`."""
        names = ", ".join(map(repr, self.only or self.without))
        if not self:
            return "all users"
        return f"the users {names} only" if self.only else f"all users but {names}"
