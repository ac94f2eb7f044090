"""Tests of the most extreme sets against surrogate data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import UNRANKED, Backend, Problem
from hoi._inference.maximum import MaximumNull
from hoi._inference.member import member_test
from hoi._inference.surrogates import Surrogates, mean_problem
from hoi._maths.terms import Terms
from hoi._measures.registry import Measure
from hoi._search.exhaustive import Rows, best_sets, corrected
from hoi._systems.protocol import System
from hoi._typing import FloatArray

__all__ = ["LEVEL", "Answer", "Question", "families", "independence", "members"]

# A value times the sign of its end is large where it is far.
_SIGN = {"lowest": -1.0, "highest": 1.0}
# The level of thresholds.
LEVEL = 0.05
# Points of the distribution of the null that are kept, for a picture.
_QUANTILES = np.linspace(0, 1, 41)


class Question(NamedTuple):
    """What is tested: sets of the observed problem against surrogates, whose systems `problem_of` turns to problems."""

    observed: Problem
    surrogates: Surrogates
    problem_of: Callable[[System], Problem]
    unit: NDArray[np.intp]  # which columns move together; -1 stays
    orders: tuple[int, int]
    measure: Measure
    ends: tuple[str, ...]
    n_best: int
    per_order: bool
    n_resamples: int
    rng: np.random.Generator
    backend: Backend
    threads: int
    after: Callable[[int], None]  # is told of sets that were gone through

    def problems(self, unit: NDArray[np.intp]) -> Iterator[Problem]:
        """Surrogates in which these units move, as datasets."""
        for systems in self.surrogates.batches(unit, self.n_resamples, self.rng):
            yield mean_problem(systems, self.problem_of)


class Answer(NamedTuple):
    """Sets with their p; `thresholds` in nats (or in standard deviations), one entry for each family of sets."""

    members: NDArray[np.intp]  # filled up with -1
    extreme: NDArray[np.str_]
    terms: Terms
    pvalue: FloatArray
    statistic: FloatArray | None
    thresholds: list[dict[str, Any]]
    evaluated: int
    skipped: int
    about: dict[str, Any]


def families(orders: tuple[int, int], ends: tuple[str, ...]) -> list[tuple[int, str]]:
    """The kinds of sets that are compared among themselves: each order at each end."""
    return [(order, end) for order in range(orders[0], orders[1] + 1) for end in ends]


def independence(question: Question) -> Answer:
    """Against surrogates whose columns are all independent of each other."""
    q = question
    kinds = families(q.orders, q.ends)
    rows = best_sets(q.observed, q.orders, q.measure, q.ends, q.n_best, q.per_order, q.backend, q.threads, False)
    null = MaximumNull(
        np.concatenate([_extremes(q, problem) for problem in q.problems(q.unit)]), _extremes(q, q.observed)[0]
    )
    place = {family: f for f, family in enumerate(kinds)}
    order = (rows.members >= 0).sum(axis=1)
    family = np.array([place[int(k), str(end)] for k, end in zip(order, rows.extreme, strict=True)], dtype=np.intp)
    sign = np.array([_SIGN[str(end)] for end in rows.extreme])
    thresholds = [
        _threshold(k, end, _SIGN[end], value, extremes)
        for (k, end), value, extremes in zip(kinds, null.thresholds(LEVEL), null.extremes.T, strict=True)
    ]
    pvalue = null.pvalues(sign * q.measure.value(*rows.terms[:3]), family)
    return Answer(
        rows.members, rows.extreme, rows.terms, pvalue, None, thresholds, rows.evaluated, rows.skipped, rows.about
    )


def _extremes(q: Question, problem: Problem) -> FloatArray:
    """The farthest value (n_datasets, n_families) of each family of sets, in nats; large is far."""
    rows = best_sets(problem, q.orders, q.measure, q.ends, 1, True, q.backend, q.threads, False)
    q.after(rows.evaluated + rows.skipped)
    return _by_family(q, rows, problem.n_datasets)


def _by_family(q: Question, rows: Rows, n_datasets: int) -> FloatArray:
    place = {family: f for f, family in enumerate(families(q.orders, q.ends))}
    found = np.full((n_datasets, len(place)), -np.inf)  # no set of an order has a value where all are singular
    values = q.measure.value(*rows.terms[:3])
    orders = (rows.members >= 0).sum(axis=1)
    for d, order, end, x in zip(rows.dataset.tolist(), orders.tolist(), rows.extreme.tolist(), values, strict=True):
        found[d, place[order, end]] = _SIGN[end] * x
    return found


def members(question: Question) -> Answer:
    """Against surrogates in which one member after the other is independent of the rest."""
    q = question

    def surrogates(v: int) -> Iterator[Problem]:
        return q.problems(np.where(q.unit == v, 0, -1))

    def evaluator(problem: Problem) -> Any:
        return q.backend.open(problem, UNRANKED)

    test = member_test(
        q.observed, surrogates, q.n_resamples, q.orders, q.measure, [_SIGN[end] for end in q.ends], evaluator, q.after
    )
    tops = [_top(q, test.members, [weakest[e] for weakest in test.weakest]) for e in range(len(q.ends))]
    rows = np.concatenate([rows for rows, _ in tops])
    statistic = np.concatenate([statistic for _, statistic in tops])
    extreme = np.repeat(np.array(q.ends), [len(rows) for rows, _ in tops])
    null = MaximumNull(test.null[:, None], np.array([max(weakest.max() for weakest in test.weakest)]))
    pvalue = null.pvalues(statistic, np.zeros(len(statistic), dtype=np.intp))
    thresholds = [_threshold(None, None, 1.0, null.thresholds(LEVEL)[0], test.null)]
    total = sum(len(some) for some in test.members)
    evaluated = sum(int(np.isfinite(weakest[0]).sum()) for weakest in test.weakest)
    terms = _terms(q.observed, rows)
    return Answer(
        rows, extreme, terms, pvalue, statistic, thresholds, evaluated, total - evaluated, {"walk": ["members"]}
    )


def _top(
    q: Question, members: list[NDArray[np.intp]], statistics: list[FloatArray]
) -> tuple[NDArray[np.intp], FloatArray]:
    """The sets with the largest statistics, filled up with -1, of each order or over all."""
    best = []
    for rows, statistic in zip(members, statistics, strict=True):
        ranked = np.lexsort((*rows.T[::-1], -statistic))[: q.n_best]
        ranked = ranked[np.isfinite(statistic[ranked])]
        filled = np.full((len(ranked), q.orders[1]), -1, dtype=np.intp)
        filled[:, : rows.shape[1]] = rows[ranked]
        best.append((filled, statistic[ranked]))
    chosen, values = (np.concatenate(parts) for parts in zip(*best, strict=True))
    if q.per_order:
        return chosen, values
    ranked = np.argsort(-values, kind="stable")[: q.n_best]
    return chosen[ranked], values[ranked]


def _terms(problem: Problem, rows: NDArray[np.intp]) -> Terms:
    """Corrected terms of sets that are filled up with -1, of the first dataset."""
    terms = Terms.zeros(len(rows))
    sizes = (rows >= 0).sum(axis=1)
    for k in np.unique(sizes).tolist():
        some = np.flatnonzero(sizes == k)
        members = rows[some, :k]
        found = corrected(problem, problem.reference(members, np.zeros(len(some), dtype=np.intp)), members)
        for target, source in zip(terms, found, strict=True):
            target[some] = source
    return terms


def _threshold(
    order: int | None, end: str | None, sign: float, value: float | None, extremes: FloatArray
) -> dict[str, Any]:
    """What a value must pass for p of at most 0.05, and the distribution of the extremes of surrogates."""
    known = extremes[np.isfinite(extremes)]
    quantiles = np.quantile(known, _QUANTILES) if len(known) else np.empty(0)
    return {
        "order": order,
        "extreme": end,
        "level": LEVEL,
        "value": None if value is None or not np.isfinite(value) else sign * value,
        "quantiles": (sign * quantiles).tolist(),
    }
