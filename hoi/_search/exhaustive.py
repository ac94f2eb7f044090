"""Every set of the given orders: the best of them, or all of them in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends._protocol import EVERYTHING, UNRANKED, Backend, Found, Problem
from hoi.engine.plan import cut
from hoi.engine.reduce import Best
from hoi.engine.run import run
from hoi.maths.measures import Measure
from hoi.maths.terms import Terms, by_elimination, correction

__all__ = ["Block", "Rows", "all_sets", "best_sets", "corrected"]


class Rows(NamedTuple):
    """Sets with their corrected terms; `members` is filled up with -1."""

    dataset: NDArray[np.intp]
    members: NDArray[np.intp]
    extreme: NDArray[np.str_]
    terms: Terms
    evaluated: int
    skipped: int


def corrected(problem: Problem, terms: Terms, members: NDArray[np.intp]) -> Terms:
    """Terms with the bias of their entropies removed; `members` (m, k) without filling."""
    D, J, L = correction(np.diff(problem.blocks)[members], problem.bias)
    return Terms(terms.D + D, terms.J + J, terms.L + L, terms.singular)


def best_sets(
    problem: Problem,
    orders: tuple[int, int],
    measure: Measure,
    ends: tuple[str, ...],
    n_best: int,
    per_order: bool,
    backend: Backend,
    threads: int,
    progress: bool | None,
) -> Rows:
    """The `n_best` sets at each end, for each dataset: the lowest ascending, then the highest descending."""
    best = Best(n_best, ends, orders[1], per_order)
    outcome = run(problem, orders, measure, best, backend, threads, progress)
    parts = [(d, end, best.rows(d, end)[0]) for d in range(problem.n_datasets) for end in ends]
    members = np.concatenate([rows for _, _, rows in parts])
    dataset = np.concatenate([np.full(len(rows), d) for d, _, rows in parts])
    extreme = np.concatenate([np.full(len(rows), end) for _, end, rows in parts])
    terms = Terms.zeros(len(members))
    sizes = (members >= 0).sum(axis=1)
    for d, k in sorted(set(zip(dataset.tolist(), sizes.tolist(), strict=True))):
        rows = np.flatnonzero((dataset == d) & (sizes == k))
        chosen = members[rows, :k]
        values = corrected(problem, by_elimination(problem.matrix[d], chosen, problem.blocks), chosen)
        for target, source in zip(terms, values, strict=True):
            target[rows] = source
    return Rows(dataset, members, extreme, terms, outcome.evaluated, outcome.skipped)


class Block(NamedTuple):
    """Consecutive sets of one order of one dataset, with their corrected terms."""

    dataset: int
    members: NDArray[np.intp]
    terms: Terms
    skipped: int


def all_sets(problem: Problem, orders: tuple[int, int], backend: Backend, block: int) -> Iterator[Block]:
    """Every set that has a value, in lexicographic order within each order, at most `block` at a time."""
    for unit in cut(problem, *orders):
        for some in backend.walk(problem, unit, UNRANKED, lambda: EVERYTHING):
            found = _settled(problem, unit.dataset, some)
            raw = Terms(np.zeros_like(found.J), found.J, found.L, np.zeros(len(found.J), dtype=bool))
            terms = corrected(problem, raw, found.members)
            skipped = found.skipped
            for start in range(0, max(len(found.J), 1), block):
                part = slice(start, start + block)
                some_terms = Terms(terms.D[part], terms.J[part], terms.L[part], terms.singular[part])
                yield Block(unit.dataset, found.members[part], some_terms, skipped)
                skipped = 0


def _settled(problem: Problem, dataset: int, found: Found) -> Found:
    """With the terms that the backend left open, by the reference path, and without the sets that are singular."""
    left_open = np.flatnonzero(np.isnan(found.J))
    if not len(left_open):
        return found
    terms = by_elimination(problem.matrix[dataset], found.members[left_open], problem.blocks)
    found.J[left_open], found.L[left_open] = terms.J, terms.L
    keep = np.ones(len(found.J), dtype=bool)
    keep[left_open[terms.singular]] = False
    singular = int(terms.singular.sum())
    return Found(
        found.members[keep], found.J[keep], found.L[keep], found.evaluated - singular, found.skipped + singular
    )
