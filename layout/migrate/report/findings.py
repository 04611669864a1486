"""What a verification has found so far, from which it makes its verdict."""

from dataclasses import dataclass, field

from layout.migrate.plan.file import PlanFile
from layout.migrate.plan.moves import State
from layout.migrate.plan.totals import count_blocked, count_objects, count_to_move, state_totals
from layout.migrate.report.verdict import SIGNS, Problem, Sign, Verdict
from layout.times import utc_now

__all__ = ["Findings"]

KEPT_PROBLEMS = 1_000


@dataclass
class Findings:
    """Counts, and problems, of which those beyond the first thousand are only counted.

    Attributes:
        counts: Objects by sign.
        bytes: Size of those that are the same.
        users: Users whose profile files were looked at.
        other_class: Objects that are the same, but of another storage class.
        old_beside_new: Whether keys that are none of the new layout are under the environment's prefix.
        problems: The first thousand.
        problems_total: How many there are.
    """

    counts: dict[Sign, int] = field(default_factory=lambda: dict.fromkeys(SIGNS, 0))
    bytes: int = 0
    users: int = 0
    other_class: int = 0
    old_beside_new: bool = False
    problems: list[Problem] = field(default_factory=list)
    problems_total: int = 0

    def problem(self, sign: Sign, reason: str, key: str = "", new_key: str = "") -> None:
        """Notes a problem; what it adds to the counts is up to whoever found it."""
        self.problems_total += 1
        if len(self.problems) < KEPT_PROBLEMS:
            self.problems.append(Problem(sign=sign, key=key, new_key=new_key, reason=reason))

    def verdict(self, plan: PlanFile, run: int, *, deep: bool) -> Verdict:
        """The verdict of verification `run` of a plan; it adds what is wrong with the plan as a whole."""
        compared = self.counts["="] + self.counts["*"] + self.counts[">"]
        if not count_objects(plan):
            self.problem("!", "nothing was compared: the bucket was empty when the plan was made")
        elif not compared and count_to_move(plan):
            self.problem("!", "nothing was compared: no planned object is at its new key")
        if blocked := count_blocked(plan):
            self.problem("!", f"{blocked} objects of the plan stop the copy")
        return Verdict(
            ok=self.problems_total == 0,
            plan_id=plan.meta.plan_id,
            plan_fingerprint=plan.meta.fingerprint or "",
            run=run,
            run_id=plan.meta.verification_id,
            layout=plan.meta.layout,
            bucket=plan.meta.bucket,
            endpoint=plan.meta.endpoint,
            environment=plan.meta.environment,
            deep=deep,
            verified_at=utc_now(),
            counts=self.counts,
            compared=compared,
            bytes=self.bytes,
            users=self.users,
            later=state_totals(plan)[State.LATER],
            other_class=self.other_class,
            problems=self.problems,
            problems_total=self.problems_total,
        )
