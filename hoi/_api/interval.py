"""How well values are known: confidence intervals, effective samples, and one half to choose and one to estimate."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri

from hoi._api.call import columns_of, open_call, pick, ranked_by, scale_of, settings_of
from hoi._api.given_sets import evaluate, filled, sets_of
from hoi._api.samples import read_samples
from hoi._api.sets import search
from hoi._backends.protocol import UNRANKED, Problem
from hoi._errors import HoiError
from hoi._inference.interval import by_blocks, by_influence
from hoi._inference.surrogates import not_gaussian, scores
from hoi._inputs import checks
from hoi._inputs.gaps import rows_without_gaps
from hoi._inputs.table import Table
from hoi._maths import influence
from hoi._measures.registry import MEASURES
from hoi._results.multiplets import Multiplets
from hoi._systems.gaussian import GaussianCopula
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Seed, Units

__all__ = ["confidence_interval", "effective_sample_size", "split_half"]

# Samples of one half below which a standard error says nothing.
_LEAST_SAMPLES = 20


def confidence_interval(
    X: ArrayLike,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    measure: str = "oinfo",
    confidence_level: float = 0.95,
    method: str = "influence",
    n_resamples: int = 999,
    target: Multiplet | int | str | None = None,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    names: Sequence[str] | None = None,
    seed: Seed = None,
) -> Multiplets:
    """Given sets with an interval that holds the true value of a measure so often, for samples that follow in time.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
        As in :func:`hoi.oinfo`, but samples and no system. Recordings of different lengths have intervals of their own
        samples each.
    multiplets : sequence of sequences of int or str, optional
        As in :func:`hoi.oinfo`; ``found.members`` of a search, say, of other data than these.
    measure : {"oinfo", "tc", "dtc", "sinfo", "information", "rsi", "gradient"}
        What `low` and `high` are for; the last three with a `target`.
    confidence_level : float
        Between 0 and 1.
    method : {"influence", "bootstrap"}
        "influence" takes the part of each sample in the value and the long-run variance of these parts: Gaussian
        estimators of numbers only, and fast. "bootstrap" draws blocks of 3 n_samples^(1/3) samples, for every estimator
        but nearest neighbours and kernels, to which a sample that is drawn twice is its own neighbour.
    n_resamples : int
        Of the bootstrap.
    target : int, str, or sequence of them, optional
        As in :func:`hoi.search`: columns that the measure is about.
    estimator, given, discrete, bias_correction, units, groups, backend, missing
        As in :func:`hoi.oinfo`.
    names : sequence of str, optional
        As in :func:`hoi.search`.
    seed : int or numpy.random.Generator, optional
        Of the bootstrap.

    Returns
    -------
    Multiplets
        Rows as of :func:`hoi.measures`, with `low` and `high`: the value and a multiple of its standard error to each
        side.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`; for a system instead of samples, fewer than 20 samples, or an influence function of an
        estimator that has none.

    Notes
    -----
    The interval is of one set that was chosen without these data. Those of the best sets of a search are too high or
    too low, because the search chose them for that: see :func:`split_half`. Where the members of a set are independent
    the O-information hardly varies with the covariance, and the interval is wider than it need be; likewise a measure
    about a target that does not depend on the set.

    References
    ----------
    van der Vaart (1998), Asymptotic Statistics, section 20.1 (influence functions). Geyer (1992), Statistical Science
    7, 473-483 (long-run variance). Politis, Romano (1992), A circular block-resampling procedure for stationary data,
    in LePage, Billard (eds.), Exploring the Limits of Bootstrap, Wiley.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = np.random.default_rng(0).standard_normal((500, 3))
    >>> X[:, 2] += X[:, 0] + X[:, 1]
    >>> found = hoi.confidence_interval(X, [(0, 1, 2)])
    >>> bool(found.low[0] < found.oinfo[0] < found.high[0] < 0)
    True
    """
    began = time.perf_counter()
    scale = scale_of(units)
    row = ranked_by(measure, target)
    level = _check_level(confidence_level)
    checks.check_choice(method, ("influence", "bootstrap"), "method")
    n_resamples = checks.check_positive_int(n_resamples, "n_resamples")
    seed = checks.check_seed(seed)
    if isinstance(X, System):
        raise HoiError(f"X is a {type(X).__name__}, and an interval needs samples: give the table of samples itself.")
    whole, by = read_samples(X, estimator, discrete=discrete, names=names)
    _check_resampling(method, by)
    call = open_call(
        whole, estimator=by, given=given, target=target, bias_correction=bias_correction, groups=groups,
        backend=backend, missing=missing, multiplets=multiplets,
    )  # fmt: skip
    data, resolved = checks.check_datasets(call.data), call.estimator
    _require_samples(*data.shortest())
    sets = sets_of(call)
    chosen = pick(backend, len(sets))
    evaluator = chosen.open(call.problem, UNRANKED)
    terms = evaluate(call, sets, evaluator)
    blocks = [max(1, round(3 * n_samples ** (1 / 3))) for n_samples in data.lengths]
    if method == "influence":
        error = by_influence(scores(data, resolved), call.roles.variables, call.given, call.target, sets, row)
    else:

        def values_of(problem: Problem) -> FloatArray:
            return row.value(*evaluate(call._replace(problem=problem), sets, chosen.open(problem, UNRANKED))[:3])

        error = by_blocks(
            data.tables, resolved, values_of, call.problem_of, blocks, n_resamples, np.random.default_rng(seed)
        )
    half = scale * float(ndtri(0.5 + level / 2)) * error.ravel()
    value = scale * row.value(*(term.ravel() for term in terms[:3]))
    of_blocks = {"n_resamples": n_resamples, "block_length": blocks if data.apart else blocks[0]}
    more = {} if method == "influence" else of_blocks
    settings = settings_of(
        call, units, chosen, evaluator.about(), measure=measure, confidence_level=level, method=method, **more,
        evaluated=terms.J.size, skipped=0, seconds=time.perf_counter() - began,
    )  # fmt: skip
    return Multiplets(
        np.tile(call.indices(filled(sets)), (len(data.tables), 1)),
        **columns_of(call, scale, terms.D.ravel(), terms.J.ravel(), terms.L.ravel(), row),
        low=value - half,
        high=value + half,
        names=call.names,
        dataset=np.repeat(np.arange(len(data.tables)), len(sets)) if call.system.stacked else None,
        settings=settings,
    )


def split_half(
    X: ArrayLike,
    order: int | tuple[int, int],
    *,
    measure: str = "oinfo",
    which: str = "both",
    n_best: int = 10,
    per_order: bool = False,
    confidence_level: float = 0.95,
    method: str = "influence",
    n_resamples: int = 999,
    estimator: str | Estimator = "gaussian_copula",
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
    progress: bool | None = None,
) -> Multiplets:
    """The best sets of the first half of the samples, with their values and intervals in the second half.

    The best sets of a search look better than they are, since they were chosen for it. Their values in samples that
    had no part in the choice are honest, and so are the intervals of these values, one by one.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables)
        As in :func:`hoi.oinfo`, one dataset.
    order : int or (int, int)
        As in :func:`hoi.search`.
    measure, which, n_best, per_order
        As in :func:`hoi.search`; the measure is one of sets.
    confidence_level, method, n_resamples, seed
        As in :func:`confidence_interval`: ``method="bootstrap"`` for estimators that are not Gaussian.
    estimator, given, discrete, bias_correction, units, groups, missing
        As in :func:`hoi.oinfo`.
    names : sequence of str, optional
        As in :func:`hoi.search`.
    backend, threads, progress
        As in :func:`hoi.search`.

    Returns
    -------
    Multiplets
        The sets in the order of the first half, `extreme` as there; measures, `low` and `high` of the second half.

    Raises
    ------
    HoiError
        As :func:`hoi.search` and :func:`confidence_interval`; for several datasets.

    References
    ----------
    Cox (1975), A note on data-splitting for the evaluation of significance levels, Biometrika 62, 441-444.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = np.random.default_rng(0).standard_normal((600, 8))
    >>> X[:, 7] += X[:, 2] + X[:, 5]
    >>> found = hoi.split_half(X, 3, n_best=1, which="lowest")
    >>> found.members, bool(found.high[0] < 0)
    ([(2, 5, 7)], True)
    """
    if isinstance(X, System):
        raise HoiError(f"X is a {type(X).__name__}, and there are halves of samples only: give the table of samples.")
    checks.check_choice(method, ("influence", "bootstrap"), "method")
    whole, resolved = read_samples(X, estimator, discrete=discrete, names=names)
    _check_resampling(method, resolved)
    X, dropped = rows_without_gaps(whole, missing, ranks=resolved.ranks)
    data = checks.check_datasets(X)
    if data.stacked:
        raise HoiError(
            f"X has {len(data.tables)} datasets: the halves are of one. Search some of the datasets, and give the "
            "others to hoi.confidence_interval with the sets found."
        )
    values = data.tables[0]
    half = len(values) // 2
    _require_samples(half)
    first, second = (Table(rows, data.names) for rows in (values[:half], values[half:]))
    found = search(
        first, order, measure=checks.check_choice(measure, MEASURES, "measure"), which=which, n_best=n_best,
        per_order=per_order, estimator=resolved, given=given, bias_correction=bias_correction, units=units,
        groups=groups, backend=backend, threads=threads, progress=progress,
    )  # fmt: skip
    known = confidence_interval(
        second, found.members, measure=measure, confidence_level=confidence_level, method=method,
        n_resamples=n_resamples, seed=seed, estimator=resolved, given=given, bias_correction=bias_correction,
        units=units, groups=groups, backend=backend,
    )  # fmt: skip
    columns = {name: getattr(known, name) for name in known.columns}
    more = {"which": which, "n_best": n_best, "per_order": per_order, "chosen_in": [0, half], "dropped_rows": dropped}
    settings = {
        **known.settings, "order": found.settings["order"], **more, "estimated_in": [half, len(values)]
    }  # fmt: skip
    return Multiplets(found.indices, found.names, extreme=found.extreme, settings=settings, **columns)


def effective_sample_size(X: ArrayLike) -> FloatArray:
    r"""How many independent samples those of each pair of columns are worth, if the columns are autocorrelated.

    .. math:: N_{ij} = 1 + \frac{1 + r_{ij}^2}{\sum_{f > 0} P_i(f) P_j(f)}

    with P the periodogram of the normal scores of a column, divided by its sum, and r the correlation of the scores,
    which makes periodograms alike beyond their spectra.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
        As in :func:`hoi.oinfo`: samples in the order of time.

    Returns
    -------
    ndarray, shape (n_variables, n_variables)
        Of a stack, with an axis of datasets first. A pair of which one column is white has about n_samples. The
        diagonal says what the samples of a column are worth for its variance. Two columns of which one follows the
        other with a delay get less than is right, half at worst.

    Raises
    ------
    HoiError
        For data that cannot be used: see :func:`hoi.oinfo`.

    References
    ----------
    Bartlett (1946), On the theoretical specification and sampling properties of autocorrelated time-series, Supplement
    to the Journal of the Royal Statistical Society 8, 27-41.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> noise = np.random.default_rng(0).standard_normal((1000, 2))
    >>> smooth = np.cumsum(noise, axis=0)
    >>> bool(hoi.effective_sample_size(noise)[0, 1] > 900), bool(hoi.effective_sample_size(smooth)[0, 1] < 20)
    (True, True)
    """
    data = checks.check_datasets(X, ranks=True)
    found = np.stack([influence.effective_sample_size(table) for table in scores(data, GaussianCopula())])
    return found if data.stacked else found[0]


def _check_resampling(method: str, estimator: Estimator) -> None:
    """Error where the method does not suit the estimator."""
    if method == "influence" and (why := not_gaussian(estimator)):
        raise HoiError(f'method="influence" is of Gaussian columns, and {why}: use method="bootstrap".')
    if method == "bootstrap" and not estimator.repeats:
        raise HoiError(
            f"estimator={estimator.name!r} takes a sample that is drawn twice for its own neighbour, so a bootstrap "
            "says nothing of it. Use hoi.permutation_test for a p-value, or hoi.search in one half of the samples and "
            "hoi.measures in the other."
        )


def _check_level(confidence_level: float) -> float:
    """A number between 0 and 1."""
    if isinstance(confidence_level, bool) or not isinstance(confidence_level, (int, float, np.floating)):
        raise HoiError(f"confidence_level={confidence_level!r}: a number between 0 and 1 is needed, such as 0.95.")
    if not 0 < confidence_level < 1:
        raise HoiError(f"confidence_level={confidence_level}: a number between 0 and 1 is needed, such as 0.95.")
    return float(confidence_level)


def _require_samples(n_samples: int, where: str = "") -> None:
    if n_samples < _LEAST_SAMPLES:
        raise HoiError(
            f"{n_samples} samples{where} for an interval: its standard error is a sum over lags, and needs at least "
            f"{_LEAST_SAMPLES} samples."
        )
