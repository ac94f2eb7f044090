"""Problems about a target on the kernel of pairs, which takes two matrices at once."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hoi._backends.blocks import BlockEvaluator
from hoi._backends.protocol import Evaluator, Floor, Found, Ranking, Unit
from hoi._backends.torch_.backend import TorchBackend
from hoi._backends.torch_.cuda.pairs import PairSweep, Runner
from hoi._backends.torch_.cuda.walk import PairWalk
from hoi._backends.torch_.evaluator import DeviceEvaluator
from hoi._backends.torch_.walk import shift_of

__all__ = ["TargetSweep", "open_about_target"]


def open_about_target(problem: Any, ranking: Ranking, backend: TorchBackend) -> Evaluator:
    """The kernel where both parts of an information are Gaussian and of single columns; blocks otherwise.

    For the measures of the registry: what both matrices lose in standard form has the exponent d + j - l, and is a
    factor of the second determinant.
    """
    d, j, l, _ = ranking  # noqa: E741
    plain = all(part.kind == "gaussian" and not part.grouped for part in (problem.whole, problem.conditional))
    known = ((j, l) == (1, 0) and d in (0, -1)) or (d, j, l) == (0, 1, 1)
    if plain and known and backend.kernel(backend.device(problem)) == "nvrtc":
        return TargetSweep(problem, ranking, backend)
    return BlockEvaluator(problem, ranking)


class TargetSweep(DeviceEvaluator):
    """Sets by the reference path while the floor is open, then the kernel."""

    def __init__(self, problem: Any, ranking: Ranking, backend: TorchBackend) -> None:
        both = np.stack([problem.whole.matrix, problem.conditional.matrix], axis=1)
        super().__init__(problem, ranking, backend, both)
        self.together = min(self.together, self.sizes.together)

    def ready(self, order: int) -> None:
        self.make_ready(order, planes=2)

    def walk_name(self, unit: Unit) -> str:
        return "blocks" if unit.n_datasets > 1 or self.why_no_kernel(unit.order, planes=2) else self.kernel

    def walk_on(self, R: Tensor, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        if self.walk_name(unit) == "blocks":
            return BlockEvaluator.walk(self, unit, floor)
        runner = self.backend.runner(R.device)
        return _TargetWalk(self.problem, unit, self.ranking, R, self.sizes, self.dtype, runner).run(floor)


class _TargetWalk(PairWalk):
    """A walk on two matrices: those of the variables, and of the same given the target."""

    def _pair_sweep(self, runner: Runner) -> PairSweep:
        whole, conditional = self.problem.whole, self.problem.conditional
        d, j, l, _ = self.ranking  # noqa: E741
        dataset = self.unit.dataset
        weight = np.exp((d + j - l) * (conditional.log_scale[dataset] - whole.log_scale[dataset]))
        on_device = torch.from_numpy(weight).to(self.device)
        return PairSweep(self.R, self.k - 2, self.dtype, runner, weight=on_device)

    @functools.cached_property
    def constant(self) -> float:
        parts = self.problem.whole, self.problem.conditional
        whole, conditional = (shift_of(part, self.k, self.ranking) for part in parts)
        return whole - conditional

    @functools.cached_property
    def spare(self) -> float:
        return 2 * super().spare

    def _few(self) -> int:
        return sys.maxsize  # there is no other way than the reference path
