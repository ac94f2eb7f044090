"""Running units on a backend: threads, progress, Ctrl-C. The answer does not depend on any of them."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hoi._backends.protocol import Backend, Floor, Found, Problem, Ranking, Unit
from hoi._engine.plan import count_sets, cut
from hoi._engine.reduce import Best
from hoi._maths.terms import by_elimination, correction
from hoi._measures.registry import Measure

__all__ = ["Outcome", "default_threads", "run"]

# Fewer sets than this are done before a second thread has started.
_SMALL = 300_000
# Nats for each member by which values from the terms that a backend vouches for may be off, if it gives no bound.
_APPROXIMATE = 1e-4


@dataclass
class Outcome:
    """What a run has found, and how far it came."""

    best: Best
    evaluated: int = 0
    skipped: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


def default_threads() -> int:
    """The number of threads numba was told to use, or the cores this process may run on."""
    told = os.environ.get("NUMBA_NUM_THREADS", "")
    if told.isdigit() and int(told) > 0:
        return int(told)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(
    problem: Problem,
    orders: tuple[int, int],
    measure: Measure,
    best: Best,
    backend: Backend,
    threads: int,
    progress: bool | None,
    unit_sets: int | None = None,
) -> Outcome:
    """Go through all sets of the orders and keep the best.

    `progress` None shows a bar when the error stream is a terminal (or a notebook) and the work is not over at once.
    """
    outcome = Outcome(best)
    total = count_sets(problem, *orders)
    ranking = Ranking(measure.d, measure.j, measure.l, best.n_best)
    if not backend.parallel or (total < _SMALL and unit_sets is None):
        threads = 1
    with _Bar(total, progress) as bar:
        try:
            with bar.meanwhile("hoi: compiling for all orders"):
                positions = backend.joint(problem, orders, ranking) if hasattr(backend, "joint") else 0
            for order in range(orders[0], orders[1] + 1) if not positions else ():
                with bar.meanwhile(f"hoi: compiling for order {order}"):
                    backend.ready(problem, order, ranking)
            unit_sets = unit_sets or getattr(backend, "unit_sets", None)
            together = backend.together(problem) if hasattr(backend, "together") else 0
            units = cut(problem, *orders, unit_sets, positions, together)
            if threads == 1:
                for unit in units:
                    for _ in _work(problem, unit, measure, ranking, outcome, backend):
                        bar.show(outcome)
            else:
                _run_threads(problem, units, measure, ranking, outcome, backend, threads, bar)
        except KeyboardInterrupt:
            done = outcome.evaluated + outcome.skipped
            raise KeyboardInterrupt(f"stopped after {done:,} of {total:,} sets ({done / total:.1%})") from None
        bar.show(outcome)
    return outcome


def _work(
    problem: Problem, unit: Unit, measure: Measure, ranking: Ranking, outcome: Outcome, backend: Backend
) -> Iterator[None]:
    """Run one unit; yields after each part of it, so that the caller can stop."""

    def floor(order: int = unit.order, dataset: int = unit.dataset) -> Floor:
        return outcome.best.floor(dataset, order)

    for found in backend.walk(problem, unit, ranking, floor):
        singular = _take(problem, found, measure, outcome) if len(found.members) else 0
        with outcome.lock:
            outcome.evaluated += found.evaluated - singular
            outcome.skipped += found.skipped + singular
        yield


def _take(problem: Problem, found: Found, measure: Measure, outcome: Outcome) -> int:
    """Evaluate the sets found that can come in by the reference path, whose values decide, and take them in.

    Gives the number of sets that the backend left open and that turn out to be singular.
    """
    order = found.members.shape[1]
    D, J, L = correction(np.diff(problem.blocks)[found.members], problem.bias)
    approximate = measure.value(D, found.J + J, found.L + L)
    margin = order * _APPROXIMATE if found.margin is None else found.margin
    with outcome.lock:
        keep = outcome.best.promising(found.dataset, order, approximate, margin)
    if not keep.any():
        return 0
    dataset, members = found.dataset[keep], found.members[keep]
    terms = by_elimination(problem.matrix, members, problem.blocks, dataset)
    values = measure.value(terms.D + D[keep], terms.J + J[keep], terms.L + L[keep])
    good = ~terms.singular
    with outcome.lock:
        outcome.best.add(dataset[good], members[good], values[good])
    return len(good) - int(good.sum())


def _run_threads(
    problem: Problem,
    units: Iterator[Unit],
    measure: Measure,
    ranking: Ranking,
    outcome: Outcome,
    backend: Backend,
    threads: int,
    bar: _Bar,
) -> None:
    """Threads take one unit after the other; the calling thread shows progress and hears Ctrl-C."""
    stop = threading.Event()
    errors: list[BaseException] = []
    taking = threading.Lock()

    def take() -> None:
        try:
            while not stop.is_set():
                with taking:
                    unit = next(units, None)
                if unit is None:
                    return
                for _ in _work(problem, unit, measure, ranking, outcome, backend):
                    if stop.is_set():
                        return
        except BaseException as error:  # handed to the calling thread
            errors.append(error)
            stop.set()

    workers = [threading.Thread(target=take, name=f"hoi-{i}", daemon=True) for i in range(threads)]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            while worker.is_alive():
                worker.join(0.1)
                bar.show(outcome)
    except BaseException:
        stop.set()
        for worker in workers:
            worker.join()
        raise
    if errors:
        raise errors[0]


class _Bar:
    """A tqdm bar that appears only for work that takes a while."""

    _patience = 0.5

    def __init__(self, total: int, progress: bool | None) -> None:
        self._total = total
        self._wanted = progress
        self._start = time.perf_counter()
        self._bar: Any = None

    def __enter__(self) -> _Bar:
        if self._wanted is None:
            self._wanted = sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)
        elif self._wanted:
            self._open()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _open(self) -> None:
        from tqdm.auto import tqdm

        self._bar = tqdm(total=self._total, unit="set", unit_scale=True, desc="hoi")

    @contextlib.contextmanager
    def meanwhile(self, what: str) -> Iterator[None]:
        """Say what is going on if it takes a while."""
        timer = threading.Timer(self._patience, self._describe, [what])
        timer.daemon = True
        if self._wanted:
            timer.start()
        yield
        timer.cancel()
        if self._bar is not None:
            self._bar.set_description("hoi")

    def _describe(self, what: str) -> None:
        if self._bar is None:
            self._open()
        self._bar.set_description(what)

    def show(self, outcome: Outcome) -> None:
        if not self._wanted:
            return
        if self._bar is None:
            if time.perf_counter() - self._start < self._patience:
                return
            self._open()
        self._bar.update(outcome.evaluated + outcome.skipped - self._bar.n)
