"""Tabu search: sets with extreme values where nobody can enumerate them all. A heuristic, and the result says so.

From a start, the best exchange of one member for another is made again and again, also where it makes the set worse;
the two variables may not move again for some steps, so that the search leaves the optimum it has found (Glover 1989).
Many starts, and the neighbourhoods of the winners at the end, until they hold nothing better.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Backend, Evaluator, Problem
from hoi._engine.progress import Progress
from hoi._engine.reduce import Best
from hoi._maths import combinatorics
from hoi._maths.terms import Terms
from hoi._measures.registry import Measure
from hoi._search.exhaustive import Rows, best_sets, corrected
from hoi._typing import FloatArray

__all__ = ["Found", "tabu_sets"]

# Exchanges in a run.
_STEPS = 100
# Sets up to which the best triplets of all are looked for, to start from.
_TRIPLETS = 500_000_000
# Sets that a run hands over, as many times n_best.
_HANDED = 3


class Found(NamedTuple):
    """Rows as an exhaustive search gives them, and for each how many runs ended at it."""

    rows: Rows
    hits: NDArray[np.intp]


def tabu_sets(
    problem: Problem,
    orders: tuple[int, int],
    measure: Measure,
    ends: tuple[str, ...],
    n_best: int,
    per_order: bool,
    backend: Backend,
    n_restarts: int,
    seed: int,
    time_limit: float | None,
    threads: int,
    progress: bool | None,
) -> Found:
    """The best sets that `n_restarts` runs found at each end of each order of each dataset."""
    best = Best(measure, n_best, ends, orders[1], per_order)
    evaluator = backend.open(problem, best.ranking)
    tasks = [(d, k, end) for d in range(problem.n_datasets) for k in range(orders[0], orders[1] + 1) for end in ends]
    hits: dict[tuple[int, str, tuple[int, ...]], int] = {}
    counted = 0
    stop = np.inf if time_limit is None else time.monotonic() + time_limit
    with Progress(len(tasks) * n_restarts, progress, "hoi, tabu runs") as bar:
        triplets = _triplets(problem, orders, measure, ends, n_restarts, backend, threads)
        for number, (dataset, order, end) in enumerate(tasks):
            limit = time.monotonic() + (stop - time.monotonic()) / (len(tasks) - number)
            rng = np.random.default_rng([seed, dataset, order, end == "highest"])
            one = _Descent(evaluator, dataset, order, end, n_best, rng)
            for run in range(n_restarts):
                if run and time.monotonic() > limit:
                    break
                reached = one.run(one.start(run, triplets.get((dataset, end), [])))
                key = dataset, end, reached
                hits[key] = hits.get(key, 0) + 1
                bar.add(1)
                bar.show()
            one.expand()
            counted += one.evaluated
            _take(problem, dataset, one.sets(), best)
    parts = [(d, end, *best.rows(d, end)) for d in range(problem.n_datasets) for end in ends]
    members = np.concatenate([rows for _, _, rows, _ in parts])
    dataset_of = np.concatenate([np.full(len(rows), d) for d, _, rows, _ in parts])
    extreme = np.concatenate([np.full(len(rows), end) for _, end, rows, _ in parts])
    D, J, L = np.concatenate([terms for *_, terms in parts]).T
    found = [
        hits.get((int(d), str(end), tuple(v for v in row if v >= 0)), 0)
        for d, end, row in zip(dataset_of, extreme, members.tolist(), strict=True)
    ]
    about = {**evaluator.about(), "walk": ["tabu"]}
    terms = Terms(D, J, L, np.zeros(len(D), dtype=bool))
    return Found(Rows(dataset_of, members, extreme, terms, counted, 0, about), np.array(found, dtype=np.intp))


def _triplets(
    problem: Problem, orders: tuple[int, int], measure: Measure, ends: tuple[str, ...], number: int, backend: Backend,
    threads: int,
) -> dict[tuple[int, str], list[tuple[int, ...]]]:
    """The best of all triplets at each end of each dataset, to grow sets from, where going through them is quick."""
    each = combinatorics.count(problem.n_variables, 3)
    if orders[1] <= 3 or problem.n_variables < 4 or each * problem.n_datasets > _TRIPLETS:
        return {}
    if problem.kind != "gaussian" and each > 20_000:
        return {}
    rows = best_sets(problem, (3, 3), measure, ends, max(1, number // 3), False, backend, threads, False)
    found: dict[tuple[int, str], list[tuple[int, ...]]] = {}
    for dataset, end, members in zip(rows.dataset.tolist(), rows.extreme, rows.members.tolist(), strict=True):
        found.setdefault((dataset, str(end)), []).append(tuple(members))
    return found


def _take(problem: Problem, dataset: int, sets: list[tuple[int, ...]], best: Best) -> None:
    """Evaluate sets by the reference path, whose values decide, and keep the best."""
    if not sets:
        return
    members = np.array(sets, dtype=np.intp)
    where = np.full(len(members), dataset)
    terms = corrected(problem, problem.reference(members, where), members)
    good = ~terms.singular
    best.add(where[good], members[good], terms.chosen(good))


class _Descent:
    """Runs for one order and one end of one dataset, and the sets they stood on. Values here are to be minimised."""

    def __init__(
        self, evaluator: Evaluator, dataset: int, order: int, end: str, n_best: int, rng: np.random.Generator
    ) -> None:
        self.evaluator, self.dataset, self.order, self.n_best, self.rng = evaluator, dataset, order, n_best, rng
        self.sign = 1.0 if end == "lowest" else -1.0
        self.n = evaluator.problem.n_variables
        self.known: dict[tuple[int, ...], float] = {}
        self.evaluated = 0

    def start(self, run: int, triplets: list[tuple[int, ...]]) -> list[int]:
        """A third of the starts each grows from a good triplet, grows from a pair drawn, and is drawn."""
        kind = run % 3
        if kind == 0 and run // 3 < len(triplets) and self.order > 3:
            return self._grown(list(triplets[run // 3]))
        drawn = self.rng.permutation(self.n)[: self.order].tolist()
        return self._grown(drawn[:2]) if kind == 1 and self.order > 2 else drawn

    def _grown(self, members: list[int]) -> list[int]:
        while len(members) < self.order:
            values = self._signed(self.evaluator.extensions(self.dataset, np.array(members, dtype=np.intp)))
            members = [*members, int(np.argmin(values))]
            self.evaluated += self.n - len(members) + 1
        return members

    def _signed(self, values: FloatArray) -> FloatArray:
        return np.where(np.isnan(values), np.inf, self.sign * values)

    def run(self, members: list[int]) -> tuple[int, ...]:
        """Tabu search by best exchanges; gives the best set of the run."""
        until = np.zeros(self.n, dtype=np.int64)  # the step up to which a variable may not move
        tenure = max(2, self.order // 2)
        stood: dict[tuple[int, ...], float] = {}
        best = np.inf
        for step in range(_STEPS):
            values = self._neighbours(members)
            moving = until[members][:, None] > step
            allowed = ~(moving | (until > step)[None, :]) | (values < best - 1e-12)
            choice = np.where(allowed, values, np.inf)
            out, y = divmod(int(np.argmin(choice)), self.n)
            if not np.isfinite(choice[out, y]):
                break
            left, members[out] = members[out], y
            until[left] = step + 1 + tenure + self.rng.integers(tenure + 1)
            until[y] = step + 1 + tenure // 2 + self.rng.integers(tenure // 2 + 1)
            value = float(values[out, y])
            stood[tuple(sorted(members))] = value
            best = min(best, value)
        ranked = sorted(stood, key=stood.__getitem__)
        self.known.update((s, stood[s]) for s in ranked[: _HANDED * self.n_best])
        return ranked[0] if ranked else tuple(sorted(members))

    def expand(self) -> None:
        """Add what is better in the neighbourhoods of the n best, until they hold nothing new."""
        done: set[tuple[int, ...]] = set()
        while todo := [s for s in self.sets() if s not in done]:
            last = self.known[self.sets()[-1]]
            for s in todo:
                done.add(s)
                values = self._neighbours(list(s))
                for out, y in np.argwhere(values <= last).tolist():
                    self.known[tuple(sorted((*s[:out], *s[out + 1 :], y)))] = float(values[out, y])

    def sets(self) -> list[tuple[int, ...]]:
        """The n best known, the best first."""
        return sorted(self.known, key=lambda s: (self.known[s], s))[: self.n_best]

    def _neighbours(self, members: list[int]) -> FloatArray:
        self.evaluated += self.order * (self.n - self.order)
        return self._signed(self.evaluator.exchanges(self.dataset, np.array(members, dtype=np.intp)))
