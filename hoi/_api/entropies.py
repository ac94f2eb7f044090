"""Entropy of given sets, and mutual information between two tables of columns."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hoi._api.call import open_call, pick, scale_of
from hoi._api.cautions import of_labels
from hoi._api.given_sets import as_user_shape, by_order, evaluate, sets_of, unwrap
from hoi._backends.protocol import UNRANKED
from hoi._errors import HoiError
from hoi._inputs.categories import Categories
from hoi._inputs.checks import check_choice, check_data
from hoi._inputs.containers import read, read_datasets
from hoi._inputs.datasets import apart, are_datasets, joined
from hoi._inputs.gaps import MISSING
from hoi._inputs.table import Recordings, Table
from hoi._inputs.words import listing
from hoi._measures.registry import MEASURES
from hoi._systems.mixed import WithCategories, with_categories
from hoi._systems.protocol import Estimator, System
from hoi._systems.registry import resolve
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Units

__all__ = ["entropy", "mutual_information"]


def entropy(
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    estimator: str | Estimator = "gaussian",
    given: Multiplet | int | str | None = None,
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    groups: Groups | None = None,
    backend: str = "auto",
    missing: str = "raise",
    singular: str = "raise",
) -> float | FloatArray:
    r"""Joint entropy of sets of variables: the differential one of columns taken as Gaussian, by default.

    .. math:: H(S) = \tfrac12 \left(k \log 2 \pi e + \log\det C_S\right)

    Unlike the other measures it depends on the units of X, and can be negative: a variable in metres has a lower
    entropy than the same one in millimetres. With ``estimator="gaussian_copula"`` it is that of the normal scores.

    Parameters
    ----------
    X, multiplets, given, discrete, bias_correction, units, groups, backend, missing, singular
        As in :func:`hoi.oinfo`.
    estimator : {"gaussian", "gaussian_copula", "shrinkage", "kernel", "discrete", "binned"}, or object
        As in :func:`hoi.oinfo`. Of states it is the entropy of their distribution, and no differential one. Nearest
        neighbours know no entropies.

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
    Cover, Thomas (2006), Elements of Information Theory, theorem 8.4.1.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.GaussianSystem.from_covariance([[4, 0], [0, 1]])
    >>> hoi.entropy(system, [(0,), (1,), (0, 1)]).round(4)
    array([2.1121, 1.4189, 3.531 ])
    """
    scale = scale_of(units)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        discrete=discrete, missing=missing, singular=singular, multiplets=multiplets,
    )  # fmt: skip
    if not call.problem.has_entropies:
        raise HoiError(
            f'estimator="{call.system.estimator}" knows how far variables depend on each other, and no entropy of '
            'their own. Use "gaussian" or "discrete" for entropies.'
        )
    sets = sets_of(call)
    terms = evaluate(call, sets, pick(backend, len(sets)).open(call.problem, UNRANKED))
    values = 0.5 * terms.J
    for rows, members in by_order(sets):
        values[:, rows] += call.problem.constant(members)
    return unwrap(as_user_shape(call, scale * values), multiplets)


def mutual_information(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    conditional_on: ArrayLike | None = None,
    estimator: str | Estimator = "gaussian_copula",
    discrete: str | Sequence[str] | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    backend: str = "auto",
    missing: str = "raise",
    singular: str = "raise",
) -> float | FloatArray:
    r"""Mutual information of all of X with all of Y, given all of `conditional_on` if there is one.

    .. math:: I(X; Y \mid Z) = H(X, Z) + H(Y, Z) - H(X, Y, Z) - H(Z)

    Parameters
    ----------
    X, Y : array_like, shape (n_samples, n_columns) or (n_datasets, n_samples, n_columns)
        The same samples of two multivariate variables; shape (n_samples,) is one column. Lists or dicts of tables are
        datasets, whose lengths may differ.
    conditional_on : array_like, optional
        The same samples of the variables to condition on.
    discrete : {"X", "Y", "conditional_on"}, or several of them, optional
        Those whose columns are categories, of text or of anything else. For columns of both kinds side by side give
        :func:`hoi.information` one table.
    estimator, bias_correction, units, backend, missing, singular
        As in :func:`hoi.oinfo`.

    Returns
    -------
    float or ndarray, shape (n_datasets,)
        In `units`. After bias correction it can be negative where the true value is near 0.

    Raises
    ------
    HoiError
        As :func:`hoi.oinfo`, and if the numbers of samples or datasets differ.

    References
    ----------
    Ince et al. (2017), Human Brain Mapping 38, 1541-1573.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> rng = np.random.default_rng(0)
    >>> x, noise = rng.standard_normal((2, 2000))
    >>> y = x + noise
    >>> round(hoi.mutual_information(x, y), 2)  # log(2) / 2 = 0.35
    0.34
    >>> round(hoi.mutual_information(x, y, conditional_on=noise + 0.1 * rng.standard_normal(2000)), 1)
    2.1
    """
    scale = scale_of(units)
    roles = {"X": X, "Y": Y, **({} if conditional_on is None else {"conditional_on": conditional_on})}
    resolved = resolve(estimator)
    labelled = _roles_of_labels(discrete, roles)
    # constants stay where they are to be NaN, and gaps where their samples are to go
    whole = check_choice(missing, MISSING, "missing") == "raise" and singular != "nan"
    read_parts = [_columns(part, what, resolved, what in labelled, whole) for what, part in roles.items()]
    joint, ends = _side_by_side(roles, [part for part, _ in read_parts])
    groups = [tuple(range(start, end)) for start, end in itertools.pairwise(ends)]
    if labelled:
        every = {start + c: own for start, (_, labels) in zip(ends, read_parts) for c, own in labels.items()}
        resolved = WithCategories(resolved, Categories(every))
    call = open_call(
        joint, estimator=resolved, given=groups[2] if len(groups) > 2 else None, bias_correction=bias_correction,
        groups=groups[:2], backend=backend, missing=missing, singular=singular,
    )  # fmt: skip
    D, J, L, _ = evaluate(call, [(0, 1)], pick(backend, 1).open(call.problem, UNRANKED))
    found = MEASURES["tc"].value(D, J, L)
    for side in (0, 1):
        if ("X", "Y")[side] in labelled:
            of_labels(call._replace(roles=call.roles._replace(target=groups[side])), [(1 - side,)], 2 * found)
    found = scale * found[:, 0]
    return found if call.system.stacked else float(found[0])


def _roles_of_labels(discrete: Any, roles: Iterable[str]) -> list[str]:
    """Which of the roles have columns of labels."""
    named = [] if discrete is None else [discrete] if isinstance(discrete, str) else discrete
    if not hasattr(named, "__iter__") or not all(what in [*roles] for what in named):
        raise HoiError(
            f"discrete={discrete!r}: name which of {', '.join(roles)} are categories, all of their columns. For single "
            "columns give hoi.information one table, with target= and discrete=."
        )
    return list(named)


def _columns(
    X: ArrayLike, what: str, estimator: Estimator, labelled: bool, whole: bool
) -> tuple[Table | Recordings, dict[int, tuple[str, ...]]]:
    """The columns of one of the roles with a name each, checked now unless samples with gaps are to go first; and the
    labels of each, if they are categories."""
    if isinstance(X, System):
        raise HoiError(
            f"{what} is a {type(X).__name__}: mutual_information takes samples. For columns of one system use "
            "total_correlation(system, groups=[columns_of_x, columns_of_y])."
        )
    known: dict[int, tuple[str, ...]] = {}
    if labelled or estimator.labels:
        X = _as_column(X, what)
        X, by = with_categories(X, estimator, ... if labelled else None, what=what)
        known = by.categories.labels if isinstance(by, WithCategories) else {}
    data = read_datasets(X, what, ranks=estimator.ranks)
    if isinstance(data, Recordings):
        return replace(data, tables=tuple(_named(table, what, whole) for table in data.tables)), known
    return _named(read(data, what, ranks=estimator.ranks), what, whole), known


def _as_column(X: Any, what: str) -> Any:
    """One column of labels as a table of one column."""
    if hasattr(X, "to_frame"):
        return X.to_frame(what if X.name is None else X.name)
    values = np.asarray(X, dtype=object) if isinstance(X, (list, tuple)) and not are_datasets(X) else X
    return values[:, None] if isinstance(values, np.ndarray) and values.ndim == 1 else X


def _named(table: Table, what: str, whole: bool) -> Table:
    if table.values.ndim == 1:
        table = replace(table, values=table.values[:, None], names=table.names or (what,))
    elif table.names is None and table.values.ndim in (2, 3):
        table = replace(table, names=tuple(f"{what}[{j}]" for j in range(table.values.shape[-1])))
    if whole or table.values.ndim not in (2, 3):
        check_data(table, what=what)
    return table


def _side_by_side(roles: Iterable[str], parts: Sequence[Table | Recordings]) -> tuple[Table | Recordings, list[int]]:
    """The columns of all roles as one table, of each dataset, and the columns at which roles begin and end."""
    tables = [apart(part) for part in parts]
    samples = [[len(table.values) for table in some] for some in tables]
    if any(other != samples[0] for other in samples):
        given = ", ".join(
            f"{what} ({len(n)}, {listing(sorted(set(n)), 3)})" for what, n in zip(roles, samples, strict=True)
        )
        raise HoiError(
            f"(n_datasets, n_samples) differ: {given}. Row i of each is the same sample: cut them to the same rows."
        )
    names = _joint_names(roles, [some[0].names or () for some in tables])
    joint = [Table(np.concatenate([table.values for table in some], axis=1), names) for some in zip(*tables)]
    ends = np.cumsum([0, *(some[0].values.shape[1] for some in tables)]).tolist()
    if all(isinstance(part, Table) and part.values.ndim == 2 for part in parts):
        return joint[0], ends
    return joined(joint, next((part.datasets for part in parts if part.datasets), None), "X"), ends


def _joint_names(roles: Iterable[str], names: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The names of all columns, with their role where two roles have a name in common."""
    every = [name for part in names for name in part]
    if len(set(every)) < len(every):
        every = [f"{what}:{name}" for what, part in zip(roles, names, strict=True) for name in part]
    return tuple(every)
