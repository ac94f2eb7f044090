"""The four measures of given sets: each, and all at once."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from hoi._api.call import columns_of, open_call, pick, scale_of, settings_of
from hoi._api.given_sets import evaluate, filled, of_measure, sets_of
from hoi._backends.protocol import UNRANKED
from hoi._measures.registry import MEASURES
from hoi._results.multiplets import Multiplets
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Units

__all__ = [
    "dual_total_correlation",
    "measures",
    "oinfo",
    "sinfo",
    "total_correlation",
]


def oinfo(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    singular: str = "raise",
) -> float | FloatArray:
    r"""O-information of sets of variables: positive for redundancy, negative for synergy.

    .. math:: \Omega(S) = \mathrm{TC}(S) - \mathrm{DTC}(S) = (k - 2) H(S) + \sum_i [H(i) - H(S \setminus i)]

    It is identically 0 for two variables.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables), or GaussianSystem
        Samples: numpy of any real dtype, nested lists, pandas or polars frames (names are kept), xarray, torch tensors,
        MNE's Raw, Evoked and Epochs (channels are variables, times samples, epochs datasets). A list or dict of tables
        is one dataset each; their lengths may differ, and each is estimated by itself.
        A system (such as GaussianSystem) is used as it is: what the estimator does was done when it was made.
    multiplets : sequence of sequences of int or str, optional
        Sets by column index or name; lengths may differ. None takes all variables as one set.
    estimator : str, object of hoi.estimators, or callable
        "gaussian_copula" (Gaussian entropies of the normal scores), "gaussian" (of the data as they are), "discrete",
        "binned", "knn", "kernel" or "shrinkage". An object owns its parameters, such as the
        rule for equal values (:class:`hoi.estimators.GaussianCopula`); a function ``entropy(columns)``, or an object
        with such a method, gives the nats of an array (n_samples, n_columns).
    given : int, str, or sequence of them, optional
        Columns, by index or name, to condition on: every entropy H(S) becomes H(S | given), and these columns are no
        variables. Positions in `multiplets` still count all columns.
    discrete : int, str, or sequence of them, optional
        Columns, by index or name, that hold categories: labels of any kind (text, booleans, numbers), of which only
        equal or not counts. For "gaussian_copula", "gaussian", "knn" and "binned"; "discrete" takes all columns so.
    bias_correction : bool or "effective"
        Remove the bias that the estimator's entropies have for this number of samples. Corrected values can be negative
        where the true one is near 0. An exact covariance (no `n_samples`) is never corrected. "effective" is for
        Gaussian entropies of series: each set is corrected by the independent samples that its own are worth
        (:func:`hoi.effective_sample_size`).
    units : {"nats", "bits"}
    groups : sequence of sequences of int or str, or dict of names to such sequences, optional
        Each group of columns is one multivariate variable; `multiplets` then count groups, or name them. Columns in no
        group are left out.
    backend : {"auto", "numpy", "numba", "torch", "cuda"}
        Where to compute. Values do not depend on it.
    missing : {"raise", "drop"}
        What a missing or masked value is: an error, or a reason to leave out its sample (row). Gaps count in columns
        that are used only: those of the sets, what is given, and the target. The number of samples left out is warned
        of, and kept in the settings of a result.
    singular : {"raise", "nan"}
        What a set is whose covariance is singular, or that has a constant column, a singular group, or is given columns
        that determine it: an error, or NaN in the datasets where it is so.

    Returns
    -------
    float or ndarray
        In `units`. Without `multiplets` a float; with them shape (n_multiplets,), in the order given. Stacked data
        give a leading axis of datasets.

    Raises
    ------
    HoiError
        For data with missing or infinite values, constant columns, complex or non-numeric values, unknown or repeated
        members, as many columns in a set as samples, or a set whose covariance is singular.

    Warns
    -----
    TiesWarning
        If over 10 % of the values of a column repeat.
    IllConditionedWarning
        If a set is so close to a singular one that its value holds to fewer than six digits.
    InputWarning
        If samples with a gap, or parts of a recording that are marked as bad, were left out.

    See Also
    --------
    search : the lowest and highest sets of all.
    measures : all four measures at once.

    Notes
    -----
    The Gaussian copula sees dependence that shows in the ranks of pairs of variables; it misses dependence without
    rank correlation (a parabola, an exclusive or).

    References
    ----------
    Rosas, Mediano, Gastpar, Jensen (2019), Quantifying high-order interdependencies via multivariate extensions of
    the mutual information, Physical Review E 100, 032305, eq. 1.
    Ince et al. (2017), Human Brain Mapping 38, 1541-1573 (the estimator).

    Examples
    --------
    A sum of two independent variables is synergistic with them:

    >>> import numpy as np, hoi
    >>> rng = np.random.default_rng(0)
    >>> a, b, noise = rng.standard_normal((3, 1000))
    >>> X = np.column_stack([a, b, a + b + noise])
    >>> round(hoi.oinfo(X), 2)
    -0.12
    >>> hoi.oinfo(X, [(0, 1), (0, 1, 2)], units="bits").round(2) + 0.0
    array([ 0.  , -0.17])
    """
    return of_measure(
        MEASURES["oinfo"], X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing,
        singular,
    )  # fmt: skip


def total_correlation(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    singular: str = "raise",
) -> float | FloatArray:
    r"""Total correlation: how far the variables are from independence.

    .. math:: \mathrm{TC}(S) = \sum_i H(i) - H(S)

    Parameters
    ----------
    X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.oinfo`.

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`. For two variables it is their mutual information.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`.

    References
    ----------
    Watanabe (1960), Information theoretical analysis of multivariate correlation, IBM Journal 4, 66-82.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0.6], [0.6, 1]])
    >>> round(hoi.total_correlation(system), 4)  # -log(1 - 0.36) / 2
    0.2231
    """
    return of_measure(
        MEASURES["tc"], X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing,
        singular,
    )  # fmt: skip


def dual_total_correlation(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    singular: str = "raise",
) -> float | FloatArray:
    r"""Dual total correlation: the information the variables share, each with the rest.

    .. math:: \mathrm{DTC}(S) = H(S) - \sum_i H(i \mid S \setminus i)

    Parameters
    ----------
    X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.oinfo`.

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`.

    References
    ----------
    Han (1978), Nonnegative entropy measures of multivariate symmetric correlations, Information and Control 36,
    133-156.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0.6], [0.6, 1]])
    >>> round(hoi.dual_total_correlation(system), 4)
    0.2231
    """
    return of_measure(
        MEASURES["dtc"], X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing,
        singular,
    )  # fmt: skip


def sinfo(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    singular: str = "raise",
) -> float | FloatArray:
    r"""S-information: how strongly each variable depends on the rest, summed.

    .. math:: \Sigma(S) = \mathrm{TC}(S) + \mathrm{DTC}(S) = \sum_i I(i ; S \setminus i)

    Parameters
    ----------
    X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.oinfo`.

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`.

    References
    ----------
    Rosas et al. (2019), Physical Review E 100, 032305.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0.6], [0.6, 1]])
    >>> round(hoi.sinfo(system), 4)
    0.4463
    """
    return of_measure(
        MEASURES["sinfo"], X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing,
        singular,
    )  # fmt: skip


def measures(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    target: Multiplet | int | str | None = None,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    singular: str = "raise",
    names: Sequence[str] | None = None,
) -> Multiplets:
    """All four measures of sets of variables, or all three about a target, in one pass.

    Parameters
    ----------
    target : int, str, or sequence of them, optional
        As in :func:`hoi.information`; the columns are then ``information``, ``rsi`` and ``gradient``.
    X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.oinfo`.
    names : sequence of str, optional
        As in :func:`hoi.search`.

    Returns
    -------
    Multiplets
        A row for each set, in the order given; all sets of the first dataset first.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0.6, 0], [0.6, 1, 0], [0, 0, 1]], names=["a", "b", "c"])
    >>> found = hoi.measures(system, [("a", "b"), ("a", "b", "c")])
    >>> found.tc.round(4), found.member_names[0]
    (array([0.2231, 0.2231]), ('a', 'b'))
    """
    began = time.perf_counter()
    scale = scale_of(units)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        discrete=discrete, target=target, missing=missing, singular=singular, multiplets=multiplets, names=names,
    )  # fmt: skip
    sets = sets_of(call)
    chosen = pick(backend, len(sets))
    evaluator = chosen.open(call.problem, UNRANKED)
    n_datasets = call.problem.n_datasets
    determined = np.zeros((n_datasets, len(sets)), dtype=bool)
    terms = evaluate(call, sets, evaluator, determined)
    settings = settings_of(
        call, units, chosen, evaluator.about(), evaluated=terms.J.size, skipped=0, seconds=time.perf_counter() - began
    )
    return Multiplets(
        np.tile(call.indices(filled(sets)), (n_datasets, 1)),
        **columns_of(call, scale, terms.D.ravel(), terms.J.ravel(), terms.L.ravel()),
        **({"determined": determined.ravel()} if determined.any() else {}),
        names=call.names,
        dataset=np.repeat(np.arange(n_datasets), len(sets)) if call.system.stacked else None,
        settings=settings,
    )
