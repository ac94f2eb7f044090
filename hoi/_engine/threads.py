"""Running units on threads, with progress and Ctrl-C. The answer does not depend on any of them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from hoi._backends.protocol import Evaluator, Floor, Unit
from hoi._engine.plan import count_sets, cut
from hoi._engine.progress import Progress
from hoi._engine.reduce import Best
from hoi._engine.work import Part, work
from hoi._errors import HoiError

__all__ = ["Outcome", "StoppedError", "default_threads", "run"]

# Fewer sets than this are done before a second thread has started.
_SMALL = 300_000
# Seconds that threads have to end their part of the work after Ctrl-C; they are daemons, and end with the process.
_GRACE = 1.0


@dataclass
class Outcome:
    """What a run has found, and how far it came."""

    best: Best
    evaluated: int = 0
    skipped: int = 0
    prepared: float = 0.0  # seconds of compiling and measuring before the work
    walks: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def floor(self, dataset: int, order: int) -> Floor:
        """What a set must reach to come in."""
        return self.best.floor(dataset, order)

    def merge(self, part: Part) -> None:
        """Take in what a unit gave; from any thread."""
        with self.lock:
            self.best.merge(part.best)
            self.evaluated += part.evaluated
            self.skipped += part.skipped
            self.walks.add(part.walk)


class StoppedError(Exception):
    """Ends the work of a thread because another one has failed, or on Ctrl-C."""


def default_threads() -> int:
    """The number of threads numba was told to use, or the cores this process may run on."""
    told = os.environ.get("NUMBA_NUM_THREADS", "")
    if told.isdigit() and int(told) > 0:
        return int(told)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(
    evaluator: Evaluator,
    orders: tuple[int, int],
    best: Best,
    threads: int,
    progress: bool | None,
    unit_sets: int | None = None,
) -> Outcome:
    """Go through all sets of the orders and keep the best.

    `progress` None shows a bar when the error stream is a terminal (or a notebook) and the work is not over at once.
    """
    outcome = Outcome(best)
    total = count_sets(evaluator.problem, *orders)
    if not evaluator.parallel or (total < _SMALL and unit_sets is None):
        threads = 1
    with Progress(total, progress) as bar:
        try:
            with bar.meanwhile("hoi: compiling for all orders"):
                positions = evaluator.joint(orders)
            for order in range(orders[0], orders[1] + 1) if not positions else ():
                with bar.meanwhile(f"hoi: compiling for order {order}"):
                    evaluator.ready(order)
            outcome.prepared = bar.prepared
            unit_sets = unit_sets or evaluator.unit_sets
            units = cut(evaluator.problem, *orders, unit_sets, positions, evaluator.together)
            if threads == 1:
                _in_this_thread(evaluator, units, outcome, bar)
            else:
                _on_threads(evaluator, units, outcome, threads, bar)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"stopped after {bar.done:,} of {total:,} sets ({bar.done / total:.1%})") from None
    return outcome


def _in_this_thread(evaluator: Evaluator, units: Iterator[Unit], outcome: Outcome, bar: Progress) -> None:
    def after(sets: int) -> None:
        bar.add(sets)
        bar.show()

    for unit in units:
        outcome.merge(work(evaluator, unit, outcome.best.empty(), outcome.floor, after))


def _on_threads(evaluator: Evaluator, units: Iterator[Unit], outcome: Outcome, threads: int, bar: Progress) -> None:
    """Threads take one unit after the other; the calling thread shows progress and hears Ctrl-C."""
    stop = threading.Event()
    errors: list[BaseException] = []
    taking = threading.Lock()

    def after(sets: int) -> None:
        bar.add(sets)
        if stop.is_set():
            raise StoppedError

    def take() -> None:
        try:
            while not stop.is_set():
                with taking:
                    unit = next(units, None)
                if unit is None:
                    return
                outcome.merge(work(evaluator, unit, outcome.best.empty(), outcome.floor, after))
        except StoppedError:
            pass
        except BaseException as error:  # handed to the calling thread
            errors.append(error)
            stop.set()

    workers = [threading.Thread(target=take, name=f"hoi-{i}", daemon=True) for i in range(threads)]
    try:
        for number, worker in enumerate(workers):
            _start(worker, number, threads)
        for worker in workers:
            while worker.is_alive():
                worker.join(0.1)
                bar.show()
    except BaseException:
        stop.set()
        _wait(workers, _GRACE)
        raise
    if errors:
        raise errors[0]


def _start(worker: threading.Thread, number: int, threads: int) -> None:
    try:
        worker.start()
    except RuntimeError as error:  # Python's, where the system gives no more threads
        raise HoiError(
            f"thread {number + 1} of {threads} cannot start ({error}): give fewer, threads={number or 1}."
        ) from error


def _wait(workers: list[threading.Thread], seconds: float) -> None:
    """Until they have ended, or that long in all."""
    end = time.monotonic() + seconds
    for worker in workers:
        if worker.is_alive():  # one that could not be started is not
            worker.join(max(0.0, end - time.monotonic()))
