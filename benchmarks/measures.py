"""Rates of searches given columns and about targets, and of local values, beside the published tools, values first.

    python -m benchmarks.measures

One thread each, processor time of whole calls, the least of three. Writes `results/measures-<cpu>-<date>.json` and
prints the table of `README.md`. The tools run in environments of their own (`python -m benchmarks.peers.environments`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
ABOUT = {"information": "InfoTot", "rsi": "RSI", "gradient": "GradientOinfo"}
N_SAMPLES, N_SETS = 1000, 4000


def seconds(call: Callable[..., object], *arguments: object, **options: object) -> float:
    """Least processor time of the process for three calls, after one that compiles."""
    call(*arguments, **options)
    spent = []
    for _ in range(3):
        began = time.process_time()
        call(*arguments, **options)
        spent.append(time.process_time() - began)
    return min(spent)


def by_jax(X: np.ndarray) -> dict[str, object]:
    """That tool about the last column, all sets of 4: values of few columns, and the rate between two sizes."""
    from hoi import metrics

    found: dict[str, object] = {}
    for measure, name in ABOUT.items():

        def fit(n: int, name: str = name) -> np.ndarray:
            model = getattr(metrics, name)(X[:, :n], X[:, -1], verbose=False)
            return np.asarray(model.fit(minsize=4, maxsize=4, method="gc")).ravel()

        small, large = 12, 26
        rate = (comb(large, 4) - comb(small, 4)) / (seconds(fit, large) - seconds(fit, small))
        found[measure] = {"values": fit(8).tolist(), "rate": rate}
    return found


def by_thoi(X: np.ndarray, sets: np.ndarray) -> dict[str, object]:
    """All four local measures of given sets in one call, at the best of some batch sizes."""
    from thoi.measures.gaussian_copula_local import local_nplets_measures

    rates = [
        len(sets) / seconds(local_nplets_measures, X, sets, batch_size=batch) for batch in (50, 200, 1000)
    ]
    few = np.asarray(local_nplets_measures(X, sets[:20]))
    return {"values": few.reshape(20, len(X), 4)[..., 2].mean(axis=1).tolist(), "rate": max(rates)}


def peer(tool: str, **arrays: np.ndarray) -> dict[str, dict[str, object]]:
    """What this file gives in the environment of a tool."""
    from benchmarks.peers.environments import build, python

    build()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "arrays.npz", **arrays)
        run = subprocess.run(
            [python(tool), __file__, tool, str(Path(folder) / "arrays.npz")],
            check=True, capture_output=True, text=True, env=environment,
        )  # fmt: skip
    return json.loads(run.stdout.splitlines()[-1])


def main() -> None:
    import hoi
    import reference
    from benchmarks import cases, machine

    rows: list[dict[str, object]] = []

    def row(what: str, rate: float, against: str = "", other: float = 0.0) -> None:
        rows.append({"what": what, "sets_per_second": rate, "against": against, "other": other})
        ratio = f"{rate / other:.3g}" if other else ""
        print(f"| {what} | {rate:.3g} | {against} {f'{other:.3g}' if other else ''} | {ratio} |", flush=True)

    about = machine.describe()
    one = {"threads": 1, "progress": False, "backend": "numba"}

    # given columns: the same number of sets, conditional and not
    X = cases.factor_data(N_SAMPLES, 104, seed=5)
    few = X[:, :9]
    h = reference.conditional(reference.entropies(reference.peers_covariance(few), N_SAMPLES), (7, 8))
    found = hoi.search(few, 4, given=(7, 8), n_best=3, **one)
    want = reference.best(
        [(reference.oinfo(h, reference.singles(S)), S) for S in combinations(range(7), 4)], "both", 3
    )
    assert found.members == [S for _, _, S in want]
    for n, k in ((100, 4), (100, 5), (40, 8)):
        plain = hoi.GaussianSystem.from_data(X[:, :n])
        wide = hoi.GaussianSystem.from_data(X[:, : n + 2])
        rate = comb(n, k) / seconds(hoi.search, plain, k, **one)
        given = comb(n, k) / seconds(hoi.search, wide, k, given=(n, n + 1), **one)
        row(f"O-information given two columns ({n},{k})", given, "not given", rate)

    # about a target
    theirs = peer("jax-hoi", X=cases.factor_data(N_SAMPLES, 101, seed=2))
    X = cases.factor_data(N_SAMPLES, 101, seed=2)
    sets = list(combinations(range(8), 4))
    for measure in ABOUT:
        corrected = measure == "gradient"  # that tool corrects entropies, and no mutual information
        ours = getattr(hoi, measure)(X, sets, target=100, units="bits", bias_correction=corrected)
        np.testing.assert_allclose(theirs[measure]["values"], ours, rtol=0, atol=1e-3)
        rate = comb(100, 4) / seconds(hoi.search, X, 4, measure=measure, target=100, **one)
        row(f"{measure} about a target (100,4)", rate, f"JAX tool, {ABOUT[measure]}", theirs[measure]["rate"])
    groups = [(3 * i, 3 * i + 1, 3 * i + 2) for i in range(33)]
    system = hoi.GaussianSystem.from_data(X)
    for measure in ("information", "gradient"):
        options = {"measure": measure, "target": 100, "groups": groups, "progress": False}
        fast, slow = (hoi.search(system, 3, backend=b, **options) for b in ("numba", "numpy"))
        assert fast.members == slow.members
        rates = [
            comb(33, 4) / seconds(hoi.search, system, 4, backend=b, threads=1, **options) for b in ("numba", "numpy")
        ]
        row(f"{measure} of 33 groups of three, order 4", rates[0], "numpy, set by set", rates[1])

    # rates of processes, from the spectra of an autoregression
    angles = 2 * np.pi * np.arange(65) / 65
    A = 0.4 * np.eye(20) + 0.3 / np.sqrt(20) * np.random.default_rng(6).standard_normal((20, 20))
    transfer = np.linalg.inv(np.eye(20) - A * np.exp(-1j * angles)[:, None, None])
    system = hoi.GaussianSystem.from_spectra(transfer @ transfer.conj().swapaxes(1, 2))
    options = {"threads": 1, "progress": False}
    fast, slow = (hoi.search(system, 4, backend=b, **options) for b in ("numba", "numpy"))
    assert fast.members == slow.members and fast.settings["walk"] == ["groups"]
    rates = [comb(20, 4) / seconds(hoi.search, system, 4, backend=b, **options) for b in ("numba", "numpy")]
    row("O-information rate of 20 processes, 65 frequencies, order 4", rates[0], "numpy, set by set", rates[1])

    # local values of given sets
    X = cases.factor_data(N_SAMPLES, 40, seed=3)
    sets = np.array(cases.random_sets(40, 4, N_SETS))
    theirs = peer("thoi", X=X, sets=sets)
    options = {"bias_correction": False, "backend": "numba"}
    ours = hoi.local(X, sets[:20], **options)
    np.testing.assert_allclose(theirs["values"], ours.mean(axis=0), rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.mean(axis=0), hoi.oinfo(X, sets[:20], **options), rtol=0, atol=1e-10)
    each = [seconds(hoi.local, X, sets, measure=measure, **options) for measure in ("tc", "dtc", "oinfo", "sinfo")]
    all_four = sum(each)
    row("local values, all four measures, k = 4, 1000 samples", N_SETS / all_four, "THOI", theirs["rate"])
    row("local O-information alone", N_SETS / each[2], "THOI, all four", theirs["rate"])

    path = HERE / "results" / f"measures-{machine.slug(about)}.json"
    path.write_text(json.dumps({"machine": about, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    print(f"written: {path.relative_to(HERE.parent)}")


if __name__ == "__main__":
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    if len(sys.argv) > 1:
        with np.load(sys.argv[2]) as given_arrays:
            print(json.dumps({"jax-hoi": by_jax, "thoi": by_thoi}[sys.argv[1]](**given_arrays)))
    else:
        main()
