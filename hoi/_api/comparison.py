"""Which sets differ between two groups of data sets, or between two conditions of one recording."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import comb
from typing import Any

import numpy as np

from hoi._api.call import Call, columns_of, open_call, pick, require_order, scale_of, settings_of
from hoi._api.given_sets import evaluate
from hoi._api.planning import warn_of_hours
from hoi._api.samples import read_samples
from hoi._backends.protocol import UNRANKED, Problem
from hoi._engine.plan import count_sets
from hoi._errors import HoiError, HoiWarning, warn
from hoi._inference import compare as parts_of
from hoi._inference.maximum import MaximumNull
from hoi._inference.surrogates import not_gaussian, scores
from hoi._inputs import checks
from hoi._inputs.gaps import rows_without_gaps
from hoi._inputs.table import Table
from hoi._measures.registry import MEASURES, Measure
from hoi._results.multiplets import Multiplets
from hoi._systems.gaussian import Gaussian, GaussianSystem
from hoi._systems.protocol import Estimator, System
from hoi._systems.registry import resolve
from hoi._typing import ArrayLike, BiasCorrection, Groups, Multiplet, Seed, Units

__all__ = ["compare"]

_LEVEL = 0.05


def compare(
    A: ArrayLike | Sequence[ArrayLike],
    B: ArrayLike | Sequence[ArrayLike],
    order: int | tuple[int, int],
    *,
    measure: str = "oinfo",
    paired: bool = False,
    n_resamples: int = 9999,
    n_best: int = 10,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    missing: str = "raise",
    names: Sequence[str] | None = None,
    backend: str = "auto",
    seed: Seed = None,
    executor: Any = None,
) -> Multiplets:
    """The sets that differ most between A and B, each with a p-value that is corrected for all sets of all orders.

    Parameters
    ----------
    A, B : array_like, shape (n_datasets, n_samples, n_variables), or sequence of tables
        The two groups: a table of samples for each subject, of any lengths if they are a list. Tables (n_samples,
        n_variables) are two conditions of *one* recording instead.
    order : int or (int, int)
        As in :func:`hoi.search`.
    measure : {"oinfo", "tc", "dtc", "sinfo"}
        What is compared.
    paired : bool
        Whether dataset i of A and dataset i of B are of the same subject.
    n_resamples : int
        Arrangements: of labels, of signs of the differences if paired, of blocks of samples for one recording.
    n_best : int
        Sets to report at each end: those higher in B ("lowest"), and those higher in A ("highest").
    estimator, given, discrete, bias_correction, units, groups, missing, backend
        As in :func:`hoi.oinfo`. For one recording a Gaussian estimator of numbers.
    names : sequence of str, optional
        As in :func:`hoi.search`.
    seed : int or numpy.random.Generator, optional
        Of the arrangements.
    executor
        As in :func:`hoi.search`.

    Returns
    -------
    Multiplets
        Every measure is that of A less that of B, as means over datasets. `statistic` is t (paired or with a pooled
        variance), or for one recording the difference in standard deviations over arrangements. `pvalue` is the chance
        that groups without a difference have one as large, in either direction, in any set (family-wise error).

    Raises
    ------
    HoiError
        As :func:`hoi.search`; for groups that do not fit, fewer than two datasets in each, sets that are singular, or
        a recording of which too few independent blocks of samples can be made.

    Warns
    -----
    HoiWarning
        If there are so few datasets that no p can be 0.05.

    Notes
    -----
    Samples of one recording depend on each other, so that shuffling them between conditions finds differences where
    there are none. Blocks of samples, longer than the dependence, are dealt out instead.

    References
    ----------
    Nichols, Holmes (2002), Nonparametric permutation tests for functional neuroimaging, Human Brain Mapping 15, 1-25.
    Westfall, Young (1993), Resampling-Based Multiple Testing, Wiley.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> rng = np.random.default_rng(0)
    >>> A, B = rng.standard_normal((2, 12, 200, 6))
    >>> A[:, :, 5] += A[:, :, 1] + A[:, :, 2]
    >>> found = hoi.compare(A, B, 3, n_best=1, n_resamples=999, seed=0)
    >>> found.members[0], found.extreme[0], float(found.pvalue[0])
    ((1, 2, 5), 'lowest', 0.001)
    """
    began = time.perf_counter()
    scale = scale_of(units)
    row = MEASURES[checks.check_choice(measure, MEASURES, "measure")]
    paired = checks.check_bool(paired, "paired")
    n_resamples, n_best = (
        checks.check_positive_int(value, name) for value, name in ((n_resamples, "n_resamples"), (n_best, "n_best"))
    )
    checks.check_executor(executor)
    resolved = resolve(estimator)
    (first, one_recording, by), (second, one_too, by_too) = (
        _tables(X, what, resolved, discrete, names, missing) for X, what in ((A, "A"), (B, "B"))
    )
    if one_recording != one_too:
        raise HoiError(
            "one of A and B is a single table and the other holds several: give two tables (conditions of one "
            "recording), or several in each (subjects)."
        )
    tables = [*first, *second]
    _require_same_columns(tables)
    calls = [
        open_call(
            table, estimator=own, given=given, bias_correction=bias_correction, groups=groups, backend=backend
        )
        for some, own in ((first, by), (second, by_too)) for table in some
    ]  # fmt: skip
    orders = require_order(calls[0], order, row)
    for other in calls[1:]:
        require_order(other, order)
    chosen = pick(backend, count_sets(calls[0].problem, *orders) * len(calls))
    warn_of_hours(chosen, calls[0].problem, row, orders, 1, len(calls))
    rng = np.random.default_rng(checks.check_seed(seed))
    n_first = len(first)
    more: dict[str, Any] = {}
    if one_recording:
        if paired:
            raise HoiError("paired=True, and A and B are one table each: pairs are of subjects, several in A and in B.")
        problems, more["block_length"] = _conditions(calls, tables, by, n_resamples, rng)
        job: parts_of.Conditions | parts_of.Subjects = parts_of.Conditions(problems, orders, row, n_best, chosen.name)
    else:
        _check_groups(n_first, len(second), paired)
        rows = parts_of.arrangements(n_first, len(second), paired, n_resamples, rng)
        problems = [call.problem for call in calls]
        job = parts_of.Subjects(
            problems, orders, row, n_best, chosen.name, n_first=n_first, paired=paired, rows=rows
        )
    parts = job.compared(executor)
    largest = np.max([part.largest for part in parts], axis=0)
    null = MaximumNull(largest[1:, None], largest[:1])
    ends = [parts_of.best(parts, end, n_best, orders[1]) for end in ("lowest", "highest")]
    members = np.concatenate([rows for rows, _ in ends])
    statistic = np.concatenate([values for _, values in ends])
    pvalue = null.pvalues(np.abs(statistic), np.zeros(len(statistic), dtype=np.intp))
    threshold = null.thresholds(_LEVEL)[0]
    freedom = None if one_recording else (n_first - 1 if paired else n_first + len(second) - 2)
    if freedom is not None:
        statistic, threshold = _t(statistic, freedom), None if threshold is None else float(_t(threshold, freedom))
    settings = settings_of(
        calls[0], units, chosen, {}, measure=measure, order=list(orders), which="both", n_best=n_best, paired=paired,
        comparison="conditions" if one_recording else "datasets", n_resamples=n_resamples, threshold=threshold,
        n_compared=[n_first, len(tables) - n_first],
        null_seed=int(seed) if isinstance(seed, (int, np.integer)) else None, **more,
        evaluated=sum(part.evaluated for part in parts), skipped=0, seconds=time.perf_counter() - began,
    )  # fmt: skip
    return Multiplets(
        calls[0].indices(members),
        **_differences(calls, n_first, members, scale, backend, row),
        statistic=statistic,
        pvalue=pvalue,
        names=calls[0].names,
        extreme=np.repeat(["lowest", "highest"], [len(rows) for rows, _ in ends]),
        settings=settings,
    )


def _t(r: Any, freedom: int) -> Any:
    """Student's t of a correlation."""
    return r * np.sqrt(freedom) / np.sqrt(np.maximum(1 - np.square(r), 1e-300))


def _tables(
    X: Any, what: str, estimator: Estimator, discrete: Any, names: Sequence[str] | None, missing: str
) -> tuple[list[Table], bool, Estimator]:
    """The tables of several datasets, or a single one; whether it is a single one; and the estimator, which knows of
    categories."""
    if isinstance(X, System):
        raise HoiError(f"{what} is a {type(X).__name__}, and what is compared are samples: give tables of samples.")
    whole, by = read_samples(X, estimator, discrete=discrete, names=names, what=what)
    whole, _ = rows_without_gaps(whole, missing, ranks=by.ranks, what=what)
    data = checks.check_datasets(whole, what=what)
    return [Table(values, data.names) for values in data.tables], not data.stacked, by


def _require_same_columns(tables: Sequence[Table]) -> None:
    names = [table.names for table in tables]
    for i, other in enumerate(names):
        if other != names[0]:
            raise HoiError(
                f"dataset {i} (those of A are first) has {len(other or ())} columns {other}, and the first one "
                f"{len(names[0] or ())} {names[0]}: all need the same columns in the same order."
            )


def _check_groups(n_first: int, n_second: int, paired: bool) -> None:
    if paired and n_first != n_second:
        raise HoiError(f"paired=True, and A has {n_first} datasets and B {n_second}: pairs need as many in both.")
    if min(n_first, n_second) < 2:
        raise HoiError(f"A has {n_first} datasets and B {n_second}: at least 2 are needed in each.")
    # an arrangement and its mirror image have the same maximum
    least = 2 / 2**n_first if paired else (1 + (n_first == n_second)) / comb(n_first + n_second, n_first)
    if least > _LEVEL:
        warn(
            f"{n_first} and {n_second} datasets have so few arrangements that no p-value can be below {least:.2g}: "
            "more datasets are needed.",
            HoiWarning,
        )


def _conditions(
    calls: Sequence[Call], tables: Sequence[Table], estimator: Estimator, n_resamples: int, rng: np.random.Generator
) -> tuple[list[Problem], int]:
    """The problems of two conditions of one recording, with its arrangements, and the length of blocks of samples."""
    if why := not_gaussian(estimator):
        raise HoiError(
            f"two conditions of one recording are compared by blocks of Gaussian scores, and {why}: cut each condition "
            "into segments, and give these as datasets (n_segments, n_samples, n_variables)."
        )
    names = calls[0].system.names
    values = [scores(checks.Samples((table.values,), names, False), estimator)[0] for table in tables]
    if isinstance(estimator, Gaussian):  # blocks of both go together: their units and means must not tell them apart
        values = [(table - table.mean(axis=0)) / table.std(axis=0) for table in values]
    length = parts_of.block_length(values)
    matrices = parts_of.block_matrices(values, length, n_resamples, rng)
    problems = []
    for call, table, R in zip(calls, values, matrices, strict=True):
        # a correction is the same in all arrangements, and falls out of the statistic
        system = GaussianSystem(R, names, len(table), "gaussian", None, True)
        problems.append(call._replace(bias_correction=bool(call.bias_correction)).problem_of(system))
    return problems, length


def _differences(
    calls: Sequence[Call], n_first: int, members: Any, scale: float, backend: str, measure: Measure
) -> dict[str, Any]:
    """Every measure of sets in A less that in B, as means over datasets."""
    sets = [tuple(v for v in row if v >= 0) for row in members.tolist()]
    values: list[dict[str, Any]] = []
    for call in calls:
        evaluator = pick(backend, len(sets)).open(call.problem, UNRANKED)
        D, J, L = (term[0] for term in evaluate(call, sets, evaluator)[:3])
        values.append(columns_of(call, scale, D, J, L, measure))
    means = [{name: np.mean([v[name] for v in some], axis=0) for name in values[0]} for some in
             (values[:n_first], values[n_first:])]  # fmt: skip
    return {name: means[0][name] - means[1][name] for name in values[0]}
