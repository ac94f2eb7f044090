"""A unit of work on a device: parts are queued one ahead, so that the device has work while the host reads results."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi._backends.blocks import set_position
from hoi._backends.protocol import Floor, Found, Problem, Ranking, Unit
from hoi._backends.torch_ import sweep
from hoi._backends.torch_.device import budget, in_parts, saying_what_needs_memory
from hoi._backends.torch_.eliminate import DeviceTerms, bytes_per_set, terms_of
from hoi._backends.torch_.ranges import count_last, unrank
from hoi._maths import combinatorics
from hoi._maths.terms import correction

__all__ = ["CPU", "GPU", "NEAR", "Part", "Sizes", "Walk", "margin", "powers", "shift_of"]

# Conditional variance of the last two members below which a set is handed over whatever its score: rounding may exceed
# the margin there. So it may where the trace of the inverse is large, see `sweep.largest_trace`.
NEAR = {torch.float64: 1e-4, torch.float32: 1e-2}
# The same down to the most singular sets that have a value: sets that close to the floor go to the reference path.
_APPROXIMATE = 1e-4
# A part is at most so many times as large as all whose results are in: the floor is still rising, and about that many
# survivors come for each one that is kept.
_GROWTH = 8


class Sizes(NamedTuple):
    """How a device likes its work: most sets and prefixes in a part, sets of a launch that cost as much as launching
    it, survivors a part may have, sets in a part that evaluates every one, most sets of a dataset that is evaluated
    together with others rather than swept by itself, and sets in the first sample of a sweep that takes samples."""

    sets: int
    prefixes: int
    spare: int
    room: int
    plain: int
    together: int
    sample: int = 1 << 14


# An H200 takes 10 ms for the largest part at (200, 5). All sets of a plain part may go to the host, which takes long:
# few, then. To queue a sweep takes as long as to evaluate a million sets. On a CPU, datasets of 4060 sets of three took
# a third of the time together, and of 126 000 sets of eight 1.7 times as long.
GPU = Sizes(sets=2_000_000_000, prefixes=4_000_000, spare=3_000_000, room=1 << 20, plain=1 << 16, together=1 << 20)
CPU = Sizes(sets=2_000_000, prefixes=100_000, spare=10_000, room=1 << 20, plain=1 << 14, together=1 << 16)


def margin(order: int, dtype: torch.dtype) -> float:
    """Nats by which the value of a set that is not near-singular may be off when it is screened in `dtype`.

    In float32 this is twice the first-order bound, for the unit roundoff e, conditional variances of at least h and
    M = order - 2 members before the pair. The inputs of the pairs are made in float64 and rounded once, and a
    division on a GPU is off by 4 e. Covariances given the prefix are sums of M + 1 products of numbers of norm at
    most 1: off by d = 2 (M + 4) e at most. Hence the last conditional variance is off by the share
    s = (2 d / sqrt(h) + 9 e) / h, as |c| <= 1 / sqrt(h), and each diagonal entry of the inverse, a sum of positive
    terms, by s + 2 (2 e + 9 e / sqrt(h) + d / h) + 17 e. The score is a product of at most 2 of the first and M + 1
    of the second, and a value is half its logarithm.

    In float64 small conditional variances do not bound the inverse: sets are handed over by the trace of their inverse,
    and up to `sweep.largest_trace` the bound of `hoi._backends.numba_.score` is within the margin.
    """
    if dtype == torch.float64:
        return order * sweep.MARGIN
    e, h, M = 2.0**-24, NEAR[dtype], order - 2
    d = 2 * (M + 4) * e
    s = (2 * d / math.sqrt(h) + 9 * e) / h
    entry = s + 2 * (2 * e + 9 * e / math.sqrt(h) + d / h) + 17 * e
    return 2 * s + (M + 1) * entry + 8 * (M + 4) * e


def powers(ranking: Ranking) -> tuple[int, int, int]:
    """Powers of det and of prod p in the score ``exp(2 sign value)``, the first one above 0; and the sign."""
    sign = -1 if (ranking.j or ranking.l) < 0 else 1
    return sign * ranking.j, sign * ranking.l, sign


@dataclass(frozen=True)
class Part:
    """Queued work on prefixes start..stop. When the device has come to `done`, `count` is on the host: the number of
    survivors and of singular sets."""

    start: int
    stop: int
    count: Tensor
    done: torch.cuda.Event | None


@dataclass(frozen=True)
class _Coded(Part):
    """`codes` are the survivors, ``(place among the prefixes * n + x) * n + y``."""

    prefixes: Tensor
    codes: list[Tensor]


class Walk:
    """The walk through one unit on `R`, the matrices of its datasets in standard form on their device."""

    def __init__(
        self, problem: Problem, unit: Unit, ranking: Ranking, R: Tensor, sizes: Sizes, launch: Any, dtype: torch.dtype
    ) -> None:
        self.problem, self.unit, self.ranking = problem, unit, ranking
        self.stack, self.R, self.device = R, R[0], R.device  # only a unit of one dataset is swept
        self.dtype, self.launch, self.sizes = dtype, launch, sizes
        self.n, self.k = problem.n_variables, unit.order
        self.a, self.b, self.sign = powers(ranking)
        # what is read of a part must not wait in line behind the part after it
        self.aside = torch.cuda.Stream(self.device, priority=-1) if self.device.type == "cuda" else None

    @functools.cached_property
    def blocks(self) -> Tensor:
        return torch.from_numpy(self.problem.blocks.astype(np.int64)).to(self.device)

    @functools.cached_property
    def widths(self) -> NDArray[np.intp]:
        return np.diff(self.problem.blocks)

    @functools.cached_property
    def screened(self) -> Tensor:
        """The matrix in the type of the screen."""
        return self.R.to(self.dtype)

    def run(self, floor: Callable[..., Floor]) -> Iterator[Found]:
        """Parts in order. While the floor is open, every set is evaluated; then they are swept.

        The next part is queued before the results of the last one are read once parts grow no more: the floor of a
        larger one would be too low.
        """
        position, stop = self.unit.start, self.unit.stop
        known, ahead = 0, None  # sets whose results are in, and the part that is queued
        while position < stop or ahead is not None:
            part, wanted = None, max(self._first(), _GROWTH * known)
            if position < stop and (ahead is None or wanted >= self.sizes.sets):
                now = floor()
                if self._plain(now):
                    if ahead is not None:  # cannot be: a floor does not open again
                        known += self._sets(ahead.start, ahead.stop)
                        yield from self._finish(ahead, floor)
                        ahead = None
                    end = self._advance(position, max(self._first(), known))
                    yield from self._evaluate(position, end, floor)
                    known += self._sets(position, end)
                else:
                    end = self._advance(position, min(self.sizes.sets, wanted))
                    part = self._queue(position, end, now)
                position = end
            if ahead is not None:
                known += self._sets(ahead.start, ahead.stop)
                yield from self._finish(ahead, floor)
            ahead = part

    def _first(self) -> int:
        """Sets of the first part."""
        return self.sizes.plain

    def _plain(self, floor: Floor) -> bool:
        """Whether sets are evaluated one by one: everything is of interest, or there is nothing to share."""
        if self.unit.n_datasets > 1 or self.problem.grouped or self.k < 3:
            return True
        return floor.low == np.inf or floor.high == -np.inf

    def _sets(self, start: int, stop: int) -> int:
        return set_position(self.k, stop, self.n) - set_position(self.k, start, self.n)

    def _advance(self, position: int, sets: int) -> int:
        """The prefix position after about so many sets, at least one prefix on."""
        target = set_position(self.k, position, self.n) + sets
        end = min(self.unit.stop, position + self._most_prefixes())
        if target >= combinatorics.count(self.n, self.k):
            return end
        prefix = combinatorics.unrank(target, self.n, self.k)[: self.k - 2]
        return min(end, max(combinatorics.rank(prefix, self.n - 2), position + 1))

    def _most_prefixes(self) -> int:
        """In a part."""
        return self.sizes.prefixes

    # --- every set on its own

    def _evaluate(self, start: int, stop: int, floor: Callable[..., Floor]) -> Iterator[Found]:
        """All the sets of a range of prefixes in all datasets, by elimination: as many datasets at once as fit."""
        first, last = (set_position(self.k, p, self.n) for p in (start, stop))
        step = budget(self.device) // bytes_per_set(self.k, int(self.widths.max()))
        if not 0 < (self.ranking.n_best or 0) < last - first:  # all may go to the host
            step = min(step, self.sizes.plain)
        begin = 0
        for some in self.stack.split(max(1, step // (last - first))):
            R = some.permute(1, 2, 0).contiguous()

            def work(a: int, b: int, begin: int = begin, R: Tensor = R) -> Found:
                return self._keep(R, begin, unrank(a, b, self.n, self.k, self.device), floor)

            yield from in_parts(work, first, last, step // len(some), self.device, f"set of {self.k} variables")
            begin += len(some)

    def _keep(self, R: Tensor, begin: int, members: Tensor, floor: Callable[..., Floor]) -> Found:
        """Those of the sets that may come in, in each of some datasets from the one at `begin` in the unit on."""
        terms = terms_of(R, members, self.blocks, int(self.widths.max()))
        datasets = range(self.unit.dataset + begin, self.unit.dataset + begin + R.shape[-1])
        keep = self._promising(terms, members, [floor(dataset=d) for d in datasets])
        at, row = keep.nonzero(as_tuple=True)
        J = torch.where(terms.open, torch.nan, terms.J)[row, at]
        numbers = torch.cat([terms.singular.sum()[None], J, terms.L[row, at]]).cpu().numpy()
        sets = torch.cat([at[:, None], members[row]], dim=1).cpu().numpy().astype(np.intp, copy=False)
        singular = int(numbers[0])
        J, L = numbers[1:].reshape(2, -1)
        return Found(sets[:, 0] + datasets.start, sets[:, 1:], J, L, keep.numel() - singular, singular)

    def _promising(self, terms: DeviceTerms, members: Tensor, floors: list[Floor]) -> Tensor:
        """Which sets reach the floor of their dataset, and are among the n best here: (n_datasets, m)."""
        value = 0.5 * (self.ranking.j * terms.J + self.ranking.l * terms.L) + self._shift(members)
        value, unknown = value.T.contiguous(), (terms.singular | terms.open).T
        n_best = self.ranking.n_best or len(members)
        spare = self.k * _APPROXIMATE
        ends = np.array(floors) * (1, -1)
        limits = torch.from_numpy(ends + spare).to(self.device)
        keep = torch.zeros_like(value, dtype=torch.bool)
        for end, sign in enumerate((1, -1)):
            if np.all(ends[:, end] == -np.inf):
                continue  # not wanted
            signed = torch.where(unknown, torch.inf, sign * value)
            limit = limits[:, end, None]
            if n_best < len(members):
                last = signed.topk(n_best, largest=False).values[:, -1:]
                limit = torch.minimum(limit, last + 2 * spare)
            keep |= signed <= limit
        return (keep & ~unknown) | terms.open.T

    def _shift(self, members: Tensor) -> Tensor | float:
        """What the bias correction adds to the value of each set."""
        if not self.problem.grouped:
            return shift_of(self.problem, self.k, self.ranking)
        D, J, L = correction(self.widths[members.cpu().numpy()], self.problem.bias)
        shift = 0.5 * (self.ranking.d * D + self.ranking.j * J + self.ranking.l * L)
        return torch.from_numpy(shift).to(self.device)[:, None]

    # --- the sweep

    def _queue(self, start: int, stop: int, floor: Floor) -> Part:
        """Queue all the work on a range of prefixes; nothing here waits for the device."""
        n, M = self.n, self.k - 2
        codes: list[Tensor] = []
        with saying_what_needs_memory(self.device, f"{stop - start} prefixes of {M} variables"):
            prefixes = unrank(start, stop, n - 2, M, self.device)
            place = torch.argsort(prefixes[:, -1], stable=True)
            count = torch.zeros(2, dtype=torch.int64, device=self.device)
            if self.launch is not None:
                codes.append(torch.empty(self.sizes.room, dtype=torch.int64, device=self.device))
        free = budget(self.device)
        screen = self._screen(floor)
        for bucket in sweep.buckets(count_last(start, stop, n - 2, M), n, self.sizes.spare):
            T = bucket.lanes
            need = sweep.bytes_per_prefix(M, T, mask=self.launch is None)

            def work(begin: int, end: int, T: int = T) -> bool:
                here = place[begin:end]
                self._sweep(prefixes[here], here, T, screen, codes, count)
                return True

            for _ in in_parts(work, bucket.start, bucket.stop, free // need, self.device, f"prefix of {M} variables"):
                pass
        return _Coded(start, stop, *self._on_their_way(count), prefixes, codes)

    def _on_their_way(self, numbers: Tensor) -> tuple[Tensor, torch.cuda.Event | None]:
        """Numbers that the host will have when the device has come to the event."""
        if self.aside is None:
            return numbers, None
        on_host = numbers.to("cpu", non_blocking=True)
        return on_host, torch.cuda.current_stream(self.device).record_event()

    def _reading(self) -> contextlib.AbstractContextManager[Any]:
        """Work on a part that is done, beside the one queued after it. Leave it with all results on the host."""
        return contextlib.nullcontext() if self.aside is None else torch.cuda.stream(self.aside)

    def _sweep(
        self, rows: Tensor, place: Tensor, T: int, screen: sweep.Screen, codes: list[Tensor], count: Tensor
    ) -> None:
        """One launch: state and pairs of prefixes with T lanes."""
        n = self.n
        state = sweep.make_state(self.R, rows, T, screen)
        m = n - 1 - rows[:, -1]
        lost = torch.where(state.dead, m * (m - 1) // 2, 0).sum()
        if self.launch is not None:
            self.launch(self.screened, state, screen, place, codes[0], count)
        else:
            hits, singular = sweep.score_pairs(self.R, state, screen)
            lost = lost + singular
            if sum(map(len, codes)) <= self.sizes.room:  # beyond that they are not used
                codes.append((place[hits[:, 0]] * n + hits[:, 1] + n - T) * n + hits[:, 2] + n - T)
            count[0] += len(hits)
        count[1] += lost

    def _screen(self, floor: Floor) -> sweep.Screen:
        """Powers and thresholds of the score ``exp(2 sign value)``."""
        low, high = floor.low + self.spare - self.constant, floor.high - self.spare - self.constant
        ends = [self.sign * 2 * low, self.sign * 2 * high]
        low, high = ends if self.sign > 0 else ends[::-1]
        return sweep.Screen(self.a, self.b, low, high, NEAR[self.dtype], self.dtype)

    @functools.cached_property
    def constant(self) -> float:
        """What the values of all sets have beside the logarithms of their scores."""
        return shift_of(self.problem, self.k, self.ranking)

    @functools.cached_property
    def spare(self) -> float:
        """Nats by which a value may be off."""
        return margin(self.k, self.dtype) * max(1.0, (abs(self.ranking.j) + abs(self.ranking.l)) / 3)

    def _finish(self, part: Any, floor: Callable[..., Floor]) -> Iterator[Found]:
        """Wait for a part and give its survivors; one with too many is done again in halves, with a higher floor."""
        found, skipped = self._numbers(part)
        if found <= self.sizes.room:
            yield self._counted(self._sets(part.start, part.stop) - found - skipped, skipped)
            yield from self._survivors(part, found, floor)
        elif part.stop - part.start > 1:
            middle = (part.start + part.stop) // 2
            for start, stop in ((part.start, middle), (middle, part.stop)):
                yield from self._finish(self._queue(start, stop, floor()), floor)
        else:
            yield from self._evaluate(part.start, part.stop, floor)

    def _numbers(self, part: Part) -> tuple[int, int]:
        """Survivors and singular sets of a part, as soon as it is done."""
        if part.done is not None:
            part.done.synchronize()
        found, singular = part.count[:2].tolist()
        return found, singular

    def _counted(self, evaluated: int, skipped: int) -> Found:
        """Sets that are of no interest, and singular ones."""
        none = np.empty(0)
        return Found(none.astype(np.intp), np.empty((0, self.k), dtype=np.intp), none, none, evaluated, skipped)

    def _survivors(self, part: Any, found: int, floor: Callable[..., Floor]) -> Iterator[Found]:
        """The survivors of a part."""
        with self._reading():
            codes = part.codes[0][:found] if len(part.codes) == 1 else torch.cat(part.codes)
            codes = codes.sort().values
            prefixes = part.prefixes[codes // (self.n * self.n)]
            members = self._members_of(prefixes, codes)
        yield from self._by_elimination(members, floor)

    def _members_of(self, prefixes: Tensor, codes: Tensor) -> Tensor:
        """Sets of prefixes (m, k - 2) and of the pairs in the codes of survivors."""
        n = self.n
        return torch.cat([prefixes, (codes // n % n)[:, None], (codes % n)[:, None]], dim=1)

    def _by_elimination(self, members: Tensor, floor: Callable[..., Floor]) -> Iterator[Found]:
        """Those of the survivors that may come in."""

        def work(begin: int, end: int) -> Found:
            with self._reading():
                return self._keep(self.R[..., None], 0, members[begin:end], floor)

        step = budget(self.device) // bytes_per_set(self.k, 1)
        yield from in_parts(work, 0, len(members), step, self.device, f"set of {self.k} variables")


def shift_of(problem: Problem, order: int, ranking: Ranking) -> float:
    """What the bias correction adds to the value of every set of this order, without groups."""
    D, J, L = correction(np.ones((1, order), dtype=np.intp), problem.bias)
    return 0.5 * float((ranking.d * D + ranking.j * J + ranking.l * L)[0])
