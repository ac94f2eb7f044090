"""Error rates, power and coverage of the tests and intervals by simulation: `make calibrate` writes the table.

Every number is a share of simulated data sets, with the number of them beside it; the standard error of a share p of N
is sqrt(p (1 - p) / N), 0.022 for 0.05 of 100. `--factor 10` takes ten times as many.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from scipy.signal import lfilter

import hoi

TABLE = Path(__file__).with_name("calibration.md")
Make = Callable[[np.random.Generator], np.ndarray]


def autoregressive(phi: float, n_samples: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Independent columns x(t) = phi x(t - 1) + noise."""
    return lfilter([1], [1, -phi], rng.standard_normal((n_samples + 200, n)), axis=0)[200:]


def pairs(n_samples: int, n: int, number: int, rng: np.random.Generator) -> np.ndarray:
    """Pairs of columns with a correlation of 0.8, and columns on their own: every set of three has an O of 0."""
    X = rng.standard_normal((n_samples, n))
    X[:, 1 : 2 * number : 2] = 0.8 * X[:, 0 : 2 * number : 2] + 0.6 * X[:, 1 : 2 * number : 2]
    return X


def planted(phi: float, n_samples: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """One synergistic set, (0, 1, 2), among independent columns."""
    X = autoregressive(phi, n_samples, n, rng)
    X[:, 2] += 0.7 * (X[:, 0] + X[:, 1])
    return X


def share(make: Make, n_sets: int, reject: Callable[[np.ndarray, int], bool]) -> str:
    """Share of data sets that are rejected."""
    rng = np.random.default_rng(11)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)  # "permute" on series says that it is wrong
        count = sum(reject(make(rng), d) for d in range(n_sets))
    return f"{count / n_sets:.3f}"


def tests(n_sets: int) -> list[str]:
    """Family-wise error and power of the permutation test."""

    def any_set(order: object = 3, **options: object) -> Callable[[np.ndarray, int], bool]:
        def reject(X: np.ndarray, seed: int) -> bool:
            found = hoi.permutation_test(X, order, n_resamples=99, n_best=1, per_order=True, seed=seed, **options)
            return bool(found.pvalue.min() <= 0.05)

        return reject

    def the_set(**options: object) -> Callable[[np.ndarray, int], bool]:
        def reject(X: np.ndarray, seed: int) -> bool:
            found = hoi.permutation_test(X, 3, n_resamples=99, n_best=1, which="lowest", seed=seed, **options)
            return bool(found.members[0] == (0, 1, 2) and found.pvalue[0] <= 0.05)

        return reject

    lines = [
        "| data | orders | `shift` | `permute` | `phase` |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for phi in (0.0, 0.5, 0.9):
        cells = [
            share(lambda rng, phi=phi: autoregressive(phi, 200, 12, rng), n_sets, any_set(null=null))
            for null in ("shift", "permute", "phase")
        ]
        lines.append(f"| 12 independent columns, AR({phi:g}), 200 samples | 3 | {' | '.join(cells)} |")
    cell = share(lambda rng: autoregressive(0.5, 200, 10, rng), n_sets, any_set((3, 5), null="shift"))
    lines.append(f"| 10 independent columns, AR(0.5), 200 samples | 3 to 5 | {cell} | | |")
    few = max(1, n_sets // 2)
    lines += [
        "", "| data, 150 samples of 8 columns, order 3 | question | `shift` | `member` |", "|---|---|---|---|",
    ]  # fmt: skip
    for number in (1, 2, 4):
        cells = [
            share(lambda rng, m=number: pairs(150, 8, m, rng), few, any_set(null=null)) for null in ("shift", "member")
        ]
        what = "dependent pairs, O = 0 in every set | a set is called significant"
        lines.append(f"| {number} {what} | {' | '.join(cells)} |")
    for phi in (0.0, 0.7):
        cells = [
            share(lambda rng, phi=phi: planted(phi, 150, 8, rng), few, the_set(null=null))
            for null in ("shift", "member")
        ]
        lines.append(f"| one planted set, AR({phi:g}) | it is found and significant | {' | '.join(cells)} |")
    return lines


def coverage(n_sets: int) -> list[str]:
    """Share of intervals of 95 % that hold the true value, by influence functions."""
    systems = {
        "sum of two variables and noise": hoi.simulate.common_effect(2),
        "5 equicorrelated variables (0.3)": hoi.simulate.equicorrelated(5, 0.3),
    }
    lines = ["| system | samples | white | AR(0.7) | AR(0.9) |", "|---|---|---|---|---|"]
    for name, system in systems.items():
        for n_samples in (250, 1000):
            cells = []
            for phi in (0.0, 0.7, 0.9):
                root = np.linalg.cholesky(system.covariance).T

                def make(rng: np.random.Generator, about: tuple = (phi, n_samples, root)) -> np.ndarray:
                    phi, n, root = about
                    return autoregressive(phi, n, len(root), rng) @ root

                def inside(X: np.ndarray, _: int, true: float = system.oinfo) -> bool:
                    found = hoi.confidence_interval(X)
                    return bool(found.low[0] <= true <= found.high[0])

                cells.append(share(make, 5 * n_sets, inside))
            lines.append(f"| {name} | {n_samples} | {' | '.join(cells)} |")
    return lines


def comparisons(n_sets: int) -> list[str]:
    """Family-wise error of comparisons without a difference."""
    lines = ["| comparison, order 3 of 8 columns | white | AR(0.5) | AR(0.9) |", "|---|---|---|---|"]

    def different(**options: object) -> Callable[[np.ndarray, int], bool]:
        def reject(X: np.ndarray, seed: int) -> bool:
            found = hoi.compare(X[: len(X) // 2], X[len(X) // 2 :], 3, n_resamples=99, n_best=1, seed=seed, **options)
            return bool(found.pvalue.min() <= 0.05)

        return reject

    groups = {"10 and 10 data sets": {}, "10 pairs of data sets": {"paired": True}}
    for name, options in groups.items():
        cells = []
        for phi in (0.0, 0.5, 0.9):
            def make(rng: np.random.Generator, phi: float = phi) -> np.ndarray:
                return np.stack([autoregressive(phi, 100, 8, rng) for _ in range(20)])

            cells.append(share(make, n_sets, different(**options)))
        lines.append(f"| {name} of 100 samples | {' | '.join(cells)} |")
    cells = [
        share(lambda rng, phi=phi: planted(phi, 1000, 8, rng), n_sets, different()) for phi in (0.0, 0.5, 0.9)
    ]
    lines.append(f"| two halves of one recording of 1000 samples, with a dependent set | {' | '.join(cells)} |")
    return lines


def _part(name: str, n_sets: int) -> list[str]:
    """One table, in a process of its own."""
    return {"tests": tests, "coverage": coverage, "comparisons": comparisons}[name](n_sets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factor", type=int, default=1, help="times 100 simulated data sets")
    n_sets = 100 * parser.parse_args().factor
    began = time.perf_counter()
    with ProcessPoolExecutor(3) as pool:
        tested, covered, compared = pool.map(_part, ("tests", "coverage", "comparisons"), [n_sets] * 3)
    sizes = (
        f"By `make calibrate` ({Path(__file__).name}): {n_sets} simulated data sets for each number about independence "
        f"and comparisons, {max(1, n_sets // 2)} for those about members and planted sets, {5 * n_sets} for each "
        "coverage. 99 surrogates or arrangements each; level 5 %, both ends, for all sets and orders; seed 11."
    )
    text = [
        "# Calibration of tests and intervals", "", sizes, "",
        "## Family-wise error and power of `hoi.permutation_test`", "", *tested, "",
        "## Coverage of intervals of 95 % (`hoi.confidence_interval`, O-information)", "", *covered, "",
        "## Family-wise error of `hoi.compare`", "", *compared, "",
    ]  # fmt: skip
    TABLE.write_text("\n".join(text), encoding="utf-8")
    print(f"{TABLE.name}: {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
