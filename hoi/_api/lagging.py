"""Dynamic measures: tables of lagged columns, transfer entropy, and sets that drive a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hoi._api.about_target import information
from hoi._api.call import open_call
from hoi._api.sets import search
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._inputs.categories import Categories
from hoi._inputs.containers import named, read_all
from hoi._inputs.datasets import apart, labels_of, names_of
from hoi._inputs.gaps import rows_without_gaps
from hoi._inputs.roles import check_columns
from hoi._inputs.sets import is_int
from hoi._inputs.table import Recordings, Table
from hoi._results.multiplets import Multiplets
from hoi._systems.mixed import WithCategories, with_categories
from hoi._systems.protocol import Estimator, System
from hoi._systems.registry import resolve
from hoi._typing import ArrayLike, BiasCorrection, Multiplet, Units

__all__ = ["drivers", "lagged", "read_lags", "transfer_entropy"]


def lagged(
    X: ArrayLike, lags: int | Sequence[int] = 1, *, names: Sequence[str] | None = None
) -> Table | Recordings:
    """Each column beside its own past: the table that dynamic measures are about.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
        Time series: rows are equal steps in time. Datasets stay apart, of one length or of different ones.
    lags : int or sequence of int
        Steps back: 3 stands for 1, 2 and 3, and ``[1, 5]`` for these two.
    names : sequence of str, optional
        As in :func:`hoi.search`.

    Returns
    -------
    Table or Recordings
        Columns ``y, y-1, y-2, ...`` of each variable y, variable after variable; the first ``max(lags)`` rows, which
        have no past, are left out. Accepted wherever data are. A gap is NaN wherever it went to. `Recordings` where the
        datasets have different lengths.

    Raises
    ------
    HoiError
        If a lag is no positive integer, occurs twice, or leaves fewer than two rows.

    Examples
    --------
    >>> import hoi
    >>> table = hoi.lagged([[1.0, 8.0], [2.0, 6.0], [3.0, 7.0], [4.0, 5.0]], 2)
    >>> table.names
    ('0', '0-1', '0-2', '1', '1-1', '1-2')
    >>> table.values
    array([[3., 2., 1., 7., 6., 8.],
           [4., 3., 2., 5., 7., 6.]])
    """
    steps = _check_lags(lags)
    data = read_all(named(X, names))
    if isinstance(data, Table):
        return _shifted(data, steps)
    parts = zip(labels_of(data), data.tables, strict=True)
    return replace(data, tables=tuple(_shifted(table, steps, f" of dataset {label!r}") for label, table in parts))


def transfer_entropy(
    X: ArrayLike,
    *,
    lags: int | Sequence[int] = 1,
    estimator: str | Estimator = "gaussian_copula",
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    backend: str = "auto",
    missing: str = "raise",
    names: Sequence[str] | None = None,
) -> Any:
    r"""Transfer entropy between all columns: what the past of one tells of another beyond that one's own past.

    .. math:: T_{x \to y} = I(x_{t-1}, \ldots; y_t \mid y_{t-1}, \ldots)

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables)
        One table of time series.
    lags : int or sequence of int
        As in :func:`hoi.lagged`; the same for both pasts.
    estimator, discrete, bias_correction, units, backend
        As in :func:`hoi.oinfo`; the past of a categorical column is categorical too.
    missing : {"raise", "drop"}
        What a gap is: an error, or a reason to leave out the rows of the lagged table that it is in.
    names : sequence of str, optional
        As in :func:`hoi.search`.

    Returns
    -------
    pandas.DataFrame, shape (n_variables, n_variables)
        In `units`, from the row to the column; NaN on the diagonal.

    Raises
    ------
    HoiError
        As :func:`hoi.lagged` and :func:`hoi.information`, and for several datasets.

    References
    ----------
    Schreiber (2000), Physical Review Letters 85, 461; Barnett, Barrett, Seth (2009), Physical Review Letters 103,
    238701 (the Gaussian one is half the Granger causality).

    Examples
    --------
    >>> import numpy as np, hoi
    >>> rng = np.random.default_rng(0)
    >>> x = rng.standard_normal(1000)
    >>> y = 0.5 * rng.standard_normal(1000)
    >>> y[1:] += x[:-1]
    >>> found = hoi.transfer_entropy(np.column_stack([x, y]))
    >>> bool(found.loc["0", "1"] > 0.7 and abs(found.loc["1", "0"]) < 0.01)
    True
    """
    import pandas as pd

    table, resolved, labels, steps = read_lags(X, lags, estimator, discrete, names, stacked=False)
    n = len(labels)
    if n < 2:
        raise HoiError(f"X has the one column {labels[0]!r}: transfer entropy is between two. Give more columns.")
    system = _fitted(table, resolved, bias_correction, backend, missing)
    values = np.full((n, n), np.nan)
    for j in range(n):
        others = [i for i in range(n) if i != j]
        values[others, j] = information(
            system, [(g,) for g in range(n - 1)], target=_present(j, steps), given=_past(j, steps),
            groups=[_past(i, steps) for i in others], bias_correction=bias_correction, units=units, backend=backend,
        )  # fmt: skip
    return pd.DataFrame(values, index=pd.Index(labels, name="from"), columns=pd.Index(labels, name="to"))


def drivers(
    X: ArrayLike,
    order: int | tuple[int, int] = 2,
    *,
    lags: int | Sequence[int] = 1,
    targets: Multiplet | int | str | None = None,
    measure: str = "gradient",
    which: str = "both",
    n_best: int = 10,
    per_order: bool = False,
    estimator: str | Estimator = "gaussian_copula",
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    backend: str = "auto",
    missing: str = "raise",
    names: Sequence[str] | None = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> dict[str, Multiplets]:
    r"""Sets of variables whose past drives each target beyond the target's own past: one search for each target.

    With ``measure="gradient"`` it is the dynamic O-information, of sources S with their past S⁻,

    .. math:: d\Omega(S \to y) = (1 - k) I(S^-; y \mid y^-) + \sum_{i \in S} I(S^- \setminus i; y \mid y^-)

    and with ``measure="information"`` the joint transfer entropy.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
        Time series: rows are equal steps in time.
    order : int or (int, int)
        Number of sources in a set, at least 2.
    lags : int or sequence of int
        As in :func:`hoi.lagged`; the past of a source is all of its lags together.
    targets : int, str, or sequence of them, optional
        Columns to explain; all by default.
    measure : {"gradient", "information", "rsi"}
        What sets are ranked by.
    which, n_best, per_order, estimator, discrete, bias_correction, units, backend, threads, progress
        As in :func:`hoi.search`.
    missing : {"raise", "drop"}
        As in :func:`hoi.transfer_entropy`.
    names : sequence of str, optional
        As in :func:`hoi.search`.

    Returns
    -------
    dict of str to Multiplets
        A result for each target, by its name; members are columns of X.

    Raises
    ------
    HoiError
        As :func:`hoi.lagged` and :func:`hoi.search`.

    References
    ----------
    Stramaglia et al. (2021), Quantifying dynamical high-order interdependencies from the O-information, Frontiers in
    Physiology 11, 595736.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((1000, 5))
    >>> X[1:, 4] += X[:-1, 0] + X[:-1, 2]
    >>> found = hoi.drivers(X, which="lowest", n_best=1)
    >>> found["4"].members
    [(0, 2)]
    """
    table, resolved, labels, steps = read_lags(X, lags, estimator, discrete, names, stacked=True)
    system = _fitted(table, resolved, bias_correction, backend, missing)
    n = len(labels)
    chosen = range(n) if targets is None else check_columns(targets, labels, "targets")
    found = {}
    for j in chosen:
        others = np.array([i for i in range(n) if i != j])
        result = search(
            system, order, measure=measure, target=_present(j, steps), given=_past(j, steps),
            groups=[_past(i, steps) for i in others.tolist()], which=which, n_best=n_best, per_order=per_order,
            bias_correction=bias_correction, units=units, backend=backend, threads=threads, progress=progress,
        )  # fmt: skip
        found[labels[j]] = Multiplets(
            np.where(result.indices >= 0, others[result.indices], -1), labels, dataset=result.dataset,
            extreme=result.extreme, settings={**result.settings, "target": [labels[j]], "lags": list(steps)},
            **{name: getattr(result, name) for name in result.columns},
        )  # fmt: skip
    return found


def read_lags(
    X: ArrayLike, lags: int | Sequence[int], estimator: str | Estimator, discrete: Multiplet | int | str | None,
    names: Sequence[str] | None, *, stacked: bool
) -> tuple[Table | Recordings, Estimator, tuple[str, ...], tuple[int, ...]]:
    """The table of lagged columns and the estimator that knows which of them are categories, the names of the
    variables, and the lags."""
    if isinstance(X, System):
        raise HoiError(f"X is {X!r}, which has no samples to shift in time: give the data themselves.")
    steps = _check_lags(lags)
    X, resolved = with_categories(X, resolve(estimator), discrete, names)
    table = lagged(X, steps, names=names)
    if not stacked and (isinstance(table, Recordings) or table.values.ndim == 3):
        raise HoiError(f"X has {len(apart(table))} datasets: one table is needed. Call it for each of them.")
    labels = tuple((table.names or ())[:: len(steps) + 1])
    if isinstance(resolved, WithCategories):
        known = resolved.categories.labels
        own = {c: known[j] for j in known for c in (_present(j, steps), *_past(j, steps))}
        resolved = WithCategories(resolved.by, Categories(own))
    return table, resolved, labels, steps


def _shifted(table: Table, steps: Sequence[int], where: str = "") -> Table:
    """One table, or a stack of them, of each column beside its past."""
    if table.values.ndim not in (2, 3):
        checks.check_data(table)  # says what is wrong with the shape
    known = names_of(table)
    first, n_samples = max(steps), table.values.shape[-2]
    if n_samples - first < 2:
        raise HoiError(
            f"lags up to {first} of {n_samples} samples{where} leave {max(0, n_samples - first)} rows: at least 2 are "
            "needed. Take smaller lags or longer series."
        )
    parts = [table.values[..., first - step : n_samples - step, :] for step in (0, *steps)]
    values = np.stack(parts, axis=-1).reshape(*parts[0].shape[:-1], -1)
    names = tuple(name if step == 0 else f"{name}-{step}" for name in known for step in (0, *steps))
    return replace(table, values=values, names=names)


def _fitted(
    table: Table | Recordings, estimator: Estimator, bias_correction: BiasCorrection, backend: str, missing: str
) -> System:
    """The system of lagged columns, for one search or table after the other."""
    whole, _ = rows_without_gaps(table, missing, ranks=estimator.ranks, what="the table of lags")
    return open_call(
        whole, estimator=estimator, given=None, groups=None, bias_correction=bias_correction, backend=backend
    ).system


def _present(j: int, steps: Sequence[int]) -> int:
    """The column of variable j now, in a table of lagged columns."""
    return j * (len(steps) + 1)


def _past(j: int, steps: Sequence[int]) -> tuple[int, ...]:
    """The columns of the past of variable j."""
    first = _present(j, steps) + 1
    return tuple(range(first, first + len(steps)))


def _check_lags(lags: Any) -> tuple[int, ...]:
    """Steps back, from a number of them or themselves."""
    rule = "lags are steps back in time, the number of them or a list of distinct ones from 1"
    given = list(range(1, lags + 1)) if is_int(lags) else lags
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise HoiError(f"lags={lags!r}: {rule}, for example lags=3 or lags=[1, 5].")
    steps = list(given)
    if not steps or not all(is_int(step) and step > 0 for step in steps) or len(set(steps)) < len(steps):
        raise HoiError(f"lags={lags!r}: {rule}, for example lags=3 or lags=[1, 5].")
    return tuple(int(step) for step in steps)
