"""A unit of work by the kernel of pairs: samples give a floor, and the sweep behind it lists few sets and their scores.

What the host does of a search is then three launches and their lists: it evaluates the sets that are within the margin
of the n best, and none of the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi._backends.blocks import BlockEvaluator
from hoi._backends.protocol import Floor, Found, Problem, Ranking, Unit
from hoi._backends.torch_.cuda.pairs import HEAD, PairSweep, Runner, Sample
from hoi._backends.torch_.ranges import unrank_at
from hoi._backends.torch_.walk import Part, Sizes, Walk
from hoi._typing import FloatArray

__all__ = ["PairWalk"]

# Sets that the reference path of the host evaluates sooner than their elimination is queued on a device (4 ms, by an
# H200), and how many survivors are read with their number.
_FEW = 4096
# Survivors of a sample, or of the sweep behind the last one, that are expected at most where sets come in no order.
_EXPECTED = 1 << 14
# Members of all sets of the first part where there are no samples, and the host evaluates them.
_FIRST_MEMBERS = 1 << 14
# A sweep keeps its prefixes on the chip, and takes so many times as many in a part.
_ON_CHIP = 8


@dataclass(frozen=True)
class _Listed(Part):
    """`listed` is what the kernel fills, and `count` the beginning of it."""

    listed: Tensor


class _Held(NamedTuple):
    """Survivors of several parts: positions of their prefixes, their pairs as in a code, approximate values in nats."""

    position: NDArray[np.int64]
    pair: NDArray[np.int64]
    value: FloatArray

    def chosen(self, rows: NDArray[Any]) -> _Held:
        return _Held(self.position[rows], self.pair[rows], self.value[rows])

    def joined(self, other: _Held) -> _Held:
        return _Held(*map(np.concatenate, zip(self, other, strict=True)))


_NONE = _Held(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))


class PairWalk(Walk):
    """A walk through the sets of one dataset of order 3 and more."""

    def __init__(
        self, problem: Problem, unit: Unit, ranking: Ranking, R: Tensor, sizes: Sizes, dtype: torch.dtype,
        runner: Runner,
    ) -> None:
        super().__init__(problem, unit, ranking, R, sizes, None, dtype)
        self.pairs = self._pair_sweep(runner)
        # without a number of best sets, the engine alone knows the floor: which sets it leaves out
        self.n_best = ranking.n_best if ranking.n_best and 4 * ranking.n_best <= sizes.room else None
        self.reached = Floor(np.inf, -np.inf)  # by n_best sets that the screen has valued
        self.held = _NONE

    def _pair_sweep(self, runner: Runner) -> PairSweep:
        return PairSweep(self.R, self.k - 2, self.dtype, runner)

    def run(self, floor: Callable[..., Floor]) -> Iterator[Found]:
        """Samples, and then parts in order; what is held comes last."""
        if self.n_best is None:
            yield from super().run(floor)
            return

        def both(**which: int) -> Floor:
            theirs = floor(**which)
            return Floor(min(theirs.low, self.reached.low), max(theirs.high, self.reached.high))

        start, stop = self.unit.start, self.unit.stop
        for sample in self._samples(self._sets(start, stop), self.n_best):
            part = self._queue(start, stop, both(), sample)
            self._raise(self._read(part, self._numbers(part)[0])[1])
        yield from super().run(both)
        yield from self._release(both)

    def _samples(self, total: int, n_best: int) -> list[Sample]:
        """Each one is for the floor of the next: so many that few survive."""
        first = max(self.sizes.sample, 4 * n_best)
        if total <= 4 * first:
            return []
        steps = math.ceil(math.log(total / first) / math.log(max(4.0, _EXPECTED / n_best)))
        return [Sample(first * (total / first) ** (i / steps), total) for i in range(steps)]

    def _raise(self, value: FloatArray) -> None:
        """Take notice of values of different sets: of the n best of them the last one is reached."""
        value = value[~np.isnan(value)]
        if self.n_best is None or len(value) < self.n_best:
            return
        ends = np.partition(value, (self.n_best - 1, -self.n_best))
        low, high = ends[self.n_best - 1] + self.spare, ends[-self.n_best] - self.spare
        self.reached = Floor(min(self.reached.low, float(low)), max(self.reached.high, float(high)))

    def _first(self) -> int:
        if self.n_best is not None:
            return self.sizes.sets  # the floor is known well enough
        return min(self.sizes.plain, _FIRST_MEMBERS // self.k)

    def _plain(self, floor: Floor) -> bool:
        return self.n_best is None and super()._plain(floor)

    def _most_prefixes(self) -> int:
        return _ON_CHIP * self.sizes.prefixes

    def _evaluate(self, start: int, stop: int, floor: Callable[..., Floor]) -> Iterator[Found]:
        if self._sets(start, stop) > self._few():
            yield from super()._evaluate(start, stop, floor)
            return
        part = Unit(self.unit.dataset, self.k, start, stop)
        yield from BlockEvaluator(self.problem, self.ranking).walk(part, floor)

    def _few(self) -> int:
        """Sets up to which the reference path takes over at once."""
        return _FEW

    def _queue(self, start: int, stop: int, floor: Floor, sample: Sample | None = None) -> Part:
        listed = self.pairs.queue(start, stop, self._screen(floor), self.sizes.room, sample)
        head = listed[: HEAD + 2 * min(_FEW, self.sizes.room)]
        return _Listed(start, stop, *self._on_their_way(head), listed)

    def _read(self, part: Any, found: int) -> tuple[NDArray[np.int64], FloatArray]:
        """Codes and values of the survivors, as many as are in the list."""
        found = min(found, self.sizes.room)
        numbers = part.count[HEAD:]
        if 2 * found > len(numbers):
            with self._reading():
                numbers = part.listed[HEAD : HEAD + 2 * found].cpu()
        rows = numbers[: 2 * found].numpy().reshape(-1, 2)
        return rows[:, 0], rows.view(np.float64)[:, 1] * (self.sign / 2) + self.constant

    def _numbers(self, part: Part) -> tuple[int, int]:
        found, singular = super()._numbers(part)
        if self.n_best is not None and found > self.sizes.room:  # those that are listed are different sets, too
            self._raise(self._read(part, found)[1])
        return found, singular

    def _survivors(self, part: Any, found: int, floor: Callable[..., Floor]) -> Iterator[Found]:
        """Those that the screen cannot value, and all where only the engine knows the floor; the others are held."""
        code, value = self._read(part, found)
        known = np.zeros(found, dtype=bool) if self.n_best is None else ~np.isnan(value)
        yield self._counted(int(known.sum()), 0)
        yield from self._given(self._decoded(part, code, value, ~known), floor)
        self._raise(np.concatenate([self.held.value, value]))
        self.held = self.held.joined(self._decoded(part, code, value, known & self._near(value, floor)))
        self.held = self.held.chosen(self._near(self.held.value, floor))
        if len(self.held.value) > _FEW:  # ties, which exact values decide
            yield from self._release(floor)

    def _near(self, value: FloatArray, floor: Callable[..., Floor]) -> NDArray[np.bool_]:
        """Which sets may reach the floor."""
        low, high = floor()
        return (value <= low + self.spare) | (value >= high - self.spare)

    def _decoded(self, part: Any, code: NDArray[np.int64], value: FloatArray, rows: NDArray[np.bool_]) -> _Held:
        position, pair = np.divmod(code[rows], self.n * self.n)
        return _Held(part.start + position, pair, value[rows])

    def _release(self, floor: Callable[..., Floor]) -> Iterator[Found]:
        """Give what is held, which is counted already."""
        held, self.held = self.held, _NONE
        for found in self._given(held, floor):
            yield found._replace(evaluated=-found.skipped)

    def _given(self, some: _Held, floor: Callable[..., Floor]) -> Iterator[Found]:
        """Survivors: few as they are, since the engine evaluates what has no terms, and many by elimination."""
        if not len(some.value):
            return
        on = torch.device("cpu") if len(some.value) <= self._few() else self.device
        with self._reading():
            position, pair = (torch.from_numpy(array).to(on) for array in (some.position, some.pair))
            members = self._members_of(unrank_at(position, self.n - 2, self.k - 2), pair)
        if len(some.value) > self._few():
            yield from self._by_elimination(members, floor)
            return
        unknown = np.full(len(members), np.nan)
        dataset = np.full(len(members), self.unit.dataset, dtype=np.intp)
        yield Found(dataset, members.numpy().astype(np.intp, copy=False), unknown, unknown, len(members), 0)
