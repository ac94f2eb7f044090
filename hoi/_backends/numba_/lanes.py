"""The sweep walk with lanes side by side: each lane has a start of its own, and all take the same steps.

A lane is a prefix: the first members of a set. The lanes of a block have prefixes that end at the same variable, so
the sets behind them are the same subsets of the later variables, and every operation is done for all lanes at once.
This keeps the vector units full where lanes over the last variable (`tail`) are short: high orders of few variables.

The state is that of `tail`, with lanes as the last axis: ``u[depth, y, j * LANES + lane]`` and so on. Variables count
from the first one behind the prefix.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np

from hoi._backends.numba_.tail import FLAGS, LOST, sure_trace
from hoi.maths.terms import SINGULAR

__all__ = ["LANES", "lane_walk"]

# Lanes in a block: long enough to spread the cost of a step, short enough for its state to stay in cache.
LANES = 16


@numba.njit(**FLAGS)
def _gather(R, prefixes, first, live, end, base):  # type: ignore[no-untyped-def]
    """Covariances of the variables of each lane: the prefix first, then those behind `end`."""
    A = prefixes.shape[1]
    total = A + R.shape[0] - 1 - end
    for lane in range(base.shape[2]):
        i = first + (lane if lane < live else 0)
        for v in range(total):
            row = R[prefixes[i, v] if v < A else end + 1 + v - A]
            for w in range(v + 1, A):
                base[v, w, lane] = row[prefixes[i, w]]
            for w in range(max(A, v + 1), total):
                base[v, w, lane] = row[end + 1 + w - A]


@numba.njit(**FLAGS)
def _append_prefix(A, m, base, su, ss, inv, r, s, u, p, det, trace):  # type: ignore[no-untyped-def]
    """Append the prefix of each lane; the later variables are left in r, s, u at depth 0."""
    W = det.shape[1]
    ss[: A + m] = 1.0  # su and ss: u and s of the variables of `base`
    det[0] = 1.0
    trace[0] = 0.0
    for i in range(A):
        for k in range(W):
            if not ss[i, k] > 0.0:
                trace[0, k] = np.inf
            inv[k] = 1.0 / ss[i, k]
            det[0, k] *= ss[i, k]
            p[0, i * W + k] = inv[k]
        ui = su[i]
        for j in range(i):
            for k in range(W):
                p[0, j * W + k] += ui[j * W + k] * ui[j * W + k] * inv[k]
        for v in range(i + 1, A + m):
            row = base[i, v]
            uv = su[v]
            sv = ss[v]
            c = uv[i * W : i * W + W]
            for k in range(W):
                c[k] = row[k] * inv[k]
            for k in range(W):
                sv[k] -= row[k] * c[k]
            for j in range(i):
                for k in range(W):
                    uv[j * W + k] -= ui[j * W + k] * c[k]
        for v in range(i + 1, A + m):
            row = base[i, v]
            for w in range(v + 1, A + m):
                c = su[w, i * W : i * W + W]
                target = base[v, w]
                for k in range(W):
                    target[k] -= row[k] * c[k]
    for j in range(A):
        for k in range(W):
            trace[0, k] += p[0, j * W + k]
    for y in range(m):
        s[0, y] = ss[A + y]
        u[0, y, : A * W] = su[A + y]
        for z in range(y + 1, m):
            r[0, y, z] = base[A + y, A + z]


@numba.njit(**FLAGS)
def _extend(depth, w, last, m, whole, sure, inv, r, s, u, p, det, trace):  # type: ignore[no-untyped-def]
    """Append variable `w` to the set of `last` members at `depth`; `whole` asks for the covariances too."""
    W = det.shape[1]
    deep = depth + 1
    rr = r[depth]
    sw = s[depth, w]
    uw = u[depth, w]
    for k in range(W):
        inv[k] = 1.0 / sw[k]
        trace[deep, k] = inv[k] if sw[k] > 0.0 else np.inf
        det[deep, k] = det[depth, k] * sw[k]
        p[deep, last * W + k] = inv[k]
    p0, p1 = p[depth], p[deep]
    for j in range(last):
        for k in range(W):
            p1[j * W + k] = p0[j * W + k] + uw[j * W + k] * uw[j * W + k] * inv[k]
            trace[deep, k] += p1[j * W + k]
    for k in range(W):
        if trace[depth, k] == LOST or (not sw[k] > SINGULAR / 2 and trace[depth, k] < sure):
            trace[deep, k] = LOST
    for y in range(w + 1, m):
        rw = rr[w, y]
        u0, u1 = u[depth, y], u[deep, y]
        c = u1[last * W : last * W + W]
        s0, s1 = s[depth, y], s[deep, y]
        for k in range(W):
            c[k] = rw[k] * inv[k]
        for k in range(W):
            s1[k] = s0[k] - rw[k] * c[k]
        for j in range(last):
            for k in range(W):
                u1[j * W + k] = u0[j * W + k] - uw[j * W + k] * c[k]
    if whole:
        for y in range(w + 1, m - 1):
            rw = rr[w, y]
            for z in range(y + 1, m):
                r0, r1 = rr[y, z], r[deep, y, z]
                c = u[deep, z, last * W : last * W + W]
                for k in range(W):
                    r1[k] = r0[k] - rw[k] * c[k]


@functools.cache
def lane_walk(rows: int) -> Any:
    """The compiled walk for sets of up to ``rows + 2`` variables; `rows`, `power` and the output are as in `tail`.

    ``walk(R, power, largest, prefixes, order, state, most, low, high, members, J, L)`` goes through the sets of `order`
    members that begin with a row of `prefixes`. `state` is the place to go on from, advanced in place: the first row of
    the block, the next member, and the members behind the prefix so far. It returns (found, evaluated, skipped), after
    about `most` sets or when the output is full; all is done when ``state[0] == len(prefixes)``.
    """
    W = LANES

    @numba.njit(
        "UniTuple(int64, 3)(float64[:,::1], UniTuple(float64, 4), float64, int64[:,::1], int64, int64[::1], int64, "
        "float64, float64, int64[:,::1], float64[::1], float64[::1])",
        **FLAGS,
    )
    def walk(R, power, largest, prefixes, order, state, most, low, high, members, J, L):  # type: ignore[no-untyped-def]
        n = R.shape[0]
        A = prefixes.shape[1]
        M = order - A - 2
        a, e_plus, e_minus, e_none = power
        height = max(rows, order - 2)
        found = 0
        skipped = 0
        seen = 0
        base = np.empty((n, n, W))
        su = np.empty((n, A * W))
        ss = np.empty((n, W))
        # the rows of u and p that an order does not use stay 0 and 1, and leave products as they are
        r = np.empty((max(M, 1), n - A, n - A, W))
        s = np.empty((M + 1, n - A, W))
        u = np.zeros((M + 1, n - A, height * W))
        p = np.ones((M + 1, height * W))
        px = np.empty(height * W)
        det = np.empty((M + 1, W))
        trace = np.empty((M + 1, W))  # of the inverse; LOST where the set is surely singular
        total = np.empty(W)
        near = np.empty(W)
        sure = sure_trace(order)
        inv = np.empty(W)
        f = np.zeros(W)
        t_low = np.empty(W)
        t_high = np.empty(W)
        cursor = state[2:]
        while state[0] < len(prefixes):
            first = state[0]
            end = prefixes[first, A - 1]
            live = 1
            while live < W and first + live < len(prefixes) and prefixes[first + live, A - 1] == end:
                live += 1
            m = n - 1 - end
            _gather(R, prefixes, first, live, end, base)
            _append_prefix(A, m, base, su, ss, inv, r, s, u, p, det, trace)
            depth = 0
            while True:
                while depth < M:
                    _extend(depth, cursor[depth], A + depth, m, depth + 1 < M, sure, inv, r, s, u, p, det, trace)
                    depth += 1
                rr = r[max(M - 1, 0)]
                column = (A + M - 1) * W  # of the last member, whose step on r is left to the loop over y
                sM = s[M]
                uu = u[M]
                for x in range(state[1], m - 1):
                    if found + (m - 1 - x) * live > len(J) or seen > most:
                        state[1] = x
                        return found, seen - skipped, skipped
                    sx = sM[x]
                    for k in range(W):
                        inv[k] = 1.0 / sx[k]
                        scale = (det[M, k] * sx[k]) ** int(a)
                        if scale > 1e-290:
                            t_low[k], t_high[k] = low / scale, high / scale
                        else:
                            t_low[k], t_high[k] = np.inf, -np.inf  # hand all over
                        total[k] = inv[k] if sx[k] > 0.0 else np.inf
                    if M > 0:
                        f[:] = rr[cursor[M - 1], x]
                    ux = uu[x]
                    for j in range(height):
                        for k in range(W):
                            px[j * W + k] = p[M, j * W + k] + ux[j * W + k] * ux[j * W + k] * inv[k]
                    for j in range(A + M):
                        for k in range(W):
                            total[k] += px[j * W + k]
                    for k in range(W):
                        # with less than this variance of the last member, the trace may be above the largest
                        near[k] = (total[k] + 1.0) / (largest - total[k]) if total[k] < largest else np.inf
                        if trace[M, k] == LOST or (not sx[k] > SINGULAR / 2 and trace[M, k] < sure):
                            near[k], total[k] = np.inf, LOST
                    for y in range(x + 1, m):
                        rx = rr[x, y]
                        sy = sM[y]
                        uy = uu[y]
                        cy = uy[column:] if M > 0 else f
                        flag = 0
                        for k in range(W):
                            q = rx[k] - f[k] * cy[k]
                            c = q * inv[k]
                            s2 = sy[k] - q * c
                            inv_y = 1.0 / s2
                            v = e_plus * s2 + e_minus * inv_y + e_none
                            if rows > 0:
                                v *= inv[k] + c * c * inv_y
                            for j in range(rows):
                                t = uy[j * W + k] - ux[j * W + k] * c
                                v *= px[j * W + k] + t * t * inv_y
                            # written so that what is not a number is handed over too
                            flag |= 1 - ((v > t_low[k]) & (v < t_high[k]) & (s2 >= near[k]))
                        if flag == 0:
                            continue
                        # rare: find the lanes, and write them out with their terms
                        for k in range(live):
                            q = rx[k] - f[k] * cy[k]
                            c = q * inv[k]
                            s2 = sy[k] - q * c
                            if total[k] == LOST or (not s2 > SINGULAR / 2 and total[k] < sure):
                                skipped += 1
                                continue
                            inv_y = 1.0 / s2
                            g = inv[k] + c * c * inv_y
                            for j in range(A + M):
                                t = uy[j * W + k] - ux[j * W + k] * c
                                g *= px[j * W + k] + t * t * inv_y
                            v = e_plus * s2 + e_minus * inv_y + e_none
                            if rows > 0:
                                v *= g
                            if (v > t_low[k]) and (v < t_high[k]) and s2 >= near[k]:
                                continue
                            j_sum = l_sum = np.nan
                            if s2 >= near[k] and det[M, k] > 1e-290:
                                j_sum = np.log(det[M, k]) + np.log(sx[k]) + np.log(s2)
                                l_sum = np.log(inv_y) + np.log(inv[k] + c * c * inv_y)
                                for j in range(A + M):
                                    t = uy[j * W + k] - ux[j * W + k] * c
                                    l_sum += np.log(px[j * W + k] + t * t * inv_y)
                            members[found, :A] = prefixes[first + k]
                            for j in range(M):
                                members[found, A + j] = end + 1 + cursor[j]
                            members[found, A + M] = end + 1 + x
                            members[found, A + M + 1] = end + 1 + y
                            J[found] = j_sum
                            L[found] = l_sum
                            found += 1
                    seen += (m - 1 - x) * live

                depth = M - 1
                while depth >= 0 and cursor[depth] == m - 2 - (M - depth):
                    depth -= 1
                if depth < 0:
                    break
                cursor[depth] += 1
                for j in range(depth + 1, M):
                    cursor[j] = cursor[j - 1] + 1
                state[1] = cursor[M - 1] + 1
            for j in range(M):
                cursor[j] = j
            state[0] = first + live
            state[1] = M
        return found, seen - skipped, skipped

    return walk
