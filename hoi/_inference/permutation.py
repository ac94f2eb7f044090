"""Tests of the most extreme sets against surrogate data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends import registry
from hoi._backends.protocol import UNRANKED, Backend, Problem
from hoi._engine import executors
from hoi._engine.checkpoint import Checkpoint, Done
from hoi._engine.plan import count_sets
from hoi._engine.progress import Progress
from hoi._inference.maximum import MaximumNull
from hoi._inference.member import count_moved, one_variable, weakest_members
from hoi._inference.surrogates import Surrogates, mean_problem
from hoi._maths.terms import Terms
from hoi._measures.registry import Measure
from hoi._search.exhaustive import Rows, best_sets, corrected
from hoi._systems.protocol import System
from hoi._typing import FloatArray

__all__ = ["LEVEL", "Answer", "Independence", "Members", "Question", "families", "tested"]

# A value times the sign of its end is large where it is far.
_SIGN = {"lowest": -1.0, "highest": 1.0}
# The level of thresholds.
LEVEL = 0.05
# Points of the distribution of the null that are kept, for a picture.
_QUANTILES = np.linspace(0, 1, 41)


class Question(executors.Job):
    """What is tested: sets of the observed problem against surrogates, whose systems `problem_of` turns to problems.

    A unit is a range of surrogates or, for "member", a variable that is moved.

    Parameters
    ----------
    observed : Problem
    surrogates : Surrogates
    problem_of : callable
        Gives the problem of a system.
    unit : (n_columns,) int
        Which columns move together; -1 stays. For "member" the number of a variable, and of the target after them.
    orders, measure, ends, n_best, per_order
        As for a search.
    backend : str
    """

    def __init__(
        self, observed: Problem, surrogates: Surrogates, problem_of: Callable[[System], Problem],
        unit: NDArray[np.intp], orders: tuple[int, int], measure: Measure, ends: tuple[str, ...], n_best: int,
        per_order: bool, backend: str,
    ) -> None:
        super().__init__()
        self.observed, self.surrogates, self.problem_of, self.unit = observed, surrogates, problem_of, unit
        self.orders, self.measure, self.ends = orders, measure, ends
        self.n_best, self.per_order, self.backend = n_best, per_order, backend

    @property
    def n_resamples(self) -> int:
        """Surrogates in all."""
        return len(self.surrogates.seeds)

    def problems(self, numbers: range, variable: int = -1) -> Iterator[Problem]:
        """Surrogates as datasets; in which one variable is moved alone, if there is one."""
        unit = self.unit if variable < 0 else np.where(self.unit == variable, 0, -1)
        for systems in self.surrogates.batches(unit, numbers, variable):
            yield mean_problem(systems, self.problem_of)

    def open(self) -> Backend:
        _ = self.surrogates.correlations  # before threads start, which would each make it
        return registry.load(self.backend)


class Independence(Question):
    """Against surrogates whose columns are all independent of each other."""

    def do(self, made: Backend, unit: range, sent: Any, after: Callable[[int], None], threads: int = 1) -> Done:
        """The farthest value of each family of sets in these surrogates; large is far."""
        parts, evaluated, skipped = [], 0, 0
        for problem in self.problems(unit):
            rows = best_sets(problem, self.orders, self.measure, self.ends, 1, True, made, threads, False)
            parts.append(self.by_family(rows, problem.n_datasets))
            evaluated, skipped = evaluated + rows.evaluated, skipped + rows.skipped
            after(rows.evaluated + rows.skipped)
        return Done({"extremes": np.concatenate(parts)}, evaluated, skipped, "surrogates")

    def by_family(self, rows: Rows, n_datasets: int) -> FloatArray:
        """The farthest value (n_datasets, n_families) of each family of sets, in nats."""
        place = {family: f for f, family in enumerate(families(self.orders, self.ends))}
        found = np.full((n_datasets, len(place)), -np.inf)  # no set of an order has a value where all are singular
        values = self.measure.value(*rows.terms[:3])
        orders = (rows.members >= 0).sum(axis=1)
        for d, order, end, x in zip(rows.dataset.tolist(), orders.tolist(), rows.extreme.tolist(), values, strict=True):
            found[d, place[order, end]] = _SIGN[end] * x
        return found

    def answer(self, threads: int, done: list[Done]) -> Answer:
        """p of the best sets of the data, by what all units gave, in order."""
        kinds = families(self.orders, self.ends)
        backend: Backend = executors.opened(self)
        search = self.observed, self.orders, self.measure, self.ends
        rows = best_sets(*search, self.n_best, self.per_order, backend, threads, False)
        own = self.by_family(best_sets(*search, 1, True, backend, threads, False), 1)[0]
        null = MaximumNull(np.concatenate([unit.arrays["extremes"] for unit in done]), own)
        place = {family: f for f, family in enumerate(kinds)}
        order = (rows.members >= 0).sum(axis=1)
        family = np.array([place[int(k), str(end)] for k, end in zip(order, rows.extreme, strict=True)], dtype=np.intp)
        sign = np.array([_SIGN[str(end)] for end in rows.extreme])
        thresholds = [
            _threshold(k, end, _SIGN[end], value, extremes)
            for (k, end), value, extremes in zip(kinds, null.thresholds(LEVEL), null.extremes.T, strict=True)
        ]
        pvalue = null.pvalues(sign * self.measure.value(*rows.terms[:3]), family)
        return Answer(
            rows.members, rows.extreme, rows.terms, pvalue, None, thresholds, rows.evaluated, rows.skipped, rows.about
        )


class Members(Question):
    """Against surrogates in which one member after the other is independent of the rest.

    A target is a member of every set: where sets depend on each other and not on it, what they tell of it has other
    values by chance than with any of them alone moved, and only moving the target shows how far these reach.
    """

    @property
    def moved(self) -> range:
        """What is moved, one after the other: variables, and the target as number n_variables."""
        return range(int(self.unit.max()) + 1)

    def do(self, made: Backend, unit: int, sent: Any, after: Callable[[int], None]) -> Done:
        """One variable alone is moved: the farthest increment at any end in each surrogate, and those of the data."""
        problems = self.problems(range(self.n_resamples), unit)
        return one_variable(
            self.observed, problems, unit, self.orders, self.measure, [_SIGN[end] for end in self.ends],
            lambda problem: made.open(problem, UNRANKED), after,
        )  # fmt: skip

    def answer(self, threads: int, done: list[Done]) -> Answer:
        """p of the sets whose weakest member adds most, by what all variables gave, in order."""
        test = weakest_members(done, self.observed.n_variables, self.orders, [_SIGN[end] for end in self.ends])
        tops = [_top(self, test.members, [weakest[e] for weakest in test.weakest]) for e in range(len(self.ends))]
        rows = np.concatenate([rows for rows, _ in tops])
        statistic = np.concatenate([statistic for _, statistic in tops])
        extreme = np.repeat(np.array(self.ends), [len(rows) for rows, _ in tops])
        null = MaximumNull(test.null[:, None], np.array([max(weakest.max() for weakest in test.weakest)]))
        pvalue = null.pvalues(statistic, np.zeros(len(statistic), dtype=np.intp))
        thresholds = [_threshold(None, None, 1.0, null.thresholds(LEVEL)[0], test.null)]
        total = sum(len(some) for some in test.members)
        evaluated = sum(int(np.isfinite(weakest[0]).sum()) for weakest in test.weakest)
        return Answer(
            rows, extreme, _terms(self.observed, rows), pvalue, statistic, thresholds, evaluated, total - evaluated,
            {"walk": ["members"]},
        )  # fmt: skip


def tested(
    question: Independence | Members, threads: int, progress: bool | None, executor: Any, checkpoint: Checkpoint | None
) -> Answer:
    """Go through all surrogates: here, with threads inside of each search, or in units on an executor (on threads of
    one's own, with a checkpoint alone)."""
    if isinstance(question, Members):
        n = question.observed.n_variables
        n_sets = count_moved(n, question.orders, question.n_resamples, len(question.moved) > n)
        total = n_sets * question.n_resamples
    else:
        total = count_sets(question.observed, *question.orders) * question.n_resamples
    if executor is not None or checkpoint is not None:
        return question.answer(threads, _in_units(question, total, threads, progress, executor, checkpoint))
    with Progress(total, progress) as bar:

        def after(sets: int) -> None:
            bar.add(sets)
            bar.show()

        made = executors.opened(question)
        try:
            if isinstance(question, Members):
                done = [question.do(made, v, None, after) for v in question.moved]
            else:
                done = [question.do(made, range(question.n_resamples), None, after, threads)]
            return question.answer(threads, done)
        finally:
            executors.opened.cache_clear()


def _in_units(
    question: Question, total: int, threads: int, progress: bool | None, executor: Any, checkpoint: Checkpoint | None
) -> list[Done]:
    """What all units give, in order."""
    alone = isinstance(question, Members)
    evaluator = executors.opened(question).open(question.observed, UNRANKED)
    with (
        executors.crew(executor, threads if evaluator.parallel else 1) as workers,
        Progress(total, progress, workers.words) as bar,
    ):
        cutting: tuple[int, ...] = (1,)
        if not alone:
            with bar.meanwhile("hoi: measuring the rate"):
                sets = executors.unit_sets(evaluator, question.orders, total, workers.size)
            cutting = (max(1, sets * question.n_resamples // total),)
        done: dict[int, Done] = {}
        if checkpoint is not None:
            cutting = checkpoint.open(total, cutting)
            done = checkpoint.units()
            bar.add(sum(unit.evaluated + unit.skipped for unit in done.values()))
        units: list[Any] = list(question.moved) if isinstance(question, Members) else []
        if not alone:
            starts = range(0, question.n_resamples, cutting[0])
            units = [range(start, min(start + cutting[0], question.n_resamples)) for start in starts]
        waiting = ((number, unit) for number, unit in enumerate(units) if number not in done)
        flight = executors.Flight(question, workers, bar, kept_in=None if checkpoint is None else checkpoint.path)
        with flight.stoppable():
            for came in flight.go(waiting):
                for landed in came:
                    done[landed.number] = landed.answer
                    bar.add(landed.answer.evaluated + landed.answer.skipped)
                if checkpoint is not None and came:
                    checkpoint.put([(landed.number, landed.answer, landed.seconds) for landed in came])
    return [done[number] for number in range(len(units))]


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


def _top(
    q: Members, members: list[NDArray[np.intp]], statistics: list[FloatArray]
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
