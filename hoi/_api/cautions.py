"""What a caller is warned of, once all arguments are checked: columns, samples and sets whose values say little."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hoi._engine.reduce import LeaveOut
from hoi._errors import (
    DeterminedWarning,
    HoiError,
    HoiWarning,
    IllConditionedWarning,
    InputWarning,
    SparseWarning,
    warn,
)
from hoi._inputs.words import listing
from hoi._maths.dependence import NOTHING, SPARE, RawColumns, sums_among, within
from hoi._maths.terms import DETERMINED, FEW_DIGITS
from hoi._typing import FloatArray

if TYPE_CHECKING:
    from hoi._api.call import Call

# Members (m, k) of sets, and the dataset of each.
Sets = tuple[NDArray[np.intp], NDArray[np.intp]]

__all__ = ["Sets", "judge", "leave_out", "named", "of_columns", "of_labels", "of_samples", "raw_columns"]

# Nats of rounding by which an information may be above what there is to know.
_BEYOND = 1e-6


def of_columns(call: Call) -> None:
    """Warn of columns that are sums of others in the data, and of variables that look like samples."""
    system = call.system
    if system.n_samples is None:
        return
    if system.n_samples < system.n_variables:
        warn(
            f"there are {system.n_variables} variables and {system.n_samples} samples: rows are samples. If the rows "
            "are the variables here, use X.T (--transpose on the command line).",
            InputWarning,
        )
    if system.raw is None:
        return
    columns = _taking_part(call)
    if system.n_samples < len(columns) + SPARE:
        return
    for d, R in enumerate(system.raw):
        # two columns that are one but for units are equal in their ranks, too: such sets are singular
        if sums := [found for found in sums_among(R, columns) if len(found.of) > 1]:
            label = d if system.datasets is None else repr(system.datasets[d])
            where = f" of dataset {label}" if system.stacked else ""
            names = system.names
            which = "; ".join(f"{names[s.column]} of {listing([names[c] for c in s.of])}" for s in sums[:3])
            more = f"; and {len(sums) - 3} more" if len(sums) > 3 else ""
            warn(
                f"columns{where} are linear combinations of others: {which}{more}. The values of a set that holds all "
                "of one combination are infinite, and what the estimator makes of them says nothing; in sets that hold "
                "most of it synergy is the sum's. Leave one column of each out: one channel after an average "
                'reference, one category of several. determined="drop" leaves such sets out of a search.',
                DeterminedWarning,
            )
            return


def of_samples(call: Call, n_columns: int, what: Callable[[], str], chosen: bool = False) -> None:
    """Warn of what the estimator has remarked about the data, and of too few samples for the largest of the sets.

    `chosen` says that the best of many sets will be.
    """
    call.system.tell()
    scarce = call.system.scarcity(n_columns, chosen)
    if scarce is not None:
        warn(f"{what()} {scarce}", SparseWarning)


def of_labels(
    call: Call, sets: Sequence[Sequence[int]], J: FloatArray, dataset: NDArray[np.intp] | None = None
) -> None:
    """Warn of information about labels that is more than their entropy, J / 2 of sets: (n_datasets, n_sets), or of each
    set in its dataset."""
    most = call.system.most_about(call.target, call.given) if call.target else None
    if most is None:
        return
    if call.problem.n_datasets != len(most):  # a mean over datasets
        most = most.mean(keepdims=True)
    limit = most[:, None] if dataset is None else most[dataset]
    excess = np.nan_to_num(J / 2 - limit)
    beyond = np.unique(np.nonzero(excess > _BEYOND)[-1])
    if not len(beyond):
        return
    worst = np.unravel_index(int(excess.argmax()), J.shape)
    largest = float(J[worst] / 2)
    members = [v for v in sets[int(worst[-1])] if v >= 0]
    more = f" (and of {len(beyond) - 1} more sets)" if len(beyond) > 1 else ""
    labels = listing([call.system.names[c] for c in call.target])
    warn(
        f"the information of {named(call, members)}{more} about the labels of {labels} comes out as {largest:.2f} "
        f"nats, and there are {largest - float(excess[worst]):.2f} nats to know of them: the Gaussian entropy of all "
        'classes together is too high where classes lie apart. To rank sets it serves; for values use estimator="knn".',
        HoiWarning,
    )


def judge(call: Call, sets: Sequence[Sets], told: bool = False) -> list[NDArray[np.bool_]]:
    """Which of the sets, given as (members, dataset) for each order, have a member that the others determine, nearly or
    wholly.

    Warns, once of all orders, of them and of sets whose values hold to fewer than six digits. `told` says that
    `of_columns` has named the sums among the columns.
    """
    if not any(len(members) for members, _ in sets):
        return [np.zeros(0, dtype=bool) for _ in sets]
    raw = raw_columns(call)
    n_samples = call.system.n_samples
    told = told and raw is not None and n_samples is not None and n_samples >= len(_taking_part(call)) + SPARE
    marks, few, near = [], [], []
    smallest = 1.0
    for members, dataset in sets:
        least = call.problem.least_variance(members, dataset)
        own = least < FEW_DIGITS
        if own.any():
            smallest = min(smallest, float(least[own].min()))
        kept = np.ones(len(members)) if raw is None else raw.kept(members, dataset)
        determined = np.minimum(least, kept) <= DETERMINED
        if not _can_tell(call, members):
            determined[:] = False
        marks.append(determined)
        few += members[own].tolist()
        near += members[determined & ~own & ~(told & (kept <= NOTHING))].tolist()
    if few:
        warn(
            f"close to numerically singular: {_listed(call, few)}. Given the others, a variable keeps {smallest:.1e} "
            "of its variance there, so that their values hold to fewer than six digits, as do the correlations that "
            "this rests on. Leave nearly dependent columns out.",
            IllConditionedWarning,
        )
    if near:
        warn(
            f"a member is determined by the others, or nearly: {_listed(call, near)}. It keeps at most "
            f"{DETERMINED:.0e} of its variance given them, so that the true values are infinite or huge, and these "
            "depend on rounding and on the number of samples. Leave a column of each such set out; "
            'determined="drop" leaves the sets out of a search.',
            DeterminedWarning,
        )
    return marks


def _can_tell(call: Call, members: NDArray[np.intp]) -> bool:
    """Known covariances are meant so, and few samples fit anything."""
    n_samples = call.system.n_samples
    return n_samples is not None and n_samples >= call.width(members[0].tolist() if len(members) else []) + SPARE


def raw_columns(call: Call) -> RawColumns | None:
    """What the variables of a call keep of their variance given others, with what is given and the target."""
    R = call.system.raw
    if R is None or len(R) != call.problem.n_datasets:  # a mean over datasets has no data of its own
        return None
    sizes = list(map(len, call.roles.variables))
    columns = np.array(_columns(call), dtype=np.intp)
    return RawColumns(within(R, columns, (*call.given, *call.target)), np.concatenate([[0], np.cumsum(sizes)]))


def _columns(call: Call) -> list[int]:
    """Columns of the variables, one after the other."""
    return [c for columns in call.roles.variables for c in columns]


def _taking_part(call: Call) -> list[int]:
    """All columns that have a part in the call."""
    return sorted({*_columns(call), *call.given, *call.target})


def leave_out(call: Call, high: int) -> LeaveOut:
    """What determined="drop" leaves out, where that can be told."""
    system = call.system
    if not system.tells_determined:
        raise HoiError(
            f'determined="drop" is for continuous columns, and estimator={system.estimator!r} has a value for sets '
            'whose members determine each other: leave it at "keep".'
        )
    widest = call.widest(high)
    if system.n_samples is not None and system.n_samples < widest + SPARE:
        raise HoiError(
            f'determined="drop" and {system.n_samples} samples for sets of up to {widest} columns: so few fit almost '
            f"any column by the others. Use at least {widest + SPARE} samples, or smaller sets."
        )
    return LeaveOut(raw_columns(call))


def named(call: Call, members: Sequence[int]) -> str:
    """A set as text."""
    return f"({listing([call.names[call.positions[v]] for v in members])})"


def _listed(call: Call, members: Sequence[Sequence[int]]) -> str:
    return listing([named(call, row) for row in dict.fromkeys(map(tuple, members))])
