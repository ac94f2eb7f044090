"""The n best sets at both ends of a ranking: an associative, order-independent merge."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hoi._backends.protocol import Floor, Problem, Ranking
from hoi._maths.dependence import RawColumns
from hoi._maths.terms import DETERMINED, Terms
from hoi._measures.registry import Measure
from hoi._typing import FloatArray

__all__ = ["Best", "LeaveOut"]

# Values closer than this are equal, and ordered by their members: rounding must not decide the order.
_GRID = 2.0**-40


class LeaveOut(NamedTuple):
    """Leave out sets in which the others determine a member, nearly or wholly.

    Attributes
    ----------
    raw : RawColumns or None
        The data as they are, where these have such sets; beside them the problem says what it knows.
    """

    raw: RawColumns | None

    def of(self, problem: Problem, members: NDArray[np.intp], dataset: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of the sets (m, k) of the datasets (m,) are not wanted."""
        least = problem.least_variance(members, dataset)
        if self.raw is not None and len(members):
            least = np.minimum(least, self.raw.kept(members, dataset))
        return least <= DETERMINED


class Best:
    """The lowest and the highest sets seen so far, for each dataset (and each order, if asked).

    Parameters
    ----------
    measure : Measure
        What sets are compared by.
    n_best : int
        Sets to keep at each end.
    ends : tuple of str
        "lowest", "highest" or both.
    width : int
        Largest order: rows of members are filled up with -1 to that.
    per_order : bool
        Keep `n_best` sets for each order rather than over all.
    leave_out : LeaveOut, optional
        Which sets are not wanted, whatever their values.
    """

    def __init__(
        self, measure: Measure, n_best: int, ends: tuple[str, ...], width: int, per_order: bool,
        leave_out: LeaveOut | None = None,
    ) -> None:
        self.measure = measure
        self.n_best = n_best
        self.ends = ends
        self.width = width
        self.per_order = per_order
        self.leave_out = leave_out
        self._kept: dict[tuple[int, int, str], _Kept] = {}

    @property
    def ranking(self) -> Ranking:
        """What a backend is told. Where sets are left out it must hand over all that reach the floor, as it cannot know
        which of them those are."""
        measure = self.measure
        return Ranking(measure.d, measure.j, measure.l, self.n_best if self.leave_out is None else None)

    def empty(self) -> Best:
        """Another one that wants the same and has nothing yet."""
        return Best(self.measure, self.n_best, self.ends, self.width, self.per_order, self.leave_out)

    def wanted(
        self, problem: Problem, dataset: NDArray[np.intp], members: NDArray[np.intp], approximate: FloatArray,
        margin: float, floor: Callable[..., Floor],
    ) -> NDArray[np.bool_]:
        """As `promising`, of sets of the problem that are not to be left out.

        Only sets that reach the floor are looked at, and before any is preferred to another: one that is left out
        never keeps another one from coming in.
        """
        order = members.shape[1]
        if self.leave_out is None:
            return self.promising(dataset, order, approximate, margin, floor)
        some = np.zeros(len(members), dtype=bool)
        for d, rows in _each(dataset):
            low, high = floor(dataset=d, order=order)
            values = approximate[rows]
            some[rows] = ~((values > low + margin) & (values < high - margin))
        left = np.flatnonzero(some)
        left = left[~self.leave_out.of(problem, members[left], dataset[left])]
        keep = np.zeros(len(members), dtype=bool)
        if len(left):
            keep[left] = self.promising(dataset[left], order, approximate[left], margin, floor)
        return keep

    def promising(
        self, dataset: NDArray[np.intp], order: int, approximate: FloatArray, margin: float,
        floor: Callable[..., Floor],
    ) -> NDArray[np.bool_]:
        """Which sets of one order can come in, given values known to `margin`; NaN is a value not known at all.

        `dataset` is that of each set, ascending; ``floor(dataset=..., order=...)`` is what one must reach.
        """
        wanted = np.empty(len(dataset), dtype=bool)
        for d, rows in _each(dataset):
            wanted[rows] = self._promising(floor(dataset=d, order=order), approximate[rows], margin)
        return wanted

    def _promising(self, floor: Floor, approximate: FloatArray, margin: float) -> NDArray[np.bool_]:
        known = np.isfinite(approximate)
        values = approximate[known]
        wanted = ~known
        low, high = floor
        if len(values) > self.n_best:
            ends = np.partition(values, (self.n_best - 1, -self.n_best))
            low = min(low, ends[self.n_best - 1] + margin)
            high = max(high, ends[-self.n_best] - margin)
        if "lowest" in self.ends:
            wanted |= approximate <= low + margin
        if "highest" in self.ends:
            wanted |= approximate >= high - margin
        return wanted

    def add(self, dataset: NDArray[np.intp], members: NDArray[np.intp], terms: Terms) -> None:
        """Take in evaluated sets of one order with their corrected terms; `dataset` is that of each set, ascending."""
        padded = np.full((len(members), self.width), -1, dtype=np.intp)
        padded[:, : members.shape[1]] = members
        values = self.measure.value(terms.D, terms.J, terms.L)
        columns = np.column_stack(terms[:3])
        for d, rows in _each(dataset):
            for end in self.ends:
                self._take(self._key(d, members.shape[1], end), _Kept(padded[rows], values[rows], columns[rows]))

    def merge(self, other: Best) -> None:
        """Take in what another one has kept."""
        for key, kept in other._kept.items():
            if key in self._kept:
                self._take(key, kept)
            else:
                self._kept[key] = kept

    def kept(self) -> Iterator[tuple[tuple[int, int, str], _Kept]]:
        """All that is kept, by (dataset, order or 0, end)."""
        yield from self._kept.items()

    def restore(self, key: tuple[int, int, str], members: NDArray[np.intp], terms: FloatArray) -> None:
        """Take back what was kept under a key, in its order."""
        self._kept[key] = _Kept(members, self.measure.value(*terms.T), terms)

    def floor(self, dataset: int, order: int) -> Floor:
        """What a set must reach to come in."""
        low, high = -np.inf, np.inf
        if "lowest" in self.ends:
            low = self._last(self._key(dataset, order, "lowest"), np.inf)
        if "highest" in self.ends:
            high = self._last(self._key(dataset, order, "highest"), -np.inf)
        return Floor(low, high)

    def rows(self, dataset: int, end: str) -> tuple[NDArray[np.intp], FloatArray]:
        """Members and corrected terms (m, 3) kept at one end of a dataset, order after order, the best first; none is
        at the other end."""
        orders = range(self.width + 1) if self.per_order else (0,)
        kept = [self._apart(key) for order in orders if (key := (dataset, order, end)) in self._kept]
        if not kept:
            return np.empty((0, self.width), dtype=np.intp), np.empty((0, 3))
        whole = functools.reduce(_Kept.joined, kept)
        return whole.members, whole.terms

    def _apart(self, key: tuple[int, int, str]) -> _Kept:
        """What is kept under a key. Sets that are among the best at both ends, as in a small table, are those of the
        nearer one; the lowest end has the one in the middle."""
        lowest, highest = (self._kept.get((*key[:2], end)) for end in ("lowest", "highest"))
        if lowest is None or highest is None or not len(lowest.values) or not len(highest.values):
            return self._kept[key]
        if lowest.values[-1] < highest.values[-1] - 4 * _GRID:  # the last of each, but for what counts as equal
            return self._kept[key]
        low, high = (list(map(tuple, kept.members.tolist())) for kept in (lowest, highest))
        both = set(low).intersection(high)
        if not both:
            return self._kept[key]
        n_low = (len(low) + len(high) - len(both) + 1) // 2
        if key[2] == "lowest":
            return lowest.chosen(np.arange(n_low))
        taken = set(low[:n_low])
        return highest.chosen(np.array([members not in taken for members in high], dtype=bool))

    def _key(self, dataset: int, order: int, end: str) -> tuple[int, int, str]:
        return dataset, order if self.per_order else 0, end

    def _last(self, key: tuple[int, int, str], open_value: float) -> float:
        full = key in self._kept and len(self._kept[key].values) == self.n_best
        return float(self._kept[key].values[-1]) if full else open_value

    def _take(self, key: tuple[int, int, str], new: _Kept) -> None:
        if key in self._kept:
            near = new.values <= self._last(key, np.inf) + _GRID
            if key[2] == "highest":
                near = new.values >= self._last(key, -np.inf) - _GRID
            if not near.any():
                return
            new = self._kept[key].joined(new.chosen(near))
        self._kept[key] = new.chosen(_ranking(new.members, new.values, key[2])[: self.n_best])


class _Kept(NamedTuple):
    """Sets that were kept, the best first."""

    members: NDArray[np.intp]
    values: FloatArray
    terms: FloatArray  # (m, 3): corrected D, J, L

    def chosen(self, rows: NDArray[Any]) -> _Kept:
        return _Kept(self.members[rows], self.values[rows], self.terms[rows])

    def joined(self, other: _Kept) -> _Kept:
        return _Kept(
            np.concatenate([self.members, other.members]), np.concatenate([self.values, other.values]),
            np.concatenate([self.terms, other.terms]),
        )


def _each(dataset: NDArray[np.intp]) -> Iterator[tuple[int, slice]]:
    """Every dataset and its rows, for rows that ascend by it."""
    starts = np.flatnonzero(dataset != np.concatenate([[-1], dataset[:-1]])).tolist()
    for start, stop in itertools.pairwise([*starts, len(dataset)]):
        yield int(dataset[start]), slice(start, stop)


def _ranking(members: NDArray[np.intp], values: FloatArray, end: str) -> NDArray[np.intp]:
    """Order of rows from the best: by value on the grid, then by members."""
    grid = np.round(values / _GRID)
    return np.lexsort((*members.T[::-1], grid if end == "lowest" else -grid))
