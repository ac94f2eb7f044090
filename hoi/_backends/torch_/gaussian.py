"""Gaussian problems on a device of torch: matrices that stay there for a call, given sets, and the sweep."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi._backends.blocks import BlockEvaluator
from hoi._backends.protocol import UNRANKED, Floor, Found, Problem, Ranking, Unit
from hoi._backends.torch_.backend import TorchBackend
from hoi._backends.torch_.cuda.pairs import PairSweep, why_not
from hoi._backends.torch_.device import (
    budget,
    in_parts,
    require_float64,
    saying_what_needs_memory,
    why_no_nvrtc,
    why_no_triton,
)
from hoi._backends.torch_.eliminate import bytes_per_set, terms_of
from hoi._backends.torch_.walk import CPU, GPU, Walk, powers
from hoi._maths.terms import Terms

__all__ = ["SHARED_UNIT_SETS", "GaussianSweep"]

# Sets in a unit where several devices share them: a few milliseconds each. An estimate.
SHARED_UNIT_SETS = 1 << 28


class GaussianSweep(BlockEvaluator):
    """Sets by elimination on the device while the floor is open, then a sweep that shares the state of prefixes."""

    # A device is fed by the parts within a unit.
    unit_sets = 1 << 36

    def __init__(self, problem: Problem, ranking: Ranking, backend: TorchBackend) -> None:
        super().__init__(problem, ranking)
        self.backend = backend
        self.device = backend.device(problem)
        require_float64(self.device)
        self.kernel, self.precision = backend.kernel(self.device), backend.precision(self.device)
        self.spare = backend.spare_kernel(self.device)
        self.runner = backend.runner(self.device) if self.kernel == "nvrtc" else None
        self.sizes = backend.sizes or (GPU if self.device.type == "cuda" else CPU)
        self.together = self.sizes.together
        what = f"{problem.n_datasets} matrices of {problem.matrix.shape[-1]} columns"
        with saying_what_needs_memory(self.device, what):
            self.matrices = torch.from_numpy(problem.matrix).to(self.device)
        self._busy = dict.fromkeys(backend.devices(problem), 0)  # walks under way on each device
        self._copies = {self.device: self.matrices}
        self._lock = threading.Lock()
        self.parallel = len(self._busy) > 1
        if self.parallel:
            self.unit_sets = SHARED_UNIT_SETS

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
        """The kernel of NVRTC is compiled for its order; Triton compiles at the first launch of each tile."""
        if self.kernel == "nvrtc" and self._kernel_of(order) == "nvrtc" and self.ranking != UNRANKED:
            a, b, _ = powers(self.ranking)
            dtype = getattr(torch, self.precision)
            PairSweep(self.matrices[0], order - 2, dtype, self.runner).ready(a, b, dtype)

    def walk_name(self, unit: Unit) -> str:
        swept = unit.n_datasets == 1 and not self.problem.grouped and unit.order >= 3 and self.ranking != UNRANKED
        return self._kernel_of(unit.order) if swept else "elimination"

    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        """The unit on the device that has the fewest to do."""
        with self._lock:
            device = min(self._busy, key=lambda device: self._busy[device])
            self._busy[device] += 1
            if device not in self._copies:
                with saying_what_needs_memory(device, f"{len(self.matrices)} matrices"):
                    self._copies[device] = self.matrices.to(device)
            R = self._copies[device][unit.dataset : unit.dataset + unit.n_datasets]
        try:
            yield from self._walk(unit, floor, R)
        finally:
            with self._lock:
                self._busy[device] -= 1

    def _walk(self, unit: Unit, floor: Callable[..., Floor], R: Tensor) -> Iterator[Found]:
        kernel, launch, runner = self._kernel_of(unit.order), None, None
        if kernel == "nvrtc":
            runner = self.backend.runner(R.device)
        elif kernel == "triton":
            from hoi._backends.torch_.kernels import launch_pairs as launch
        dtype = torch.float64 if kernel == "torch" else getattr(torch, self.precision)
        return Walk(self.problem, unit, self.ranking, R, self.sizes, launch, dtype, runner).run(floor)

    def _kernel_of(self, order: int) -> str:
        """The kernel that sweeps an order: the next best one where there is none for its shape."""
        if self.runner is None:
            return self.kernel
        a, b, _ = powers(self.ranking)
        n, dtype = self.problem.n_variables, getattr(torch, self.precision)
        if order >= 3 and not why_not(n, order - 2, a, b, dtype, self.runner.shared):
            return self.kernel
        return self.spare

    def about(self) -> dict[str, Any]:
        """Device, kernel, precision of the screening, versions, and why a GPU does without a faster kernel."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else str(self.device)
        settings = {"device": name, "kernel": self.kernel, "screening": self.precision}
        if self.device.type == "cuda" and self.kernel != "nvrtc":
            settings["nvrtc"] = why_no_nvrtc(self.device)
        if self.device.type == "cuda" and self.kernel == "torch":
            settings["triton"] = why_no_triton(self.device)
        return {**settings, "torch": torch.__version__}
