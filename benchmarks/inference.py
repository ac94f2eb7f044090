"""Processor time of tests and intervals, and two processes against one: `python -m benchmarks.inference`.

Values are checked first; one thread.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import hoi

SEEDS = {"threads": 1, "seed": 0}


def timed(what: str, call: Callable[[], hoi.Multiplets], times: int = 1) -> None:
    """Run once to compile, and print the best of two."""
    call()
    best = np.inf
    for _ in range(2):
        began = time.process_time()
        call()
        best = min(best, time.process_time() - began)
    print(f"{what:<60} {best / times:.4f} s")


def check() -> None:
    """A test has the rows and values of the search, and an interval those of the measures."""
    fmri = hoi.datasets.load_fmri()
    tested, found = hoi.permutation_test(fmri, 3, n_resamples=99, **SEEDS), hoi.search(fmri, 3)
    np.testing.assert_array_equal(tested.oinfo, found.oinfo)
    known = hoi.confidence_interval(fmri, found.members)
    np.testing.assert_allclose((known.low + known.high) / 2, found.oinfo)


def processes(X: np.ndarray) -> None:
    """A search on one process and on two, by the clock: with the load of the machine, which must be low."""
    seconds = {}
    wanted = hoi.search(X, 6, backend="numba", n_best=3)
    for number in (1, 2):
        with ProcessPoolExecutor(number, mp_context=multiprocessing.get_context("spawn")) as pool:
            hoi.search(X, 4, backend="numba", executor=pool)  # starts and compiles
            seconds[number] = np.inf
            for _ in range(2):
                began = time.perf_counter()
                found = hoi.search(X, 6, backend="numba", n_best=3, executor=pool)
                seconds[number] = min(seconds[number], time.perf_counter() - began)
                np.testing.assert_array_equal(found.oinfo, wanted.oinfo)
    load = os.getloadavg()[0]
    what = f"(140,6), one process {seconds[1]:.2f} s, two {seconds[2]:.2f} s, load {load:.1f}"
    print(f"{what:<60} {seconds[1] / seconds[2]:.2f} x")


def main() -> None:
    check()
    rng = np.random.default_rng(0)
    fmri = hoi.datasets.load_fmri()
    timed("fMRI recording, orders 3 to 5, 999 surrogates", lambda: hoi.permutation_test(fmri, (3, 5), **SEEDS))
    for n, k in ((100, 3), (60, 4)):
        X = rng.standard_normal((200, n))
        timed(f"({n},{k}), 999 surrogates", lambda X=X, k=k: hoi.permutation_test(X, k, **SEEDS))
    few = rng.standard_normal((250, 5))
    timed("interval of one set of 3, 250 samples", lambda: hoi.confidence_interval(few, [(0, 1, 2)] * 200), 200)
    A, B = rng.standard_normal((2, 20, 200, 60))
    timed("compare (60,4), 40 subjects, 1000 permutations", lambda: hoi.compare(A, B, 4, n_resamples=1000, seed=0))
    timed("(60,4), bias_correction='effective'", lambda: hoi.search(X, 4, bias_correction="effective", threads=1))
    processes(rng.standard_normal((1000, 140)))


if __name__ == "__main__":
    main()
