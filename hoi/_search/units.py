"""Units of a search, which any worker can do and a file can keep, and those of a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._backends import registry
from hoi._backends.protocol import EVERYTHING, UNRANKED, Evaluator, Floor, Found, Problem, Unit
from hoi._engine import executors
from hoi._engine.checkpoint import Checkpoint, Done
from hoi._engine.plan import count_sets, cut
from hoi._engine.progress import Progress
from hoi._engine.reduce import Best
from hoi._engine.threads import Outcome
from hoi._engine.work import Part, work

__all__ = ["ScanJob", "SearchJob", "only", "scanned", "search_in_units", "settled"]


class SearchJob(executors.Job):
    """The best sets of a unit."""

    def __init__(self, problem: Problem, best: Best, backend: str) -> None:
        super().__init__()
        self.problem, self.best, self.backend = problem, best, backend

    def open(self) -> Evaluator:
        return registry.load(self.backend).open(self.problem, self.best.ranking)

    def do(
        self, made: Evaluator, unit: Unit, sent: dict[tuple[int, int], Floor], after: Callable[[int], None]
    ) -> Part:
        """`sent`: the floors that were reached elsewhere."""
        if unit.highest is None:
            made.ready(unit.order)
        else:
            made.joint((unit.order, unit.highest))
        return work(made, unit, self.best.empty(), lambda dataset, order: sent[dataset, order], after)


class ScanJob(executors.Job):
    """All the sets of a unit that have a value."""

    def __init__(self, problem: Problem, backend: str) -> None:
        super().__init__()
        self.problem, self.backend = problem, backend

    def open(self) -> Evaluator:
        return registry.load(self.backend).open(self.problem, UNRANKED)

    def do(self, made: Evaluator, unit: Unit, sent: Any, after: Callable[[int], None]) -> list[Found]:
        return list(scanned(made, unit))


def scanned(evaluator: Evaluator, unit: Unit) -> Iterator[Found]:
    """All the sets of a unit that have a value, with raw terms, part by part."""
    return (settled(evaluator.problem, found) for found in evaluator.walk(unit, lambda **_: EVERYTHING))


def search_in_units(
    job: SearchJob,
    orders: tuple[int, int],
    executor: Any,
    threads: int,
    progress: bool | None,
    checkpoint: Checkpoint | None,
) -> Outcome:
    """Go through all sets of the orders on an executor, or on threads of one's own where it is None.

    Finished units are in the checkpoint, if there is one, and are not done again. A unit that fails is tried again,
    elsewhere if the executor can, but for an error that the user can mend.
    """
    evaluator: Evaluator = executors.opened(job)
    total = count_sets(job.problem, *orders)
    outcome = Outcome(job.best.empty())
    with (
        executors.crew(executor, threads if evaluator.parallel else 1) as workers,
        Progress(total, progress, workers.words) as bar,
    ):
        with bar.meanwhile("hoi: measuring the rate"):
            positions = evaluator.joint(orders)
            cutting: tuple[int, ...] = (
                executors.unit_sets(evaluator, orders, total, workers.size), positions, evaluator.together
            )  # fmt: skip
        outcome.prepared = bar.prepared

        def take(part: Part) -> None:
            outcome.merge(part)
            bar.add(part.evaluated + part.skipped)

        before: dict[int, Done] = {}
        if checkpoint is not None:
            cutting = checkpoint.open(total, cutting)
            before = checkpoint.units()
            for done in before.values():
                take(Part(_best(done.arrays, job.best), done.evaluated, done.skipped, done.walk))
        units = ((n, unit) for n, unit in enumerate(cut(job.problem, *orders, *cutting)) if n not in before)
        flight = executors.Flight(
            job, workers, bar, lambda unit: _floors(outcome.best, unit), None if checkpoint is None else checkpoint.path
        )
        with flight.stoppable():
            for came in flight.go(units):
                for landed in came:
                    take(landed.answer)
                if checkpoint is not None and came:
                    checkpoint.put([(landed.number, _done(landed.answer), landed.seconds) for landed in came])
    return outcome


def _floors(best: Best, unit: Unit) -> dict[tuple[int, int], Floor]:
    """What a set must reach, of each dataset and order of a unit."""
    return {
        (dataset, order): best.floor(dataset, order)
        for dataset in range(unit.dataset, unit.dataset + unit.n_datasets)
        for order in range(unit.order, (unit.highest or unit.order) + 1)
    }


def _done(part: Part) -> Done:
    """A part as a checkpoint keeps it."""
    arrays = {"/".join(map(str, key)): np.column_stack([kept.members, kept.terms]) for key, kept in part.best.kept()}
    return Done(arrays, part.evaluated, part.skipped, part.walk)


def _best(arrays: dict[str, np.ndarray], best: Best) -> Best:
    """The sets that a checkpoint kept."""
    found = best.empty()
    for name, rows in arrays.items():
        dataset, order, end = name.split("/")
        found.restore((int(dataset), int(order), end), rows[:, :-3].astype(np.intp), rows[:, -3:])
    return found


def settled(problem: Problem, found: Found) -> Found:
    """With the terms that the backend left open, by the reference path, and without the sets that are singular."""
    left_open = np.flatnonzero(np.isnan(found.J))
    if not len(left_open):
        return found
    terms = problem.reference(found.members[left_open], found.dataset[left_open])
    found.J[left_open], found.L[left_open] = terms.J, terms.L
    if found.D is not None:
        found.D[left_open] = terms.D
    keep = np.ones(len(found.J), dtype=bool)
    keep[left_open[terms.singular]] = False
    singular = int(terms.singular.sum())
    return only(found, keep, singular)


def only(found: Found, rows: NDArray[Any], singular: int) -> Found:
    """Some of what was found; of the sets that were counted as evaluated, so many are singular."""
    return found._replace(
        dataset=found.dataset[rows], members=found.members[rows], J=found.J[rows], L=found.L[rows],
        D=None if found.D is None else found.D[rows],
        evaluated=found.evaluated - singular, skipped=found.skipped + singular,
    )  # fmt: skip
