"""Measures that need the entropies of all subsets of a set."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from hoi._api.call import open_call, pick, scale_of
from hoi._api.given_sets import as_user_shape, evaluate, sets_of, unwrap
from hoi._backends.protocol import UNRANKED
from hoi._engine.plan import count_sets
from hoi._errors import HoiError
from hoi._maths import combinatorics
from hoi._measures.registry import MEASURES
from hoi._search.exhaustive import all_sets
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Units

__all__ = ["coinformation", "tse_complexity"]

# Members of a set, all of whose subsets are evaluated: 33 million of them at 25.
_MOST = 25
_MOST_LISTED = 16
_BLOCK = 1 << 16


def coinformation(
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
) -> float | FloatArray:
    r"""Co-information (interaction information with the sign of McGill for even sets) of sets of variables.

    .. math:: I(S) = -\sum_{T \subseteq S} (-1)^{|T|} H(T) = \sum_{T \subseteq S} (-1)^{|T|} \mathrm{TC}(T)

    For two variables it is their mutual information, for three I(X; Y) - I(X; Y | Z): positive for redundancy, negative
    for synergy. From four variables on the sign says neither.

    Parameters
    ----------
    X, multiplets, estimator, given, discrete, bias_correction, units, groups, backend, missing
        As in :func:`hoi.oinfo`. A set of k members has 2**k subsets: at most 16 members.

    Returns
    -------
    float or ndarray
        In `units`, shaped as by :func:`hoi.oinfo`. Of sets of one variable it is 0, not their entropy.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`, and for a set of more members.

    References
    ----------
    Bell (2003), The co-information lattice, ICA 2003; McGill (1954), Psychometrika 19, 97-116.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0, 0.6], [0, 1, 0.6], [0.6, 0.6, 1]])
    >>> round(hoi.coinformation(system), 4)
    -0.1902
    """
    scale = scale_of(units)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        discrete=discrete, missing=missing, multiplets=multiplets,
    )  # fmt: skip
    sets = sets_of(call)
    if (most := max(map(len, sets))) > _MOST_LISTED:
        raise HoiError(
            f"a set has {most} members, and so {2**most:,} subsets, all of which count: at most {_MOST_LISTED} members."
        )
    below = [[T for k in range(2, len(S) + 1) for T in itertools.combinations(sorted(S), k)] for S in sets]
    flat = list(dict.fromkeys(itertools.chain.from_iterable(below)))
    values = np.zeros((call.problem.n_datasets, len(sets)))
    if flat:
        place: dict[Any, int] = {T: i for i, T in enumerate(flat)}
        D, J, L, _ = evaluate(call, flat, pick(backend, len(flat)).open(call.problem, UNRANKED))
        tc = MEASURES["tc"].value(D, J, L)
        for column, subsets in enumerate(below):
            signs = np.array([(-1.0) ** len(T) for T in subsets])
            values[:, column] = tc[:, [place[T] for T in subsets]] @ signs
    return unwrap(as_user_shape(call, scale * values), multiplets)


def tse_complexity(
    X: ArrayLike | System,
    *,
    estimator: str | Estimator = "gaussian_copula",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
) -> float | FloatArray:
    r"""Neural complexity of Tononi, Sporns and Edelman: how far subsets of all sizes are from their share of it.

    .. math:: C_N = \sum_{k=1}^{n} \Big[ \frac{k}{n} \mathrm{TC}(X) - \langle \mathrm{TC}(S) \rangle_{|S| = k} \Big]
                  = \sum_{k=1}^{n} \Big[ \langle H(S) \rangle_{|S| = k} - \frac{k}{n} H(X) \Big]

    Low for independent variables; highest where parts are independent and the whole is not.

    Parameters
    ----------
    X, estimator, given, discrete, bias_correction, units, groups, backend, missing
        As in :func:`hoi.oinfo`. All 2**n subsets of the variables are evaluated: at most 25 variables.

    Returns
    -------
    float or ndarray, shape (n_datasets,)
        In `units`.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`, and for more variables, or a set that is numerically singular.

    References
    ----------
    Tononi, Sporns, Edelman (1994), A measure for brain complexity, PNAS 91, 5033-5037, eq. 4.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[1, 0.6, 0.6], [0.6, 1, 0.6], [0.6, 0.6, 1]])
    >>> round(hoi.tse_complexity(system), 4)
    0.2989
    """
    scale = scale_of(units)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        discrete=discrete, missing=missing,
    )  # fmt: skip
    n = call.problem.n_variables
    if n > _MOST:
        raise HoiError(
            f"{n} variables have {2**n:,} subsets, all of which count: at most {_MOST}. Take fewer, or groups."
        )
    if n == 1:
        values = np.zeros(call.problem.n_datasets)
        return values if call.system.stacked else 0.0
    chosen = pick(backend, count_sets(call.problem, 2, n))
    whole = MEASURES["tc"].value(*evaluate(call, [tuple(range(n))], chosen.open(call.problem, UNRANKED))[:3])[:, 0]
    sums = np.zeros((call.problem.n_datasets, n + 1))
    for block in all_sets(chosen.open(call.problem, UNRANKED), (2, n), _BLOCK):
        D, J, L, _ = block.terms
        sums[block.dataset, block.members.shape[1]] += MEASURES["tc"].value(D, J, L).sum()
    sizes = np.arange(1, n + 1)
    counts = np.array([combinatorics.count(n, k) for k in sizes.tolist()])
    values = scale * (sizes / n * whole[:, None] - sums[:, 1:] / counts).sum(axis=1)
    return values if call.system.stacked else float(values[0])
