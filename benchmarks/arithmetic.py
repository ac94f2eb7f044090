"""The arithmetic limit of the machine, and the flops one set costs in the amortised sweep.

The flop count is that of the sweep as docs and DESIGN describe it: a product-sum counts two, a product, a
sum or a comparison one, a division one. For a prefix of m members with t later variables:

- state from the parent prefix: p_j 2 (m - 1), r_xy / s_x t, u_jy 2 (m - 1) t, s_y 2 t, and r_yz t (t - 1)
  for the pairs of later variables, which the last prefix of a set does not need;
- values of the t sets it closes: det s_y 1, 1 / s_y 1, (p_j + u_jy^2 / s_y) and its product 4 m, the power of
  det and the two comparisons 4, each times t.

A kernel may do fewer (it may skip p_j or stop early) or more; the count is a common yardstick.
"""

from __future__ import annotations

import time
from math import comb

import numpy as np

from benchmarks.cases import Case


def sweep_flops(case: Case) -> float:
    """Flops of the whole search, every prefix built once and shared by all its sets."""
    total = 0
    for last in range(case.n_variables - 1):
        t = case.n_variables - 1 - last
        for m in range(1, case.high):
            state = 2 * (m - 1) + t + 2 * (m - 1) * t + 2 * t
            if m < case.high - 1:
                state += t * (t - 1)
            values = t * (4 * m + 6) if m >= case.low - 1 else 0
            total += comb(last, m - 1) * (state + values)
    return float(total * case.n_datasets)


def flops_per_set(case: Case) -> float:
    return sweep_flops(case) / case.n_sets


def fma_rate(repeats: int = 5) -> dict[str, float]:
    """Measured float64 limit of one core, in flops per second: chains of product-sums in registers (numba).

    `dgemm` is the library's matrix product on one thread, as a check on the first.
    """
    import numba
    import threadpoolctl

    @numba.njit(fastmath={"contract"}, error_model="numpy")
    def chains(n, A, a, b):
        for _ in range(n):
            for j in range(A.shape[1]):
                x0, x1, x2, x3 = A[0, j], A[1, j], A[2, j], A[3, j]
                for _ in range(32):
                    x0, x1, x2, x3 = x0 * a + b, x1 * a + b, x2 * a + b, x3 * a + b
                A[0, j], A[1, j], A[2, j], A[3, j] = x0, x1, x2, x3

    A = np.random.default_rng(0).random((4, 256))
    chains(1, A, 0.5, 0.5)
    n = 10_000
    fma = max(n * 256 * 4 * 32 * 2 / _seconds(lambda: chains(n, A, 0.999, 1.0)) for _ in range(repeats))

    B = np.random.default_rng(0).random((1200, 1200))
    with threadpoolctl.threadpool_limits(1):
        _ = B @ B
        dgemm = max(2 * 1200**3 / _seconds(lambda: B @ B) for _ in range(repeats))
    return {"numba_fma_per_core": fma, "dgemm_per_core": dgemm}


def _seconds(call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    from benchmarks.cases import PEER_CASES

    for name, rate in fma_rate().items():
        print(f"{name:20s} {rate / 1e9:6.1f} Gflop/s")
    for case in PEER_CASES:
        print(f"{case.label:12s} {flops_per_set(case):8.1f} flops per set of the sweep")
