"""How a claim is decided: a number per network, a condition on it, and a count of the networks that meet it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from hoi_grokking.claims.evidence import Evidence, NotMeasured

__all__ = ["DEPENDS", "FAILS", "HOLDS", "OPEN", "RULE", "Claim", "Finding", "Numbers", "Result", "decide", "evaluate"]

HOLDS, FAILS, DEPENDS, OPEN = "holds", "does not hold", "depends on the estimator", "cannot be decided"

# Part of the networks that have to meet a condition: 4 of 5.
_ENOUGH = 0.8

RULE = (
    "A number is computed for every seed, and the criterion says which numbers agree with the claim. By one estimator "
    "a claim holds if at least four fifths of the seeds agree (4 of 5), and does not hold otherwise. Seeds in which "
    "the thing spoken of is not there (no such phase, an empty set) have no number and do not count; if fewer than "
    "half of the seeds have one, the claim cannot be decided. A claim holds if it holds by every estimator that "
    "decides it, does not hold if it holds by none, and depends on the estimator otherwise. Shown is the median with "
    "the range over the seeds, lowest to highest: for five seeds a 94 % confidence interval of the median. Where a "
    "row gives an area under the ROC curve, the interval is a 95 % bootstrap over networks, and the claim holds if "
    "its lower end is above 0.5."
)


class Numbers(NamedTuple):
    """What a claim is decided by: `values`, one per network (NaN where there is none), and what to show of them.

    `shown` is (value, low, high); by default the median and the range.
    """

    values: ArrayLike
    shown: tuple[float, float, float] | None = None


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim of the paper, or a control that it lacks.

    Parameters
    ----------
    key : str
        Short and unique.
    where : str
        Figure or section.
    sentence : str
        The claim in plain words.
    criterion : str
        The number that decides it, and the condition on it.
    measure : callable
        Evidence -> estimator -> `Numbers`, or the values alone; the estimator is "" where none is involved.
    holds : callable
        Whether one number agrees with the claim.
    control : bool
        Not a claim of the paper, but what it should be held against.
    """

    key: str
    where: str
    sentence: str
    criterion: str
    measure: Callable[[Evidence], Mapping[str, Numbers | ArrayLike]]
    holds: Callable[[float], bool]
    control: bool = False


class Finding(NamedTuple):
    """What one estimator says: the number with its interval, and how many of the networks agree."""

    value: float
    low: float
    high: float
    agree: int
    known: int
    total: int
    values: tuple[float, ...]

    @property
    def verdict(self) -> str:
        """`HOLDS`, `FAILS` or `OPEN`, by the `RULE`."""
        if not self.known or 2 * self.known < self.total:
            return OPEN
        return HOLDS if self.agree >= _ENOUGH * self.known - 1e-9 else FAILS


class Result(NamedTuple):
    """A claim with what was found; `reason` says why nothing was."""

    claim: Claim
    findings: dict[str, Finding]
    reason: str = ""

    @property
    def verdict(self) -> str:
        """Over the estimators that decide it."""
        return decide([finding.verdict for finding in self.findings.values()])


def decide(verdicts: Sequence[str]) -> str:
    """One verdict of those of the estimators.

    Examples
    --------
    >>> from hoi_grokking.claims.rule import decide
    >>> decide(["holds", "does not hold", "cannot be decided"])
    'depends on the estimator'
    """
    decided = {verdict for verdict in verdicts if verdict != OPEN}
    if not decided:
        return OPEN
    return decided.pop() if len(decided) == 1 else DEPENDS


def evaluate(claim: Claim, evidence: Evidence) -> Result:
    """Hold a claim against what was measured."""
    try:
        measured = claim.measure(evidence)
    except NotMeasured as error:
        return Result(claim, {}, str(error))
    return Result(claim, {name: _finding(numbers, claim.holds) for name, numbers in measured.items()})


def _finding(numbers: Numbers | ArrayLike, holds: Callable[[float], bool]) -> Finding:
    if not isinstance(numbers, Numbers):
        numbers = Numbers(numbers)
    values = [float(value) for value in np.atleast_1d(np.asarray(numbers.values, float))]
    known = [value for value in values if not math.isnan(value)]
    shown = numbers.shown or ((_median(known), min(known), max(known)) if known else (math.nan,) * 3)
    agree = sum(bool(holds(value)) for value in known)
    return Finding(*shown, agree, len(known), len(values), tuple(values))


def _median(values: Sequence[float]) -> float:
    """Of numbers that may be infinite, where a mean of the middle two may not exist."""
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low if low == high else (low + high) / 2
