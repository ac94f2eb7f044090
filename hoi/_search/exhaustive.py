"""Every set of the given orders: the best of them, or all of them in blocks."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Backend, Evaluator, Found, Problem, Unit
from hoi._engine import executors
from hoi._engine.checkpoint import Checkpoint, fingerprint
from hoi._engine.plan import count_sets, cut
from hoi._engine.reduce import Best, LeaveOut
from hoi._engine.threads import Outcome, run
from hoi._maths import combinatorics
from hoi._maths.terms import Terms
from hoi._measures.registry import Measure
from hoi._search.units import ScanJob, SearchJob, only, scanned, search_in_units

__all__ = ["Block", "Rows", "all_sets", "best_sets", "corrected"]

# Sets in a unit of a scan: those of several datasets are held until they can be given one dataset after the other.
_SCANNED = 1 << 19


class Rows(NamedTuple):
    """Sets with their corrected terms; `members` is filled up with -1. `about` says where and how they were found."""

    dataset: NDArray[np.intp]
    members: NDArray[np.intp]
    extreme: NDArray[np.str_]
    terms: Terms
    evaluated: int
    skipped: int
    about: dict[str, Any]
    prepared: float = 0.0  # seconds of compiling and measuring before the work


def corrected(problem: Problem, terms: Terms, members: NDArray[np.intp]) -> Terms:
    """Terms with the bias of their entropies removed; `members` (m, k) without filling."""
    return terms.corrected(*problem.correction(members))


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
    executor: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    leave_out: LeaveOut | None = None,
) -> Rows:
    """The `n_best` sets at each end, for each dataset: the lowest ascending, then the highest descending."""
    best = Best(measure, n_best, ends, orders[1], per_order, leave_out)
    evaluator = backend.open(problem, best.ranking)
    if executor is None and checkpoint is None:
        outcome = run(evaluator, orders, best, threads, progress)
    else:
        about = {"order": list(orders), "measure": measure.name, "which": list(ends), "n_best": n_best,
                 "per_order": per_order, "backend": backend.name}  # fmt: skip
        if leave_out is not None:
            about["determined"] = "drop"
        job = SearchJob(problem, best, backend.name)
        outcome = _kept(job, orders, executor, threads, progress, checkpoint, about)
        best = outcome.best
    parts = [(d, end, *best.rows(d, end)) for d in range(problem.n_datasets) for end in ends]
    members = np.concatenate([rows for _, _, rows, _ in parts])
    dataset = np.concatenate([np.full(len(rows), d) for d, _, rows, _ in parts])
    extreme = np.concatenate([np.full(len(rows), end) for _, end, rows, _ in parts])
    D, J, L = np.concatenate([terms for *_, terms in parts]).T
    about = {**evaluator.about(), "walk": sorted(outcome.walks)}
    terms = Terms(D, J, L, np.zeros(len(D), dtype=bool))
    return Rows(dataset, members, extreme, terms, outcome.evaluated, outcome.skipped, about, outcome.prepared)


def _kept(
    job: SearchJob, orders: tuple[int, int], executor: Any, threads: int, progress: bool | None,
    checkpoint: str | os.PathLike[str] | None, about: dict[str, Any],
) -> Outcome:
    """On an executor, or on threads of one's own, with finished units in a file if there is one."""
    if checkpoint is None:
        return search_in_units(job, orders, executor, threads, progress, None)
    raw = None if job.best.leave_out is None else job.best.leave_out.raw
    hashed = [] if raw is None else [raw.R, raw.blocks]
    file = Checkpoint(Path(checkpoint), fingerprint(job.problem, *about.items(), *hashed), about)
    try:
        return search_in_units(job, orders, executor, threads, progress, file)
    finally:
        file.close()


class Block(NamedTuple):
    """Consecutive sets of one order of one dataset, with their corrected terms."""

    dataset: int
    members: NDArray[np.intp]
    terms: Terms
    skipped: int


def all_sets(
    evaluator: Evaluator, orders: tuple[int, int], block: int, backend: str = "", executor: Any = None
) -> Iterator[Block]:
    """Every set that has a value, in lexicographic order within each order, at most `block` at a time; with an
    executor, evaluated there, on the backend of that name."""
    problem = evaluator.problem
    walked: Iterator[tuple[Unit, Iterator[Found]]] = (
        ((unit, scanned(evaluator, unit)) for unit in cut(problem, *orders, _SCANNED, together=evaluator.together))
        if executor is None
        else _elsewhere(evaluator, orders, backend, executor)
    )
    for (first, number), some in itertools.groupby(walked, key=lambda one: (one[0].dataset, one[0].n_datasets)):
        parts = (found for _, founds in some for found in founds)
        for dataset, found in _by_dataset(problem, range(first, first + number), parts):
            raw = Terms(_D(found), found.J, found.L, np.zeros(len(found.J), dtype=bool))
            terms = corrected(problem, raw, found.members)
            skipped = found.skipped
            for start in range(0, max(len(found.J), 1), block):
                part = slice(start, start + block)
                yield Block(dataset, found.members[part], terms.chosen(part), skipped)
                skipped = 0


def _elsewhere(
    evaluator: Evaluator, orders: tuple[int, int], backend: str, executor: Any
) -> Iterator[tuple[Unit, Iterator[Found]]]:
    """The sets of each unit, in order, from an executor."""
    problem = evaluator.problem
    total = count_sets(problem, *orders)
    size = min(_SCANNED, executors.unit_sets(evaluator, orders, total, executors.size_of(executor)))
    units = cut(problem, *orders, size, together=evaluator.together)
    for landed in executors.answers(ScanJob(problem, backend), units, executor, total):
        yield landed.unit, iter(landed.answer)


def _D(found: Found) -> NDArray[np.float64]:
    return np.zeros_like(found.J) if found.D is None else found.D


def _by_dataset(problem: Problem, datasets: range, parts: Iterator[Found]) -> Iterator[tuple[int, Found]]:
    """Parts of a scan of these datasets, dataset after dataset and order after order. Those of one come as they are."""
    if len(datasets) == 1:
        yield from ((datasets[0], part) for part in parts)
        return
    orders: dict[int, list[Found]] = {}
    for part in parts:
        orders.setdefault(part.members.shape[1], []).append(part)
    collected = []
    for order, found in orders.items():
        columns = [(part.dataset, part.members, part.J, part.L, _D(part)) for part in found]
        dataset, members, J, L, D = (np.concatenate(arrays) for arrays in zip(*columns, strict=True))
        rows = np.argsort(dataset, kind="stable")
        bounds = np.searchsorted(dataset[rows], [*datasets, datasets.stop])
        total = combinatorics.count(problem.n_variables, order)
        collected.append((Found(dataset, members, J, L, total, 0, D=D), rows, bounds))
    for i, d in enumerate(datasets):
        for whole, rows, bounds in collected:
            chosen = rows[bounds[i] : bounds[i + 1]]
            yield d, only(whole, chosen, whole.evaluated - len(chosen))
