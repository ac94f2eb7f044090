"""Integrated information decomposition of pairs of time series, by minimum mutual information."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from hoi._api.call import open_call, pick, scale_of
from hoi._api.given_sets import evaluate
from hoi._api.lagging import lagged
from hoi._backends.protocol import UNRANKED
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._systems.protocol import Estimator, System
from hoi._typing import ArrayLike, BiasCorrection, Multiplet, Units

__all__ = ["phiid"]

# The lattice of two sources: r below x and y, these below s. Each node has its sources, the members 0 and 1 of a pair.
_SOURCES = {"r": ((0,), (1,)), "x": ((0,),), "y": ((1,),), "s": ((0, 1),)}
_BELOW = {"r": "r", "x": "rx", "y": "ry", "s": "rxys"}
_ATOMS = [a + "t" + b for a in "rxys" for b in "rxys"]


def phiid(
    X: ArrayLike,
    pairs: Sequence[Multiplet] | None = None,
    *,
    lag: int = 1,
    estimator: str | Estimator = "gaussian_copula",
    bias_correction: BiasCorrection = True,
    units: Units = "nats",
    backend: str = "auto",
    missing: str = "raise",
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
    estimator, bias_correction, units, backend
        As in :func:`hoi.oinfo`.
    missing : {"raise", "drop"}
        As in :func:`hoi.transfer_entropy`.

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
    if isinstance(X, System):
        raise HoiError(f"X is {X!r}, which has no samples to shift in time: give the data themselves.")
    step = checks.check_positive_int(lag, "lag")
    table = lagged(X, [step])
    names = (table.names or ())[::2]
    if table.values.ndim == 3:
        raise HoiError(
            f"X has {len(table.values)} datasets: phiid takes one table. Call it for each of them, or join them."
        )
    chosen = list(itertools.combinations(range(len(names)), 2))
    if pairs is not None:
        chosen = [tuple(pair) for pair in checks.check_multiplets(pairs, names)]  # type: ignore[misc]
        if wrong := next((pair for pair in chosen if len(pair) != 2), None):
            raise HoiError(f"the set {wrong} has {len(wrong)} members: phiid is about pairs. Give two columns each.")
    if not chosen:
        raise HoiError(f"X has the one column {names[0]!r}: phiid is about pairs. Give two columns or more.")
    call = open_call(
        table, estimator=estimator, given=None, bias_correction=bias_correction, groups=None, backend=backend,
        missing=missing,
    )  # fmt: skip
    sides = ((0,), (1,), (0, 1))
    entropies = [
        tuple(sorted((*_columns(pair, a, 1), *_columns(pair, b, 0))))
        for pair in chosen for a in ((), *sides) for b in ((), *sides) if a or b
    ]  # fmt: skip
    flat = list(dict.fromkeys(entropies))
    J = evaluate(call, flat, pick(backend, len(flat)).open(call.problem, UNRANKED)).J[0]
    place: dict[Any, int] = {members: i for i, members in enumerate(flat)}

    def h(columns: tuple[int, ...]) -> float:
        return 0.5 * float(J[place[tuple(sorted(columns))]])

    rows = [_atoms(pair, h) for pair in chosen]
    index = pd.MultiIndex.from_tuples([(names[i], names[j]) for i, j in chosen], names=["x", "y"])
    return pd.DataFrame(scale * np.array(rows), index=index, columns=_ATOMS)


def _columns(pair: Sequence[int], side: Sequence[int], past: int) -> tuple[int, ...]:
    """Columns of some members of a pair, now or in the past."""
    return tuple(2 * pair[i] + past for i in side)


def _atoms(pair: Sequence[int], h: Any) -> list[float]:
    """Of one pair: redundancy of each two nodes of the lattice, less the atoms below (Möbius inversion)."""

    def information(a: tuple[int, ...], b: tuple[int, ...]) -> float:
        past, present = _columns(pair, a, 1), _columns(pair, b, 0)
        return h(past) + h(present) - h(past + present)

    atoms: dict[tuple[str, str], float] = {}
    for a, b in itertools.product("rxys", repeat=2):
        shared = min(information(one, other) for one in _SOURCES[a] for other in _SOURCES[b])
        below = [(c, d) for c in _BELOW[a] for d in _BELOW[b] if (c, d) != (a, b)]
        atoms[a, b] = shared - sum(atoms[node] for node in below)
    return list(atoms.values())
