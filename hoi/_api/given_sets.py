"""Terms of given sets: which sets, whether they can have a value, and the shape of the answer."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._api.call import Call, open_call, pick, scale_of
from hoi._api.cautions import Sets, judge, named, of_labels, of_samples
from hoi._backends.protocol import UNRANKED, Evaluator
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._maths.terms import DETERMINED, Terms
from hoi._measures.registry import Measure
from hoi._search.exhaustive import corrected
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, FloatArray, Groups, Multiplet, Units

__all__ = ["as_user_shape", "by_order", "evaluate", "filled", "of_measure", "sets_of", "unwrap"]

# Logarithm of the determinant above which no member of a set is nearly determined: eigenvalues with a mean of 1 are all
# above det / e.
_CLEAR_DETERMINANT = np.log(math.e * DETERMINED)


def of_measure(
    row: Measure,
    X: ArrayLike | System,
    multiplets: Sequence[Multiplet] | None,
    estimator: str | Estimator,
    given: Multiplet | int | str | None,
    discrete: Multiplet | int | str | None,
    bias_correction: BiasCorrection,
    units: Units,
    groups: Groups | None,
    backend: str,
    missing: str,
    singular: str,
    target: Multiplet | int | str | None = None,
) -> float | FloatArray:
    """One measure of the sets asked for, of a public function with these parameters."""
    scale = scale_of(units)
    call = open_call(
        X, estimator=estimator, given=given, bias_correction=bias_correction, groups=groups, backend=backend,
        discrete=discrete, target=target, missing=missing, singular=singular, multiplets=multiplets,
    )  # fmt: skip
    sets = sets_of(call)
    D, J, L, _ = evaluate(call, sets, pick(backend, len(sets)).open(call.problem, UNRANKED))
    return unwrap(as_user_shape(call, scale * row.value(D, J, L)), multiplets)


def sets_of(call: Call) -> list[tuple[int, ...]]:
    """The sets asked for, as variables of the problem; all variables as one set by default."""
    if call.multiplets is None:
        return [tuple(range(call.problem.n_variables))]
    return call.variables(checks.check_multiplets(call.multiplets, call.names))


def evaluate(
    call: Call, sets: Sequence[tuple[int, ...]], evaluator: Evaluator, marks: NDArray[np.bool_] | None = None
) -> Terms:
    """Corrected terms (n_datasets, n_sets) of given sets of any orders; `marks` takes in which have a determined
    member."""
    widest = max(sets, key=len if call.groups is None else call.width)
    fixed = call.given + call.target
    width = call.width(widest)

    def largest() -> str:
        return f"the set {named(call, widest)}"

    call.system.require_samples(width, largest, fixed)
    of_samples(call, width, largest)
    problem = call.problem
    terms = Terms.zeros((problem.n_datasets, len(sets)))
    judged: list[Sets] = []
    places: list[NDArray[np.intp]] = []
    for rows, members in by_order(sets):
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
        # ranks may have hidden what the data show
        deep = ~raw.singular if call.system.raw is not None else (raw.J < _CLEAR_DETERMINANT) & ~raw.singular
        if deep.any():
            of_dataset, place = np.nonzero(deep)
            judged.append((members[place], of_dataset))
            places.append(rows[place])
        for target, source in zip(terms, found, strict=True):
            target[:, rows] = source
    for (_, datasets), rows, determined in zip(judged, places, judge(call, judged) if judged else [], strict=True):
        if marks is not None:
            marks[datasets[determined], rows[determined]] = True
    of_labels(call, sets, terms.J)
    return terms


def by_order(sets: Sequence[tuple[int, ...]]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """(rows, members) of the sets of each order, members ascending."""
    lengths = np.fromiter(map(len, sets), dtype=np.intp, count=len(sets))
    stops = np.cumsum(lengths)
    flat = np.fromiter(itertools.chain.from_iterable(sets), dtype=np.intp, count=int(stops[-1]))
    found = []
    for order in dict.fromkeys(lengths.tolist()):
        rows = np.flatnonzero(lengths == order)
        found.append((rows, np.sort(flat[stops[rows, None] - order + np.arange(order)], axis=1)))
    return found


def filled(sets: Sequence[tuple[int, ...]]) -> NDArray[np.intp]:
    """Sets as rows that are filled up with -1."""
    indices = np.full((len(sets), max(map(len, sets))), -1, dtype=np.intp)
    for row, members in zip(indices, sets, strict=True):
        row[: len(members)] = members
    return indices


def _refuse_singular(call: Call, dataset: int, members: NDArray[np.intp]) -> None:
    where = f" of dataset {dataset}" if call.system.stacked else ""
    others = f" (and {len(members) - 1} more sets)" if len(members) > 1 else ""
    raise HoiError(
        f"the set {named(call, members[0].tolist())}{others}{where} {call.system.no_value}, or take "
        'singular="nan" for NaN in its place.'
    )


def as_user_shape(call: Call, values: FloatArray) -> Any:
    """Without the axis of datasets for a single table."""
    return values if call.system.stacked else values[0]


def unwrap(values: Any, multiplets: Sequence[Multiplet] | None) -> float | FloatArray:
    """Without the axis of sets when none were given."""
    if multiplets is not None:
        return values
    return float(values[0]) if values.ndim == 1 else values[:, 0]
