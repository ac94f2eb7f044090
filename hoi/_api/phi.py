"""Integrated information decomposition of pairs of time series, by minimum mutual information."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hoi._api.call import Call, open_call, pick, scale_of
from hoi._api.given_sets import evaluate
from hoi._api.lagging import read_lags
from hoi._backends.protocol import UNRANKED
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._measures.registry import MEASURES
from hoi._systems.protocol import Estimator
from hoi._typing import ArrayLike, BiasCorrection, Multiplet, Units

__all__ = ["phiid"]

# The lattice of two sources: r below x and y, these below s. Each node has its sources, the members 0 and 1 of a pair.
_SOURCES = {"r": ((0,), (1,)), "x": ((0,),), "y": ((1,),), "s": ((0, 1),)}
_BELOW = {"r": "r", "x": "rx", "y": "ry", "s": "rxys"}
_ATOMS = [a + "t" + b for a in "rxys" for b in "rxys"]
_SIDES = ((0,), (1,), (0, 1))

# I(past columns; present columns) in nats
_Information = Callable[[tuple[int, ...], tuple[int, ...]], float]


def phiid(
    X: ArrayLike,
    pairs: Sequence[Multiplet] | None = None,
    *,
    lag: int = 1,
    estimator: str | Estimator = "gaussian_copula",
    discrete: Multiplet | int | str | None = None,
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    backend: str = "auto",
    missing: str = "raise",
    names: Sequence[str] | None = None,
) -> Any:
    """The 16 atoms of integrated information of pairs of time series (PhiID), with minimum mutual information.

    What the past of a pair tells of its present is split by where it was and where it is: r redundant in both, x and y
    in one alone, s in both together only. "xtx" is what stays in x, "xty" what goes from x to y, "sts" what stays
    synergistic (causal decoupling), "rts" what was redundant and becomes synergistic. The atoms sum to the time-delayed
    mutual information of the pair.

    The redundancy of minimum mutual information is large for sources that are merely equally informative: of two
    independent copies of one process most goes into atoms with r.

    Parameters
    ----------
    X : array_like, shape (n_samples, n_variables)
        One table of time series.
    pairs : sequence of pairs of int or str, optional
        All pairs of columns by default.
    lag : int
        Steps between past and present.
    estimator, discrete, bias_correction, units, backend
        As in :func:`hoi.oinfo`; the past of a categorical column is categorical too.
    missing : {"raise", "drop"}
        As in :func:`hoi.transfer_entropy`.
    names : sequence of str, optional
        As in :func:`hoi.search`.

    Returns
    -------
    pandas.DataFrame
        A row for each pair, by its names, and a column for each atom, "rtr" to "sts", in `units`.

    Raises
    ------
    HoiError
        As :func:`hoi.lagged`, and for sets that are no pairs or several datasets.

    References
    ----------
    Mediano et al. (2021), Towards an extended taxonomy of information dynamics via Integrated Information
    Decomposition, arXiv:2109.13186.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((2000, 2))
    >>> X[1:, 1] += X[:-1, 0]  # the first goes over into the second
    >>> hoi.phiid(X).idxmax(axis=1).tolist()
    ['xty']
    """
    import pandas as pd

    scale = scale_of(units)
    step = checks.check_positive_int(lag, "lag")
    table, resolved, labels, _ = read_lags(X, [step], estimator, discrete, names, stacked=False)
    chosen = list(itertools.combinations(range(len(labels)), 2))
    if pairs is not None:
        chosen = [tuple(pair) for pair in checks.check_multiplets(pairs, labels)]  # type: ignore[misc]
        if wrong := next((pair for pair in chosen if len(pair) != 2), None):
            raise HoiError(f"the set {wrong} has {len(wrong)} members: phiid is about pairs. Give two columns each.")
    if not chosen:
        raise HoiError(f"X has the one column {labels[0]!r}: phiid is about pairs. Give two columns or more.")
    call = open_call(
        table, estimator=resolved, given=None, bias_correction=bias_correction, groups=None, backend=backend,
        missing=missing,
    )  # fmt: skip
    # entropies that are known but for constants belong together within a set only
    known = (_by_entropies if call.problem.has_entropies else _by_sets)(call, chosen, backend)
    rows = [_atoms(pair, known) for pair in chosen]
    index = pd.MultiIndex.from_tuples([(labels[i], labels[j]) for i, j in chosen], names=["x", "y"])
    return pd.DataFrame(scale * np.array(rows), index=index, columns=_ATOMS)


def _columns(pair: Sequence[int], side: Sequence[int], past: int) -> tuple[int, ...]:
    """Columns of some members of a pair, now or in the past."""
    return tuple(2 * pair[i] + past for i in side)


def _by_entropies(call: Call, pairs: Sequence[Sequence[int]], backend: str) -> _Information:
    """Informations of all pairs, by the entropies of columns, each of which many of them share."""
    entropies = [
        tuple(sorted((*_columns(pair, a, 1), *_columns(pair, b, 0))))
        for pair in pairs for a in ((), *_SIDES) for b in ((), *_SIDES) if a or b
    ]  # fmt: skip
    flat = list(dict.fromkeys(entropies))
    J = evaluate(call, flat, pick(backend, len(flat)).open(call.problem, UNRANKED)).J[0]
    place: dict[Any, int] = {members: i for i, members in enumerate(flat)}

    def h(columns: tuple[int, ...]) -> float:
        return 0.5 * float(J[place[tuple(sorted(columns))]])

    return lambda past, present: h(past) + h(present) - h(past + present)


def _by_sets(call: Call, pairs: Sequence[Sequence[int]], backend: str) -> _Information:
    """The same, each as the total correlation of two groups of columns."""
    past, present = ([_columns(pair, side, t) for pair in pairs for side in _SIDES] for t in (1, 0))
    groups = list(dict.fromkeys([*past, *present]))
    place = {columns: v for v, columns in enumerate(groups)}
    n = len(_SIDES)
    sets = [(place[a], place[b]) for i in range(0, len(past), n) for a in past[i : i + n] for b in present[i : i + n]]
    problem = call.system.problem(groups, bias_correction=call.bias_correction)
    D, J, L, _ = evaluate(call, sets, pick(backend, len(sets)).open(problem, UNRANKED))
    known = dict(zip(sets, MEASURES["tc"].value(D, J, L)[0].tolist(), strict=True))
    return lambda past, present: known[place[past], place[present]]


def _atoms(pair: Sequence[int], known: _Information) -> list[float]:
    """Of one pair: redundancy of each two nodes of the lattice, less the atoms below (Möbius inversion)."""

    def information(a: tuple[int, ...], b: tuple[int, ...]) -> float:
        return known(_columns(pair, a, 1), _columns(pair, b, 0))

    atoms: dict[tuple[str, str], float] = {}
    for a, b in itertools.product("rxys", repeat=2):
        shared = min(information(one, other) for one in _SOURCES[a] for other in _SOURCES[b])
        below = [(c, d) for c in _BELOW[a] for d in _BELOW[b] if (c, d) != (a, b)]
        atoms[a, b] = shared - sum(atoms[node] for node in below)
    return list(atoms.values())
