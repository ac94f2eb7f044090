"""Whether the most extreme sets are more than chance: tests against surrogate data."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._api.call import Call, columns_of, open_call, pick, ranked_by, require_order, scale_of, settings_of
from hoi._api.cautions import of_labels
from hoi._api.planning import warn_of_hours
from hoi._api.samples import read_samples
from hoi._api.sets import ENDS, warn_of_skipped
from hoi._engine.checkpoint import Checkpoint, fingerprint
from hoi._engine.executors import size_of
from hoi._engine.plan import count_sets
from hoi._engine.threads import default_threads
from hoi._errors import HoiError, HoiWarning, warn
from hoi._inference.member import count_moved
from hoi._inference.permutation import LEVEL, Independence, Members, Question, families, tested
from hoi._inference.surrogates import Surrogates, mean_problem, not_gaussian
from hoi._inputs import checks
from hoi._inputs.words import listing
from hoi._maths.influence import effective_sample_size
from hoi._maths.surrogates import NULLS
from hoi._results.multiplets import Multiplets
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Seed, Units

__all__ = ["permutation_test"]

# Samples below which there are too few different shifts.
_LEAST_SAMPLES = 20
# Share of repeated values in a column from which surrogates without any are not like it.
_MANY_TIES = 0.1
# Standard errors by which an autocorrelation must differ from 0 to be one.
_FAR = 4


def permutation_test(
    X: ArrayLike,
    order: int | tuple[int, int],
    *,
    measure: str = "oinfo",
    null: str = "shift",
    n_resamples: int = 999,
    which: str = "both",
    n_best: int = 10,
    per_order: bool = False,
    estimator: str | Estimator = "gaussian_copula",
    target: Multiplet | int | str | None = None,
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    names: Sequence[str] | None = None,
    threads: int | None = None,
    seed: Seed = None,
    executor: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
) -> Multiplets:
    """The most extreme sets as by :func:`hoi.search`, each with a p-value that is corrected for all sets looked at.

    All sets of many surrogate data sets are searched too, in which the columns no longer depend on each other. A set
    has a small p where hardly any surrogate has, anywhere, a set as far as it.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
        As in :func:`hoi.oinfo`, but samples and no system. Of several datasets (subjects, say) the *mean* over them is
        searched and tested; they may have different lengths, and each is moved within itself.
    order : int or (int, int)
        As in :func:`hoi.search`. p is corrected for all the orders together.
    measure, which, n_best, per_order
        As in :func:`hoi.search`. p is corrected for the ends that are looked at.
    null : {"shift", "permute", "phase", "member"}
        What surrogates are. "shift" moves each column in a circle by a lag of its own: its autocorrelation stays, so
        it is right for series. "permute" draws the order of each column anew, for samples that are independent of each
        other. "phase" draws the phases of each column anew (Gaussian estimators only). All three test that the columns
        of a set are independent. "member" shifts one column at a time and tests that each member adds to the others:
        its sets are those that no smaller set explains. Columns of a group move together; columns of `given` stay.
    n_resamples : int
        Surrogates (of each variable, for "member"). p is at least 1 / (n_resamples + 1).
    estimator, given, discrete, bias_correction, units, groups, missing
        As in :func:`hoi.oinfo`.
    names : sequence of str, optional
        As in :func:`hoi.search`.
    target
        As in :func:`hoi.search`. The target alone moves, all its columns together, and the variables keep their
        dependence on each other: what is tested is that the target does not depend on the set. With "member" one
        variable at a time moves, and the target as one more: what is tested is that each of them adds to what the
        others tell of the target.
    backend, threads, executor, progress
        As in :func:`hoi.search`. On an executor a unit is some surrogates (for "member", one variable).
    checkpoint : path, optional
        A file that keeps what is done, as in :func:`hoi.search`. It needs a number as seed.
    seed : int or numpy.random.Generator, optional
        Of the surrogates: the same seed gives the same p.

    Returns
    -------
    Multiplets
        Rows as of :func:`hoi.search`, with `pvalue`: the chance that data without dependence have, among all sets of
        all the orders, one as far at the ends looked at (family-wise error). With ``null="member"`` rows are ranked by
        `statistic`, what the member that adds least adds, in standard deviations; see :meth:`hoi.Multiplets.minimal`.
        ``settings["thresholds"]`` has, for each order and end, the value beyond which p is at most 0.05, and quantiles
        of the null.

    Raises
    ------
    HoiError
        As :func:`hoi.search`; for a system instead of samples, fewer than 20 samples to shift, or phases for an
        estimator that is not Gaussian.

    Warns
    -----
    HoiWarning
        If n_resamples cannot give a p of 0.05, or the samples to be permuted depend on each other in time.

    Notes
    -----
    Independence is not the same as a measure of 0: where two columns depend on each other, any set that holds both
    can be significant, though its O-information is 0. ``null="member"`` asks the question that is meant.

    References
    ----------
    Westfall, Young (1993), Resampling-Based Multiple Testing, Wiley (maximum statistics, smallest p).
    Nichols, Holmes (2002), Nonparametric permutation tests for functional neuroimaging, Human Brain Mapping 15, 1-25.
    Phipson, Smyth (2010), Permutation p-values should never be zero, Statistical Applications in Genetics and
    Molecular Biology 9, 39 (the p of b exceedances of m is (b + 1) / (m + 1)).
    Berger (1982), Multiparameter hypothesis testing and acceptance sampling, Technometrics 24, 295-300 (the
    intersection-union test of "member").

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = np.random.default_rng(0).standard_normal((300, 8))
    >>> X[:, 7] += X[:, 2] + X[:, 5]
    >>> found = hoi.permutation_test(X, 3, which="lowest", n_best=1, n_resamples=199, seed=0)
    >>> found.members[0], float(found.pvalue[0])
    ((2, 5, 7), 0.005)
    """
    began = time.perf_counter()
    scale = scale_of(units)
    row = ranked_by(measure, target)
    ends = ENDS[checks.check_choice(which, ENDS, "which")]
    checks.check_choice(null, (*NULLS, "member"), "null")
    n_resamples = checks.check_positive_int(n_resamples, "n_resamples")
    seed = checks.check_seed(seed)
    n_best = checks.check_positive_int(n_best, "n_best")
    per_order = checks.check_bool(per_order, "per_order")
    threads = default_threads() if threads is None else checks.check_positive_int(threads, "threads")
    checks.check_executor(executor)
    if isinstance(X, System):
        raise HoiError(
            f"X is a {type(X).__name__}, and surrogates are made of samples: give the table of samples itself."
        )
    # read once: the surrogates are made of the same samples
    whole, by = read_samples(X, estimator, discrete=discrete, names=names)
    call = open_call(
        whole, estimator=by, target=target, given=given, bias_correction=bias_correction, groups=groups,
        backend=backend, missing=missing,
    )  # fmt: skip
    orders = require_order(call, order, row)
    data, resolved = checks.check_datasets(call.data), call.estimator
    call = call._replace(data=None)  # workers get what the surrogates need of it
    rng = np.random.default_rng(seed)
    kind = "shift" if null == "member" else null
    surrogates = Surrogates(data, resolved, kind, rng.integers(2**63, size=n_resamples))
    unit = _units(call, null)
    _check_null(surrogates, null, unit, call.bias_correction)
    _warn_of_resamples(n_resamples, 1 if null == "member" else len(families(orders, ends)))
    observed = call.problem
    if call.system.n_datasets > 1:
        observed = mean_problem(surrogates.observed(call.system), call.problem_of)
    chosen = pick(backend, count_sets(observed, *orders) * n_resamples, observed)
    moves = int(unit.max()) + 1 if null == "member" else 1
    if null == "member":
        count_moved(observed.n_variables, orders, n_resamples, bool(call.target))  # refuses what memory cannot hold
    workers = threads if executor is None else size_of(executor)
    warn_of_hours(chosen, observed, row, orders, workers, n_resamples * moves)
    question = (Members if null == "member" else Independence)(
        observed, surrogates, call.problem_of, unit, orders, row, ends, n_best, per_order, chosen.name
    )
    file = None if checkpoint is None else _file(checkpoint, question, null, seed)
    try:
        found = tested(question, threads, progress, executor, file)
    finally:
        if file is not None:
            file.close()
    warn_of_skipped(found.skipped, found.evaluated)
    means = call._replace(problem=observed)
    of_labels(means, found.members.tolist(), found.terms.J, np.zeros(len(found.members), dtype=np.intp))
    factor = 1.0 if null == "member" else scale
    settings = settings_of(
        call, units, chosen, found.about, measure=measure, order=list(orders), which=which, n_best=n_best,
        per_order=per_order, threads=threads, null=null, n_resamples=n_resamples,
        across="mean" if call.system.n_datasets > 1 else "each",
        null_seed=int(seed) if isinstance(seed, (int, np.integer)) else None,
        thresholds=[_scaled(entry, factor) for entry in found.thresholds],
        evaluated=found.evaluated, skipped=found.skipped, seconds=time.perf_counter() - began,
    )  # fmt: skip
    D, J, L, _ = found.terms
    statistics = {} if found.statistic is None else {"statistic": found.statistic}
    return Multiplets(
        call.indices(found.members),
        **columns_of(call, scale, D, J, L, row),
        **statistics,
        pvalue=found.pvalue,
        names=call.names,
        extreme=found.extreme,
        settings=settings,
    )


def _file(
    checkpoint: str | os.PathLike[str], question: Question, null: str, seed: int | np.random.Generator | None
) -> Checkpoint:
    """The file that keeps what is done."""
    if not isinstance(seed, int):
        raise HoiError(
            f"checkpoint={str(checkpoint)!r}, and seed={seed!r}: the surrogates must be the same when the test goes "
            "on, so give a number, such as seed=0."
        )
    about = {
        "test": null, "n_resamples": question.n_resamples, "order": list(question.orders),
        "measure": question.measure.name, "which": list(question.ends), "backend": question.backend, "seed": seed,
    }  # fmt: skip
    surrogates = question.surrogates
    key = fingerprint(
        question.observed, *about.items(), surrogates.tables, surrogates.estimator, surrogates.seeds, question.unit
    )
    return Checkpoint(Path(checkpoint), key, about)


def _units(call: Call, null: str) -> NDArray[np.intp]:
    """Which columns move together: those of the target, or else those of a variable of the problem; -1 stays. For
    "member" those of a variable, and after all of them those of the target."""
    unit = np.full(call.system.n_variables, -1, dtype=np.intp)
    if call.target and null != "member":
        unit[list(call.target)] = 0
        return unit
    for v, columns in enumerate(call.roles.variables):
        unit[list(columns)] = v
    unit[list(call.target)] = call.problem.n_variables
    return unit


def _scaled(entry: dict[str, Any], factor: float) -> dict[str, Any]:
    """A threshold in the units of the result."""
    value = entry["value"]
    return {
        **entry,
        "value": None if value is None else factor * value,
        "quantiles": [factor * x for x in entry["quantiles"]],
    }


def _check_null(
    surrogates: Surrogates, null: str, unit: NDArray[np.intp], corrected: BiasCorrection
) -> None:
    """Errors and warnings about surrogates that cannot be what they should."""
    data = surrogates.data
    n_samples, where = data.shortest()
    if null in ("shift", "member") and n_samples < _LEAST_SAMPLES:
        raise HoiError(
            f"null={null!r} shifts columns of {n_samples} samples{where}: there are only {n_samples} different shifts, "
            f'and at least {_LEAST_SAMPLES} samples are needed. Use null="permute" if the samples are independent of '
            "each other."
        )
    if null == "permute" and corrected == "effective":
        raise HoiError(
            'null="permute" is for samples that do not depend on each other, and bias_correction="effective" for '
            'samples that do: use null="shift".'
        )
    if null == "phase" and (why := not_gaussian(surrogates.estimator)):
        raise HoiError(f'null="phase" makes Gaussian surrogates, and {why}: use null="shift".')
    if null == "phase":
        tied = sorted({c for table in data.tables for c in _repeating(table)})
        if len(tied):
            warn(
                f"Over {_MANY_TIES:.0%} of the values repeat in {listing([data.names[c] for c in tied])}, and "
                'surrogates of null="phase" have no equal values, so that they differ from the data in more than '
                'dependence. Use null="shift", which keeps them.',
                HoiWarning,
            )
    if null == "permute":
        _warn_of_autocorrelation(surrogates, unit)


def _repeating(table: FloatArray) -> list[int]:
    """Columns in which many values repeat."""
    ascending = np.sort(table, axis=0)
    share = (ascending[1:] == ascending[:-1]).mean(axis=0)
    return np.flatnonzero(share > _MANY_TIES).tolist()


def _warn_of_autocorrelation(surrogates: Surrogates, unit: NDArray[np.intp]) -> None:
    """Warn where samples in an order drawn anew are no surrogates, since they depend on each other in time."""
    moving = np.flatnonzero(unit >= 0)
    for table in surrogates.tables:
        z = table[:, moving] - table[:, moving].mean(axis=0)
        lagged = (z[1:] * z[:-1]).sum(axis=0) / (z**2).sum(axis=0)
        dependent = np.flatnonzero(np.abs(lagged) > _FAR / np.sqrt(len(z)))
        if len(dependent) < 2:  # a pair with one independent column correlates like independent samples
            continue
        N = effective_sample_size(z[:, dependent])
        least = N[np.triu_indices(len(dependent), 1)].min()
        warn(
            f"{len(dependent)} of {len(moving)} columns are autocorrelated "
            f"({listing([surrogates.data.names[moving[c]] for c in dependent])}): their {len(z)} samples are worth as "
            f'few as {least:.0f} independent ones, and null="permute" then calls chance significant. Use '
            'null="shift".',
            HoiWarning,
        )
        return


def _warn_of_resamples(n_resamples: int, n_families: int) -> None:
    """Warn where no p of 0.05 can come out: the smallest one is that of one surrogate for each order and end."""
    least = n_families / (n_resamples + 1)
    if least > LEVEL:
        kinds = f" over {n_families} orders and ends" if n_families > 1 else ""
        warn(
            f"n_resamples={n_resamples}: with so few surrogates{kinds} a p-value of {LEVEL} may be out of reach (one "
            f"set alone can reach {least:.2g}). Use at least {int(np.ceil(n_families / LEVEL)) - 1}; 999 is usual.",
            HoiWarning,
        )
