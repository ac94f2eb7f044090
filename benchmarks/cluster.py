"""A search on a cluster that is not there: what 10 to 10 000 workers would do with the units of a large search.

    python -m benchmarks.cluster

Measured here: the rate of one core, how much the times of units scatter, and what the process that calls takes to send
a unit (pickled, with all it needs, as to a process or by MPI), to merge what came back, and to commit it to the
checkpoint. Simulated with these: workers that have one unit and a second one waiting, a caller that serves all that has
landed at once, workers that are lost once in `LIFETIME` hours on average with the unit they work on, and slow ones. The
median of three. Writes `results/cluster-<cpu>-<date>.json`, and `cluster.md`.
"""

from __future__ import annotations

import heapq
import json
import math
import pickle
import tempfile
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np

import hoi
from benchmarks import machine
from hoi._api.planning import in_words
from hoi._engine import executors
from hoi._engine.checkpoint import Checkpoint

RESULTS = Path(__file__).parent / "results"
TABLE = Path(__file__).with_name("cluster.md")
WORKERS = (10, 100, 1000, 10_000)
VARIABLES, ORDERS = 200, (7, 9)
LIFETIME = 24.0  # hours that a worker lives, on average; a new one takes its place after a minute
SLOW, HOW_SLOW = 0.02, 3.0  # share of units that a busy machine makes that many times slower
STUCK, HOW_STUCK = 1e-4, 50.0  # share of units on a machine that all but hangs
COPIED, COPIED_SECONDS = executors._LATE, executors._LATE_SECONDS  # when a late unit goes to a second worker


class Inline:
    """An executor that runs what it is given at once, as another process would get it, and counts the time of it."""

    def __init__(self, workers: int) -> None:
        self._max_workers = workers
        self.times: list[float] = []  # of the processor, which others on the machine do not stretch
        self.bytes = 0

    def submit(self, function: Any, *arguments: Any) -> Future[Any]:
        future: Future[Any] = Future()
        job, *rest = arguments
        unit = pickle.loads(pickle.dumps(rest))
        pickle.loads(pickle.dumps(job))  # which a process has already
        began = time.thread_time()
        result = function(job, *unit)
        self.times.append(time.thread_time() - began)
        sent = pickle.dumps(result)
        self.bytes += len(pickle.dumps(rest)) + len(sent)
        future.set_result(pickle.loads(sent))
        return future


def measured() -> dict[str, float]:
    """Scatter of the logarithm of unit times; what a unit, and a commit, cost the caller; bytes of a unit."""
    X = np.random.default_rng(0).standard_normal((1000, VARIABLES))
    hoi.search(X, 5, backend="numba", progress=False, threads=1)  # compiles
    commits: list[float] = []
    original, put = executors.unit_sets, Checkpoint.put

    def timed_put(self: Checkpoint, done: list[Any]) -> None:
        began = time.perf_counter()
        put(self, done)
        commits.append(time.perf_counter() - began)

    try:
        executors.unit_sets, Checkpoint.put = lambda *_: 4_000_000, timed_put  # type: ignore[method-assign]
        with tempfile.TemporaryDirectory() as folder:
            inline, began = Inline(64), time.thread_time()
            hoi.search(X, 5, backend="numba", executor=inline, checkpoint=Path(folder) / "many", progress=False)
            spent = time.thread_time() - began - sum(inline.times)
            commits.clear()
            hoi.search(
                X[:, :90], 5, backend="numba", executor=Inline(1), checkpoint=Path(folder) / "few", progress=False
            )
    finally:
        executors.unit_sets, Checkpoint.put = original, put  # type: ignore[method-assign]
    times = np.array(inline.times[64:])
    return {
        "spread": float(np.std(np.log(times))),
        "caller_seconds": spent / len(inline.times),
        "commit_seconds": float(np.median(commits)),
        "bytes": inline.bytes / len(inline.times),
    }


def simulated(
    seconds: float, n_workers: int, of: dict[str, float], seed: int, fan_in: int = 1, helped: bool = True
) -> dict[str, float]:
    """One search that takes one core so many seconds: events in the order of time, until every unit is merged.

    With a `fan_in`, that many units are merged by workers before they reach the caller (a tree of one level), which
    then has as many times less to merge. `helped`: late units go to a second worker, where one has nothing to do.
    """
    rng = np.random.default_rng(seed)
    n_units = math.ceil(seconds / executors.unit_seconds(seconds, n_workers))
    exact = seconds / n_units
    todo, lost, caller = n_units, 0, 0.0
    busy = [0.0] * n_workers
    flying: list[tuple[float, int, float]] = []  # when it ends, its worker, when it was sent

    def duration() -> float:
        drawn = rng.random()
        slow = HOW_STUCK if drawn < STUCK else HOW_SLOW if drawn < STUCK + SLOW else 1.0
        return exact * float(np.exp(rng.normal(-(of["spread"] ** 2) / 2, of["spread"]))) * slow

    def send(worker: int, at: float) -> None:
        busy[worker] = max(at, busy[worker]) + duration()
        heapq.heappush(flying, (busy[worker], worker, at))

    for worker in [*range(n_workers), *range(n_workers)][:n_units]:
        todo -= 1
        caller += of["caller_seconds"] / 2
        send(worker, caller)
    while flying:
        begin = max(flying[0][0], caller)
        landed = []
        while flying and flying[0][0] <= begin:
            landed.append(heapq.heappop(flying))
        caller = begin + of["commit_seconds"] + of["caller_seconds"] * len(landed) / fan_in
        for end, worker, _ in landed:
            if rng.random() < exact / (LIFETIME * 3600):
                lost += 1
                busy[worker] = end + 60
                send(int(np.argmin(busy)), caller)
            elif todo:
                todo -= 1
                send(worker, caller)
        if helped and not todo and len(flying) < n_workers:
            helped = False  # what is late from now on is known, since nothing is sent any more
            wait = max(COPIED * exact, COPIED_SECONDS)
            flying = [(min(end, max(caller, sent + wait) + duration()), w, sent) for end, w, sent in flying]
            heapq.heapify(flying)
    return {
        "workers": n_workers, "unit_seconds": exact, "units": n_units, "seconds": caller, "lost_units": lost,
        "efficiency": seconds / n_workers / caller, "bytes_per_second": n_units * of["bytes"] / caller,
    }  # fmt: skip


def table(rows: list[dict[str, Any]], of: dict[str, float]) -> list[str]:
    """The rows as Markdown."""
    rates = " and ".join(dict.fromkeys(f"{row['rate']:.3g} ({VARIABLES},{row['order']})" for row in rows))
    lines = [
        "# A search on a cluster, simulated", "",
        (
            f"By `python -m benchmarks.cluster`. Measured here: {rates} sets a second of one core, times of units "
            f"that scatter by {of['spread']:.0%}, {1000 * of['caller_seconds']:.2f} ms of the caller for a unit that "
            f"is sent and merged, {1000 * of['commit_seconds']:.0f} ms for a commit of all that has landed. "
            f"Simulated, the median of three: workers that are lost once a day, units that take three times as long "
            f"({SLOW:.0%} of them) or fifty times ({STUCK:.0e})."
        ), "",
        "| search | workers | units | time to finish | at best | efficiency | traffic (kB/s) |",
        "|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in rows:
        best = row["seconds"] * row["efficiency"]
        lines.append(
            f"| ({VARIABLES},{row['order']}), {row['rule']} | {row['workers']:,} | {row['units']:,} of "
            f"{row['unit_seconds']:.3g} s | {in_words(row['seconds'])} | {in_words(best)} | {row['efficiency']:.1%} | "
            f"{row['bytes_per_second'] / 1000:.0f} |"
        )
    return [*lines, ""]


def main() -> None:
    of = measured()
    about = machine.describe()
    rows = []
    X = np.random.default_rng(0).standard_normal((1000, VARIABLES))
    for order in ORDERS:
        sets, rate = math.comb(VARIABLES, order), hoi.plan(X, order, backend="numba").rate
        for n_workers in WORKERS:
            for rule, more in (
                ("as hoi does", {}),
                ("no second copies", {"helped": False}),
                ("merged in groups of 32 first", {"fan_in": 32}),
            ):
                row = {"order": order, "sets": sets, "rate": rate, "rule": rule}
                runs = [simulated(sets / rate, n_workers, of, seed, **more) for seed in range(3)]
                row |= sorted(runs, key=lambda run: run["seconds"])[1]
                rows.append(row)
                print({key: float(f"{v:.4g}") if isinstance(v, float) else v for key, v in row.items()}, flush=True)
    TABLE.write_text("\n".join(table(rows, of)), encoding="utf-8")
    path = RESULTS / f"cluster-{machine.slug(about)}.json"
    path.write_text(json.dumps({"machine": about, "measured": of, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {path}")


if __name__ == "__main__":
    main()
