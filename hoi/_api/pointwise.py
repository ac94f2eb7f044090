"""Local values: what each sample adds to a measure, whose mean is the value."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from hoi._api.call import Call, open_call, pick, ranked_by, scale_of
from hoi._api.given_sets import by_order, evaluate, sets_of
from hoi._api.samples import read_samples
from hoi._backends.protocol import UNRANKED
from hoi._errors import HoiError
from hoi._inference.surrogates import scores
from hoi._inputs import checks
from hoi._inputs.datasets import apart, names_of
from hoi._inputs.labelled import is_labelled, leading
from hoi._maths.influence import influence
from hoi._maths.pointwise import add_quadratic, forms, residuals
from hoi._measures.registry import Measure
from hoi._systems.gaussian import Gaussian, GaussianCopula
from hoi._systems.protocol import Estimator, System
from hoi._systems.registry import resolve
from hoi._systems.several import SeveralSystem
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Units

__all__ = ["local"]


def local(
    X: ArrayLike,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    measure: str = "oinfo",
    target: Multiplet | int | str | None = None,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
) -> Any:
    r"""Local values of a measure: one for each sample, whose mean is the value of the measure.

    Every entropy is replaced by the surprise of the sample: minus the logarithm of its density, or of the frequency of
    its state. For Gaussian variables a local value is a constant and a quadratic form of the sample x: with C the
    covariance of a set and P its inverse,

    .. math:: D_t = \sum_i \log C_{ii} + x_i^2 / C_{ii}, \quad J_t = \log\det C + x^\top P x, \quad
              L_t = \sum_i \log P_{ii} - (P x)_i^2 / P_{ii}

    take the place of D, J and L. Local values can have either sign for every measure, and are large where a sample is
    far out. Their mean is the value to rounding, whether covariances are divided by n or n - 1: the mean of the forms
    cancels in every measure.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
        Samples; not a system, which has none.
    measure : {"oinfo", "tc", "dtc", "sinfo", "delta_k", "information", "rsi", "gradient"}
        As in :func:`hoi.search`. The last three need a `target`.
    target : int, str, or sequence of them, optional
        As in :func:`hoi.information`.
    multiplets, given, discrete, units, groups, backend
        As in :func:`hoi.oinfo`.
    estimator : {"gaussian_copula", "gaussian", "discrete", "binned", "knn", "kernel"}, or object
        As in :func:`hoi.oinfo`. Gaussian: x are the normal scores, or the centred values. Discrete and binned: the
        share of a sample in what its state adds to the entropy. Nearest neighbours: its digammas. One's own estimator
        needs ``local(columns)`` beside ``entropy(columns)``: one number for each sample, whose mean is the entropy.
        Gaussian with `discrete`: the surprise of the labels, and that of the numbers by the Gaussian of their class.
        Entropies of a shrunk covariance are no means over the samples, and have none.
    bias_correction : bool
        Add to each sample what the correction adds to the value.
    missing : {"raise", "drop"}
        As in :func:`hoi.oinfo`; the values of samples that are left out are NaN, in stacks too.

    Returns
    -------
    ndarray, xarray.DataArray or list of ndarray
        In `units`, shape (n_samples, n_sets), or (n_samples,) without `multiplets`; stacked data give a leading axis of
        datasets, and recordings of different lengths a list of arrays, one for each. A DataArray gives a DataArray with
        the coordinates of its samples.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`, and for a system or an estimator without local values.

    References
    ----------
    Lizier (2014), Measuring the dynamics of information processing on a local scale, in: Directed Information Measures
    in Neuroscience; Scagliarini et al. (2022), Physical Review Research 4, 013184.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = hoi.simulate.common_effect(2).sample(500, seed=0)
    >>> values = hoi.local(X, [(0, 1, 2)])
    >>> values.shape, np.allclose(values.mean(axis=0), hoi.oinfo(X, [(0, 1, 2)]))
    ((500, 1), True)
    """
    scale = scale_of(units)
    row = ranked_by(measure, target)
    resolved = resolve(estimator)
    if isinstance(X, System):
        raise HoiError(f"X is {X!r}, which has no samples: local values are of samples. Give the data themselves.")
    whole, by = read_samples(X, resolved, discrete=discrete)
    drawing = copy.deepcopy(by)  # with a generator of its own, which draws the same ties
    call = open_call(
        whole, estimator=by, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        target=target, missing=missing, multiplets=multiplets,
    )  # fmt: skip
    sets = sets_of(call)
    D, J, L, _ = evaluate(call, sets, pick(backend, len(sets)).open(call.problem, UNRANKED))
    lengths = call.system.lengths or [call.system.n_samples or 0] * call.problem.n_datasets
    array = np.empty((len(lengths), len(sets), max(lengths)))
    values = [own[:, :n_samples] for own, n_samples in zip(array, lengths, strict=True)]
    if isinstance(drawing, (Gaussian, GaussianCopula)):
        array[:] = scale * row.value(D, J, L)[:, :, None]
        for out, x, C in zip(values, _samples(call.data, drawing), _matrices(call), strict=True):
            _add_forms(out, x, C, call, sets, row, call.given, scale)
            if call.target:  # of all that is given, less those given the target too
                _add_forms(out, x, C, call, sets, row, call.given + call.target, -scale)
    else:
        _by_samples(values, call, sets, row, scale)
    parts: list[FloatArray] = [own.T for own in values]
    if call.dropped:
        used = [names_of(whole).index(name) for name in call.system.names]
        parts = [_in_place(own, table.values[:, used]) for own, table in zip(parts, apart(whole), strict=True)]
    if multiplets is None:
        parts = [own[:, 0] for own in parts]
    if len({len(own) for own in parts}) > 1:
        return parts
    given_so = parts[0] if not call.system.stacked else np.stack(parts)
    return _labelled(given_so, X, multiplets is not None)


def _by_samples(
    values: Sequence[FloatArray], call: Call, sets: Sequence[tuple[int, ...]], row: Measure, scale: float
) -> None:
    """Fill values (n_sets, n_samples) of each dataset from the terms of each sample."""
    problem = call.problem_of(call.system.by_samples())
    for dataset, out in enumerate(values):
        for rows, members in by_order(sets):
            terms = problem.pointwise(members, dataset)
            if terms is None:
                by = call.system.about()
                how = f" with correction={by['correction']!r}" if by.get("correction") else ""
                raise HoiError(
                    f"estimator={by['estimator']!r}{how} has no local values: its entropies are no means over the "
                    'samples. Use "gaussian_copula", "discrete", "binned", "knn" or "kernel", or give your estimator '
                    "local(columns), one number for each sample, beside entropy(columns)."
                )
            out[rows] = scale * row.value(*terms)


def _samples(X: ArrayLike, estimator: Gaussian | GaussianCopula) -> list[FloatArray]:
    """Centred samples (n_samples, n_columns) of each dataset as the covariance has seen them."""
    tables = scores(checks.check_datasets(X, ranks=estimator.ranks), estimator)
    return [table - table.mean(axis=0) for table in tables]


def _in_place(values: FloatArray, table: FloatArray) -> FloatArray:
    """Values of samples, with NaN for those that have gaps."""
    out = np.full((len(table), *values.shape[1:]), np.nan)
    out[~np.isnan(table).any(axis=1)] = values
    return out


def _matrices(call: Call) -> list[FloatArray]:
    """The covariance of each dataset."""
    systems: Sequence[Any] = call.system.parts if isinstance(call.system, SeveralSystem) else [call.system]
    return [matrix for system in systems for matrix in system.matrices]


def _add_forms(
    out: FloatArray, X: FloatArray, C: FloatArray, call: Call, sets: Sequence[tuple[int, ...]], row: Measure,
    fixed: tuple[int, ...], factor: float,
) -> None:
    """Add the quadratic forms of h(S given the columns `fixed`) of one dataset to the values (n_sets, n_samples)."""
    weights = row.d, row.j, row.l
    if call.groups is not None:
        for values, members in zip(out, sets, strict=True):
            columns = [c for v in members for c in call.groups[v]]
            samples, own = residuals(X, C, columns, fixed)
            ends = np.cumsum([0, *(len(call.groups[v]) for v in members)])
            values += 0.5 * factor * np.einsum("tk,tk->t", samples, samples @ influence(own, ends, *weights))
        return
    samples, own = residuals(X, C, [c for (c,) in call.roles.variables], fixed)
    across = np.ascontiguousarray(samples.T)
    for rows, chosen in by_order(sets):
        add_quadratic(out, rows, across, factor * forms(own, chosen, weights), chosen)


def _labelled(values: FloatArray, X: ArrayLike, several: bool) -> Any:
    """As a DataArray with the dimensions of the data, where these are one."""
    if not is_labelled(X):
        return values
    import xarray

    dims, coords = leading(X)
    return xarray.DataArray(values, dims=[*dims, "multiplet"] if several else dims, coords=coords)
