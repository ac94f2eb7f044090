"""What a card can do at most, measured: product-sums in registers, and copies in its memory."""

from __future__ import annotations

import time

import torch
import triton
import triton.language as tl


@triton.jit
def _chains(X, n, SIZE: tl.constexpr):
    """Four chains of product-sums a thread slot, long enough that memory does not matter."""
    at = tl.program_id(0).to(tl.int64) * SIZE + tl.arange(0, SIZE)
    a = tl.load(X + at)
    b, c, d = a + 1, a + 2, a + 3
    for _ in range(n):
        a = a * 0.5 + 1.0
        b = b * 0.5 + 1.0
        c = c * 0.5 + 1.0
        d = d * 0.5 + 1.0
    tl.store(X + at, a + b + c + d)


def flops_per_second(dtype: torch.dtype, device: torch.device, programs: int, steps: int) -> float:
    """Rate of product-sums, each two flops; the fastest of five."""
    size = 512
    x = torch.ones(programs * size, dtype=dtype, device=device)

    def work() -> None:
        _chains[(programs,)](x, steps, SIZE=size, num_warps=4, enable_fp_fusion=True)

    return programs * size * steps * 8 / best_seconds(work, device, 5)


def bytes_per_second(device: torch.device, size: int) -> float:
    """Rate of reading and writing the memory of the card."""
    source = torch.ones(size // 8, dtype=torch.float64, device=device)
    target = torch.empty_like(source)
    return 2 * size / best_seconds(lambda: target.copy_(source), device, 10)


def best_seconds(work, device: torch.device, repeats: int) -> float:
    """Shortest time of a call, after one that does not count."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - began)
    return min(times[1:])
