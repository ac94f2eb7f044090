"""How often tabu search finds the best set: 26 instances whose optimum an exhaustive search knows, many seeds each.

    python -m benchmarks.tabu [--seeds 20] [--restarts 20]

Each instance is a correlation matrix, an order and an end. Writes `results/tabu-<cpu>-<date>.json`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

import hoi
from benchmarks import machine

RESULTS = Path(__file__).parent / "results"
INSTANCES = [
    ("fmri", (6, 8, 10)),
    ("cancer", (6, 8)),
    ("random 40", (6, 8)),
    ("factors 60", (6,)),
    ("fmri x 3 lags", (5, 6)),
    ("noise 60", (5, 6)),
    ("planted 60", (6,)),
]


def system(name: str) -> hoi.GaussianSystem:
    """The data of an instance: recordings that are shipped, their lags, and systems drawn with fixed seeds."""
    fmri = hoi.datasets.load_fmri().to_numpy()
    rng = np.random.default_rng(60)
    if name == "fmri":
        return hoi.GaussianSystem.from_data(fmri)
    if name == "fmri x 3 lags":
        return hoi.GaussianSystem.from_data(np.hstack([fmri[i : len(fmri) - 2 + i] for i in range(3)]))
    if name == "cancer":
        return hoi.GaussianSystem.from_data(hoi.datasets.load_breast_cancer())
    if name == "random 40":
        return hoi.GaussianSystem.from_covariance(hoi.simulate.random_covariance(40, seed=40).covariance)
    if name == "factors 60":
        loadings = 0.6 * rng.standard_normal((6, 60))
        X = rng.standard_normal((1000, 6)) @ loadings + rng.standard_normal((1000, 60))
        return hoi.GaussianSystem.from_data(X)
    if name == "noise 60":
        return hoi.GaussianSystem.from_data(rng.standard_normal((1000, 60)))
    planted = hoi.simulate.planted(60, n_synergy=6, n_redundancy=6, noise=1.0, loading=0.6, background=0.1, seed=60)
    return hoi.GaussianSystem.from_data(planted.sample(1000, seed=1))


def run(seeds: int, restarts: int) -> list[dict[str, object]]:
    """One row for each instance: how often the best was found, how many of the ten best, and the time of a search."""
    rows = []
    for name, orders in INSTANCES:
        data = system(name)
        for order in orders:
            exact = hoi.search(data, order, progress=False, backend="numba")
            for end in ("lowest", "highest"):
                best = exact[exact.extreme == end]
                options = {"which": end, "method": "tabu", "n_restarts": restarts, "backend": "numba"}
                found, recall, seconds = 0, [], []
                for seed in range(seeds):
                    began = time.process_time()
                    some = hoi.search(data, order, seed=seed, progress=False, **options)
                    seconds.append(time.process_time() - began)
                    found += some.members[0] == best.members[0]
                    recall.append(len(set(some.members) & set(best.members)) / len(best))
                rows.append(
                    {"data": name, "order": order, "end": end, "sets": exact.settings["evaluated"], "found": found,
                     "of": seeds, "recall": float(np.mean(recall)), "seconds": float(np.median(seconds))}
                )  # fmt: skip
                print(rows[-1], flush=True)
    return rows


def large() -> list[dict[str, object]]:
    """A planted set of ten in a thousand variables, which nobody can enumerate: 2.6e23 sets."""
    planted = hoi.simulate.planted(1000, n_synergy=10, n_redundancy=10, noise=1.0, loading=0.6, background=0.1, seed=1)
    data = hoi.GaussianSystem.from_data(planted.sample(1000, seed=1))
    parts = {label: tuple(sorted(columns)) for label, columns, _ in planted.parts}
    rows = []
    for end, label in (("lowest", "synergy"), ("highest", "redundancy")):
        began = time.process_time()
        some = hoi.search(data, 10, which=end, n_best=1, method="tabu", backend="numba", progress=False)
        rows.append({"n": 1000, "order": 10, "end": end, "found": some.members[0] == parts[label],
                     "hits": int(some.hits[0]), "seconds": time.process_time() - began})  # fmt: skip
        print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--restarts", type=int, default=20)
    options = parser.parse_args()
    hoi.search(system("noise 60"), 4, method="tabu", backend="numba", n_restarts=1)  # compiles
    rows = run(options.seeds, options.restarts)
    found, of = sum(row["found"] for row in rows), sum(row["of"] for row in rows)
    about = machine.describe()
    answer = {"machine": about, "restarts": options.restarts, "found": found, "of": of, "instances": rows,
              "large": large()}  # fmt: skip
    path = RESULTS / f"tabu-{machine.slug(about)}.json"
    path.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    print(f"{found} of {of} searches found the best set; written: {path}")


if __name__ == "__main__":
    main()
