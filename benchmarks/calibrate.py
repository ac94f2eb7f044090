"""Error rates, power and coverage of the tests and intervals by simulation: `make calibrate` writes the table.

Every number is of simulated data sets in which the truth is known, with the number of them beside it; the standard
error of a share p of N is sqrt(p (1 - p) / N), 0.011 for 0.05 of 400. What is counted is kept in
`results/calibration.json`, so that the work can be done in pieces:

    python -m benchmarks.calibrate --seconds 400      # goes on where the last one stopped
    python -m benchmarks.calibrate --anew             # forgets what was counted
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.signal import lfilter

import hoi
from hoi._results.writing import complete_or_nothing

TABLE = Path(__file__).with_name("calibration.md")
COUNTS = Path(__file__).parent / "results" / "calibration.json"
SEED = 11
Make = Callable[[np.random.Generator], Any]
LEVEL = 0.05


class Case(NamedTuple):
    """One number: the mean of what is made of data sets, 0 or 1 where it is a share, and its place in the tables."""

    table: str
    row: str
    column: str
    n_datasets: int
    make: Make
    outcome: Callable[[np.ndarray, int], float]

    @property
    def name(self) -> str:
        return " | ".join([self.table, self.row, self.column])


# --- data


def autoregressive(phi: float, n_samples: int, n: int) -> Make:
    """Independent columns x(t) = phi x(t - 1) + noise."""

    def make(rng: np.random.Generator) -> np.ndarray:
        return lfilter([1], [1, -phi], rng.standard_normal((n_samples + 200, n)), axis=0)[200:]

    return make


def categories(phi: float, n_samples: int, n: int) -> Make:
    """The same in three categories."""
    numbers = autoregressive(phi, n_samples, n)
    return lambda rng: np.floor(np.argsort(np.argsort(numbers(rng), axis=0), axis=0) * 3 / n_samples).astype(int)


def recordings(phi: float, lengths: Sequence[int], n: int) -> Make:
    """The same in several data sets of different lengths."""
    numbers = [autoregressive(phi, n_samples, n) for n_samples in lengths]
    return lambda rng: [make(rng) for make in numbers]


def system_in_time(phi: float, n_samples: int, covariance: np.ndarray) -> Make:
    """Samples of a system that follow each other like an autoregression."""
    root = np.linalg.cholesky(covariance).T
    noise = autoregressive(phi, n_samples, len(root))
    return lambda rng: noise(rng) @ root


def pairs(n_samples: int, n: int, number: int) -> Make:
    """Pairs of columns with a correlation of 0.8, and columns on their own: every set of three has an O of 0."""

    def make(rng: np.random.Generator) -> np.ndarray:
        X = rng.standard_normal((n_samples, n))
        X[:, 1 : 2 * number : 2] = 0.8 * X[:, 0 : 2 * number : 2] + 0.6 * X[:, 1 : 2 * number : 2]
        return X

    return make


def about_the_last(phi: float, n_samples: int, kind: str) -> Make:
    """Pairs of variables that depend on each other, and the target as the last column: it depends on none of them, on
    one (the first), or on two (the first and the fifth)."""
    noise = autoregressive(phi, n_samples, 7)

    def make(rng: np.random.Generator) -> np.ndarray:
        X = noise(rng)
        X[:, 1:4:2] = 0.8 * X[:, 0:4:2] + 0.6 * X[:, 1:4:2]
        if kind != "none":
            X[:, 6] += X[:, 0] + (X[:, 4] if kind == "two" else 0)
        return X

    return make


def planted(phi: float, n_samples: int, n: int) -> Make:
    """One synergistic set, (0, 1, 2), among independent columns."""
    noise = autoregressive(phi, n_samples, n)

    def make(rng: np.random.Generator) -> np.ndarray:
        X = noise(rng)
        X[:, 2] += 0.7 * (X[:, 0] + X[:, 1])
        return X

    return make


# --- what is made of them


def any_set(order: object = 3, **options: object) -> Callable[[np.ndarray, int], bool]:
    """Whether some set is called significant."""

    def reject(X: np.ndarray, seed: int) -> bool:
        options_ = {"n_resamples": 99, "n_best": 1, "per_order": True, "threads": 1, **options}
        return bool(hoi.permutation_test(X, order, seed=seed, **options_).pvalue.min() <= LEVEL)

    return reject


def planted_set(**options: object) -> Callable[[np.ndarray, int], bool]:
    """Whether the planted set comes first and is significant."""

    def found(X: np.ndarray, seed: int) -> bool:
        options_ = {"n_resamples": 99, "n_best": 1, "which": "lowest", "threads": 1, **options}
        result = hoi.permutation_test(X, 3, seed=seed, **options_)
        return bool(result.members[0] == (0, 1, 2) and result.pvalue[0] <= LEVEL)

    return found


def inside(true: float, measure: str = "oinfo", **options: object) -> Callable[[np.ndarray, int], bool]:
    """Whether the interval holds the true value."""

    def holds(X: np.ndarray, _: int) -> bool:
        found = hoi.confidence_interval(X, measure=measure, **options)
        return bool(found.low[0] <= true <= found.high[0])

    return holds


def different(**options: object) -> Callable[[np.ndarray, int], bool]:
    """Whether the two halves of what was made differ in some set."""

    def reject(X: np.ndarray, seed: int) -> bool:
        first, second = X[: len(X) // 2], X[len(X) // 2 :]
        found = hoi.compare(first, second, 3, n_resamples=99, n_best=1, seed=seed, **options)
        return bool(found.pvalue.min() <= LEVEL)

    return reject


# --- the tables

ERROR = "Family-wise error of `hoi.permutation_test` where no set is real"
MEMBER = "Which question: sets of three that two dependent columns make, and a planted set"
ABOUT = "Pairs about a target that depends on so many of the variables: a set is called significant"
COVERAGE = "Coverage of intervals of 95 % (`hoi.confidence_interval`)"
BIAS = "Mean error of the total correlation in nats, by `bias_correction` (Gaussian entropies)"
COMPARE = "Family-wise error of `hoi.compare`"


def cases() -> Iterator[Case]:
    """All numbers."""
    yield from _errors()
    yield from _members()
    yield from _members_about_a_target()
    yield from _coverages()
    yield from _biases()
    yield from _comparisons()


def _errors() -> Iterator[Case]:
    for phi in (0.0, 0.5, 0.9):
        row = f"12 columns, AR({phi:g}), 200 samples, order 3"
        for null in ("shift", "permute", "phase"):
            yield Case(ERROR, row, f"`{null}`", 400, autoregressive(phi, 200, 12), any_set(null=null))
    row = "10 columns, AR(0.5), 200 samples, orders 3 to 5"
    yield Case(ERROR, row, "`shift`", 400, autoregressive(0.5, 200, 10), any_set((3, 5), n_resamples=119))
    for phi in (0.0, 0.9):
        make, row = autoregressive(phi, 200, 8), f"8 columns, AR({phi:g}), 200 samples, order 3"
        for null in ("shift", "permute", "member"):
            yield Case(ERROR, row, f"`{null}`", 300, make, any_set(null=null))
    for lengths in ((60, 120, 240), (200, 400, 800)):
        for phi in (0.0, 0.9):
            make = recordings(phi, lengths, 8)
            row = "3 recordings of {}, {} and {} samples, 8 columns, AR({:g}), order 3".format(*lengths, phi)
            for null in ("shift", "phase", "member"):
                yield Case(ERROR, row, f"`{null}`", 300, make, any_set(null=null))
    for phi in (0.0, 0.9):
        make = categories(phi, 200, 6)
        for null in ("shift", "permute"):
            case = any_set(null=null, estimator="discrete")
            row = f"6 columns of three categories, AR({phi:g}), 200 samples, order 3, discrete"
            yield Case(ERROR, row, f"`{null}`", 200, make, case)
    for phi in (0.0, 0.9):
        make = autoregressive(phi, 100, 5)
        for null in ("shift", "permute"):
            case = any_set(null=null, estimator="knn", n_resamples=39)
            row = f"5 columns, AR({phi:g}), 100 samples, order 3, nearest neighbours"
            yield Case(ERROR, row, f"`{null}`", 100, make, case)


def _members() -> Iterator[Case]:
    for number in (1, 2, 4):
        row = f"150 samples of 8 columns, {number} dependent pairs, O = 0 in every set: a set is called significant"
        for null in ("shift", "member"):
            yield Case(MEMBER, row, f"`{null}`", 300, pairs(150, 8, number), any_set(null=null))
    for phi, n_samples in ((0.0, 150), (0.7, 150), (0.0, 400)):
        row = f"{n_samples} samples of 8 columns, one planted set, AR({phi:g}): it is found and significant"
        for null in ("shift", "member"):
            yield Case(MEMBER, row, f"`{null}`", 300, planted(phi, n_samples, 8), planted_set(null=null))


def _members_about_a_target() -> Iterator[Case]:
    nothing = {"information": "highest", "gradient": "both", "rsi": "both"}
    for kind, measures in (("none", nothing), ("one", {"information": "highest"}), ("two", nothing)):
        for phi in (0.0, 0.9):
            for measure, which in measures.items():
                row = f"{kind} of 6 variables in dependent pairs, AR({phi:g}), {measure}"
                case = any_set(2, target=6, measure=measure, which=which, null="member")
                yield Case(ABOUT, row, "`member`", 200, about_the_last(phi, 200, kind), case)


def _coverages() -> Iterator[Case]:
    systems = {
        "O-information, sum of two variables and noise": hoi.simulate.common_effect(2),
        "O-information, 5 equicorrelated variables (0.3)": hoi.simulate.equicorrelated(5, 0.3),
    }
    for name, system in systems.items():
        for n_samples in (250, 1000):
            for phi in (0.0, 0.5, 0.7, 0.9):
                make = system_in_time(phi, n_samples, system.covariance)
                yield Case(COVERAGE, f"{name}, {n_samples} samples", f"AR({phi:g})", 1000, make, inside(system.oinfo))


    about = {
        "information about a target, sum of two variables and noise": ("information", hoi.information),
        "gradient of the O-information, the same": ("gradient", hoi.gradient),
    }
    system = hoi.simulate.common_effect(2)
    for name, (measure, function) in about.items():
        true = function(hoi.GaussianSystem.from_covariance(system.covariance), target=2)
        for n_samples in (250, 1000):
            for phi in (0.0, 0.5, 0.7, 0.9):
                make = system_in_time(phi, n_samples, system.covariance)
                case = inside(true, measure, target=2)
                yield Case(COVERAGE, f"{name}, {n_samples} samples", f"AR({phi:g})", 1000, make, case)
    noise = np.eye(3)
    for n_samples in (250, 1000):
        for phi in (0.0, 0.5, 0.7, 0.9):
            row = f"O-information, 3 independent variables, {n_samples} samples"
            yield Case(COVERAGE, row, f"AR({phi:g})", 1000, system_in_time(phi, n_samples, noise), inside(0.0))


def _biases() -> Iterator[Case]:
    for rho in (0.0, 0.5):
        covariance = np.full((5, 5), rho) + (1 - rho) * np.eye(5)
        true = -0.5 * float(np.linalg.slogdet(covariance)[1])
        for phi, n_samples in ((0.0, 250), (0.5, 250), (0.7, 250), (0.9, 250), (0.9, 1000)):
            for correction in (False, True, "effective"):
                row = f"5 columns of correlation {rho:g}, AR({phi:g}), {n_samples} samples"

                def error(X: np.ndarray, _: int, how: object = correction, true: float = true) -> float:
                    return hoi.total_correlation(X, estimator="gaussian", bias_correction=how) - true

                make = system_in_time(phi, n_samples, covariance)
                yield Case(BIAS, row, f"`{correction}`", 1000, make, error)


def _comparisons() -> Iterator[Case]:
    groups = {"10 and 10 data sets": {}, "10 pairs of data sets": {"paired": True}}
    for name, options in groups.items():
        for phi in (0.0, 0.5, 0.7, 0.9):
            noise = autoregressive(phi, 100, 8)
            make = _stack(noise, 20)
            row = f"{name} of 100 samples of 8 columns, order 3"
            yield Case(COMPARE, row, f"AR({phi:g})", 300, make, different(**options))
    for n_samples in (1000, 4000):
        for phi in (0.0, 0.5, 0.7, 0.9):
            row = f"two halves of one recording of {n_samples} samples of 8 columns, with a dependent set, order 3"
            yield Case(COMPARE, row, f"AR({phi:g})", 1000, planted(phi, n_samples, 8), different())


def _stack(noise: Make, number: int) -> Make:
    return lambda rng: np.stack([noise(rng) for _ in range(number)])


# --- counting and writing


def _known() -> dict[str, list[float]]:
    return json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {}


def _keep(known: dict[str, list[float]]) -> None:
    lines = [f"{json.dumps(name)}: {json.dumps(counts)}" for name, counts in known.items()]
    with complete_or_nothing(COUNTS) as part:
        part.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def count(case: Case, known: dict[str, list[float]], until: float) -> bool:
    """Go on with a case, of which [data sets, sum, sum of squares] is known, and say whether it is done."""
    n, total, squares = known.get(case.name, [0, 0.0, 0.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.HoiWarning)  # "permute" on series says that it is wrong
        while n < case.n_datasets and time.monotonic() < until:
            value = float(case.outcome(case.make(np.random.default_rng([SEED, n])), n))
            n, total, squares = n + 1, total + value, squares + value**2
    known[case.name] = [n, total, squares]
    return n >= case.n_datasets


def tables(known: dict[str, list[float]]) -> list[str]:
    """The tables as lines of Markdown."""
    lines: list[str] = []
    every = list(cases())
    for table in dict.fromkeys(case.table for case in every):
        mine = [case for case in every if case.table == table]
        columns = list(dict.fromkeys(case.column for case in mine))
        heads = f"| data | data sets | {' | '.join(columns)} |"
        lines += ["", f"## {table}", "", heads, "|---" * (len(columns) + 2) + "|"]
        for row in dict.fromkeys(case.row for case in mine):
            cells = {case.column: known.get(case.name, [0, 0.0, 0.0]) for case in mine if case.row == row}
            sizes = sorted({str(n) for n, *_ in cells.values()})
            shown = [f"{cells[c][1] / cells[c][0]:.3f}" if c in cells and cells[c][0] else "" for c in columns]
            lines.append(f"| {row} | {', '.join(sizes)} | {' | '.join(shown)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after these, to go on another time")
    parser.add_argument("--anew", action="store_true", help="forget what was counted before")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    arguments = parser.parse_args()
    until = time.monotonic() + arguments.seconds
    known = {} if arguments.anew else _known()
    done = True
    for case in cases():
        if arguments.only in case.name and time.monotonic() < until:
            began = time.process_time()
            before = known.get(case.name, [0])[0]
            done = count(case, known, until)
            _keep(known)
            n, total, _ = known[case.name]
            if n > before:
                each = (time.process_time() - began) / (n - before)
                print(f"{case.name}: {total / n:.3f} of {n} ({each:.3f} s each)", flush=True)
    if not done:
        print("stopped: the same command goes on from here")
    about = (
        f"By `make calibrate` ({Path(__file__).name}), of so many simulated data sets as each row says. Level 5 %, "
        "both ends, corrected for all sets and orders; 99 surrogates or arrangements each (39 for nearest neighbours, "
        f"119 for three orders); seed {SEED}. The standard error of a share of 0.05 is 0.011 for 400 data sets, 0.013 "
        "for 300, 0.022 for 100."
    )
    lines = ["# Calibration of tests and intervals", "", about, *tables(known), ""]
    TABLE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
