"""A search on a cluster that is not there: what 10 to 10 000 workers would do with the units of a large search.

    python -m benchmarks.cluster

Measured here: the rate of one core, how much the times of units scatter, and what a unit costs the process that sends
and merges units and writes the checkpoint. Simulated with these: workers that take one unit after the other and have a
second one waiting, a caller that serves one result at a time, workers that are lost once in `LIFETIME` hours on average
with the units they hold, and slow ones. Writes `results/cluster-<cpu>-<date>.json`.
"""

from __future__ import annotations

import heapq
import json
import math
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

import hoi
from benchmarks import machine
from hoi._engine import executors

RESULTS = Path(__file__).parent / "results"
TABLE = Path(__file__).with_name("cluster.md")
WORKERS = (10, 100, 1000, 10_000)
SHAPES = ((200, 7),)
LIFETIME = 24.0  # hours that a worker lives, on average; a new one takes its place after a minute
SLOW, HOW_SLOW = 0.02, 3.0  # share of units that a busy machine makes that many times slower
STUCK, HOW_STUCK = 1e-4, 50.0  # share of units on a machine that all but hangs
BYTES_OF_FLOORS, BYTES_OF_PART = 300, 3000  # of a unit that is sent, and of its 20 sets that come back, pickled


class Inline:
    """An executor that runs what it is given at once and counts the time of it."""

    def __init__(self) -> None:
        self.times: list[float] = []  # of the processor, which others on the machine do not stretch
        self.wall = 0.0

    def submit(self, function: Any, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        began, wall = time.thread_time(), time.perf_counter()
        result = function(*arguments)
        self.times.append(time.thread_time() - began)
        self.wall += time.perf_counter() - wall
        future.set_result(result)
        return future


def measured() -> dict[str, float]:
    """Sets a second of one core, standard deviation of the logarithm of unit times, and the caller's cost of a unit."""
    X = np.random.default_rng(0).standard_normal((1000, 100))
    rate = hoi.plan(X, 5, backend="numba").rate
    inline = Inline()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        original, executors.unit_sets = executors.unit_sets, lambda *_: 200_000
        try:
            hoi.search(
                X, 5, backend="numba", executor=inline, checkpoint=Path(folder) / "run.sqlite", progress=False
            )
        finally:
            executors.unit_sets = original
        whole = time.perf_counter() - began
    times = np.array(inline.times[5:])
    return {
        "rate": rate,
        "spread": float(np.std(np.log(times))),
        "caller_seconds": (whole - inline.wall) / len(inline.times),
    }


def simulated(
    total: int, n_workers: int, unit_seconds: float, of: dict[str, float], seed: int, fan_in: int = 1,
    helped: bool = True,
) -> dict[str, float]:
    """One search: events in the order of time, until every unit is merged.

    With a `fan_in`, that many units are merged by workers before they reach the caller (a tree of one level), which
    then has as many times less to do. `helped`: a unit that takes more than three times as long as usual is given to a
    second worker at the end, where workers have nothing to do.
    """
    rng = np.random.default_rng(seed)
    n_units = max(executors.UNITS_PER_WORKER * n_workers, math.ceil(total / (of["rate"] * unit_seconds)))
    exact = total / of["rate"] / n_units
    todo, lost, merged = n_units, 0, 0
    free_caller = 0.0
    events: list[tuple[float, int, float]] = []

    def duration() -> float:
        slow = HOW_SLOW if rng.random() < SLOW else 1.0
        if rng.random() < STUCK:
            slow = HOW_STUCK
        return exact * float(np.exp(rng.normal(-of["spread"] ** 2 / 2, of["spread"]))) * slow

    def send(at: float, worker: int) -> None:
        end = at + duration()
        # late by three units' time it is sent again, and done in one
        heapq.heappush(events, (min(end, at + 4 * exact) if helped and not todo else end, worker, at))

    for worker in range(min(n_workers, todo)):
        todo -= 1
        send(0.0, worker)
    now = 0.0
    waiting = 0  # units that came back and whose worker has gone on with the one that waited
    while events:
        now, worker, _ = heapq.heappop(events)
        if rng.random() < exact / (LIFETIME * 3600):  # lost in the middle, with what it held
            lost += 1
            send(now + 60, worker)
            continue
        free_caller = max(free_caller, now) + of["caller_seconds"] / fan_in
        merged += 1
        if todo:
            todo -= 1
            # the second unit of the worker covers the caller's time, unless the caller is behind by more than that
            start = max(now, free_caller - exact)
            waiting += start > now
            send(start, worker)
            if helped and not todo:  # from now on there are workers with nothing to do
                events = [(min(end, max(now, at + 3 * exact) + exact), w, at) for end, w, at in events]
                heapq.heapify(events)
    seconds = max(now, free_caller)
    return {
        "workers": n_workers, "unit_seconds": exact, "units": n_units, "seconds": seconds, "lost_units": lost,
        "efficiency": total / of["rate"] / n_workers / seconds, "waited": waiting,
        "bytes_per_second": merged * (BYTES_OF_FLOORS + BYTES_OF_PART) / seconds,
    }  # fmt: skip


def table(rows: list[dict[str, Any]], of: dict[str, float]) -> list[str]:
    """The rows as Markdown."""
    lines = [
        "# A search on a cluster, simulated", "",
        (
            f"By `python -m benchmarks.cluster`. Measured here: {of['rate']:.3g} sets a second of one core at order 5, "
            f"times of units that scatter by {of['spread']:.0%}, {1000 * of['caller_seconds']:.1f} ms of the caller "
            "for a unit that is sent, merged and written. Simulated: workers that are lost once a day, units that take "
            f"three times as long ({SLOW:.0%} of them) or fifty times ({STUCK:.0e})."
        ), "",
        "| search | workers | units | time to finish (h) | efficiency | traffic (kB/s) |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in rows:
        lines.append(
            f"| ({row['n']},{row['order']}), {row['rule']} | {row['workers']:,} | {row['units']:,} of "
            f"{row['unit_seconds']:.0f} s | {row['seconds'] / 3600:.2f} | {row['efficiency']:.1%} | "
            f"{row['bytes_per_second'] / 1000:.0f} |"
        )
    return [*lines, ""]


def main() -> None:
    of = measured()
    about = machine.describe()
    rows = []
    for n, order in SHAPES:
        total = math.comb(n, order)
        for n_workers in WORKERS:
            longer = executors.unit_seconds(n_workers)
            for rule, seconds, more in (
                ("4 s", 4.0, {}),
                ("4 s, merged in groups of 32 first", 4.0, {"fan_in": 32}),
                ("as hoi cuts, no second copy of late units", longer, {"helped": False}),
                ("as hoi cuts", longer, {}),
                ("as hoi cuts, merged in groups of 32 first", longer, {"fan_in": 32}),
            ):
                row = {"n": n, "order": order, "sets": total, "rule": rule}
                row |= simulated(total, n_workers, seconds, of, 0, **more)
                rows.append(row)
                print({key: float(f"{v:.4g}") if isinstance(v, float) else v for key, v in row.items()}, flush=True)
    TABLE.write_text("\n".join(table(rows, of)), encoding="utf-8")
    path = RESULTS / f"cluster-{machine.slug(about)}.json"
    path.write_text(json.dumps({"machine": about, "measured": of, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
