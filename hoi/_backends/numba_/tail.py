"""The sweep walk: every set of one order in a range of prefixes, O(order) operations a set, no logarithm.

For a prefix S and every later variable y the walk keeps

    p_j  = (C_S^-1)_jj          u_jy = (C_S^-1 C_Sy)_j
    s_y  = Var(y | S)           r_yz = Cov(y, z | S)

and appends a variable by one step of elimination. The last two members of a set are not appended: for the prefix S,
a member x and all later y at once, the determinant and the diagonal of the inverse of S + x + y follow in one pass
over y, which is the loop that most of the time goes into. It keeps everything in registers and stores nothing. Rows
have room behind their end, so that every loop over variables goes by whole vectors.
"""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np

from hoi._backends.numba_.cache import can_keep
from hoi._backends.numba_.vectors import LANES, all_lanes, fill, lanes_from, load, pick, store
from hoi._maths.terms import SINGULAR

__all__ = ["FLAGS", "LOST", "next_prefix", "power_of", "raised", "sure_trace", "tail_walk", "thresholds"]

# nsz, arcp and contract leave NaN and infinity alone: the walk relies on them at the ends of the float range.
FLAGS: dict[str, Any] = {
    "cache": can_keep(),
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "nsz", "arcp"},
}

# In place of the trace of an inverse: a set that is surely singular. Traces are sums of positive terms, and infinite
# from where a variance is not positive, so that no garbage behind that can be taken for it.
LOST = -1.0


@numba.njit(**FLAGS)
def sure_trace(order):
    """Trace of the inverse up to which a conditional variance is known to half of the limit of singularity.

    It is off by at most ``order * (order + 1)`` roundings times one more than the trace, and so it is in the reference
    path.
    """
    return SINGULAR / (2.0**-51 * order * (order + 1)) - 1.0


@numba.njit(**FLAGS)
def next_prefix(cursor, n):
    """Move `cursor` to the next set out of `n`; the first place that changes, or -1 if it is the last set."""
    M = len(cursor)
    depth = M - 1
    while depth >= 0 and cursor[depth] == n - (M - depth):
        depth -= 1
    if depth >= 0:
        cursor[depth] += 1
        for j in range(depth + 1, M):
            cursor[j] = cursor[j - 1] + 1
    return depth


@numba.njit(**FLAGS)
def power_of(v, a):  # type: ignore[no-untyped-def]
    """The power 0, 1 or 2 of a vector."""
    if a == 0:
        return fill(1.0)
    return v * v if a == 2 else v


@numba.njit(**FLAGS)
def raised(v, inverse, n):  # type: ignore[no-untyped-def]
    """Any integer power of a vector, whose inverse is there for negative ones."""
    result = fill(1.0)
    for _ in range(int(abs(n))):
        result = result * (v if n > 0.0 else inverse)
    return result


@numba.njit(**FLAGS)
def thresholds(scale, low, high):  # type: ignore[no-untyped-def]
    """The thresholds of sets whose scores lack a factor; where products may leave the float range, those that hand
    all over."""
    t_low, t_high = fill(low) / scale, fill(high) / scale
    least = 1e-290 if low > 0.0 else -1.0
    safe = (scale > fill(1e-290)) & (scale < fill(1e290)) & (t_low > fill(least)) & (t_high > fill(1e-290))
    return pick(safe, t_low, fill(np.inf)), pick(safe, t_high, fill(-np.inf))


@numba.njit(**FLAGS)
def _extend(depth, w, n, whole, sure, rr, r, s, u, p, det, trace):  # type: ignore[no-untyped-def]
    """Append variable `w` to the prefix of `depth` members; `rr` are its covariances, `whole` asks for the next."""
    sw = s[depth, w]
    if trace[depth] == LOST or (not sw > SINGULAR / 2 and trace[depth] < sure):
        trace[depth + 1] = LOST
        return
    inv = 1.0 / sw
    det[depth + 1] = det[depth] * sw
    more = inv
    for j in range(depth):
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
        for j in range(depth):
            store(u, (depth + 1, j, y), load(u, (depth, j, y)) - fill(u[depth, j, w]) * c)
    if whole:
        for y in range(w + 1, n - 1):
            f = fill(rr[w, y])
            for z in range(y + 1, n, LANES):
                store(r, (depth, y, z), load(rr, (y, z)) - f * load(u, (depth + 1, depth, z)))


@functools.cache
def tail_walk(rows: int, plain: bool = True) -> Any:
    """The compiled walk for sets of up to ``rows + 2`` variables; ``rows = 0`` is for scores of the determinant alone.

    The score of a set is ``det^a * prod(p)^b * s^e`` with s the last conditional variance. If `plain`, b = 1 (0 for
    ``rows = 0``) and e is one of -1, 0, 1. For `power` see :class:`hoi._backends.numba_.score.Exponents`.

    ``walk(R, power, largest, cursor, x0, n_prefixes, most, low, high, members, J, L)`` starts at the prefix `cursor`
    (ascending, two members short of a set, advanced in place) with `x0` as the next member, and goes on for
    `n_prefixes` prefixes or until about `most` sets were seen or the output is full. A set is written out where its
    score is not within ``low < score < high``, and without terms (NaN) where the trace of its inverse may be above
    `largest`. It returns (found, evaluated, skipped, prefixes done, next x0).
    """

    @numba.njit(
        "UniTuple(int64, 5)(float64[:,::1], UniTuple(float64, 4), float64, int64[::1], int64, int64, int64, float64, "
        "float64, int64[:,::1], float64[::1], float64[::1])",
        **FLAGS,
    )
    def walk(R, power, largest, cursor, x0, n_prefixes, most, low, high, members, J, L):
        n, wide = R.shape
        M = len(cursor)
        a, e_plus, e_minus, e_none = power
        e, b = e_plus, e_minus  # if not plain
        height = max(M, rows)
        r = np.empty((max(M - 1, 1), n, wide))
        # the rows of u and p that an order does not use stay 0 and 1, and leave products as they are
        s = np.ones((M + 1, wide))
        u = np.zeros((M + 1, height, wide))
        p = np.ones((M + 1, height))
        det = np.ones(M + 1)
        trace = np.zeros(M + 1)  # of the inverse; LOST where the prefix is surely singular
        sure = sure_trace(M + 2)
        # for each x: 1 / s, p, the trace, the thresholds of its sets, and the least variance of y
        inverse, total = np.empty(wide), np.empty(wide)
        px = np.ones((height, wide))
        t_low, t_high, near = np.empty(wide), np.empty(wide), np.empty(wide)
        one, infinite = fill(1.0), fill(np.inf)
        found = 0
        seen = 0
        skipped = 0
        done = 0
        depth = 0
        while done < n_prefixes:
            while depth < M:
                rr = r[depth - 1] if depth else R
                _extend(depth, cursor[depth], n, depth + 1 < M, sure, rr, r, s, u, p, det, trace)
                depth += 1

            # the last member of the prefix has not been swept out of rr: that is left to the loop over y
            w = cursor[M - 1]
            rr, ss, uu = r[M - 2] if M > 1 else R, s[M], u[M]
            for x in range(x0, n - 1, LANES):
                sx = load(ss, (x,))
                inv_x = one / sx
                total_x = fill(trace[M]) + inv_x
                for j in range(M):
                    ux = load(uu, (j, x))
                    step = ux * ux * inv_x
                    store(px, (j, x), fill(p[M, j]) + step)
                    total_x = total_x + step
                total_x = pick(sx > fill(0.0), total_x, infinite)
                top = fill(largest)
                store(inverse, (x,), inv_x)
                store(total, (x,), total_x)
                if plain:
                    scale = power_of(fill(det[M]) * sx, a)
                    safe = scale > fill(1e-290)
                    store(t_low, (x,), pick(safe, fill(low) / scale, infinite))  # or hand all over
                    store(t_high, (x,), pick(safe, fill(high) / scale, fill(-np.inf)))
                else:
                    det_x = fill(det[M]) * sx
                    low_x, high_x = thresholds(raised(det_x, one / det_x, a), low, high)
                    store(t_low, (x,), low_x)
                    store(t_high, (x,), high_x)
                # with less than this variance of the last member, the trace may be above the largest
                store(near, (x,), pick(total_x < top, (total_x + one) / (top - total_x), infinite))
            for x in range(x0, n - 1):
                m = n - x - 1
                if found + m > len(J) or seen > most:
                    return found, seen - skipped, skipped, done, x
                seen += m
                if trace[M] == LOST or (not ss[x] > SINGULAR / 2 and trace[M] < sure):
                    skipped += m
                    continue
                f, inv_x = fill(rr[w, x]), fill(inverse[x])
                clear = True
                for y in range(x + 1, n, LANES):
                    q = load(rr, (x, y)) - f * load(uu, (M - 1, y))
                    c = q * inv_x
                    s2 = load(ss, (y,)) - q * c
                    inv_y = one / s2
                    if plain:
                        v = fill(e_plus) * s2 + fill(e_minus) * inv_y + fill(e_none)
                    else:
                        v = one
                    if rows > 0:
                        v = v * (inv_x + c * c * inv_y)
                    for j in range(rows):
                        t = load(uu, (j, y)) - fill(uu[j, x]) * c
                        v = v * (fill(px[j, x]) + t * t * inv_y)
                    if not plain:
                        v = raised(v, v, b) * raised(s2, inv_y, e)
                    # what is not a number is not between, and handed over
                    between = (v > fill(t_low[x])) & (v < fill(t_high[x])) & (s2 >= fill(near[x]))
                    clear = clear & all_lanes(between | lanes_from(n - y))
                if clear:
                    continue
                # rare: find the lanes, and write them out with their terms
                for y in range(x + 1, n):
                    ry = rr[x, y] - rr[w, x] * uu[M - 1, y]
                    cy = ry * inverse[x]
                    sy = ss[y] - ry * cy
                    if not sy > SINGULAR / 2 and total[x] < sure:
                        skipped += 1
                        continue
                    g = inverse[x] + cy * cy / sy
                    for j in range(M):
                        g *= px[j, x] + (uu[j, y] - uu[j, x] * cy) ** 2 / sy
                    if plain:
                        score = e_plus * sy + e_minus / sy + e_none
                        if rows > 0:
                            score *= g
                    else:
                        score = g ** int(b) * sy ** int(e)
                    if score > t_low[x] and score < t_high[x] and sy >= near[x]:
                        continue
                    j_sum = l_sum = np.nan
                    if sy >= near[x]:
                        j_sum = np.log(sy) + np.log(ss[x])
                        l_sum = np.log(inverse[x] + cy * cy / sy) - np.log(sy)
                        for j in range(M):
                            j_sum += np.log(s[j, cursor[j]])
                            l_sum += np.log(px[j, x] + (uu[j, y] - uu[j, x] * cy) ** 2 / sy)
                    members[found, :M] = cursor
                    members[found, M] = x
                    members[found, M + 1] = y
                    J[found] = j_sum
                    L[found] = l_sum
                    found += 1

            done += 1
            depth = next_prefix(cursor, n - 2)
            if depth < 0:
                break
            x0 = cursor[M - 1] + 1
        return found, seen - skipped, skipped, done, x0

    return walk
