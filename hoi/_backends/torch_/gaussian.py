"""Gaussian problems on a device of torch: matrices that stay there for a call, given sets, and the sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi._backends.protocol import UNRANKED, Floor, Found, Problem, Ranking, Unit
from hoi._backends.torch_.backend import TorchBackend
from hoi._backends.torch_.cuda.walk import PairWalk
from hoi._backends.torch_.device import (
    budget,
    in_parts,
)
from hoi._backends.torch_.eliminate import bytes_per_set, terms_of
from hoi._backends.torch_.evaluator import DeviceEvaluator
from hoi._backends.torch_.walk import Walk
from hoi._maths.terms import Terms

__all__ = ["GaussianSweep"]


class GaussianSweep(DeviceEvaluator):
    """Sets by elimination on the device while the floor is open, then a sweep that shares the state of prefixes."""

    def __init__(self, problem: Problem, ranking: Ranking, backend: TorchBackend) -> None:
        super().__init__(problem, ranking, backend, problem.matrix)
        self.spare = backend.spare_kernel(self.device)
        self.together = self.sizes.together

    def terms(self, members: NDArray[np.intp]) -> Terms:
        R = self.matrices
        m, k = members.shape
        blocks = torch.from_numpy(self.problem.blocks.astype(np.int64)).to(R.device)
        width = int(np.diff(self.problem.blocks).max())
        rows = torch.from_numpy(members.astype(np.int64)).to(R.device)
        step = budget(R.device) // bytes_per_set(k, width)
        found = []
        for some in R.split(max(1, step // m)):
            last = some.permute(1, 2, 0).contiguous()

            def work(start: int, stop: int, last: Tensor = last) -> NDArray[Any]:
                J, L, singular, left = terms_of(last, rows[start:stop], blocks, width)
                return torch.stack([torch.where(left, torch.nan, J), L, singular.to(J.dtype)]).cpu().numpy()

            parts = in_parts(work, 0, m, step // len(some), R.device, f"set of {k} variables")
            found.append(np.concatenate(list(parts), axis=1))
        J, L, singular = np.concatenate(found, axis=2).swapaxes(1, 2)
        terms = Terms(np.zeros(J.shape), J, L, singular > 0)
        dataset, row = np.nonzero(np.isnan(J))
        if len(row):
            for target, source in zip(terms, self.problem.reference(members[row], dataset), strict=True):
                target[dataset, row] = source
        return terms

    def ready(self, order: int) -> None:
        if self.ranking != UNRANKED:
            self.make_ready(order)

    def walk_name(self, unit: Unit) -> str:
        swept = unit.n_datasets == 1 and not self.problem.grouped and unit.order >= 3 and self.ranking != UNRANKED
        return self._kernel_of(unit.order) if swept else "elimination"

    def walk_on(self, R: Tensor, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        kernel, launch = self.walk_name(unit), None
        shared = self.problem, unit, self.ranking, R, self.sizes
        if kernel == "nvrtc":
            return PairWalk(*shared, self.dtype, self.backend.runner(R.device)).run(floor)
        if kernel == "triton":
            from hoi._backends.torch_.kernels import launch_pairs as launch
        return Walk(*shared, launch, self.dtype if launch else torch.float64).run(floor)

    def _kernel_of(self, order: int) -> str:
        """The kernel that sweeps an order: the next best one where there is none for its shape."""
        if self.runner is None:
            return self.kernel
        return self.spare if self.why_no_kernel(order) else self.kernel
