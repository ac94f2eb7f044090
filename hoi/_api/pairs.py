"""A measure of every pair of variables, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hoi._api.call import open_call, pick, ranked_by, scale_of
from hoi._api.given_sets import evaluate
from hoi._backends.protocol import UNRANKED
from hoi._errors import HoiError
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, Groups, Multiplet, Units

__all__ = ["pairwise"]


def pairwise(
    X: ArrayLike | System,
    *,
    measure: str = "tc",
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
) -> Any:
    """A measure of every pair of variables, as a table: mutual information by default.

    Tables with a direction are those of :func:`hoi.transfer_entropy`, and an atom of :func:`hoi.phiid` in this form is
    ``hoi.phiid(X)["sts"].unstack()``. :func:`hoi.plot.matrix` draws all of them.

    Parameters
    ----------
    X, estimator, given, discrete, bias_correction, units, groups, backend, missing
        As in :func:`hoi.oinfo`. One table: no datasets.
    measure : str
        As in :func:`hoi.search`. Of two variables the total correlation is their mutual information, and their
        O-information 0.
    target : int, str, or sequence of them, optional
        As in :func:`hoi.information`, for the measures about one: "rsi" is what a pair tells of it beyond the sum of
        both.
    names : sequence of str, optional
        As in :func:`hoi.search`.

    Returns
    -------
    pandas.DataFrame, shape (n_variables, n_variables)
        Symmetric, in `units`; NaN on the diagonal.

    Raises
    ------
    HoiError
        As :func:`hoi.search`, for several datasets, and for fewer than two variables.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> X = hoi.simulate.markov_chain(4, 0.8).sample(1000, seed=0)
    >>> table = hoi.pairwise(X)
    >>> bool(table.loc["0", "1"] > table.loc["0", "2"] > table.loc["0", "3"])
    True
    """
    import pandas as pd

    scale = scale_of(units)
    row = ranked_by(measure, target)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        target=target, discrete=discrete, missing=missing, names=names,
    )  # fmt: skip
    n = call.problem.n_variables
    if call.system.stacked:
        raise HoiError(f"X has {call.system.n_datasets} datasets: one table is needed. Call it for each of them.")
    if n < 2:
        raise HoiError("there is one variable, and a pair is two of them: give more columns or groups.")
    first, second = np.triu_indices(n, 1)
    sets = list(zip(first.tolist(), second.tolist(), strict=True))
    D, J, L, _ = evaluate(call, sets, pick(backend, len(sets)).open(call.problem, UNRANKED))
    values = np.full((n, n), np.nan)
    values[first, second] = values[second, first] = scale * row.value(D, J, L)[0]
    labels = [call.names[position] for position in call.positions.tolist()]
    return pd.DataFrame(values, index=labels, columns=labels)
