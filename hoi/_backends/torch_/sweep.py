"""The sweep walk on a device: the state of many prefixes at once, then all pairs that complete them.

For each prefix S of a block, and every variable y of the lanes behind it, with L the Cholesky factor of C_S:

    V = L^-1 C_Sy      U = C_S^-1 C_Sy = L^-T V      s_y = Var(y | S) = 1 - |V_y|^2      p_j = (C_S^-1)_jj

A set S + x + y then needs one product over j, as in the compiled backend:

    q = Cov(x, y | S) = R_xy - V_x . V_y,   c = q / s_x,   s2 = Var(y | S + x) = s_y - q c,
    score = det^a prod(p)^b = (det_S s_x)^a s2^(a - b) [ (1/s_x + c^2/s2) prod_j (p_j + U_jx^2/s_x + t_j^2/s2) ]^b

with t_j = U_jy - U_jx c. The prod_j p_j is common to all pairs, and left to the thresholds: U_j is kept over sqrt(p_j),
and the factors are 1 + U_jx^2/s_x + t_j^2/s2, which stay in the range of float32 where the p_j would leave it. The
state is always made in float64; the pairs may be screened in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hoi._backends.torch_.eliminate import SURELY_SINGULAR, factor
from hoi._maths.terms import SINGULAR

__all__ = [
    "MARGIN", "Bucket", "Screen", "State", "buckets", "bytes_per_prefix", "largest_trace", "make_state", "power",
    "score_pairs", "sure_trace",
]

# Nats for each member by which values screened in float64 may differ from the reference path's.
MARGIN = 1e-5
_EPS = 2.0**-52


def largest_trace(order: int) -> float:
    """Trace of the inverse of a set up to which rounding stays within `MARGIN` a member: four times the bound on a
    value, 3 order^3 eps times the trace."""
    return min(1e8, MARGIN / (3 * order**2 * _EPS))


def sure_trace(order: int) -> float:
    """Trace of the inverse up to which the variance of one more member is known to half of the limit of singularity."""
    return SINGULAR / (2 * _EPS * order * (order + 1)) - 1.0


class Screen(NamedTuple):
    """Which sets are of interest: those whose score is not within ``exp(low) < det^a prod(p)^b < exp(high)``.

    A set is of interest too, unless it is surely singular, where its score may be off by more than the margin in the
    thresholds: with one of the last two conditional variances below `near`, or a trace of the inverse that may be above
    `largest_trace`.
    """

    a: int
    b: int
    low: float
    high: float
    near: float
    dtype: torch.dtype


class State(NamedTuple):
    """What a block of prefixes leaves to the pairs. Lanes are the last `T` variables.

    `V`, `U` (B, M, T), `S` (B, T); `near` (B, T) is the least variance of a last member with which the set is not
    handed over whatever its score, for each lane as the last but one: inf where all are. `absent` (B, T) marks lanes
    that are surely singular with the prefix, `sure` (B, T) those with which a last variance of `SURELY_SINGULAR` leaves
    no doubt. `first` (B,) is the first lane behind each prefix; `low`, `high` (B,) its
    thresholds, without the factors of the prefix. `dead` (B,) marks singular prefixes.
    """

    V: Tensor
    U: Tensor
    S: Tensor
    near: Tensor
    absent: Tensor
    sure: Tensor
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
    return 8 * (5 * M * M + 7 * M * T + 14 * T + 16) + (T * T + 8 * (M + 6) * T if mask else 0)


def make_state(R: Tensor, prefixes: Tensor, T: int, screen: Screen) -> State:
    """State of prefixes (B, M) for the lanes behind them."""
    n = R.shape[-1]
    columns = prefixes.T
    W, pivots, dead = factor(R[columns[:, None], columns[None]])
    inverse = (W / pivots.sqrt()[:, None]).permute(2, 0, 1).contiguous()  # of the Cholesky factor
    V = inverse @ R[:, n - T :][prefixes]
    U = inverse.mT @ V
    S = 1.0 - (V * V).sum(1)
    p = (inverse * inverse).sum(1)
    common = screen.a * pivots.log().sum(0) + screen.b * p.log().sum(1)
    order = len(columns) + 2
    prefix, top = p.sum(1)[:, None], largest_trace(order)
    trace = prefix + ((U * U).sum(1) + 1.0) / S
    # with less than this variance of the last member, the trace may be above the largest
    near = ((trace + 1.0) / (top - trace)).clamp(min=screen.near)
    kind = screen.dtype
    return State(
        V.to(kind).contiguous(),  # a kernel goes by address
        (U / p.sqrt()[:, :, None]).to(kind).contiguous(),
        S.to(kind),
        torch.where((screen.near < S) & (trace < top), near, torch.inf).to(kind),
        (S <= SURELY_SINGULAR) & (prefix < sure_trace(order)),
        (S > SURELY_SINGULAR) & (trace < sure_trace(order)),
        (screen.low - common).exp().to(kind),
        (screen.high - common).exp().to(kind),
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
            h = (1.0 + ux * ux * inv_x[:, None]) + t * t * inv_y[:, None]
            g = (inv_x + c * c * inv_y) * h.prod(1)
            v = power(g, 1.0 / g, b)
        v = v * power(s2, inv_y, E)
        scale = power(inv_x, state.S[:, x, None], a)
        low = (state.low[:, None] * scale).clamp(min=smallest)
        high = state.high[:, None] * scale
        here = (state.first <= x)[:, None] & ~state.dead[:, None]
        # written so that anything that is not a number, or out of range, is handed over
        plain = (v > low) & (v < high) & (s2 >= state.near[:, x, None])
        singular = here & (state.absent[:, x, None] | (state.sure[:, x, None] & (s2 <= SURELY_SINGULAR)))
        hit[:, x, y] = here & ~plain & ~singular
        skipped += singular.sum()
    return hit.nonzero(), skipped


def power(value: Tensor, inverse: Tensor | float, exponent: int) -> Tensor:
    """A small integer power; the inverse is there for negative ones."""
    result = torch.ones_like(value)
    for _ in range(abs(exponent)):
        result = result * (value if exponent > 0 else inverse)
    return result
