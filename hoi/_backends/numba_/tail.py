"""The sweep walk: every set of one order in a range of prefixes, O(order) operations a set, no logarithm.

For a prefix S and every later variable y the walk keeps

    p_j  = (C_S^-1)_jj          u_jy = (C_S^-1 C_Sy)_j
    s_y  = Var(y | S)           r_yz = Cov(y, z | S)

and appends a variable by one step of elimination. The last two members of a set are not appended: for the prefix S,
a member x and all later y at once, the determinant and the diagonal of the inverse of S + x + y follow in one pass
over y, which is the loop that all the time goes into. It keeps everything in registers and stores nothing.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np

from hoi.maths.terms import SINGULAR

__all__ = ["FLAGS", "LOST", "sure_trace", "tail_walk"]

# nsz, arcp and contract leave NaN and infinity alone: the walk relies on them at the ends of the float range.
FLAGS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract", "nsz", "arcp"}}

# In place of the trace of an inverse: a set that is surely singular.
LOST = -1.0


@numba.njit(**FLAGS)
def sure_trace(order):  # type: ignore[no-untyped-def]
    """Trace of the inverse up to which a conditional variance is known to half of the limit of singularity.

    It is off by at most ``order * (order + 1)`` roundings times one more than the trace, here and in the reference path.
    """
    return SINGULAR / (2.0**-51 * order * (order + 1)) - 1.0


@numba.njit(**FLAGS)
def _extend(depth, w, whole, sure, rr, r, s, u, p, det, trace):  # type: ignore[no-untyped-def]
    """Append variable `w` to the prefix of `depth` members; `rr` are its covariances, `whole` asks for the next."""
    n = rr.shape[0]
    rw = rr[w, w + 1 :]
    sw = s[depth, w]
    if trace[depth] == LOST or (not sw > SINGULAR / 2 and trace[depth] < sure):
        trace[depth + 1] = LOST
        return
    inv = 1.0 / sw
    det[depth + 1] = det[depth] * sw
    total = inv
    for j in range(depth):
        p[depth + 1, j] = p[depth, j] + u[depth, j, w] * u[depth, j, w] * inv
        total += p[depth + 1, j]
    p[depth + 1, depth] = inv
    trace[depth + 1] = total if sw > 0.0 else np.inf
    m = n - w - 1
    c = u[depth + 1, depth, w + 1 :]
    for i in range(m):
        c[i] = rw[i] * inv
    s0 = s[depth, w + 1 :]
    s1 = s[depth + 1, w + 1 :]
    for i in range(m):
        s1[i] = s0[i] - rw[i] * c[i]
    for j in range(depth):
        f = u[depth, j, w]
        u0 = u[depth, j, w + 1 :]
        u1 = u[depth + 1, j, w + 1 :]
        for i in range(m):
            u1[i] = u0[i] - f * c[i]
    if whole:
        for y in range(w + 1, n - 1):
            f = rr[w, y]
            r0 = rr[y, y + 1 :]
            r1 = r[depth, y, y + 1 :]
            c1 = u[depth + 1, depth, y + 1 :]
            for i in range(n - y - 1):
                r1[i] = r0[i] - f * c1[i]


@functools.cache
def tail_walk(rows: int) -> Any:
    """The compiled walk for sets of up to ``rows + 2`` variables; ``rows = 0`` is for scores of the determinant alone.

    The score of a set is ``det^a * prod(p)^b * s^e`` with s the last conditional variance, b = 1 (0 for ``rows = 0``)
    and e one of -1, 0, 1, given as ``power = (a, e == 1, e == -1, e == 0)``: see `backend`.

    ``walk(R, power, largest, cursor, x0, n_prefixes, most, low, high, members, J, L)`` starts at the prefix `cursor` (ascending,
    two members short of a set, advanced in place) with `x0` as the next member, and goes on for `n_prefixes` prefixes
    or until about `most` sets were seen or the output is full. A set is written out where its score is not within
    ``low < score < high``, and without terms (NaN) where the trace of its inverse may be above `largest`. It returns
    (found, evaluated, skipped, prefixes done, next x0).
    """

    @numba.njit(
        "UniTuple(int64, 5)(float64[:,::1], UniTuple(float64, 4), float64, int64[::1], int64, int64, int64, float64, "
        "float64, int64[:,::1], float64[::1], float64[::1])",
        **FLAGS,
    )
    def walk(R, power, largest, cursor, x0, n_prefixes, most, low, high, members, J, L):  # type: ignore[no-untyped-def]
        n = R.shape[0]
        M = len(cursor)
        a, e_plus, e_minus, e_none = power
        # the rows of u and p that an order does not use stay 0 and 1, and leave products as they are
        r = np.empty((max(M - 1, 1), n, n))
        s = np.empty((M + 1, n))
        u = np.zeros((M + 1, max(M, rows), n))
        p = np.ones((M + 1, max(M, rows)))
        px = np.ones(max(M, rows))
        ux = np.zeros(max(M, rows))
        det = np.empty(M + 1)
        trace = np.zeros(M + 1)  # of the inverse; LOST where the prefix is surely singular
        sure = sure_trace(M + 2)
        s[0] = 1.0
        det[0] = 1.0
        found = 0
        seen = 0
        skipped = 0
        done = 0
        depth = 0
        while done < n_prefixes:
            while depth < M:
                rr = R if depth == 0 else r[depth - 1]
                _extend(depth, cursor[depth], depth + 1 < M, sure, rr, r, s, u, p, det, trace)
                depth += 1

            # the last member of the prefix has not been swept out of rr: that is left to the loop over y
            w = cursor[M - 1]
            rr = R if M == 1 else r[M - 2]
            ss = s[M]
            uu = u[M]
            for x in range(x0, n - 1):
                m = n - x - 1
                if found + m > len(J) or seen > most:
                    return found, seen - skipped, skipped, done, x
                seen += m
                sx = ss[x]
                if trace[M] == LOST or (not sx > SINGULAR / 2 and trace[M] < sure):
                    skipped += m
                    continue
                inv_x = 1.0 / sx
                scale = (det[M] * sx) ** int(a)
                t_low, t_high = low / scale, high / scale
                if not scale > 1e-290:
                    t_low, t_high = np.inf, -np.inf  # hand all over
                total = inv_x if sx > 0.0 else np.inf
                for j in range(M):
                    ux[j] = uu[j, x]
                    px[j] = p[M, j] + ux[j] * ux[j] * inv_x
                    total += px[j]
                # with less than this variance of the last member, the trace may be above the largest
                near = (total + 1.0) / (largest - total) if total < largest else np.inf
                f = rr[w, x]
                rx = rr[x, x + 1 :]
                cw = uu[M - 1, x + 1 :]
                sy = ss[x + 1 :]
                ut = uu[:, x + 1 :]
                flag = 0
                for i in range(m):
                    q = rx[i] - f * cw[i]
                    c = q * inv_x
                    s2 = sy[i] - q * c
                    inv_y = 1.0 / s2
                    v = e_plus * s2 + e_minus * inv_y + e_none
                    if rows > 0:
                        v *= inv_x + c * c * inv_y
                    for j in range(rows):
                        t = ut[j, i] - ux[j] * c
                        v *= px[j] + t * t * inv_y
                    # written so that what is not a number is handed over too
                    flag |= 1 - ((v > t_low) & (v < t_high) & (s2 >= near))
                if flag == 0:
                    continue
                # rare: find the lanes, and write them out with their terms
                for i in range(m):
                    q = rx[i] - f * cw[i]
                    c = q * inv_x
                    s2 = sy[i] - q * c
                    if not s2 > SINGULAR / 2 and total < sure:
                        skipped += 1
                        continue
                    inv_y = 1.0 / s2
                    g = inv_x + c * c * inv_y
                    for j in range(M):
                        t = ut[j, i] - ux[j] * c
                        g *= px[j] + t * t * inv_y
                    v = e_plus * s2 + e_minus * inv_y + e_none
                    if rows > 0:
                        v *= g
                    if (v > t_low) and (v < t_high) and s2 >= near:
                        continue
                    j_sum = l_sum = np.nan
                    if s2 >= near:
                        j_sum = np.log(s2) + np.log(sx)
                        l_sum = np.log(inv_y) + np.log(inv_x + c * c * inv_y)
                        for j in range(M):
                            t = ut[j, i] - ux[j] * c
                            j_sum += np.log(s[j, cursor[j]])
                            l_sum += np.log(px[j] + t * t * inv_y)
                    members[found, :M] = cursor
                    members[found, M] = x
                    members[found, M + 1] = x + 1 + i
                    J[found] = j_sum
                    L[found] = l_sum
                    found += 1

            done += 1
            depth = M - 1
            while depth >= 0 and cursor[depth] == n - 2 - (M - depth):
                depth -= 1
            if depth < 0:
                break
            cursor[depth] += 1
            for j in range(depth + 1, M):
                cursor[j] = cursor[j - 1] + 1
            x0 = cursor[M - 1] + 1
        return found, seen - skipped, skipped, done, x0

    return walk
