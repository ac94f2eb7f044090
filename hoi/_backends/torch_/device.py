"""Devices: which one to use, what works and what is free on it, and work in parts that fit."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from hoi._errors import BackendUnavailableError, HoiError

__all__ = ["budget", "cuda_device", "in_parts", "require_float64", "saying_what_needs_memory",
           "why_no_nvrtc", "why_no_triton"]

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
        built = torch.version.cuda or torch.version.hip
        raise BackendUnavailableError(
            f'backend="cuda": torch {torch.__version__} (CUDA {built}) finds no GPU{_why_no_gpu()}. '
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


@functools.cache
def require_float64(device: torch.device) -> None:
    """Error unless the device computes in float64: Apple's cannot, nor a GPU that torch was not built for."""
    try:
        worked = torch.ones(2, dtype=torch.float64, device=device).sum().item() == 2
        why = "" if worked else "1 + 1 is not 2 on it"
    except (RuntimeError, TypeError, AssertionError) as error:
        worked, why = False, str(error).splitlines()[0].rstrip(".")
    if not worked:
        raise BackendUnavailableError(
            f'device "{device}" cannot compute in float64, which the values need, with torch {torch.__version__}: '
            f'{why}. Move the data by X.cpu(), or use backend="numba".'
        )


@functools.cache
def why_no_nvrtc(device: torch.device) -> str:
    """Why the kernel that NVRTC compiles cannot run on the GPU; empty where it can."""
    if torch.version.hip is not None:
        return "not for AMD"
    try:
        from hoi._backends.torch_.cuda.driver import card_of
        from hoi._backends.torch_.cuda.pairs import try_out

        try_out(card_of(device), device)  # the compiler, the driver and the chip have to fit together
    except Exception as error:  # whatever it is, other kernels do without
        return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ""


@functools.cache
def why_no_triton(device: torch.device) -> str:
    """Why Triton kernels cannot run on the GPU; empty where they can."""
    try:
        from hoi._backends.torch_.kernels import try_out

        try_out(device)  # a C compiler, the assembler, the driver and the chip have to fit together
    except ImportError:
        return "not installed"
    except Exception as error:  # whatever it is, the torch kernel does without
        return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ""


def budget(device: torch.device) -> int:
    """Bytes that one part of the work may take."""
    if device.type != "cuda":
        return _CPU_BYTES
    free, _ = torch.cuda.mem_get_info(device)
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(min(_SHARE * (free + unused), _MOST_BYTES))


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Whether an error of torch means that an allocation failed: of its allocator, the driver, cuBLAS, or the CPU."""
    signs = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "DefaultCPUAllocator")
    return isinstance(error, torch.cuda.OutOfMemoryError) or any(sign in str(error) for sign in signs)


@contextlib.contextmanager
def saying_what_needs_memory(device: torch.device, what: str) -> Iterator[None]:
    """Turn an allocation that fails into an error that says what it was for."""
    try:
        yield
    except RuntimeError as error:
        if not _is_out_of_memory(error):
            raise
        raise HoiError(
            f"device {device} has too little free memory for {what}: {str(error).splitlines()[0]} "
            'Free memory on it, or use backend="numba", which needs little.'
        ) from error


def in_parts(
    work: Callable[[int, int], T], start: int, stop: int, step: int, device: torch.device, what: str
) -> Iterator[T]:
    """``work(a, b)`` for ranges that tile start..stop, at most `step` long; half as long whenever memory runs out."""
    step = max(1, step)
    while start < stop:
        end = min(start + step, stop)
        try:
            with saying_what_needs_memory(device, f"a single {what}") if end - start == 1 else contextlib.nullcontext():
                result = work(start, end)
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            result = None
            step = (end - start) // 2
        if result is None:
            # outside of the except clause, which keeps the tensors of the failed attempt alive
            if device.type == "cuda":
                torch.cuda.empty_cache()
            continue
        yield result
        start = end
