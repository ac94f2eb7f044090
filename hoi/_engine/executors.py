"""Units on any executor: threads, processes, loky, MPI, a Dask cluster. Only ``submit`` and its futures are used."""

from __future__ import annotations

import contextlib
import functools
import os
import queue
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.thread import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from hoi._backends import registry
from hoi._backends.protocol import Evaluator, Floor, Problem, Ranking, Unit
from hoi._engine.checkpoint import Checkpoint
from hoi._engine.plan import count_sets, cut
from hoi._engine.progress import Progress
from hoi._engine.rate import sets_per_second
from hoi._engine.reduce import Best
from hoi._engine.threads import Outcome, StoppedError
from hoi._engine.work import Part, work
from hoi._errors import HoiError

__all__ = ["UNITS_PER_WORKER", "Job", "run_on_executor", "unit_seconds"]

# Units a worker has: one that it works on, and one that waits for it.
_IN_FLIGHT = 2
# Times that a unit is tried again after its worker was lost, or failed.
_RETRIES = 2
# Seconds that a unit should take: sending it costs little, and losing it too. With thousands of workers it is longer,
# since the caller takes some milliseconds for each (benchmarks/cluster.py).
_UNIT_SECONDS, _SECONDS_PER_WORKER = 4.0, 0.01
# Units that each worker should get at least, so that all end together.
UNITS_PER_WORKER = 4


@dataclass(frozen=True, eq=False)
class Job:
    """What all the units of a search need, and a worker gets once: what is asked, and where to compute.

    `key` is of one call: two calls that look alike may bring two functions of one name.
    """

    key: str
    problem: Problem
    best: Best
    backend: str

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self.key == other.key

    @property
    def ranking(self) -> Ranking:
        """Of the measure that sets are compared by."""
        measure = self.best.measure
        return Ranking(measure.d, measure.j, measure.l, self.best.n_best)


@functools.lru_cache(maxsize=2)
def _evaluator(job: Job) -> Evaluator:
    """One for all the units of a job that this process works on."""
    return registry.load(job.backend).open(job.problem, job.ranking)


def _do(
    job: Job, unit: Unit, floors: dict[tuple[int, int], Floor], stop: threading.Event | None = None
) -> tuple[Part, float]:
    """A unit of a job in whatever process this is, and the seconds it took; `floors` are those reached elsewhere.

    `stop` ends the work between two parts of a unit; only threads of this process can have it.
    """

    def after(sets: int) -> None:
        if stop is not None and stop.is_set():
            raise StoppedError

    evaluator = _evaluator(job)
    if unit.highest is None:
        evaluator.ready(unit.order)
    else:
        evaluator.joint((unit.order, unit.highest))
    began = time.perf_counter()
    part = work(evaluator, unit, job.best.empty(), lambda dataset, order: floors[dataset, order], after)
    return part, time.perf_counter() - began


def run_on_executor(
    job: Job,
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
    evaluator = _evaluator(job)
    total = count_sets(job.problem, *orders)
    own = ThreadPoolExecutor(threads if evaluator.parallel else 1) if executor is None else None
    stop = threading.Event()  # the threads of a pool would hold up the end of the process
    try:
        n_workers = _workers(own or executor)
        with Progress(total, progress, "hoi" if executor is None else f"hoi, {n_workers} workers") as bar:
            with bar.meanwhile("hoi: measuring the rate"):
                positions = evaluator.joint(orders)
                cutting = (_unit_sets(evaluator, orders, total, n_workers), positions, evaluator.together)
            if checkpoint is not None:
                cutting = checkpoint.open(total, cutting)
            units = cut(job.problem, *orders, *cutting)
            flight = _Flight(
                job, own or executor, _IN_FLIGHT * n_workers, Outcome(job.best.empty()), bar, checkpoint,
                {} if own is None else {"stop": stop},
            )  # fmt: skip
            flight.go(units)
            return flight.outcome
    finally:
        stop.set()
        if own is not None:
            own.shutdown(wait=False, cancel_futures=True)
        _evaluator.cache_clear()  # it may hold much memory, also of a device


class _Flight:
    """Units that are on their way, and what came back. Everything here happens in the calling thread."""

    def __init__(
        self, job: Job, executor: Any, most: int, outcome: Outcome, bar: Progress, checkpoint: Checkpoint | None,
        options: dict[str, Any],
    ) -> None:
        self.job, self.executor, self.most, self.outcome, self.bar = job, executor, most, outcome, bar
        self.checkpoint = checkpoint
        # Dask holds one copy of the job for all units. Its keys come from the arguments unless told otherwise, so that
        # a unit of a later search would be taken for that of an earlier one (dask/distributed).
        self.dask = hasattr(executor, "scatter")
        self.options = {"pure": False} if self.dask else options
        self.shared = self._scattered()
        self.landed: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.flying: dict[int, tuple[Future[Any], Unit, int]] = {}

    def _scattered(self) -> Any:
        """The job where workers can reach it: on all of them, since one that is lost takes its copy along."""
        return self.executor.scatter(self.job, broadcast=True, hash=False) if self.dask else self.job

    def go(self, units: Iterator[Unit]) -> None:
        """Send units as there is room, and take in what they give, until all are done."""
        before = self.checkpoint.parts(self.job.best) if self.checkpoint else {}
        for part in before.values():
            self._take(part)
        waiting = ((number, unit) for number, unit in enumerate(units) if number not in before)
        try:
            self._send(waiting)
            while self.flying:
                numbers = self._all_landed()
                done = [landed for number in numbers if (landed := self._land(number)) is not None]
                self._send(waiting)
                if self.checkpoint and done:
                    self.checkpoint.put(done)
                self.bar.show()
        except KeyboardInterrupt:
            kept = f", and {self.checkpoint.path} has them" if self.checkpoint else ""
            share = f"{self.bar.done:,} of {self.bar.total:,} sets ({self.bar.done / self.bar.total:.1%})"
            raise KeyboardInterrupt(f"stopped after {share}{kept}") from None
        finally:
            for future, _, _ in self.flying.values():
                future.cancel()

    def _all_landed(self) -> list[int]:
        """The units that have come back, after a while at most."""
        numbers = []
        with contextlib.suppress(queue.Empty):
            numbers.append(self.landed.get(timeout=0.1))
            while True:
                numbers.append(self.landed.get_nowait())
        return numbers

    def _send(self, waiting: Iterator[tuple[int, Unit]]) -> None:
        while len(self.flying) < self.most and (following := next(waiting, None)) is not None:
            self._submit(*following, tries=0)

    def _submit(self, number: int, unit: Unit, tries: int) -> None:
        best = self.outcome.best
        floors = {
            (dataset, order): best.floor(dataset, order)
            for dataset in range(unit.dataset, unit.dataset + unit.n_datasets)
            for order in range(unit.order, (unit.highest or unit.order) + 1)
        }
        try:
            future = self.executor.submit(_do, self.shared, unit, floors, **self.options)
        except HoiError:
            raise
        except Exception as error:
            raise self._broken(error) from error
        self.flying[number] = future, unit, tries
        future.add_done_callback(lambda _, number=number: self.landed.put(number))

    def _land(self, number: int) -> tuple[int, Part, float] | None:
        """Take in what a unit gave, or send it again if it failed."""
        future, unit, tries = self.flying.pop(number)
        try:
            if (error := future.exception()) is not None:
                raise error
            part, seconds = future.result()  # which can be lost with its worker, too
        except (HoiError, KeyboardInterrupt):
            raise
        except BaseException as error:  # a cancelled future is no Exception everywhere
            if tries >= _RETRIES:
                raise self._broken(error) from error
            self.shared = self._scattered()  # the copies may be lost with their workers
            self._submit(number, unit, tries + 1)
            return None
        self._take(part)
        return number, part, seconds

    def _take(self, part: Part) -> None:
        self.outcome.merge(part)
        self.bar.add(part.evaluated + part.skipped)

    def _broken(self, error: BaseException) -> HoiError:
        kept = (
            f"What was done is in {self.checkpoint.path}: the same call with a new executor goes on from there."
            if self.checkpoint
            else "Give checkpoint=..., so that nothing is done twice, and a new executor."
        )
        return HoiError(
            f"the executor failed after {self.bar.done:,} of {self.bar.total:,} sets "
            f"({type(error).__name__}: {error}). {kept}"
        )


def _workers(executor: Executor | Any) -> int:
    """How many units an executor works on at once, as far as it says."""
    if hasattr(executor, "ncores"):
        return max(1, sum(executor.ncores().values()))
    return max(1, getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


def _unit_sets(evaluator: Evaluator, orders: tuple[int, int], total: int, n_workers: int) -> int:
    """Sets in a unit, from the rate measured here."""
    if evaluator.unit_sets is not None:
        return evaluator.unit_sets
    sets = int(sets_per_second(evaluator, orders) * unit_seconds(n_workers))
    return max(1, min(sets, -(-total // (UNITS_PER_WORKER * n_workers))))


def unit_seconds(n_workers: int) -> float:
    """How long a unit should take on so many workers."""
    return max(_UNIT_SECONDS, _SECONDS_PER_WORKER * n_workers)
