"""Devices: which one to use, what is free on it, and work in parts that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from hoi._errors import BackendUnavailableError, HoiError

__all__ = ["budget", "cuda_device", "in_parts", "is_out_of_memory", "require_float64"]

# Share of the free memory of a GPU that one part of the work may take, and the most that is of use.
_SHARE = 0.3
_MOST_BYTES = 16 << 30
# On a CPU: more would only leave the cache.
_CPU_BYTES = 64 << 20

T = TypeVar("T")


def cuda_device() -> torch.device:
    """The current GPU, or an error that says what is missing."""
    if torch.version.cuda is None and torch.version.hip is None:
        raise BackendUnavailableError(
            f'backend="cuda" needs a PyTorch built with CUDA, and torch {torch.__version__} is built without. Install '
            'one of the CUDA builds listed at pytorch.org, or use backend="torch" (its CPU) or backend="numba".'
        )
    if not torch.cuda.is_available():
        raise BackendUnavailableError(
            f'backend="cuda": torch {torch.__version__} (CUDA {torch.version.cuda}) finds no GPU{_why_no_gpu()}. '
            'Check that nvidia-smi lists the GPU and that its driver is recent enough, or use backend="numba".'
        )
    return torch.device("cuda", torch.cuda.current_device())


def _why_no_gpu() -> str:
    """What torch says when it is made to try: no driver, a driver that is too old, no device."""
    try:
        torch.cuda.init()
    except (RuntimeError, AssertionError) as error:
        return f": {str(error).splitlines()[0].rstrip('.')}"
    return ""


def require_float64(device: torch.device) -> None:
    """Error unless the device can compute in float64 (Apple's cannot)."""
    if device.type == "mps":
        raise BackendUnavailableError(
            'backend="torch": device "mps" has no float64, which the values need. Move the data by X.cpu().'
        )


def budget(device: torch.device) -> int:
    """Bytes that one part of the work may take."""
    if device.type != "cuda":
        return _CPU_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(min(_SHARE * (free + unused), _MOST_BYTES))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch means that an allocation failed, on a GPU or in main memory."""
    return isinstance(error, torch.OutOfMemoryError) or (
        "DefaultCPUAllocator" in str(error)
    )


def in_parts(
    work: Callable[[int, int], T], start: int, stop: int, step: int, device: torch.device, what: str
) -> Iterator[T]:
    """``work(a, b)`` for ranges that tile start..stop, at most `step` long; half as long whenever memory runs out."""
    step = max(1, step)
    while start < stop:
        end = min(start + step, stop)
        try:
            result = work(start, end)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            if end - start == 1:
                raise HoiError(
                    f"device {device} has too little free memory for a single {what}: {str(error).splitlines()[0]} "
                    'Free memory on it, or use backend="numba", which needs little.'
                ) from error
            result = None
            step = (end - start) // 2
        if result is None:
            # outside of the except clause, which keeps the tensors of the failed attempt alive
            if device.type == "cuda":
                torch.cuda.empty_cache()
            continue
        yield result
        start = end
