"""The torch backends as the engine sees them: where to compute, with which kernel, in which precision."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi._backends.protocol import Estimate, Floor, Found, Problem, Ranking, Unit
from hoi._backends.torch_.device import (
    budget,
    cuda_device,
    in_parts,
    require_float64,
    saying_what_needs_memory,
    why_no_triton,
)
from hoi._backends.torch_.eliminate import bytes_per_set, terms_of
from hoi._backends.torch_.estimate import estimate
from hoi._backends.torch_.walk import CPU, GPU, Sizes, Walk
from hoi._maths.terms import Terms
from hoi._typing import ArrayLike

__all__ = ["CudaBackend", "TorchBackend"]

# NVIDIA chips that do half as many operations in float64 as in float32, or nearly; others do a 32nd or a 64th.
_FAST_FLOAT64 = {(6, 0), (7, 0), (8, 0), (9, 0), (10, 0)}
# Sets in a unit of work: the device is fed by the parts within it.
_UNIT_SETS = 1 << 36


class TorchBackend:
    """PyTorch on the device of the data, or on the CPU.

    Parameters
    ----------
    kernel : {"torch", "triton"}, optional
        What the search runs on. Triton by itself on a GPU where it is installed.
    precision : {"float64", "float32"}, optional
        Of the screening by the Triton kernel; values are always float64. By itself float64 where the chip is good at
        it.
    """

    name = "torch"
    parallel = False
    unit_sets = _UNIT_SETS

    def __init__(self, *, kernel: str | None = None, precision: str | None = None) -> None:
        self._kernel, self._precision = kernel, precision
        self._held: tuple[Any, Tensor] | None = None

    def estimate(self, X: ArrayLike, estimator: str, ties: str, rng: np.random.Generator | None) -> Estimate:
        """Covariance of the data, or of their normal scores, computed where the data lie."""
        device = X.device if isinstance(X, Tensor) else self._device(None)
        require_float64(device)
        return estimate(X, estimator, ties, rng, device)

    def ready(self, problem: Problem, order: int, ranking: Ranking) -> None:
        """The matrices go to the device. Triton compiles at the first launch of each tile, and keeps it on disk."""
        self._matrices(problem)

    def terms(self, problem: Problem, members: NDArray[np.intp]) -> Terms:
        R = self._matrices(problem)
        m, k = members.shape
        blocks = torch.from_numpy(problem.blocks.astype(np.int64)).to(R.device)
        width = int(np.diff(problem.blocks).max())
        rows = torch.from_numpy(members.astype(np.int64)).to(R.device)
        step = budget(R.device) // bytes_per_set(k, width)
        found = []
        for some in R.split(max(1, step // m)):
            last = some.permute(1, 2, 0).contiguous()

            def work(start: int, stop: int, last: Tensor = last) -> NDArray[Any]:
                J, L, singular = terms_of(last, rows[start:stop], blocks, width)
                return torch.stack([J, L, singular.to(J.dtype)]).cpu().numpy()

            parts = in_parts(work, 0, m, step // len(some), R.device, f"set of {k} variables")
            found.append(np.concatenate(list(parts), axis=1))
        J, L, singular = np.concatenate(found, axis=2).swapaxes(1, 2)
        return Terms(np.zeros(J.shape), J, L, singular > 0)

    def together(self, problem: Problem) -> int:
        """Most sets of a dataset that shares units with others."""
        return _sizes(self._device(problem)).together

    def walk(
        self, problem: Problem, unit: Unit, ranking: Ranking, floor: Callable[..., Floor]
    ) -> Iterator[Found]:
        R = self._matrices(problem)[unit.dataset : unit.dataset + unit.n_datasets]
        launch = None
        if self.kernel(R.device) == "triton":
            from hoi._backends.torch_.kernels import launch_pairs as launch
        dtype = getattr(torch, self.precision(R.device))
        return Walk(problem, unit, ranking, R, _sizes(R.device), launch, dtype).run(floor)

    def settings(self, problem: Problem) -> dict[str, Any]:
        """What the result says of the backend: device, kernel, precision of the screening, versions."""
        device = self._device(problem)
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
        settings = {"device": name, "kernel": self.kernel(device), "screening": self.precision(device)}
        if device.type == "cuda" and settings["kernel"] == "torch":
            settings["triton"] = why_no_triton(device)
        return {**settings, "torch": torch.__version__}

    def kernel(self, device: torch.device) -> str:
        """The kernel of the search on a device."""
        if self._kernel is not None:
            return self._kernel
        return "triton" if device.type == "cuda" and not why_no_triton(device) else "torch"

    def precision(self, device: torch.device) -> str:
        """Type that the search screens in; the plain torch kernel knows float64 only."""
        if self.kernel(device) == "torch":
            return "float64"
        if self._precision is not None:
            return self._precision
        if device.type != "cuda":
            return "float64"
        return "float64" if torch.cuda.get_device_capability(device) in _FAST_FLOAT64 else "float32"

    def _device(self, problem: Problem | None) -> torch.device:
        return torch.device("cpu" if problem is None or problem.device is None else problem.device)

    def _matrices(self, problem: Problem) -> Tensor:
        """Matrices of all datasets on the device; those of the last problem stay there."""
        if self._held is None or self._held[0]() is not problem:
            device = self._device(problem)
            require_float64(device)
            self._held = None  # frees the last ones first
            what = f"{problem.n_datasets} matrices of {problem.matrix.shape[-1]} columns"
            with saying_what_needs_memory(device, what):
                self._held = weakref.ref(problem), torch.from_numpy(problem.matrix).to(device)
        return self._held[1]


def _sizes(device: torch.device) -> Sizes:
    return GPU if device.type == "cuda" else CPU


class CudaBackend(TorchBackend):
    """PyTorch on the GPU, wherever the data come from."""

    name = "cuda"

    def __init__(self, *, kernel: str | None = None, precision: str | None = None) -> None:
        super().__init__(kernel=kernel, precision=precision)
        require_float64(cuda_device())

    @property
    def compiled(self) -> bool:
        """Whether searches run on the Triton kernel: the plain one is there to be right, and makes no GPU worth it."""
        return self.kernel(cuda_device()) == "triton"

    def _device(self, problem: Problem | None) -> torch.device:
        given = super()._device(problem)
        return given if given.type == "cuda" else cuda_device()

    def estimate(self, X: ArrayLike, estimator: str, ties: str, rng: np.random.Generator | None) -> Estimate:
        device = X.device if isinstance(X, Tensor) and X.device.type == "cuda" else cuda_device()
        return estimate(X, estimator, ties, rng, device)
