"""The walk over sets of groups: the terms of a set from log-determinants of it and of its parts.

With H(S) = log det C_S, the term L of a set of k groups is the sum of H(S without i) over its members, less k H(S).
So H of all sets of k - 1 groups is worked out first, into a table, and the walk over sets of k needs one conditional
determinant a set. Sets of k - 1 have their place in the table by the combinatorial number system: members
``s_0 < s_1 < ...`` are at ``comb(s_0, 1) + comb(s_1, 2) + ...``.

Twice the entropy constants is added to H, and makes J, L and values corrected ones. H can be a weighted sum over
several matrices of the same groups, each eliminated by itself: with shares 1 and -1 it is the information about a
target.

Narrow groups are filled up with independent unit columns, so that lanes over the last group fit. With the covariances
of column a of group y and column b of group z, given the groups so far, in ``r[a, b, y, z]`` for y < z, and those
within a group in ``own[a, b, y]``, every loop over groups goes by whole vectors.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from math import comb
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from hoi._backends.numba_.score import EPS, LEAST, MOST
from hoi._backends.numba_.tail import FLAGS, next_prefix
from hoi._backends.numba_.vectors import LANES, fill, load, store
from hoi._backends.protocol import Problem
from hoi._maths import combinatorics
from hoi._typing import FloatArray

__all__ = [
    "GroupSum",
    "GroupTrust",
    "determinants",
    "group_sum",
    "group_trust",
    "group_walk",
    "padded_bias",
    "spread",
]


class GroupTrust(NamedTuple):
    """How far values can be trusted: to `margin` nats, for sets whose log-determinant is `least` or more."""

    margin: float
    least: float


def group_trust(order: int, width: int, bound: float) -> GroupTrust:
    """For sets of `order` groups of up to `width` columns; eigenvalues are above `bound`, or nothing is known.

    With K columns, log det C_S is exact but for K^2 (K + 1) roundings over the smallest eigenvalue (see `score`), and
    a value is made of ``order + 1`` pairs of them, halved; the margin is four times as much. Eigenvalues with a mean of
    1 are all above det / e: without a bound, the determinant has to be large enough. No set like that is singular.
    """
    K = order * width
    rounding = 2 * EPS * (order + 1) * K**2 * (K + 1)
    most = order * MOST
    if bound > 0 and rounding / bound <= most:
        return GroupTrust(max(order * LEAST, rounding / bound), -np.inf)
    return GroupTrust(most, float(np.log(math.e * rounding / most)))


def spread(problem: Problem, dataset: int) -> tuple[FloatArray, FloatArray]:
    """The matrix of a dataset as the kernel takes it: between groups (width, width, n, n), within them (width, width,
    n), with room for one more vector behind the last axis."""
    n, starts, sizes = problem.n_variables, problem.blocks[:-1], np.diff(problem.blocks)
    width = int(sizes.max())
    columns = starts + np.minimum(np.arange(width)[:, None], sizes - 1)  # (width, n)
    real = np.arange(width)[:, None] < sizes
    R = problem.matrix[dataset]
    between = np.zeros((width, width, n, n + LANES))
    both = real[:, None, :, None] & real[None, :, None, :]
    between[..., :n] = np.where(both, R[columns[:, None, :, None], columns[None, :, None, :]], 0.0)
    within = np.zeros((width, width, n + LANES))
    within[np.arange(width), np.arange(width)] = 1.0
    return between, within


class GroupSum(NamedTuple):
    """A weighted sum of Gaussian problems of the same groups, of one dataset, as the kernel takes it.

    `between` and `within` hold what :func:`spread` makes of each matrix; `shares` (parts,) are the weights, `sizes`
    (n,) the columns of the groups, and `bias` twice the entropy constants of so many columns, of all parts together.
    """

    between: FloatArray
    within: FloatArray
    shares: FloatArray
    sizes: NDArray[np.int64]
    bias: FloatArray


def group_sum(parts: Sequence[tuple[float, Problem]], dataset: int) -> GroupSum:
    """Of problems with their shares."""
    spreads = [spread(problem, dataset) for _, problem in parts]
    first = parts[0][1]
    known = min(len(problem.bias) for _, problem in parts)
    bias = sum((2 * share * problem.bias[:known] for share, problem in parts), np.zeros(known))
    return GroupSum(
        np.stack([between for between, _ in spreads]), np.stack([within for _, within in spreads]),
        np.array([share for share, _ in parts]), np.diff(first.blocks).astype(np.int64), bias,
    )


def determinants(summed: GroupSum, order: int) -> FloatArray:
    """The table for sets of `order` groups: H of those with one member less."""
    n = len(summed.sizes)
    bias = padded_bias(summed, order)
    if order == 2:
        return bias[summed.sizes]
    table = np.empty(comb(n, order - 1))
    nothing = np.empty(0)
    group_walk()(
        summed.between, summed.within, summed.shares, summed.sizes, nothing, bias, np.zeros(n), (0.0, 0.0),
        combinatorics.table(n, order), np.arange(order - 3), order - 3, comb(n - 2, order - 3), -1, table,
        np.zeros(len(summed.shares)), 0.0, 0.0, np.empty((0, 0), dtype=np.int64), nothing, nothing,
    )
    return table


def padded_bias(summed: GroupSum, order: int) -> FloatArray:
    """Twice the entropy constants; NaN for more columns than there is a value for."""
    bias = np.full(order * int(summed.sizes.max()) + 1, np.nan)
    known = min(len(bias), len(summed.bias))
    bias[:known] = summed.bias[:known]
    return bias


@numba.njit(**FLAGS)
def _rows(r, own, g, U, inverse, rows, scaled):  # type: ignore[no-untyped-def]
    """The rows of group `g` in elimination, for later groups, and those over their pivots; the determinant of it."""
    width, _, n = own.shape
    det = 1.0
    for a in range(width):
        for b in range(a, width):
            v = own[a, b, g]
            for c in range(a):
                v -= U[c, a] * inverse[c] * U[c, b]
            U[a, b] = v
        det *= U[a, a]
        inverse[a] = 1.0 / U[a, a]
        for i in range(width):
            for z in range(g + 1, n - LANES, LANES):
                v = load(r, (a, i, g, z))
                for c in range(a):
                    v = v - fill(U[c, a] * inverse[c]) * load(rows, (c, i, z))
                store(rows, (a, i, z), v)
                store(scaled, (a, i, z), v * fill(inverse[a]))
    return det


@numba.njit(**FLAGS)
def _append(r, own, g, whole, rows, scaled, to_r, to_own):  # type: ignore[no-untyped-def]
    """Covariances of later groups given `g` too, from its rows; `whole` asks for those between groups."""
    width, _, n = own.shape
    for i in range(width):
        for t in range(i, width):
            for z in range(g + 1, n - LANES, LANES):
                v = load(own, (i, t, z))
                for a in range(width):
                    v = v - load(rows, (a, i, z)) * load(scaled, (a, t, z))
                store(to_own, (i, t, z), v)
    if whole:
        for i in range(width):
            for t in range(width):
                for y in range(g + 1, n - LANES):
                    for z in range(y + 1, n - LANES, LANES):
                        v = load(r, (i, t, y, z))
                        for a in range(width):
                            v = v - fill(rows[a, i, y]) * load(scaled, (a, t, z))
                        store(to_r, (i, t, y, z), v)


@numba.njit(**FLAGS)
def _determinants(own, g, G, dets):  # type: ignore[no-untyped-def]
    """Determinants of the later groups by themselves."""
    width, _, n = own.shape
    for z in range(g + 1, n - LANES, LANES):
        det = fill(1.0)
        for i in range(width):
            for t in range(i, width):
                v = load(own, (i, t, z))
                for b in range(i):
                    v = v - load(G, (b, i, 0)) / load(G, (b, b, 0)) * load(G, (b, t, 0))
                store(G, (i, t, 0), v)
            det = det * load(G, (i, i, 0))
        store(dets, (z,), det)


@functools.cache
def group_walk() -> Any:
    """The compiled walk over sets of groups of any widths, for all measures.

    ``walk(between, within, shares, sizes, table, bias, single, weights, place, cursor, x0, n_prefixes, most, target,
    least, low, high, members, J, L)`` starts at the prefix `cursor` with `x0` as the next member, as that of
    `tail_walk` does. With `target`, H of each set goes to its place there. Otherwise sets whose value
    ``(sum of single + j J + l L) / 2`` is not between `low` and `high`, with `weights` (j, l) and a number `single` for
    each member, are written out with corrected J and L, and with NaN for J where log det C_S of a part is below its
    `least`. It returns (found, sets seen, prefixes done, next x0).
    """

    @numba.njit(
        "UniTuple(int64, 4)(float64[:,:,:,:,::1], float64[:,:,:,::1], float64[::1], int64[::1], float64[::1], "
        "float64[::1], float64[::1], UniTuple(float64, 2), int64[:,::1], int64[::1], int64, int64, int64, "
        "float64[::1], float64[::1], float64, float64, int64[:,::1], float64[::1], float64[::1])",
        **FLAGS,
    )
    def walk(
        between, within, shares, sizes, table, bias, single, weights, place, cursor, x0, n_prefixes, most, target,
        least, low, high, members, J, L,
    ):
        n = len(sizes)
        parts, width, _, wide = within.shape
        M = len(cursor)
        k = M + 2
        r = np.empty((parts, M + 1, width, width, n, wide))
        own = np.empty((parts, M + 1, width, width, wide))
        r[:, 0], own[:, 0] = between, within
        H = np.zeros((parts, M + 1))
        H_x = np.zeros(parts)
        U, inverse = np.empty((width, width)), np.empty(width)
        rows, scaled = np.empty((width, width, wide)), np.empty((width, width, wide))
        own_x, G = np.empty((width, width, wide)), np.empty((width, width, LANES))
        dets = np.empty((parts, wide))
        # where the sets without one member begin, for each member but the last one
        without = np.zeros(k - 1, dtype=np.int64)
        j_weight, l_weight = weights
        filling = len(target) > 0
        found = 0
        seen = 0
        done = 0
        depth = 0
        while done < n_prefixes:
            while depth < M:
                g = cursor[depth]
                for p in range(parts):
                    r_p, own_p = r[p], own[p]
                    det = _rows(r_p[depth], own_p[depth], g, U, inverse, rows, scaled)
                    H[p, depth + 1] = H[p, depth] + np.log(det)
                    _append(r_p[depth], own_p[depth], g, True, rows, scaled, r_p[depth + 1], own_p[depth + 1])
                depth += 1
            columns = 0
            D = 0.0
            for i in range(M):
                columns += sizes[cursor[i]]
                D += single[cursor[i]]
            for x in range(x0, n - 1):
                if not filling and (found + n - 1 - x > len(J) or seen > most):
                    return found, seen, done, x
                seen += n - 1 - x
                for p in range(parts):
                    r_p, own_p = r[p], own[p]
                    H_x[p] = H[p, M] + np.log(_rows(r_p[M], own_p[M], x, U, inverse, rows, scaled))
                    _append(r_p[M], own_p[M], x, False, rows, scaled, r_p[M], own_x)
                    _determinants(own_x, x, G, dets[p])
                columns_x = columns + sizes[x]
                D_x = D + single[x]
                at_x = place[x, M + 1]
                for i in range(M):
                    at_x += place[cursor[i], i + 1]
                for j in range(k - 1):
                    at = 0
                    for i in range(k - 1):
                        s = cursor[i] if i < M else x
                        if i != j:
                            at += place[s, i + 1 if i < j else i]
                    without[j] = at
                for y in range(x + 1, n):
                    j_term = bias[columns_x + sizes[y]]
                    trusted = True
                    for p in range(parts):
                        H_y = H_x[p] + np.log(dets[p, y])
                        trusted = trusted and H_y >= least[p]
                        j_term += shares[p] * H_y
                    if filling:
                        target[at_x + place[y, k]] = j_term
                        continue
                    l_term = table[at_x] - k * j_term
                    for j in range(k - 1):
                        l_term += table[without[j] + place[y, k - 1]]
                    value = 0.5 * (D_x + single[y] + j_weight * j_term + l_weight * l_term)
                    if trusted and value > low and value < high:
                        continue
                    for i in range(M):
                        members[found, i] = cursor[i]
                    members[found, M] = x
                    members[found, M + 1] = y
                    J[found] = j_term if trusted else np.nan
                    L[found] = l_term
                    found += 1
            done += 1
            depth = next_prefix(cursor, n - 2)
            if depth < 0:
                break
            x0 = cursor[M - 1] + 1
        return found, seen, done, x0

    return walk
