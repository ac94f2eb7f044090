"""Units on any executor: threads, processes, loky, MPI, a Dask cluster. Only ``submit`` and its futures are used."""

from __future__ import annotations

import contextlib
import functools
import math
import os
import queue
import statistics
import threading
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from concurrent.futures.thread import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from hoi._backends.protocol import Evaluator
from hoi._engine.progress import Progress
from hoi._engine.rate import sets_per_second
from hoi._engine.threads import StoppedError
from hoi._errors import HoiError

__all__ = [
    "UNITS_PER_WORKER",
    "Crew",
    "Flight",
    "Job",
    "Landed",
    "answers",
    "crew",
    "opened",
    "size_of",
    "unit_seconds",
    "unit_sets",
]

# Units a worker has: one that it works on, and one that waits for it.
_IN_FLIGHT = 2
# Times that a unit is tried again after its worker was lost, or failed.
_RETRIES = 2
# Seconds that a unit should take: sending it costs little, and losing it too. With thousands of workers it is longer,
# since the caller takes about a millisecond for each (benchmarks/cluster.py).
_UNIT_SECONDS, _SECONDS_PER_WORKER, _CALLER_SECONDS = 4.0, 0.03, 0.001
# Units that each worker should get at least, so that all end together, and a late one costs little.
UNITS_PER_WORKER = 16
# A unit that takes so many times as long as others, and so many seconds, goes to a second worker, if one is free.
_LATE, _LATE_SECONDS = 3.0, 1.0


class Job(ABC):
    """What all the units of a call need, and a worker gets once: what is asked, and where to compute.

    It is of one call: two calls that look alike may bring two functions of one name.
    """

    def __init__(self) -> None:
        self.key = uuid.uuid4().hex

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and self.key == other.key

    @abstractmethod
    def open(self) -> Any:
        """What a process makes once for all the units that it works on."""

    @abstractmethod
    def do(self, made: Any, unit: Any, sent: Any, after: Callable[[int], None]) -> Any:
        """The answer of a unit, which depends on the job and the unit alone.

        `sent` travels with the unit, and may spare work. `after` is called with the number of sets gone through; what
        it raises ends the work.
        """


@functools.lru_cache(maxsize=2)
def opened(job: Job) -> Any:
    """What this process has made of a job."""
    return job.open()


def _do(job: Job, unit: Any, sent: Any, stop: threading.Event | None = None) -> tuple[Any, float]:
    """A unit of a job in whatever process this is, and the seconds it took.

    `stop` ends the work between two parts of a unit; only threads of this process can have it.
    """

    def after(sets: int) -> None:
        if stop is not None and stop.is_set():
            raise StoppedError

    made = opened(job)
    began = time.perf_counter()
    answer = job.do(made, unit, sent, after)
    return answer, time.perf_counter() - began


class Crew(NamedTuple):
    """An executor, the units that it works on at once, and what each unit is submitted with."""

    executor: Any
    size: int
    options: dict[str, Any]
    own: bool

    @property
    def words(self) -> str:
        """What stands before a progress bar."""
        return "hoi" if self.own else f"hoi, {self.size} workers"


@contextlib.contextmanager
def crew(executor: Any, threads: int) -> Iterator[Crew]:
    """The workers of an executor, or threads of one's own where it is None."""
    own = ThreadPoolExecutor(threads) if executor is None else None
    stop = threading.Event()  # the threads of a pool would hold up the end of the process
    # Dask's keys come from the arguments unless told otherwise, so that a unit of a later call would be taken for that
    # of an earlier one (dask/distributed).
    options = {"stop": stop} if own else ({"pure": False} if hasattr(executor, "scatter") else {})
    try:
        yield Crew(own or executor, size_of(own or executor), options, own is not None)
    finally:
        stop.set()
        if own is not None:
            own.shutdown(wait=False, cancel_futures=True)
        opened.cache_clear()  # it may hold much memory, also of a device


class Landed(NamedTuple):
    """What a unit gave, and the seconds that it took."""

    number: int
    unit: Any
    answer: Any
    seconds: float


@dataclass
class _Flying:
    """A unit on its way: its copies, the times it was tried, and when it was sent."""

    unit: Any
    copies: list[Future[Any]] = field(default_factory=list)
    tries: int = 0
    since: float = field(default_factory=time.monotonic)


class Flight:
    """Units on their way, and what came back. Everything here happens in the calling thread.

    Parameters
    ----------
    job : Job
    workers : Crew
    bar : Progress
        Counts sets; the caller adds to it.
    sent : callable
        Gives what travels with a unit, when it is sent.
    kept_in : path, optional
        The file that has what is done, for errors.
    """

    def __init__(
        self, job: Job, workers: Crew, bar: Progress, sent: Callable[[Any], Any] = lambda unit: None,
        kept_in: Path | None = None,
    ) -> None:
        self.job, self.workers, self.bar, self.sent, self.kept_in = job, workers, bar, sent, kept_in
        self.shared = self._scattered()
        self.landed: queue.SimpleQueue[tuple[int, Future[Any]]] = queue.SimpleQueue()
        self.flying: dict[int, _Flying] = {}
        self.seconds: list[float] = []

    def go(self, waiting: Iterator[tuple[int, Any]], in_order: bool = False) -> Iterator[list[Landed]]:
        """Send numbered units as there is room, and give what comes back, together with what came at the same time.

        In order, which is that of the numbers from 0, what came early is held back, and counts as on its way.
        """
        early: dict[int, Landed] = {}
        following = 0
        try:
            more = self._send(waiting, 0)
            while self.flying:
                came = [landed for number, copy in self._all_landed() if (landed := self._land(number, copy))]
                if in_order:
                    early.update((landed.number, landed) for landed in came)
                    came = []
                    while following in early:
                        came.append(early.pop(following))
                        following += 1
                more = more and self._send(waiting, len(early))
                if not more:
                    self._help_stragglers()
                yield came
                self.bar.show()
        finally:
            for flying in self.flying.values():
                for copy in flying.copies:
                    copy.cancel()

    @contextlib.contextmanager
    def stoppable(self) -> Iterator[None]:
        """Ctrl-C says how far the work came, and where it is kept."""
        try:
            yield
        except KeyboardInterrupt:
            kept = f", and {self.kept_in} has them" if self.kept_in else ""
            share = f"{self.bar.done:,} of {self.bar.total:,} sets ({self.bar.done / self.bar.total:.1%})"
            raise KeyboardInterrupt(f"stopped after {share}{kept}") from None

    def _scattered(self) -> Any:
        """The job where workers can reach it: with Dask one copy on all of them, since one that is lost takes its copy
        along."""
        executor = self.workers.executor
        return executor.scatter(self.job, broadcast=True, hash=False) if hasattr(executor, "scatter") else self.job

    def _all_landed(self) -> list[tuple[int, Future[Any]]]:
        """The units that have come back, after a while at most."""
        came = []
        with contextlib.suppress(queue.Empty):
            came.append(self.landed.get(timeout=0.1))
            while True:
                came.append(self.landed.get_nowait())
        return came

    def _send(self, waiting: Iterator[tuple[int, Any]], held: int) -> bool:
        """Fill the room there is; whether more may be waiting."""
        while len(self.flying) + held < _IN_FLIGHT * self.workers.size or not self.flying:
            following = next(waiting, None)
            if following is None:
                return False
            self.flying[following[0]] = _Flying(following[1])
            self._submit(following[0])
        return True

    def _submit(self, number: int) -> None:
        flying = self.flying[number]
        flying.since = time.monotonic()
        try:
            copy = self.workers.executor.submit(
                _do, self.shared, flying.unit, self.sent(flying.unit), **self.workers.options
            )
        except HoiError:
            raise
        except Exception as error:
            raise self._broken(error) from error
        flying.copies.append(copy)
        copy.add_done_callback(lambda future, number=number: self.landed.put((number, future)))

    def _land(self, number: int, copy: Future[Any]) -> Landed | None:
        """What a unit gave; or it is sent again if it failed."""
        flying = self.flying.get(number)
        if flying is None:
            return None  # another copy was faster
        try:
            if (error := copy.exception()) is not None:
                raise error
            answer, seconds = copy.result()  # which can be lost with its worker, too
        except (HoiError, KeyboardInterrupt):
            raise
        except BaseException as error:  # a cancelled future is no Exception everywhere
            flying.copies = [other for other in flying.copies if other is not copy]
            if flying.copies:
                return None
            if flying.tries >= _RETRIES:
                raise self._broken(error) from error
            flying.tries += 1
            self.shared = self._scattered()  # the copies may be lost with their workers
            self._submit(number)
            return None
        del self.flying[number]
        for other in flying.copies:
            other.cancel()
        self.seconds.append(seconds)
        return Landed(number, flying.unit, answer, seconds)

    def _help_stragglers(self) -> None:
        """Send a unit that is late a second time, where a worker has nothing to do. The first answer counts."""
        if self.workers.own or not self.seconds:
            return
        free = self.workers.size - sum(len(flying.copies) for flying in self.flying.values())
        late = time.monotonic() - max(_LATE * statistics.median(self.seconds), _LATE_SECONDS)
        for number, flying in self.flying.items():
            if free > 0 and len(flying.copies) == 1 and flying.since < late:
                self._submit(number)
                free -= 1

    def _broken(self, error: BaseException) -> HoiError:
        kept = (
            f"What was done is in {self.kept_in}: the same call with a new executor goes on from there."
            if self.kept_in
            else "A new executor is needed; where there is checkpoint=..., nothing is done twice."
        )
        return HoiError(
            f"the executor failed after {self.bar.done:,} of {self.bar.total:,} sets "
            f"({type(error).__name__}: {error}). {kept}"
        )


def answers(job: Job, units: Iterator[Any], executor: Any, total: int) -> Iterator[Landed]:
    """What each unit gives, in their order, in this thread or on an executor; `total` sets in all."""
    if executor is None:
        made = job.open()
        for number, unit in enumerate(units):
            yield Landed(number, unit, job.do(made, unit, None, lambda sets: None), 0.0)
        return
    with crew(executor, 1) as workers, Progress(total, False) as bar:
        for came in Flight(job, workers, bar).go(enumerate(units), in_order=True):
            yield from came


def size_of(executor: Executor | Any) -> int:
    """How many units an executor works on at once, as far as it says."""
    if hasattr(executor, "ncores"):
        return max(1, sum(executor.ncores().values()))
    return max(1, getattr(executor, "_max_workers", None) or os.cpu_count() or 1)


def unit_sets(evaluator: Evaluator, orders: tuple[int, int], total: int, n_workers: int) -> int:
    """Sets in a unit, from the rate measured here."""
    if evaluator.unit_sets is not None:
        return evaluator.unit_sets
    rate = sets_per_second(evaluator, orders)
    return max(1, min(int(rate * unit_seconds(total / rate, n_workers)), total))


def unit_seconds(seconds: float, n_workers: int) -> float:
    """How long a unit should take, of work that takes one worker so many seconds.

    Each worker gets some units, so that all end together, but never so many that the caller would take longer for all
    of them than a worker for one: then fewer, longer units are done sooner, if not by all workers.
    """
    longest = max(_UNIT_SECONDS, _SECONDS_PER_WORKER * n_workers)
    shortest = min(math.sqrt(seconds * _CALLER_SECONDS), _CALLER_SECONDS * n_workers)
    return max(min(longest, seconds / (UNITS_PER_WORKER * n_workers)), shortest)
