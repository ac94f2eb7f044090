"""Bias of the O-information by each estimator, by simulation: `python -m benchmarks.bias`. Prints a table.

Three systems of three variables whose true values are known: independent columns, a Gaussian common effect (two causes
and their sum with noise), and the exclusive or of signs, which no pair shows. For each, the mean error of 40 data sets
(10 of kernel densities) of each size, in nats. `discrete` has the same systems as labels: four states, a sum of two
of them modulo 4, and the exclusive or of coins.
"""

from __future__ import annotations

import argparse
import math
import warnings

import numpy as np

import hoi
from hoi.estimators import KNN, Binned, Discrete, Gaussian, GaussianCopula, Kernel, Shrinkage

SIZES = (100, 300, 1000, 3000)
NOISE = 0.6  # standard deviation, beside causes of 1
EFFECT = hoi.oinfo(hoi.GaussianSystem.from_covariance([[1, 0, 1], [0, 1, 1], [1, 1, 2 + NOISE**2]]))
SYSTEMS = {"independent": 0.0, "common effect": EFFECT, "signs": -math.log(2)}
STATES = {"independent": 0.0, "common effect": -math.log(4), "signs": -math.log(2)}
ESTIMATORS = {
    "gaussian_copula": GaussianCopula(), "gaussian": Gaussian(), "shrinkage": Shrinkage(), "binned, 2 bins": Binned(2),
    "binned, 4 bins": Binned(4), "knn": KNN(), "kernel": Kernel(), "discrete": Discrete(),
    "discrete, plug-in": Discrete(None),
}  # fmt: skip
# evaluated in a time that is quadratic in the samples: fewer data sets, and no large ones
SLOW, FEW, MOST = ("kernel",), 10, 1000


def draw(system: str, rng: np.random.Generator, shape: tuple[int, int], labels: bool) -> np.ndarray:
    """Data sets (number, samples, 3) of a system, as numbers or as labels."""
    if labels:
        a, b, c = rng.integers(0, 2 if system == "signs" else 4, (3, *shape))
        return np.stack([a, b, {"independent": c, "common effect": (a + b) % 4, "signs": a ^ b}[system]], axis=-1)
    a, b, c = rng.standard_normal((3, *shape))
    last = {"independent": c, "common effect": a + b + NOISE * c, "signs": np.abs(c) * np.sign(a * b)}[system]
    return np.stack([a, b, last], axis=-1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bias", description=__doc__)
    parser.add_argument("--draws", type=int, default=40, help="data sets of each size")
    args = parser.parse_args()
    warnings.simplefilter("ignore", hoi.HoiWarning)
    print("| estimator | " + " | ".join(f"{name}: {', '.join(map(str, SIZES))}" for name in SYSTEMS) + " |")
    print("|---" * (1 + len(SYSTEMS)) + "|")
    for name, estimator in ESTIMATORS.items():
        cells = []
        for system, true in (STATES if name.startswith("discrete") else SYSTEMS).items():
            errors = []
            for n in SIZES:
                slow = name in SLOW
                if slow and n > MOST:
                    errors.append("–")
                    continue
                draws = min(args.draws, FEW) if slow else args.draws
                X = draw(system, np.random.default_rng(n), (draws, n), name.startswith("discrete"))
                errors.append(f"{hoi.oinfo(X, estimator=estimator, backend='numba').mean() - true:+.3f}")
            cells.append(", ".join(errors))
        print(f"| `{name}` | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
