"""The pair walk: every set of one order, in a matrix and in the same matrix given a target, side by side.

For both matrices the walk keeps what `tail` keeps of a prefix S with one member less than a set,

    p_j = (C_S^-1)_jj        u_jy = (C_S^-1 C_Sy)_j        s_y = Var(y | S)

for every later variable y, and the score of S + y is the quotient of two products: det_S s_y, and for the gradient of
the O-information also the diagonal of the inverse, (p_j + u_jy^2 / s_y) for each j in S and 1 / s_y.
Nothing is divided by the second product: it is multiplied by the thresholds.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np

from hoi._backends.numba_.tail import FLAGS, LOST, next_prefix, sure_trace
from hoi._backends.numba_.vectors import LANES, all_lanes, fill, lanes_from, load, store
from hoi._maths.terms import SINGULAR

__all__ = ["pair_walk"]


@numba.njit(**FLAGS)
def _extend(depth, w, n, whole, rows_too, sure, rr, r, s, u, p, det, weight, trace):  # type: ignore[no-untyped-def]
    """Append variable `w` to the prefix of `depth` members of one matrix; `rr` are its covariances.

    `whole` asks for those behind it, which are needed unless the prefix is complete; `rows_too` for the rows of u of
    earlier members, which the diagonal of the inverse and the trace are made of.
    """
    sw = s[depth, w]
    if trace[depth] == LOST or (not sw > SINGULAR / 2 and trace[depth] < sure):
        trace[depth + 1] = LOST
        return
    inv = 1.0 / sw
    det[depth + 1] = det[depth] * sw * weight[w]
    more = inv
    earlier = depth if rows_too else 0
    for j in range(earlier):
        step = u[depth, j, w] * u[depth, j, w] * inv
        p[depth + 1, j] = p[depth, j] + step
        more += step
    p[depth + 1, depth] = inv
    trace[depth + 1] = trace[depth] + more if sw > 0.0 else np.inf
    for y in range(w + 1, n, LANES):
        rw = load(rr, (w, y))
        c = rw * fill(inv)
        store(u, (depth + 1, depth, y), c)
        store(s, (depth + 1, y), load(s, (depth, y)) - rw * c)
        for j in range(earlier):
            store(u, (depth + 1, j, y), load(u, (depth, j, y)) - fill(u[depth, j, w]) * c)
    if whole:
        for y in range(w + 1, n):
            f = fill(rr[w, y])
            for z in range(y + 1, n, LANES):
                store(r, (depth, y, z), load(rr, (y, z)) - f * load(u, (depth + 1, depth, z)))


@numba.njit(**FLAGS)
def _near(trace, largest):  # type: ignore[no-untyped-def]
    """With less than this variance of one more member, the trace may be above the largest that scores are good for."""
    if largest == np.inf:
        return 0.0
    return (trace + 1.0) / (largest - trace) if trace < largest else np.inf


@numba.njit(**FLAGS)
def _last(M, y, s, u, p, product):  # type: ignore[no-untyped-def]
    """(log s, sum of log p) with y as the last member."""
    sy = s[M, y]
    l_sum = 0.0
    if product:
        l_sum = -np.log(sy)
        for j in range(M):
            l_sum += np.log(p[M, j] + u[M, j, y] * u[M, j, y] / sy)
    return np.log(sy), l_sum


@functools.cache
def pair_walk(rows: int) -> Any:
    """The compiled walk for sets of up to ``rows + 1`` variables; ``rows = 0`` is for scores of determinants alone.

    ``walk(R, weight, largest, cursor, n_prefixes, most, low, high, members, J, L)`` goes through `n_prefixes` prefixes
    (one member short of a set) from `cursor` on, which is advanced in place, or until about `most` sets were seen or
    the output is full. `R` holds both matrices in standard form, padded; `weight` (2, n) is a factor of the determinant
    for each member, and `largest` the largest trace of the inverse that scores are trusted with, for each.

    A set is written out where its quotient is not within ``low < quotient < high``, with the differences of log det and
    of the sum of logarithms of the diagonal of the inverse; without them (NaN) where a trace may be above `largest`.
    It returns (found, evaluated, skipped, prefixes done).
    """

    @numba.njit(
        "UniTuple(int64, 4)(float64[:,:,::1], float64[:,::1], UniTuple(float64, 2), int64[::1], int64, int64, float64, "
        "float64, int64[:,::1], float64[::1], float64[::1])",
        **FLAGS,
    )
    def walk(R, weight, largest, cursor, n_prefixes, most, low, high, members, J, L):
        _, n, wide = R.shape
        M = len(cursor)
        height = max(M, rows)
        r0, r1 = np.empty((max(M - 1, 1), n, wide)), np.empty((max(M - 1, 1), n, wide))
        s0, s1 = np.ones((M + 1, wide)), np.ones((M + 1, wide))
        # the rows of u and p that an order does not use stay 0 and 1, and leave products as they are
        u0, u1 = np.zeros((M + 1, height, wide)), np.zeros((M + 1, height, wide))
        p0, p1 = np.ones((M + 1, height)), np.ones((M + 1, height))
        det0, det1 = np.ones(M + 1), np.ones(M + 1)
        trace0, trace1 = np.zeros(M + 1), np.zeros(M + 1)
        w1 = np.ones(wide)
        w1[:n] = weight[1]
        sure = sure_trace(M + 1)
        # scores of determinants go without the rows of u, unless a trace has to be watched
        rows_too = rows > 0 or largest[0] < np.inf or largest[1] < np.inf
        one = fill(1.0)
        found = 0
        seen = 0
        skipped = 0
        done = 0
        depth = 0
        while done < n_prefixes:
            while depth < M:
                w, whole = cursor[depth], depth + 1 < M
                rr0, rr1 = (r0[depth - 1], r1[depth - 1]) if depth else (R[0], R[1])
                _extend(depth, w, n, whole, rows_too, sure, rr0, r0, s0, u0, p0, det0, weight[0], trace0)
                _extend(depth, w, n, whole, rows_too, sure, rr1, r1, s1, u1, p1, det1, weight[1], trace1)
                depth += 1
            y0 = cursor[M - 1] + 1
            m = n - y0
            if found + m > len(J) or seen > most:
                return found, seen - skipped, skipped, done
            seen += m
            if trace0[M] == LOST or trace1[M] == LOST:
                skipped += m
            else:
                near0, near1 = _near(trace0[M], largest[0]), _near(trace1[M], largest[1])
                t_low, t_high = low, high
                if not (det0[M] > 1e-290 and det1[M] > 1e-290):
                    t_low, t_high = np.inf, -np.inf  # hand all over
                for y in range(y0, n, LANES):
                    sy0, sy1 = load(s0, (M, y)), load(s1, (M, y))
                    if rows > 0:
                        inv0, inv1 = one / sy0, one / sy1
                        over, under = fill(det0[M]), fill(det1[M])
                        for j in range(rows):
                            a, b = load(u0, (M, j, y)), load(u1, (M, j, y))
                            over = over * (fill(p0[M, j]) + a * a * inv0)
                            under = under * (fill(p1[M, j]) + b * b * inv1)
                    else:
                        over, under = fill(det0[M]) * sy0, fill(det1[M]) * sy1 * load(w1, (y,))
                    # what is not a number is not between, and handed over
                    between = (over > fill(t_low) * under) & (over < fill(t_high) * under)
                    between = between & (sy0 >= fill(near0)) & (sy1 >= fill(near1))
                    if all_lanes(between | lanes_from(n - y)):
                        continue
                    # rare: find the lanes, and write them out with their terms
                    for k in range(y, min(y + LANES, n)):
                        a0, a1 = s0[M, k], s1[M, k]
                        lost0 = not a0 > SINGULAR / 2 and trace0[M] < sure
                        lost1 = not a1 > SINGULAR / 2 and trace1[M] < sure
                        if lost0 or lost1:
                            skipped += 1
                            continue
                        g0, g1 = det0[M], det1[M]
                        if rows > 0:
                            for j in range(M):
                                g0 *= p0[M, j] + u0[M, j, k] * u0[M, j, k] / a0
                                g1 *= p1[M, j] + u1[M, j, k] * u1[M, j, k] / a1
                        else:
                            g0 *= a0
                            g1 *= a1 * w1[k]
                        trusted = a0 >= near0 and a1 >= near1
                        if trusted and g0 > t_low * g1 and g0 < t_high * g1:
                            continue
                        members[found, :M] = cursor
                        members[found, M] = k
                        J[found] = L[found] = np.nan
                        if trusted:
                            j0, l0 = _last(M, k, s0, u0, p0, rows > 0)
                            j1, l1 = _last(M, k, s1, u1, p1, rows > 0)
                            for j in range(M):
                                j0 += np.log(s0[j, cursor[j]])
                                j1 += np.log(s1[j, cursor[j]])
                            J[found] = j0 - j1
                            L[found] = l0 - l1
                        found += 1
            done += 1
            depth = next_prefix(cursor, n - 1)
            if depth < 0:
                break
        return found, seen - skipped, skipped, done

    return walk
