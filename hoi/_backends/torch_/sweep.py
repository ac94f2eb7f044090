"""The sweep walk on a device: the state of many prefixes at once, then all pairs that complete them.

For each prefix S of a block, and every variable y of the lanes behind it, with L the Cholesky factor of C_S:

    V = L^-1 C_Sy      U = C_S^-1 C_Sy = L^-T V      s_y = Var(y | S) = 1 - |V_y|^2      p_j = (C_S^-1)_jj

A set S + x + y then needs one product over j, as in the compiled backend:

    q = Cov(x, y | S) = R_xy - V_x . V_y,   c = q / s_x,   s2 = Var(y | S + x) = s_y - q c,
    score = det^a prod(p)^b = (det_S s_x)^a s2^(a - b) [ (1/s_x + c^2/s2) prod_j (p_j + U_jx^2/s_x + t_j^2/s2) ]^b

with t_j = U_jy - U_jx c. The state is always made in float64; the pairs may be screened in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hoi._backends.torch_.eliminate import factor
from hoi._maths.terms import SINGULAR

__all__ = [
    "SURELY_SINGULAR", "Bucket", "Screen", "State", "buckets", "bytes_per_prefix", "make_state", "power", "score_pairs",
]


# A conditional variance in float64 so small leaves no doubt: rounding cannot have moved it from above SINGULAR, where
# those before it are not near-singular. Sets in doubt are handed over, and elimination decides.
SURELY_SINGULAR = SINGULAR / 2


class Screen(NamedTuple):
    """Which sets are of interest: those whose score is not within ``exp(low) < det^a prod(p)^b < exp(high)``.

    A set with a conditional variance below `near` is of interest too, unless it is surely singular, since its score
    may be off by more than the margin in the thresholds.
    """

    a: int
    b: int
    low: float
    high: float
    near: float
    dtype: torch.dtype


class State(NamedTuple):
    """What a block of prefixes leaves to the pairs. Lanes are the last `T` variables.

    `first` (B,) is the first lane behind each prefix; `low`, `high` (B,) its thresholds, without the determinant of
    the prefix: inf and -inf for one that is near-singular, of which every set is handed over. `dead` (B,) marks
    singular prefixes. `V`, `U` (B, M, T), `S` (B, T), `P` (B, M).
    """

    V: Tensor
    U: Tensor
    S: Tensor
    P: Tensor
    low: Tensor
    high: Tensor
    first: Tensor
    dead: Tensor


class Bucket(NamedTuple):
    """Prefixes at places `start` to `stop` by their last member, swept with `lanes` lanes."""

    start: int
    stop: int
    lanes: int


def buckets(counts: Sequence[int], n: int, spare: int) -> list[Bucket]:
    """Prefixes with about the same number of variables behind them, for ``counts[w]`` prefixes with last member w.

    A bucket costs its number of prefixes times all pairs of its lanes. It takes more prefixes in while at most 3 of
    10 pairs are for nothing, or so few that another launch would cost more (`spare` pairs).
    """
    found = []
    start = stop = first = useful = 0
    for w, count in enumerate(counts):
        if not count:
            continue
        here = count * _pairs(n - 1 - w)
        padded = (stop + count - start) * _pairs(n - 1 - first)
        if stop > start and padded > 1.3 * (useful + here) + spare:
            found.append(Bucket(start, stop, n - 1 - first))
            start, useful = stop, 0
        if start == stop:
            first = w
        useful += here
        stop += count
    if stop > start:
        found.append(Bucket(start, stop, n - 1 - first))
    return found


def _pairs(m: int) -> int:
    return m * (m - 1) // 2


def bytes_per_prefix(M: int, T: int, *, mask: bool) -> int:
    """Memory that `make_state` takes for each prefix, and `score_pairs` with its mask."""
    return 8 * (5 * M * M + 6 * M * T + 8 * T + 16) + (T * T + 8 * (M + 6) * T if mask else 0)


def make_state(R: Tensor, prefixes: Tensor, T: int, screen: Screen) -> State:
    """State of prefixes (B, M) for the lanes behind them."""
    n = R.shape[-1]
    columns = prefixes.T
    W, pivots, dead = factor(R[columns[:, None], columns[None]])
    inverse = (W / pivots.sqrt()[:, None]).permute(2, 0, 1).contiguous()  # of the Cholesky factor
    V = inverse @ R[:, n - T :][prefixes]
    U = inverse.mT @ V
    det = screen.a * pivots.log().sum(0)
    weak = pivots.amin(0) < screen.near
    low = torch.where(weak, torch.inf, (screen.low - det).exp())
    high = torch.where(weak, -torch.inf, (screen.high - det).exp())
    kind = screen.dtype
    return State(
        V.to(kind).contiguous(),  # a kernel goes by address
        U.to(kind).contiguous(),
        (1.0 - (V * V).sum(1)).to(kind),
        (inverse * inverse).sum(1).to(kind),
        low.to(kind),
        high.to(kind),
        prefixes[:, -1] + 1 - (n - T),
        dead,
    )


def score_pairs(R: Tensor, state: State, screen: Screen) -> tuple[Tensor, Tensor]:
    """The pairs of interest as rows (prefix, lane of x, lane of y), and how many are singular.

    In plain torch and float64: one lane x after the other, all prefixes and all later y at once.
    """
    B, _, T = state.V.shape
    n = R.shape[-1]
    a, b, E = screen.a, screen.b, screen.a - screen.b
    smallest = torch.finfo(screen.dtype).tiny
    hit = torch.zeros(B, T, T, dtype=torch.bool, device=R.device)
    skipped = torch.zeros((), dtype=torch.int64, device=R.device)
    for x in range(T - 1):
        y = slice(x + 1, T)
        inv_x = (1.0 / state.S[:, x])[:, None]
        q = R[n - T + x, n - T + x + 1 :] - (state.V[:, None, :, x] @ state.V[:, :, y])[:, 0]
        c = q * inv_x
        s2 = state.S[:, y] - q * c
        inv_y = 1.0 / s2
        v = torch.ones_like(s2)
        if b:
            ux = state.U[:, :, x, None]
            t = state.U[:, :, y] - ux * c[:, None]
            h = (state.P[:, :, None] + ux * ux * inv_x[:, None]) + t * t * inv_y[:, None]
            v = power((inv_x + c * c * inv_y) * h.prod(1), 1.0, b)
        v = v * power(s2, inv_y, E)
        scale = power(inv_x, state.S[:, x, None], a)
        low = (state.low[:, None] * scale).clamp(min=smallest)
        high = state.high[:, None] * scale
        here = (state.first <= x)[:, None] & ~state.dead[:, None]
        # written so that anything that is not a number, or out of range, is handed over
        plain = (v > low) & (v < high) & (s2 >= screen.near) & (state.S[:, x, None] >= screen.near)
        sx = state.S[:, x, None]
        singular = (sx <= SURELY_SINGULAR) | ((sx >= screen.near) & (s2 <= SURELY_SINGULAR))
        singular &= here & (state.high >= 0)[:, None]
        hit[:, x, y] = here & ~plain & ~singular
        skipped += singular.sum()
    return hit.nonzero(), skipped


def power(value: Tensor, inverse: Tensor | float, exponent: int) -> Tensor:
    """A small integer power; the inverse is there for negative ones."""
    result = torch.ones_like(value)
    for _ in range(abs(exponent)):
        result = result * (value if exponent > 0 else inverse)
    return result
