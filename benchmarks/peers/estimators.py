"""O-information by other estimators beside the published tools: `python -m benchmarks.peers.estimators`.

Values of the same sets are compared first; a difference stops the run. Rates are sets a second of processor time: ours
of whole searches on one thread, of the tools one set after the other, as they go. The JAX tool's neighbours are another
estimator (three Euclidean searches, and entropies below 0 set to 0), so that its values are compared with that.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import digamma, gammaln, ndtri
from scipy.stats import rankdata

import hoi
from benchmarks import cases, machine
from benchmarks.peers import environments
from benchmarks.peers.__main__ import RESULTS, Bench, Disagreement, say
from hoi.estimators import KNN, Discrete
from tests import reference

NEIGHBOURS = 3  # what the JAX tool takes
# nats; the JAX tool works in float32
TOLERANCE = {"hoi": 1e-10, "syntropy": 1e-10, "dit": 1e-10, "JAX": 2e-3}


@dataclass(frozen=True)
class Case:
    """A search, and two numbers of columns for the JAX tool, between which its rate is taken."""

    estimator: str
    states: int
    n_variables: int
    order: int
    columns: tuple[int, int]

    @property
    def label(self) -> str:
        kind = {0: "neighbours", 2: "binary", 4: "quaternary"}[self.states]
        return f"{kind} ({self.n_variables}, {self.order})"

    def data(self, samples: int = 1000) -> np.ndarray:
        rng = np.random.default_rng(self.order)
        if self.states:
            X = rng.integers(0, self.states, (samples, self.n_variables))
            X[:, 2] = (X[:, 0] + X[:, 1]) % self.states
            return X
        X = rng.standard_normal((samples, self.n_variables))
        X[:, 2] += X[:, 0] + X[:, 1]
        # normal scores as the estimator takes them, so that all tools have the same distances
        scores = ndtri(rankdata(X, axis=0) / (samples + 1))
        return (np.round(scores * 2.0**20) * 2.0**-20).astype(np.float32).astype(np.float64)


CASES = (
    Case("discrete", 2, 200, 3, (14, 24)), Case("discrete", 2, 100, 4, (10, 15)),
    Case("discrete", 4, 200, 3, (14, 24)), Case("discrete", 4, 100, 4, (10, 15)),
    Case("knn", 0, 25, 3, (4, 5)), Case("knn", 0, 20, 4, (5, 6)), Case("knn", 0, 16, 5, (6, 7)),
)  # fmt: skip


def counted(X: np.ndarray) -> Callable[[tuple[int, ...]], float]:
    """Entropies of the states that occur."""

    def h(columns: tuple[int, ...]) -> float:
        _, counts = np.unique(X[:, list(columns)], axis=0, return_counts=True)
        p = counts / counts.sum()
        return float(-(p * np.log(p)).sum())

    return h


def euclidean(X: np.ndarray) -> Callable[[tuple[int, ...]], float]:
    """Entropies by Kozachenko and Leonenko, at least 0."""

    def h(columns: tuple[int, ...]) -> float:
        some = X[:, list(columns)]
        n, d = some.shape
        far = np.sqrt(((some[:, None] - some[None]) ** 2).sum(axis=2))
        near = np.sort(far, axis=1)[:, NEIGHBOURS]
        ball = d / 2 * math.log(math.pi) - gammaln(1 + d / 2) - d * math.log(2)
        return max(0.0, float(digamma(n) - digamma(NEIGHBOURS) + ball + d * np.log(2 * near).mean()))

    return h


def ours(case: Case, X: np.ndarray, sets: list[list[int]]) -> dict:
    """Values of sets, and the rate of the whole search."""
    estimator = Discrete(None) if case.estimator == "discrete" else KNN(NEIGHBOURS)
    options = {"estimator": estimator, "backend": "numba"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.SparseWarning)
        values = hoi.oinfo(X, [tuple(members) for members in sets], **options).tolist()
        hoi.search(X[:, : case.order + 2], case.order, threads=1, progress=False, **options)  # compiles
        times = []
        while len(times) < 3:
            start = time.process_time()
            found = hoi.search(X, case.order, threads=1, progress=False, **options)
            times.append(time.process_time() - start)
    n_sets = found.settings["evaluated"]
    if n_sets != math.comb(case.n_variables, case.order):
        raise Disagreement(f"{case.label}: {n_sets} sets evaluated")
    return {"tool": "hoi", "values": values, "sets": n_sets, "seconds": times, "rate": n_sets / min(times)}


def measure(case: Case, bench: Bench, seconds: float) -> dict:
    """Everything about one search."""
    X = case.data()
    np.save(bench.folder / "table.npy", X)
    check = cases.random_sets(case.n_variables, case.order, 10).tolist()
    request = {
        "table": str(bench.folder / "table.npy"), "estimator": case.estimator, "neighbours": NEIGHBOURS, "check": check,
        "sets": cases.random_sets(case.n_variables, case.order, 200).tolist(), "order": case.order, "seconds": seconds,
        "columns": case.columns,
    }  # fmt: skip
    answers = [ours(case, X, check), bench.ask(environments.python("syntropy"), "in_syntropy.py", request)]
    if case.estimator == "discrete":
        answers.append(bench.ask(environments.python("dit"), "in_dit.py", request))
    answers.append(bench.ask(environments.python("jax-hoi"), "in_jax_estimators.py", request))

    def truth(h: Callable[[tuple[int, ...]], float]) -> np.ndarray:
        return np.array([reference.REFERENCE["oinfo"](h, [(v,) for v in members]) for members in check])

    exact = truth(counted(X)) if case.estimator == "discrete" else np.array(answers[1]["values"])
    row: dict = {"label": case.label, "estimator": case.estimator, "order": case.order, "agreement_nats": {}}
    for answer in answers:
        tool = answer["tool"]
        nats = tool == "hoi" or (tool, case.estimator) == ("syntropy", "knn")
        unit = 1.0 if nats else math.log(2)
        wanted = truth(euclidean(X)) if tool == "JAX" and case.estimator == "knn" else exact
        off = float(np.abs(np.array(answer.pop("values")) * unit - wanted).max())
        if not off <= TOLERANCE[tool]:
            raise Disagreement(f"{case.label}, {tool}: values differ by {off:.3g} nats")
        row["agreement_nats"][tool] = off
        row[tool] = answer
        ratio = row["hoi"]["rate"] / answer["rate"]
        say(f"{case.label}: {tool} {answer['rate']:.3g} sets/s, off by {off:.1g} nats, ratio {ratio:.0f}")
    return row


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.estimators", description=__doc__)
    parser.add_argument("--out", type=Path, help="default: benchmarks/results/estimators-<cpu>-<date>.json")
    parser.add_argument("--seconds", type=float, default=3.0, help="processor time for each tool and search")
    args = parser.parse_args()
    if environments.missing("syntropy", "dit", "jax-hoi"):
        parser.error("build the peers first: python -m benchmarks.peers.environments")
    about = machine.describe()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), args.seconds, about["cores"], "numba")
        rows = [measure(case, bench, args.seconds) for case in CASES]
    report = {"kind": "estimators", "machine": about, "n_samples": 1000, "neighbours": NEIGHBOURS, "cases": rows,
              "load_at_end": list(os.getloadavg())}  # fmt: skip
    out = args.out or RESULTS / f"estimators-{machine.slug(about)}.json"
    out.write_text(json.dumps(report, indent=1) + "\n")
    say(f"wrote {out.name}")


if __name__ == "__main__":
    sys.exit(main())
