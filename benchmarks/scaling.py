"""How a search grows with variables, order, threads and datasets: `python -m benchmarks.scaling`.

Each point is the fastest of a few whole calls of `hoi.search`, transform included, whose rows have been
compared with the slow reference. `python -m benchmarks.plots` draws the result.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

import hoi
from benchmarks import arithmetic, cases, machine
from tests import reference

RESULTS = Path(__file__).parent / "results"


def series(cores: int) -> dict[str, list[tuple[cases.Case, int]]]:
    """Name of the axis -> (case, threads) for each point."""
    def points(shapes, threads=cores):
        return [(cases.Case(f"n{n}k{k}", n, k, k), threads) for n, k in shapes]

    datasets = [
        (cases.Case(f"n20k3x{d}", 20, 3, 3, n_samples=200, n_datasets=d), cores) for d in (1, 10, 100, 1000)
    ]
    threads = sorted({1, 2, 4, 8, 16, 32, cores} & set(range(1, cores + 1)))
    return {
        "variables, k = 3": points([(n, 3) for n in (20, 50, 100, 200, 400, 800)]),
        "variables, k = 5": points([(n, 5) for n in (20, 30, 40, 60, 80, 100)]),
        "order, n = 25": points([(25, k) for k in range(2, 25)]),
        "order, n = 40": points([(40, k) for k in range(2, 9)]),
        "threads, (100, 5)": [(cases.WIDE, t) for t in threads],
        "threads, (40, 8)": [(cases.HIGH, t) for t in threads],
        "datasets, (20, 3)": datasets,
    }


def measure(case: cases.Case, threads: int, seconds: float, backend: str) -> dict[str, object]:
    """Check the rows of a first call (which also compiles), then time."""
    X = case.data()

    def search():
        return hoi.search(X, case.order, backend=backend, threads=threads, progress=False)

    found = search()
    table = X if X.ndim == 2 else X[0]
    rows = range(min(5, len(found)))
    C = reference.peers_covariance(table)
    want = [reference.value("oinfo", C, found.members[i], len(table)) for i in rows]
    np.testing.assert_allclose(found.oinfo[: len(rows)], want, rtol=0, atol=1e-9)
    spent: list[float] = []
    while len(spent) < 2 or sum(spent) < seconds:
        start = time.perf_counter()
        search()
        spent.append(time.perf_counter() - start)
    return {
        "n_variables": case.n_variables, "order": case.low, "n_datasets": case.n_datasets, "threads": threads,
        "n_samples": case.n_samples, "n_sets": case.n_sets, "seconds": min(spent),
        "rate": case.n_sets / min(spent), "flops_per_set": arithmetic.flops_per_set(case),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/scaling-<cpu>-<date>.json")
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each point")
    parser.add_argument("--backend", default="numba")
    args = parser.parse_args()
    about = machine.describe()
    report = {
        "kind": "scaling", "backend": args.backend, "machine": about,
        "limit_flops_per_core": arithmetic.fma_rate(), "series": {},
    }
    for name, points in series(about["cores"]).items():
        report["series"][name] = [measure(case, t, args.seconds, args.backend) for case, t in points]
        print(name, *(f"{point['rate']:.2g}" for point in report["series"][name]), flush=True)
    report["load_at_end"] = list(os.getloadavg())
    out = args.out or RESULTS / f"scaling-{machine.slug(about)}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(report, indent=1) + "\n")
    print(f"wrote {out.name}")


if __name__ == "__main__":
    main()
