"""The verdict of a verification: a JSON file that `mark` and `delete` demand."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from layout import program
from layout.environment import Environment
from layout.errors import VerificationError
from layout.migrate.plan.file import PlanFile
from layout.whole_file import write_whole

__all__ = ["SIGNS", "Problem", "Sign", "Verdict"]

Sign = Literal["=", ">", "+", "-", "*", "!"]

SIGNS: dict[Sign, str] = {
    "=": "the same at the new key",
    ">": "written or deleted there since the environment went live",
    "+": "missing at the new key",
    "-": "only at the new layout, not in the plan",
    "*": "different",
    "!": "could not be compared",
}
"""The signs of rclone's `check`, source being the old keys and destination the new ones; `>` is our own."""


class Problem(BaseModel):
    """One thing that keeps a verification from passing.

    Attributes:
        sign: One of SIGNS; `!` also for what is not about a single object.
        key: Old key, or the empty text.
        new_key: New key, or the empty text.
        reason: What is wrong.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sign: Sign
    key: str = ""
    new_key: str = ""
    reason: str


class Verdict(BaseModel):
    """What a verification found.

    Attributes:
        format: 1.
        ok: Whether every object to move is at its new key, and every user's profile files are right.
        plan_id: The plan that was verified.
        plan_fingerprint: Its fingerprint.
        run: Number of the verification; the plan file remembers what it compared in it.
        run_id: Names the verification, as in the plan file; of an earlier version empty.
        layout: Name of the old layout.
        bucket: The bucket.
        endpoint: S3 endpoint that it was read through.
        environment: Where the objects moved to.
        deep: Whether bodies were read and compared by SHA-256.
        verified_at: ISO 8601, UTC.
        counts: Objects by sign.
        compared: Objects that were compared: the sum of `=`, `*` and `>`.
        bytes: Size of those with `=`.
        users: Users whose profile files were checked.
        later: Objects that wait for another plan, since this one is of other users.
        other_class: Objects that are the same, but of another storage class than the old ones.
        problems: The first thousand.
        problems_total: How many there are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    ok: bool
    plan_id: str
    plan_fingerprint: str
    run: int
    run_id: str = ""
    layout: str
    bucket: str
    endpoint: str
    environment: Environment
    deep: bool
    verified_at: str
    counts: dict[Sign, int]
    compared: int
    bytes: int
    users: int
    later: int = 0
    other_class: int
    problems: list[Problem]
    problems_total: int

    @classmethod
    def check_place(cls, path: Path) -> None:
        """Before hours of work: whether the verdict may go there. It replaces nothing but a verdict.

        Raises:
            VerificationError: There is no such folder, or another file, the plan among them, is there.
        """
        if not path.parent.is_dir():
            raise VerificationError(
                f"There is no folder {str(path.parent)!r} to put the verdict into.",
                hint="Make it, or name another file.",
            )
        if not path.exists():
            return
        try:
            cls.load(path)
        except VerificationError as error:
            raise VerificationError(
                f"The file {str(path)!r} is not a verdict, and one would replace it.",
                hint="Name another file, or remove this one.",
            ) from error

    def save(self, path: Path) -> None:
        """Writes the file, whole or not at all.

        Raises:
            VerificationError: The file cannot be written.
        """
        try:
            write_whole(path, self.model_dump_json(indent=2) + "\n")
        except OSError as error:
            raise VerificationError(
                f"The verdict cannot be written to {str(path)!r}: {error.strerror}.",
                hint="Name a file in a folder that exists.",
            ) from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a verdict.

        Raises:
            VerificationError: There is no such file, or it is no verdict.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise VerificationError(
                f"The verdict {str(path)!r} cannot be read: {error.strerror}.",
                hint=_verify("Make one:", "FILE"),
            ) from error
        except ValidationError as error:
            raise VerificationError(
                f"The file {str(path)!r} is not a verdict: {error.errors()[0]['msg']}.",
                hint=_verify("Make one:", "FILE"),
            ) from error

    def require(self, plan: PlanFile) -> None:
        """Refuses a verdict that did not pass, or that is not about what this plan holds now.

        Raises:
            VerificationError: Says which.
        """
        again = _verify("Verify again:", plan.path)
        if (self.plan_id, self.plan_fingerprint) != (plan.meta.plan_id, plan.meta.fingerprint):
            raise VerificationError(
                f"The verdict is about the plan {self.plan_id!r},"
                f" and {str(plan.path)!r} is {plan.meta.plan_id!r}.",
                hint=again,
            )
        if not self.ok:
            raise VerificationError(
                f"The verdict says that {self.problems_total:,} things are wrong.", hint=again
            )
        if self.run != plan.meta.verification:
            raise VerificationError(
                f"The verdict is of verification {self.run}, and the plan has seen {plan.meta.verification}.",
                hint=again,
            )
        if self.run_id != plan.meta.verification_id:
            raise VerificationError(
                f"The verdict is of verification {self.run} of another copy of the plan file.", hint=again
            )


def _verify(words: str, plan: Path | str) -> str:
    return f"{words} {program.command('migrate', 'verify', '--plan', plan, '--verdict', 'FILE')}"
