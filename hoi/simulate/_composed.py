"""Known systems put together: side by side, and hidden among other variables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.options import check_seed
from hoi.simulate._families import common_cause, common_effect, equicorrelated, independent
from hoi.simulate._known import KnownGaussian, count, known

__all__ = ["block_diagonal", "planted"]


def block_diagonal(*systems: KnownGaussian) -> KnownGaussian:
    """Known systems side by side, independent of each other.

    The joint entropy of independent systems is the sum of theirs, so H, TC, DTC, O and S all add up.

    Parameters
    ----------
    *systems : KnownGaussian
        At least one. Their variables are renamed "a.x0", "b.x0" and so on when two names are the same.

    Returns
    -------
    KnownGaussian
        With `parts` that say which columns belong to which system.

    Raises
    ------
    HoiError
        If nothing is given, or something else than systems.

    Examples
    --------
    >>> import hoi
    >>> pair, triple = hoi.simulate.equicorrelated(2, 0.9), hoi.simulate.common_effect(2)
    >>> both = hoi.simulate.block_diagonal(pair, triple)
    >>> both.names
    ('x0', 'x1', 'cause0', 'cause1', 'effect')
    >>> round(both.oinfo, 6), round(pair.oinfo + triple.oinfo, 6)
    (-0.143841, -0.143841)
    >>> [(label, columns) for label, columns, _ in both.parts]
    [('a', (0, 1)), ('b', (2, 3, 4))]
    """
    for system in systems:
        if not isinstance(system, KnownGaussian):
            raise HoiError(
                f"block_diagonal joins systems made by hoi.simulate, and was given a {type(system).__name__}."
            )
    if not systems:
        raise HoiError(
            "block_diagonal was given no system; give at least one, such as equicorrelated(3, 0.5)."
        )
    labels = [_letters(i) for i in range(len(systems))]
    names = tuple(name for system in systems for name in system.names)
    if len(set(names)) < len(names):
        names = tuple(
            f"{label}.{name}" for label, system in zip(labels, systems, strict=True) for name in system.names
        )
    return _joined("block_diagonal", labels, systems, names)


def planted(
    n_variables: int,
    *,
    n_synergy: int = 4,
    n_redundancy: int = 4,
    noise: float = 0.5,
    loading: float = 0.8,
    background: float = 0.0,
    seed: int | np.random.Generator | None = 0,
) -> KnownGaussian:
    """One synergistic and one redundant set hidden among other variables, for a search to find.

    The synergistic set is a `common_effect` of n_synergy - 1 causes and their effect, the redundant set the
    n_redundancy effects of a hidden `common_cause`, and the rest are `equicorrelated` with a correlation of
    `background`. The three are independent of each other, so their measures add up; the columns are shuffled.

    Parameters
    ----------
    n_variables : int
        At least n_synergy + n_redundancy.
    n_synergy, n_redundancy : int
        Sizes of the two sets; at least 3.
    noise : float
        Standard deviation of the noise of the effect; the smaller, the more synergistic.
    loading : float
        Loading of the redundant variables on their cause; the larger, the more redundant.
    background : float
        Correlation of the remaining variables.
    seed : int, Generator or None
        Of the shuffle.

    Returns
    -------
    KnownGaussian
        With the parts "synergy", "redundancy" and, if variables remain, "background".

    Raises
    ------
    HoiError
        If a parameter is out of its range.

    Examples
    --------
    >>> import hoi
    >>> system = hoi.simulate.planted(12)
    >>> where = {label: columns for label, columns, _ in system.parts}
    >>> sorted(where)
    ['background', 'redundancy', 'synergy']
    >>> found = hoi.search(hoi.GaussianSystem.from_covariance(system.covariance), 4, n_best=1, which="lowest")
    >>> found.members[0] == where["synergy"]
    True
    """
    n, low = count(n_variables, "n_variables", 6), 3
    n_synergy, n_redundancy = count(n_synergy, "n_synergy", low), count(n_redundancy, "n_redundancy", low)
    rest = n - n_synergy - n_redundancy
    if rest < 0:
        raise HoiError(
            f"n_variables = {n} cannot hold a synergistic set of {n_synergy} and a redundant set of "
            f"{n_redundancy}; give at least {n_synergy + n_redundancy}."
        )
    parts = {
        "synergy": common_effect(n_synergy - 1, noise=noise),
        "redundancy": common_cause(n_redundancy, loading),
    }
    if rest:
        parts["background"] = equicorrelated(rest, background) if rest > 1 else independent(1)
    names = tuple(f"{label[:3]}{i}" for label, part in parts.items() for i in range(part.n_variables))
    order = np.random.default_rng(check_seed(seed)).permutation(n)
    return _joined("planted", list(parts), list(parts.values()), names, order)


def _joined(
    kind: str,
    labels: Sequence[str],
    systems: Sequence[KnownGaussian],
    names: tuple[str, ...],
    order: np.ndarray | None = None,
) -> KnownGaussian:
    """Independent systems as one; its column j is column order[j] of the systems laid side by side."""
    n = len(names)
    order = np.arange(n) if order is None else order
    place = np.argsort(order)
    covariance, parts, start = np.zeros((n, n)), [], 0
    for label, system in zip(labels, systems, strict=True):
        columns = place[start : start + system.n_variables]
        covariance[np.ix_(columns, columns)] = system.covariance
        parts.append((label, tuple(int(c) for c in np.sort(columns)), system))
        start += system.n_variables
    tc, dtc = _total(s.tc for s in systems), _total(s.dtc for s in systems)
    return known(kind, covariance, tuple(names[i] for i in order), tc, dtc, tuple(parts))


def _total(values: Iterable[float | None]) -> float | None:
    """The sum, or None if one of them is not known."""
    known_values = []
    for value in values:
        if value is None:
            return None
        known_values.append(value)
    return math.fsum(known_values)


def _letters(i: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    return (_letters(i // 26 - 1) if i >= 26 else "") + chr(ord("a") + i % 26)
