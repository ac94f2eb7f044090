"""How a claim is decided: a number per network, a condition on it, and an exact test corrected over all verdicts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hoi_grokking.claims.condition import Condition
from hoi_grokking.claims.evidence import Evidence, NotMeasured

__all__ = [
    "CONTRADICTED", "DEPENDS", "LEVEL", "RULE", "SUPPORTED", "UNDECIDED", "UNMEASURED", "Claim", "Finding", "Numbers",
    "Result", "decide", "evaluate", "judge", "largest_decided",
]  # fmt: skip

SUPPORTED, CONTRADICTED, UNDECIDED = "supported", "contradicted", "undecided"
DEPENDS, UNMEASURED = "depends on the estimator", "not measured"

# Expected part of wrong verdicts among those that are no "undecided".
LEVEL = 0.05

# p-values above this one say what part of the verdicts has nothing to be found (Storey, Taylor and Siegmund 2004).
_NULL_FROM = 0.5

# Above this p-value nothing is decided, however many of the others are.
_CAP = 0.1

RULE = (
    "A number is computed for every seed, and the condition says which numbers agree with the claim. The test of an "
    "estimator is exact and two-sided. Where nothing else is said it is the sign test: would as many seeds, or as few, "
    "agree if each of them were as likely to agree as not? Seeds in which the thing spoken of is not there (no such "
    "phase, an empty set) have no number and do not count; there is no test if fewer than half of the seeds have one. "
    "Random sets of the same size are compared by their rank in each seed, areas under the ROC curve by permuting the "
    "outcomes over the configurations. All tests of this page are corrected together: the false discovery rate is held "
    f"at {LEVEL:.0%} (Benjamini and Hochberg, with the part of true nulls estimated as by Storey), so that of all "
    f"verdicts “{SUPPORTED}” and “{CONTRADICTED}” one in {1 / LEVEL:.0f} is expected to be wrong; nothing is decided "
    f"by a p-value above {_CAP:g}. “{UNDECIDED}” says that the seeds are too few to tell, not that there is nothing: "
    "five of five seeds have a p-value of 1/16 in a sign test, and four of five are never enough. Over the estimators "
    "a claim is supported if more than half of those that have a test support it and none contradicts it, contradicted "
    "likewise, and depends on the estimator if one supports and another contradicts it. Shown is the median with the "
    "range over the seeds, lowest to highest."
)


class Numbers(NamedTuple):
    """What a claim is decided by: `values`, one per network (NaN where there is none).

    `shown` is (value, low, high), by default the median and the range. `test` is (p-value, which side), where a sign
    test over the networks would not do: above 0 agrees with the claim, below 0 speaks against it.
    """

    values: ArrayLike
    shown: tuple[float, float, float] | None = None
    test: tuple[float, float] | None = None


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
    number : str
        What decides it.
    measure : callable
        Evidence -> estimator -> `Numbers`, or the values alone; the estimator is "" where none is involved.
    condition : Condition
        Which numbers agree with the claim.
    control : bool
        Not a claim of the paper, but what it should be held against.
    """

    key: str
    where: str
    sentence: str
    number: str
    measure: Callable[[Evidence], Mapping[str, Numbers | ArrayLike]]
    condition: Condition
    control: bool = False

    @property
    def criterion(self) -> str:
        """The number and the condition on it, in words."""
        return f"{self.number}: {self.condition}."


class Finding(NamedTuple):
    """What one estimator says: the number with its range, how many networks agree, and the test of that.

    `pvalue` is NaN where there is no test. `side` is above 0 where the numbers agree with the claim, below 0 where
    they speak against it. `verdict` is that of :func:`judge`.
    """

    value: float
    low: float
    high: float
    agree: int
    known: int
    total: int
    values: tuple[float, ...]
    pvalue: float
    side: float
    verdict: str = UNDECIDED


class Result(NamedTuple):
    """A claim with what was found; `reason` says why nothing was."""

    claim: Claim
    findings: dict[str, Finding]
    reason: str = ""

    @property
    def verdict(self) -> str:
        """Over the estimators."""
        if self.reason:
            return UNMEASURED
        return decide([found.verdict for found in self.findings.values() if not math.isnan(found.pvalue)])


def decide(verdicts: Sequence[str]) -> str:
    """One verdict of those of the estimators that have a test.

    Examples
    --------
    >>> from hoi_grokking.claims.rule import decide
    >>> decide(["supported", "contradicted", "undecided"]), decide(["supported", "supported", "undecided"])
    ('depends on the estimator', 'supported')
    """
    counts = [verdicts.count(verdict) for verdict in (SUPPORTED, CONTRADICTED)]
    if all(counts):
        return DEPENDS
    for verdict, count in zip((SUPPORTED, CONTRADICTED), counts, strict=True):
        if 2 * count > len(verdicts):
            return verdict
    return UNDECIDED


def evaluate(claim: Claim, evidence: Evidence) -> Result:
    """The numbers of a claim and their tests; no verdict yet, which takes all of them (:func:`judge`)."""
    try:
        measured = claim.measure(evidence)
    except NotMeasured as error:
        return Result(claim, {}, str(error))
    return Result(claim, {name: _finding(numbers, claim.condition) for name, numbers in measured.items()})


def judge(results: Sequence[Result], level: float = LEVEL) -> list[Result]:
    """Give a verdict to every estimator of every claim, with the false discovery rate held over all of them.

    Parameters
    ----------
    results : sequence of Result
    level : float

    Returns
    -------
    list of Result
    """
    pvalues = [found.pvalue for result in results for found in result.findings.values()]
    largest = largest_decided(pvalues, level)

    def verdict(found: Finding) -> str:
        if not found.pvalue <= largest or found.side == 0:
            return UNDECIDED
        return SUPPORTED if found.side > 0 else CONTRADICTED

    return [
        result._replace(
            findings={name: found._replace(verdict=verdict(found)) for name, found in result.findings.items()}
        )
        for result in results
    ]


def largest_decided(pvalues: ArrayLike, level: float = LEVEL) -> float:
    """The largest p-value that is still decided; below 0 if none is.

    Benjamini and Hochberg's procedure with Storey's estimate of the part of true nulls; NaN is no test, and nothing
    above 0.1 is decided.

    Examples
    --------
    >>> from hoi_grokking.claims.rule import largest_decided
    >>> largest_decided([0.001, 0.02, 0.4, 0.9])
    0.02
    """
    known: NDArray[np.float64] = np.sort(np.asarray(pvalues, float))
    known = known[~np.isnan(known)]
    n = len(known)
    if not n:
        return -1.0
    nulls = min(1.0, (np.count_nonzero(known > _NULL_FROM) + 1) / (n * (1 - _NULL_FROM)))
    small = np.flatnonzero((known <= level * np.arange(1, n + 1) / (n * nulls)) & (known <= _CAP))
    return float(known[small[-1]]) if len(small) else -1.0


def _finding(numbers: Numbers | ArrayLike, condition: Condition) -> Finding:
    if not isinstance(numbers, Numbers):
        numbers = Numbers(numbers)
    values = [float(value) for value in np.atleast_1d(np.asarray(numbers.values, float))]
    known = [value for value in values if not math.isnan(value)]
    shown = numbers.shown or ((_median(known), min(known), max(known)) if known else (math.nan,) * 3)
    agree = sum(map(condition, known))
    test = numbers.test or _sign_test(agree, len(known), len(values))
    return Finding(*shown, agree, len(known), len(values), tuple(values), *test)


def _sign_test(agree: int, known: int, total: int) -> tuple[float, float]:
    """p-value and side of `agree` among `known` networks, against a fair coin."""
    from scipy.stats import binomtest

    if not known or 2 * known < total:
        return math.nan, 0.0
    return float(binomtest(agree, known).pvalue), 2.0 * agree - known


def _median(values: Sequence[float]) -> float:
    """Of numbers that may be infinite, where a mean of the middle two may not exist."""
    ordered = sorted(values)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return low if low == high else (low + high) / 2
