"""The sweep walk with lanes side by side: each lane has a start of its own, and all take the same steps.

A lane is a prefix: the first members of a set. The lanes of a block have prefixes that end at the same variable, so
the sets behind them are the same subsets of the later variables, and every operation is done for all lanes at once.
This keeps the vector units full where lanes over the last variable (`tail`) are short: high orders of few variables.

The state is that of `tail`, with lanes as the last axis: ``u[depth, y, j, lane]`` and so on. Variables count
from the first one behind the prefix.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np

from hoi._backends.numba_.tail import FLAGS, LOST, next_prefix, power_of, raised, sure_trace, thresholds
from hoi._backends.numba_.vectors import LANES, all_lanes, fill, lanes_from, load, pick, store
from hoi._maths.terms import SINGULAR

__all__ = ["lane_walk"]


@numba.njit(**FLAGS)
def _gather(R, prefixes, first, live, end, base):  # type: ignore[no-untyped-def]
    """Covariances of the members of each lane's prefix, with each other and with the variables behind `end`."""
    A = prefixes.shape[1]
    for lane in range(LANES):
        i = first + (lane if lane < live else 0)
        for v in range(A):
            row = R[prefixes[i, v]]
            for w in range(v + 1, A):
                base[v, w, lane] = row[prefixes[i, w]]
            for w in range(R.shape[0] - 1 - end):
                base[v, A + w, lane] = row[end + 1 + w]


@numba.njit(**FLAGS)
def _append_prefix(R, A, m, base, su, ss, r, s, u, p, det, trace):  # type: ignore[no-untyped-def]
    """Append the prefix of each lane; the later variables are left in r, s, u at depth 0."""
    one, zero = fill(1.0), fill(0.0)
    for v in range(A + m):  # su and ss: u and s of the variables of `base`
        store(ss, (v, 0), one)
    det_0, trace_0 = one, zero
    for i in range(A):
        si = load(ss, (i, 0))
        inv = one / si
        det_0 = det_0 * si
        store(p, (0, i, 0), inv)
        trace_0 = trace_0 + inv
        for j in range(i):
            ui = load(su, (i, j, 0))
            step = ui * ui * inv
            store(p, (0, j, 0), load(p, (0, j, 0)) + step)
            trace_0 = trace_0 + step
        trace_0 = pick(si > zero, trace_0, fill(np.inf))
        for v in range(i + 1, A + m):
            row = load(base, (i, v, 0))
            c = row * inv
            store(su, (v, i, 0), c)
            store(ss, (v, 0), load(ss, (v, 0)) - row * c)
            for j in range(i):
                store(su, (v, j, 0), load(su, (v, j, 0)) - load(su, (i, j, 0)) * c)
        for v in range(i + 1, A):
            row = load(base, (i, v, 0))
            for w in range(v + 1, A + m):
                store(base, (v, w, 0), load(base, (v, w, 0)) - row * load(su, (w, i, 0)))
    store(det, (0, 0), det_0)
    store(trace, (0, 0), trace_0)
    end = R.shape[0] - m
    for y in range(m):
        store(s, (0, y, 0), load(ss, (A + y, 0)))
        for j in range(A):
            store(u, (0, y, j, 0), load(su, (A + y, j, 0)))
        for i in range(A):  # su[0] is done with: now it holds what each step takes from the covariances of y
            store(su, (0, i, 0), load(base, (i, A + y, 0)) / load(ss, (i, 0)))
        for z in range(y + 1, m):
            left = fill(R[end + y, end + z])
            for i in range(A):
                left = left - load(su, (0, i, 0)) * load(base, (i, A + z, 0))
            store(r, (0, y, z, 0), left)


@numba.njit(**FLAGS)
def _lost(total, s, trace, sure):  # type: ignore[no-untyped-def]
    """The trace `total` of a set of trace `trace` and a variable of variance `s`: infinite where `s` is not positive,
    LOST in the lanes where the set is lost, or surely is with the variable."""
    lost, infinite = fill(LOST), fill(np.inf)
    v = pick(s > fill(SINGULAR / 2), total, pick(trace < fill(sure), lost, pick(s > fill(0.0), total, infinite)))
    return pick(trace < fill(0.0), lost, v)


@numba.njit(**FLAGS)
def _extend(depth, w, last, m, whole, sure, r, s, u, p, det, trace):  # type: ignore[no-untyped-def]
    """Append variable `w` to the set of `last` members at `depth`; `whole` asks for the covariances too."""
    deep = depth + 1
    sw = load(s, (depth, w, 0))
    inv = fill(1.0) / sw
    store(det, (deep, 0), load(det, (depth, 0)) * sw)
    store(p, (deep, last, 0), inv)
    before = load(trace, (depth, 0))
    total = before + inv
    for j in range(last):
        uw = load(u, (depth, w, j, 0))
        step = uw * uw * inv
        store(p, (deep, j, 0), load(p, (depth, j, 0)) + step)
        total = total + step
    store(trace, (deep, 0), _lost(total, sw, before, sure))
    for y in range(w + 1, m):
        rw = load(r, (depth, w, y, 0))
        c = rw * inv
        store(u, (deep, y, last, 0), c)
        store(s, (deep, y, 0), load(s, (depth, y, 0)) - rw * c)
        for j in range(last):
            store(u, (deep, y, j, 0), load(u, (depth, y, j, 0)) - load(u, (depth, w, j, 0)) * c)
    if whole:
        for y in range(w + 1, m - 1):
            rw = load(r, (depth, w, y, 0))
            for z in range(y + 1, m):
                store(r, (deep, y, z, 0), load(r, (depth, y, z, 0)) - rw * load(u, (deep, z, last, 0)))


@functools.cache
def lane_walk(rows: int, plain: bool = True) -> Any:
    """The compiled walk for sets of up to ``rows + 2`` variables; `rows`, `plain`, `power` and the output are as in
    `tail`.

    ``walk(R, power, largest, prefixes, order, state, most, low, high, members, J, L)`` goes through the sets of `order`
    members that begin with a row of `prefixes`. `state` is the place to go on from, advanced in place: the first row of
    the block, the next member, and the members behind the prefix so far. It returns (found, evaluated, skipped), after
    about `most` sets or when the output is full; all is done when ``state[0] == len(prefixes)``.
    """

    @numba.njit(
        "UniTuple(int64, 3)(float64[:,::1], UniTuple(float64, 4), float64, int64[:,::1], int64, int64[::1], int64, "
        "float64, float64, int64[:,::1], float64[::1], float64[::1])",
        **FLAGS,
    )
    def walk(R, power, largest, prefixes, order, state, most, low, high, members, J, L):
        n = R.shape[0]
        A = prefixes.shape[1]
        M = order - A - 2
        a, e_plus, e_minus, e_none = power
        e, b = e_plus, e_minus  # if not plain
        height = max(rows, order - 2)
        found = 0
        skipped = 0
        seen = 0
        base = np.empty((A, n, LANES))
        su = np.empty((n, A, LANES))
        ss = np.empty((n, LANES))
        # the rows of u and p that an order does not use stay 0 and 1, and leave products as they are
        r = np.empty((max(M, 1), n - A, n - A, LANES))
        s = np.empty((M + 1, n - A, LANES))
        u = np.zeros((M + 1, n - A, height, LANES))
        p = np.ones((M + 1, height, LANES))
        det = np.empty((M + 1, LANES))
        trace = np.empty((M + 1, LANES))  # of the inverse; LOST where the set is surely singular
        sure = sure_trace(order)
        # with the next member: u and p, and, for the sets that are handed over, what the lanes have
        ux, px = np.zeros((height, LANES)), np.ones((height, LANES))
        inverse, total, near = np.empty(LANES), np.empty(LANES), np.empty(LANES)
        t_low, t_high = np.empty(LANES), np.empty(LANES)
        one, infinite, top = fill(1.0), fill(np.inf), fill(largest)
        cursor = state[2:]
        while state[0] < len(prefixes):
            first = state[0]
            end = prefixes[first, A - 1]
            live = 1
            while live < LANES and first + live < len(prefixes) and prefixes[first + live, A - 1] == end:
                live += 1
            m = n - 1 - end
            _gather(R, prefixes, first, live, end, base)
            _append_prefix(R, A, m, base, su, ss, r, s, u, p, det, trace)
            depth = 0
            while True:
                while depth < M:
                    _extend(depth, cursor[depth], A + depth, m, depth + 1 < M, sure, r, s, u, p, det, trace)
                    depth += 1
                # the step of the last member on r is left to the loop over y
                deep, last = (M - 1, cursor[M - 1]) if M > 0 else (0, 0)
                column = A + M - 1
                idle = lanes_from(live)
                det_M, trace_M = load(det, (M, 0)), load(trace, (M, 0))
                for x in range(state[1], m - 1):
                    if found + (m - 1 - x) * live > len(J) or seen > most:
                        state[1] = x
                        return found, seen - skipped, skipped
                    sx = load(s, (M, x, 0))
                    inv_x = one / sx
                    if plain:
                        scale = power_of(det_M * sx, a)
                        safe = scale > fill(1e-290)
                        low_x = pick(safe, fill(low) / scale, infinite)  # or hand all over
                        high_x = pick(safe, fill(high) / scale, fill(-np.inf))
                    else:
                        det_x = det_M * sx
                        low_x, high_x = thresholds(raised(det_x, one / det_x, a), low, high)
                    f = load(r, (deep, last, x, 0)) if M > 0 else fill(0.0)
                    total_x = trace_M + inv_x
                    for j in range(A + M):
                        v = load(u, (M, x, j, 0))
                        step = v * v * inv_x
                        store(ux, (j, 0), v)
                        store(px, (j, 0), load(p, (M, j, 0)) + step)
                        total_x = total_x + step
                    # with less than this variance of the last member, the trace may be above the largest
                    total_x = _lost(total_x, sx, trace_M, sure)
                    near_x = pick(total_x < top, (total_x + one) / (top - total_x), infinite)
                    near_x = pick(total_x < fill(0.0), infinite, near_x)
                    stored = False
                    for y in range(x + 1, m):
                        q = load(r, (deep, x, y, 0))
                        if M > 0:
                            q = q - f * load(u, (M, y, column, 0))
                        c = q * inv_x
                        s2 = load(s, (M, y, 0)) - q * c
                        inv_y = one / s2
                        if plain:
                            v = fill(e_plus) * s2 + fill(e_minus) * inv_y + fill(e_none)
                        else:
                            v = one
                        if rows > 0:
                            v = v * (inv_x + c * c * inv_y)
                        for j in range(rows):
                            t = load(u, (M, y, j, 0)) - load(ux, (j, 0)) * c
                            v = v * (load(px, (j, 0)) + t * t * inv_y)
                        if not plain:
                            v = raised(v, v, b) * raised(s2, inv_y, e)
                        # what is not a number is not between, and handed over
                        if all_lanes(((v > low_x) & (v < high_x) & (s2 >= near_x)) | idle):
                            continue
                        # rare: find the lanes, and write them out with their terms
                        if not stored:
                            store(inverse, (0,), inv_x)
                            store(total, (0,), total_x)
                            store(near, (0,), near_x)
                            store(t_low, (0,), low_x)
                            store(t_high, (0,), high_x)
                            stored = True
                        for k in range(live):
                            ry = r[deep, x, y, k]
                            if M > 0:
                                ry -= r[deep, last, x, k] * u[M, y, column, k]
                            cy = ry * inverse[k]
                            sy = s[M, y, k] - ry * cy
                            if total[k] == LOST or (not sy > SINGULAR / 2 and total[k] < sure):
                                skipped += 1
                                continue
                            g = inverse[k] + cy * cy / sy
                            for j in range(A + M):
                                g *= px[j, k] + (u[M, y, j, k] - ux[j, k] * cy) ** 2 / sy
                            if plain:
                                score = e_plus * sy + e_minus / sy + e_none
                                if rows > 0:
                                    score *= g
                            else:
                                score = g ** int(b) * sy ** int(e)
                            if score > t_low[k] and score < t_high[k] and sy >= near[k]:
                                continue
                            j_sum = l_sum = np.nan
                            if sy >= near[k] and det[M, k] > 1e-290:
                                j_sum = np.log(det[M, k]) + np.log(s[M, x, k]) + np.log(sy)
                                l_sum = np.log(inverse[k] + cy * cy / sy) - np.log(sy)
                                for j in range(A + M):
                                    l_sum += np.log(px[j, k] + (u[M, y, j, k] - ux[j, k] * cy) ** 2 / sy)
                            members[found, :A] = prefixes[first + k]
                            for j in range(M):
                                members[found, A + j] = end + 1 + cursor[j]
                            members[found, A + M] = end + 1 + x
                            members[found, A + M + 1] = end + 1 + y
                            J[found] = j_sum
                            L[found] = l_sum
                            found += 1
                    seen += (m - 1 - x) * live

                depth = next_prefix(cursor, m - 2)
                if depth < 0:
                    break
                state[1] = cursor[M - 1] + 1
            for j in range(M):
                cursor[j] = j
            state[0] = first + live
            state[1] = M
        return found, seen - skipped, skipped

    return walk
