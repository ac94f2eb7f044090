"""The torch backends: where to compute, with which kernel, in which precision."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from hoi._backends.blocks import BlockBackend
from hoi._backends.protocol import Estimate, Evaluator, Problem, Ranking
from hoi._backends.torch_.cuda.pairs import Runner
from hoi._backends.torch_.device import cuda_device, require_float64, why_no_nvrtc, why_no_triton
from hoi._backends.torch_.estimate import estimate
from hoi._backends.torch_.walk import Sizes
from hoi._errors import BackendUnavailableError
from hoi._typing import ArrayLike

__all__ = ["CudaBackend", "TorchBackend"]

_loaded_in = os.getpid()

# Chips that do half as many operations in float64 as in float32, or nearly; others do a 32nd or a 64th.
_FAST_FLOAT64 = {(6, 0), (7, 0), (8, 0), (9, 0), (10, 0)}
_FAST_FLOAT64_OF_AMD = {(9, 0), (9, 4), (9, 5)}


class TorchBackend(BlockBackend):
    """PyTorch on the device of the data, or on the CPU.

    Parameters
    ----------
    kernel : {"torch", "triton", "nvrtc"}, optional
        What the search runs on. By itself, on a GPU, the first that can run there: the kernel that NVRTC compiles, that
        of Triton, plain torch.
    precision : {"float64", "float32"}, optional
        Of the screening by a compiled kernel; values are always float64. By itself float64 where the chip is good at
        it.
    sizes : Sizes, optional
        How much work goes into a part; by itself what the device likes.
    """

    name = "torch"
    evaluators: ClassVar[Mapping[str, str]] = {
        "gaussian": "hoi._backends.torch_.gaussian:GaussianSweep",
        "information": "hoi._backends.torch_.about_target:open_about_target",
    }

    def __init__(
        self, *, kernel: str | None = None, precision: str | None = None, sizes: Sizes | None = None
    ) -> None:
        self._kernel, self._precision, self.sizes = kernel, precision, sizes

    def open(self, problem: Problem, ranking: Ranking) -> Evaluator:
        _refuse_after_fork(self.name)
        return super().open(problem, ranking)

    def estimate(self, X: ArrayLike, estimator: str, ties: str, rng: np.random.Generator | None) -> Estimate:
        """Covariance of the data, or of their normal scores, computed where the data lie."""
        _refuse_after_fork(self.name)
        device = X.device if isinstance(X, Tensor) else self.device(None)
        require_float64(device)
        return estimate(X, estimator, ties, rng, device)

    def kernel(self, device: torch.device) -> str:
        """The kernel of the search on a device."""
        if self._kernel is not None:
            return self._kernel
        if device.type == "cuda" and not why_no_nvrtc(device):
            return "nvrtc"
        return self.spare_kernel(device)

    def spare_kernel(self, device: torch.device) -> str:
        """The kernel for shapes that the one of NVRTC does not take."""
        return "triton" if device.type == "cuda" and not why_no_triton(device) else "torch"

    def runner(self, device: torch.device) -> Runner:
        """What runs the kernels of NVRTC."""
        from hoi._backends.torch_.cuda.driver import card_of

        return card_of(device)

    def precision(self, device: torch.device) -> str:
        """Type that the search screens in; the plain torch kernel knows float64 only."""
        if self.kernel(device) == "torch":
            return "float64"
        if self._precision is not None:
            return self._precision
        if device.type != "cuda":
            return "float64"
        fast = _FAST_FLOAT64 if torch.version.hip is None else _FAST_FLOAT64_OF_AMD
        return "float64" if torch.cuda.get_device_capability(device) in fast else "float32"

    def device(self, problem: Problem | None) -> torch.device:
        """Where to compute."""
        return torch.device("cpu" if problem is None or problem.device is None else problem.device)

    def devices(self, problem: Problem) -> list[torch.device]:
        """Those that share the units of a search."""
        return [self.device(problem)]


def _refuse_after_fork(name: str) -> None:
    """Error in a process that was forked from one with threads of PyTorch, which do not come along: it would wait for
    them for ever."""
    if os.getpid() != _loaded_in and (torch.get_num_threads() > 1 or torch.cuda.is_initialized()):
        raise BackendUnavailableError(
            f'backend="{name}" was loaded in the process that this one was forked from, and threads of PyTorch do not '
            'outlive a fork. Use backend="numba", or start workers by multiprocessing.get_context("spawn") or loky; '
            "with torch.set_num_threads(1) before the fork the CPU can be used."
        )


class CudaBackend(TorchBackend):
    """PyTorch on the GPU, wherever the data come from."""

    name = "cuda"

    def __init__(
        self, *, kernel: str | None = None, precision: str | None = None, sizes: Sizes | None = None
    ) -> None:
        super().__init__(kernel=kernel, precision=precision, sizes=sizes)
        require_float64(cuda_device())

    @property
    def compiled(self) -> bool:  # type: ignore[override]
        """Whether searches run on a compiled kernel: the plain one is there to be right, and makes no GPU worth it."""
        return self.kernel(cuda_device()) != "torch"

    def device(self, problem: Problem | None) -> torch.device:
        given = super().device(problem)
        return given if given.type == "cuda" else cuda_device()

    def devices(self, problem: Problem) -> list[torch.device]:
        """All GPUs that torch sees, that of the data first."""
        first = self.device(problem)
        others = (torch.device("cuda", i) for i in range(torch.cuda.device_count()))
        return [first, *(device for device in others if device != first)]

    def estimate(self, X: ArrayLike, estimator: str, ties: str, rng: np.random.Generator | None) -> Estimate:
        _refuse_after_fork(self.name)
        device = X.device if isinstance(X, Tensor) and X.device.type == "cuda" else cuda_device()
        return estimate(X, estimator, ties, rng, device)
