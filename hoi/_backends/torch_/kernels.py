"""The Triton kernel of the pairs: what `sweep.score_pairs` does, in registers, with an atomic list of survivors.

A program takes a block of prefixes and a tile of lanes x, and goes through the lanes y behind them tile by tile.
Nothing is stored but the survivors. The shape of a tile is a compile-time constant, and so are the powers. Loops over
the members of a prefix are unrolled where the most sets are, in long tails of low orders; everywhere else one kernel
serves all orders, as compiling one for each would take longer than most searches.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from hoi._backends.torch_.eliminate import SURELY_SINGULAR
from hoi._backends.torch_.sweep import Screen, State

__all__ = ["launch_pairs", "shape_for", "try_out"]

# Sets a program holds at a time, and the most lanes of a tile.
_TILE = 512
_LANES = 32
# The most members of a prefix that a kernel is made for.
_UNROLLED = 4


@triton.jit
def _one(OUT):
    """The smallest kernel there is."""
    tl.store(OUT, 1)


def try_out(device: torch.device) -> None:
    """Compile, launch and wait for a kernel: whatever Triton lacks on a device is raised here, and not in a search."""
    out = torch.zeros(1, dtype=torch.int64, device=device)
    with torch.cuda.device_of(out):
        _one[(1,)](out)
    if out.item() != 1:
        raise RuntimeError(f"a Triton kernel does not write what it should on {device}")


@triton.jit
def _less_member(q, j, V, at_x, at_y, T, on_x, on_y):
    """Covariances of x and y with what member j explains of them taken away."""
    vx = tl.load(V + at_x + j * T, on_x, other=0.0)
    vy = tl.load(V + at_y + j * T, on_y, other=0.0)
    return q - vx[:, :, None] * vy[:, None, :]


@triton.jit
def _times_entry(g, j, U, at_x, at_y, T, on_x, on_y, c, inv_x, inv_y):
    """The product with the diagonal entry of the inverse for member j, given x and y, over that of the prefix."""
    ux = tl.load(U + at_x + j * T, on_x, other=0.0)
    uy = tl.load(U + at_y + j * T, on_y, other=0.0)
    t = uy[:, None, :] - ux[:, :, None] * c
    return g * ((1.0 + ux * ux * inv_x)[:, :, None] + t * t * inv_y)


# Sizes and alignments that differ from launch to launch must not compile the kernel again.
@triton.jit(do_not_specialize=["PLACE", "rows", "T", "n", "M", "capacity"])
def _pairs(
    R, V, U, S, NEAR, ABSENT, SURE, LOW, HIGH, FIRST, DEAD, PLACE, OUT, COUNT,
    rows, T, n, M, capacity,
    tol: tl.constexpr, tiny: tl.constexpr,
    EXACT: tl.constexpr, UNROLLED: tl.constexpr, a: tl.constexpr, b: tl.constexpr,
    ROWS: tl.constexpr, X: tl.constexpr, Y: tl.constexpr,
):  # fmt: skip
    """List the survivors as ``(place * n + x) * n + y`` in OUT; add their number, and the singular ones, to COUNT."""
    block = tl.program_id(0).to(tl.int64) * ROWS  # 64-bit once; within the block 32 bits are enough
    V += block * M * T
    U += block * M * T
    S += block * T
    NEAR += block * T
    ABSENT += block * T
    SURE += block * T
    row = tl.arange(0, ROWS)
    x = tl.program_id(1) * X + tl.arange(0, X)
    real = row < rows - block
    live = real & (tl.load(DEAD + block + row, real, other=1) == 0)
    first = tl.load(FIRST + block + row, live, other=0).to(tl.int32)
    place = tl.load(PLACE + block + row, live, other=0)
    R += (n - T).to(tl.int64) * (n + 1)  # to lane 0, lane 0
    at_r = x.to(tl.int64) * n
    on_x = live[:, None] & (x < T)[None, :] & (x[None, :] >= first[:, None])
    sx = tl.load(S + row[:, None] * T + x[None, :], on_x, other=1.0)
    inv_x = 1.0 / sx
    scale = inv_x * 0.0 + 1.0
    for _ in tl.static_range(a):
        scale *= inv_x
    for _ in tl.static_range(-a):
        scale *= sx
    low = tl.load(LOW + block + row, live, other=0.0)[:, None] * scale
    low = tl.where(low > tiny, low, tiny)
    high = tl.load(HIGH + block + row, live, other=0.0)[:, None] * scale
    near = tl.load(NEAR + row[:, None] * T + x[None, :], on_x, other=1.0)
    absent = tl.load(ABSENT + row[:, None] * T + x[None, :], on_x, other=0) != 0
    sure = tl.load(SURE + row[:, None] * T + x[None, :], on_x, other=0) != 0
    at_x = row[:, None] * (M * T) + x[None, :]
    for start in range(tl.program_id(1) * X, T, Y):
        y = start + tl.arange(0, Y)
        on_y = live[:, None] & (y < T)[None, :]
        at_y = row[:, None] * (M * T) + y[None, :]
        on = on_x[:, :, None] & on_y[:, None, :] & (x[:, None] < y[None, :])[None, :, :]
        pair = (x[:, None] < y[None, :]) & (y < T)[None, :]
        q = tl.load(R + at_r[:, None] + y[None, :], pair, other=0.0)  # the same for all prefixes
        q = tl.broadcast_to(q[None, :, :], [ROWS, X, Y])
        if UNROLLED > 0:
            for j in tl.static_range(UNROLLED):
                q = _less_member(q, j, V, at_x, at_y, T, on_x, on_y)
        else:
            for j in range(M):
                q = _less_member(q, j, V, at_x, at_y, T, on_x, on_y)
        c = q * inv_x[:, :, None]
        s2 = tl.load(S + row[:, None] * T + y[None, :], on_y, other=1.0)[:, None, :] - q * c
        inv_y = 1.0 / s2
        v = inv_y * 0.0 + 1.0
        if b != 0:
            g = inv_x[:, :, None] + c * c * inv_y
            if UNROLLED > 0:
                for j in tl.static_range(UNROLLED):
                    g = _times_entry(g, j, U, at_x, at_y, T, on_x, on_y, c, inv_x, inv_y)
            else:
                for j in range(M):
                    g = _times_entry(g, j, U, at_x, at_y, T, on_x, on_y, c, inv_x, inv_y)
            for _ in tl.static_range(b):
                v *= g
            for _ in tl.static_range(-b):
                v /= g
        for _ in tl.static_range(a - b):
            v *= s2
        for _ in tl.static_range(b - a):
            v *= inv_y
        # written so that anything that is not a number, or out of range, is handed over
        plain = (v > low[:, :, None]) & (v < high[:, :, None]) & (s2 >= near[:, :, None])
        singular = on & absent[:, :, None]
        if EXACT:
            singular = singular | (on & sure[:, :, None] & (s2 <= tol))
        hit = tl.reshape((on & ~plain & ~singular).to(tl.int32), [ROWS * X * Y])
        found = tl.sum(hit, axis=0)
        if found > 0:
            code = (place[:, None, None] * n + (n - T + x)[None, :, None]) * n + (n - T + y)[None, None, :]
            at = tl.atomic_add(COUNT, found.to(tl.int64)) + tl.cumsum(hit, axis=0) - 1
            tl.store(OUT + at, tl.reshape(code, [ROWS * X * Y]), (hit > 0) & (at < capacity))
        none = tl.sum(tl.reshape(singular.to(tl.int32), [ROWS * X * Y]), axis=0)
        if none > 0:
            tl.atomic_add(COUNT + 1, none.to(tl.int64))


def shape_for(T: int) -> tuple[int, int, int, int]:
    """Prefixes, lanes x, lanes y of a tile, and warps, for `T` lanes: short tails take several prefixes at once."""
    lanes = min(_LANES, triton.next_power_of_2(T))
    x = min(lanes, 16)
    return max(1, _TILE // (x * lanes)), x, lanes, 4


def launch_pairs(R: Tensor, state: State, screen: Screen, place: Tensor, out: Tensor, count: Tensor) -> None:
    """Queue the kernel on a block of prefixes; it appends to `out` and adds to `count`, and nothing waits for it.

    `R` (n, n) has the type of the screen; `place` (B,) is the number of each prefix in its part.
    """
    B, M, T = state.V.shape
    ROWS, X, Y, warps = shape_for(T)
    grid = (triton.cdiv(B, ROWS), triton.cdiv(T - 1, X))
    with torch.cuda.device_of(R):  # Triton launches on the current GPU, whatever its arguments are on
        _pairs[grid](
            R, state.V, state.U, state.S, state.near, state.absent, state.sure, state.low, state.high, state.first,
            state.dead, place, out, count,
            B, T, R.shape[-1], M, len(out),
            tol=SURELY_SINGULAR, tiny=torch.finfo(screen.dtype).tiny,
            EXACT=screen.dtype == torch.float64, UNROLLED=M if M <= _UNROLLED and Y == _LANES else 0,
            a=screen.a, b=screen.b,
            ROWS=ROWS, X=X, Y=Y, num_warps=warps, enable_fp_fusion=True,
        )  # fmt: skip
