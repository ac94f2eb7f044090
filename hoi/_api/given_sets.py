"""Terms of given sets: which sets, whether they can have a value, and the shape of the answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._api.call import Call
from hoi._backends.protocol import Evaluator
from hoi._errors import HoiError, IllConditionedWarning, warn
from hoi._inputs import checks
from hoi._inputs.words import listing
from hoi._maths.terms import FEW_DIGITS, Terms
from hoi._search.exhaustive import corrected
from hoi._typing import FloatArray, Multiplet

__all__ = ["as_user_shape", "by_order", "evaluate", "filled", "sets_of", "unwrap", "warn_of_few_digits"]

# Logarithm of the determinant above which no set is close to a singular one: eigenvalues with a mean of 1 are all above
# det / e.
_CLEAR_DETERMINANT = -10.0


def sets_of(call: Call) -> list[tuple[int, ...]]:
    """The sets asked for, as variables of the problem; all variables as one set by default."""
    if call.multiplets is None:
        return [tuple(range(call.problem.n_variables))]
    return call.variables(checks.check_multiplets(call.multiplets, call.names))


def evaluate(call: Call, sets: Sequence[tuple[int, ...]], evaluator: Evaluator) -> Terms:
    """Corrected terms (n_datasets, n_sets) of given sets of any orders."""
    problem = call.problem
    terms = Terms.zeros((problem.n_datasets, len(sets)))
    for rows, members in by_order(sets):
        _require_samples(call, members)
        raw = evaluator.terms(members)
        if call.absent is not None:
            raw = raw._replace(singular=raw.singular | call.absent[:, members].any(axis=2))
        found = corrected(problem, raw, members)
        if found.singular.any() and call.singular == "nan":
            D, J, L = (np.where(found.singular, np.nan, part) for part in found[:3])
            found = Terms(D, J, L, found.singular)
        elif found.singular.any():
            dataset = int(found.singular.any(axis=1).argmax())
            _refuse_singular(call, dataset, members[found.singular[dataset]])
        of_dataset, deep = np.nonzero((raw.J < _CLEAR_DETERMINANT) & ~raw.singular)
        warn_of_few_digits(call, members[deep], of_dataset)
        for target, source in zip(terms, found, strict=True):
            target[:, rows] = source
    return terms


def warn_of_few_digits(call: Call, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> None:
    """Warn of those of the sets (m, k) of the datasets (m,) whose values hold to fewer than six digits."""
    least = call.problem.least_variance(members, dataset)
    few = np.flatnonzero(least < FEW_DIGITS)
    if len(few):
        named = listing([_named(call, row) for row in dict.fromkeys(map(tuple, members[few].tolist()))])
        warn(
            f"close to numerically singular: {named}. Given the others, a variable keeps {least[few].min():.1e} of its "
            "variance there, so that their values hold to fewer than six digits, as do the correlations that this "
            "rests on. Leave nearly dependent columns out.",
            IllConditionedWarning,
        )


def by_order(sets: Sequence[tuple[int, ...]]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """(rows, members) of the sets of each order, members ascending."""
    rows: dict[int, list[int]] = {}
    for row, members in enumerate(sets):
        rows.setdefault(len(members), []).append(row)
    return [
        (np.array(some), np.sort(np.array([sets[row] for row in some], dtype=np.intp), axis=1))
        for some in rows.values()
    ]


def filled(sets: Sequence[tuple[int, ...]]) -> NDArray[np.intp]:
    """Sets as rows that are filled up with -1."""
    indices = np.full((len(sets), max(map(len, sets))), -1, dtype=np.intp)
    for row, members in zip(indices, sets, strict=True):
        row[: len(members)] = members
    return indices


def _require_samples(call: Call, members: NDArray[np.intp]) -> None:
    """Error where the widest of the sets has too many columns to be estimated."""
    widest = members[0]
    if call.groups is not None:
        widest = members[np.array([len(group) for group in call.groups])[members].sum(axis=1).argmax()]
    fixed = call.given + call.target
    call.system.require_samples(call.width(widest.tolist()), lambda: f"the set {_named(call, widest.tolist())}", fixed)


def _refuse_singular(call: Call, dataset: int, members: NDArray[np.intp]) -> None:
    where = f" of dataset {dataset}" if call.system.stacked else ""
    others = f" (and {len(members) - 1} more sets)" if len(members) > 1 else ""
    raise HoiError(
        f"the covariance of the set {_named(call, members[0].tolist())}{others}{where} is numerically singular: a "
        "variable in it is determined by the others, and its measures are infinite. Leave out duplicated or dependent "
        'columns, or take singular="nan" for NaN in its place.'
    )


def _named(call: Call, members: Sequence[int]) -> str:
    return f"({listing([call.names[call.positions[v]] for v in members])})"


def as_user_shape(call: Call, values: FloatArray) -> Any:
    """Without the axis of datasets for a single table."""
    return values if call.system.stacked else values[0]


def unwrap(values: Any, multiplets: Sequence[Multiplet] | None) -> float | FloatArray:
    """Without the axis of sets when none were given."""
    if multiplets is not None:
        return values
    return float(values[0]) if values.ndim == 1 else values[:, 0]
