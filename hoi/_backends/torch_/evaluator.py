"""Evaluators on devices of torch: the matrices of a call lie there, and several devices share its units."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from hoi._backends.blocks import BlockEvaluator
from hoi._backends.protocol import Floor, Found, Problem, Ranking, Unit
from hoi._backends.torch_.backend import TorchBackend
from hoi._backends.torch_.cuda.pairs import Kernel, make_ready, threads_for, why_not
from hoi._backends.torch_.device import require_float64, saying_what_needs_memory, why_no_nvrtc, why_no_triton
from hoi._backends.torch_.walk import CPU, GPU, powers
from hoi._typing import FloatArray

__all__ = ["SHARED_UNIT_SETS", "DeviceEvaluator"]

# Sets in a unit where several devices share them: a few milliseconds each. An estimate.
SHARED_UNIT_SETS = 1 << 28
# Sets a second of a compiled kernel on any GPU: a twentieth of what an H200 does at (30, 15).
_LEAST_RATE = 5e7


class DeviceEvaluator(BlockEvaluator):
    """Walks on the device that has the fewest of them, on its copy of `matrices`, one or more for each dataset."""

    # A device is fed by the parts within a unit.
    unit_sets = 1 << 36

    def __init__(self, problem: Problem, ranking: Ranking, backend: TorchBackend, matrices: FloatArray) -> None:
        super().__init__(problem, ranking)
        self.backend = backend
        self.device = backend.device(problem)
        require_float64(self.device)
        self.kernel, self.precision = backend.kernel(self.device), backend.precision(self.device)
        self.runner = backend.runner(self.device) if self.kernel == "nvrtc" else None
        self.sizes = backend.sizes or (GPU if self.device.type == "cuda" else CPU)
        self._on_host = matrices
        self._busy = dict.fromkeys(backend.devices(problem), 0)  # walks under way on each device
        self._copies: dict[torch.device, Tensor] = {}
        self._lock = threading.Lock()
        self.parallel = len(self._busy) > 1
        if self.parallel:
            self.unit_sets = SHARED_UNIT_SETS
        if self.device.type == "cuda" and self.kernel != "torch":
            self.least_rate = _LEAST_RATE

    @property
    def dtype(self) -> torch.dtype:
        """Of the screen by a compiled kernel."""
        kind: torch.dtype = getattr(torch, self.precision)
        return kind

    @property
    def matrices(self) -> Tensor:
        """Those of all datasets, on the device of the evaluator."""
        with self._lock:
            return self._copy(self.device)

    def _copy(self, device: torch.device) -> Tensor:
        """The matrices on a device, where they come when they are first needed."""
        if device not in self._copies:
            what = f"{self._on_host.shape[0]} matrices of {self._on_host.shape[-1]} columns"
            with saying_what_needs_memory(device, what):
                self._copies[device] = torch.from_numpy(self._on_host).to(device)
        return self._copies[device]

    def make_ready(self, order: int, planes: int = 1) -> None:
        """The kernel of NVRTC is compiled for its order; Triton compiles at the first launch of each tile."""
        if self.runner is not None and not self.why_no_kernel(order, planes):
            n, (a, b, _) = self.problem.n_variables, powers(self.ranking)
            kernel = Kernel(self.dtype, order - 2, a, b, threads_for(n, order - 2), planes)
            make_ready(n, kernel, self.runner)

    def why_no_kernel(self, order: int, planes: int = 1) -> str:
        """Why the kernel of NVRTC does not sweep an order; empty where it does."""
        if self.runner is None:
            return "not here"
        if order < 3:
            return "pairs"
        a, b, _ = powers(self.ranking)
        return why_not(self.problem.n_variables, order - 2, a, b, self.dtype, self.runner.shared, planes)

    @abstractmethod
    def walk_on(self, R: Tensor, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        """The walk through a unit, on the matrices of its datasets."""

    def walk(self, unit: Unit, floor: Callable[..., Floor]) -> Iterator[Found]:
        """The unit on the device that has the fewest to do."""
        with self._lock:
            device = min(self._busy, key=lambda device: self._busy[device])
            self._busy[device] += 1
            R = self._copy(device)[unit.dataset : unit.dataset + unit.n_datasets]
        try:
            yield from self.walk_on(R, unit, floor)
        finally:
            with self._lock:
                self._busy[device] -= 1

    def about(self) -> dict[str, Any]:
        """Device, kernel, precision of the screening, versions, and why a GPU does without a faster kernel."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else str(self.device)
        settings = {"device": name, "kernel": self.kernel, "screening": self.precision}
        if self.device.type == "cuda" and self.kernel != "nvrtc":
            settings["nvrtc"] = why_no_nvrtc(self.device)
        if self.device.type == "cuda" and self.kernel == "torch":
            settings["triton"] = why_no_triton(self.device)
        return {**settings, "torch": torch.__version__}
