"""The walk over sets of all orders at once: every subset of the variables is evaluated once, and no lane is idle.

The variables are cut into three: the first ones, whose subsets are the lanes of a vector; the last ones, the corner,
whose subsets are evaluated together; and those between, the path. Subsets of the path are gone through in the order

    {}, {0}, {0, 1}, {0, 1, 2}, {0, 2}, {1}, {1, 2}, {2}

each one by appending a variable to an earlier one. For each, with S its members and those of the lane, elimination of
the corner in several orders gives the determinant and the diagonal of the inverse for S and any subset of the corner:
first without its first variable w, then with it.

State is kept as in `lanes`, by depth, the number of variables appended: ``u[depth, y, j, lane]`` and so on. In a lane
without one of the first variables, that variable's row of u and p stays 0 and 1.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from math import comb
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from hoi._backends.numba_.score import EPS, trust
from hoi._backends.numba_.tail import FLAGS, power_of
from hoi._backends.numba_.vectors import LANES, all_lanes, fill, load, pick, store
from hoi._typing import FloatArray

__all__ = ["IN_LANE", "SubsetPlan", "eigenvalue_bound", "subset_walk"]

# Variables that the lanes are the subsets of, and variables of the corner.
_FIRST, _CORNER = 3, 4
# Sets evaluated together, and how many of them have 0, 1, ... members besides those on the path.
_SETS = 1 << (_FIRST + _CORNER)
_OF_SIZE = [comb(_FIRST + _CORNER, i) for i in range(_FIRST + _CORNER + 1)]
# The first variables that are in each lane; the last three in each subset of them, as bits, in the order of `_pivots`.
IN_LANE = np.array([[lane >> i & 1 for lane in range(LANES)] for i in range(_FIRST)], dtype=np.float64)
_LAST_THREE = (0, 1, 2, 4, 3, 5, 6, 7)
# Masks of members are in one integer.
_MOST_VARIABLES = 62
# Sets gone through for each one that is wanted: with more, one order after the other is faster (benchmarks/README.md).
_MOST_UNWANTED = 2.5
# Largest logarithm of a score or of a product of its factors.
_RANGE = 300.0
# A set of a matrix with a smaller eigenvalue might be singular, or close enough for rounding to decide.
_LEAST_EIGENVALUE = 1e-8


def eigenvalue_bound(R: FloatArray) -> float:
    """A bound that every eigenvalue of `R` is above; 0 where the walk cannot be used.

    It can be where no set is singular, rounding stays within the engine's margin, and products stay within the float
    range: a set's determinant is at least that of `R`, and the diagonal of its inverse at most that of R's inverse.
    """
    n = len(R)
    bound = float(np.linalg.eigvalsh(R)[0]) - 4 * n * n * EPS
    if bound < _LEAST_EIGENVALUE or trust(n, bound).largest < np.inf:
        return 0.0
    factors = np.log(np.diagonal(np.linalg.inv(R))).sum()
    return bound if max(-2 * np.linalg.slogdet(R)[1], factors) < _RANGE else 0.0


@dataclass(frozen=True)
class SubsetPlan:
    """A walk over the sets of orders `low` to `high` of `n` variables. Its positions are the subsets of the path."""

    n: int
    low: int
    high: int

    @functools.cached_property
    def sets(self) -> NDArray[np.int64]:
        """Number of sets of these orders beside each number of members on the path."""
        orders = np.arange(self.n + 1)[:, None] + np.arange(len(_OF_SIZE))
        return ((self.low <= orders) & (orders <= self.high)) @ np.array(_OF_SIZE)

    @property
    def positions(self) -> int:
        """0 where the walk would go through too many other sets."""
        on_path = self.n - _FIRST - _CORNER
        if not 0 <= on_path <= _MOST_VARIABLES - _FIRST - _CORNER:
            return 0
        wanted = sum(comb(self.n, k) for k in range(self.low, self.high + 1))
        visited = _SETS * sum(comb(on_path, k) for k in range(on_path + 1) if self.sets[k])
        return 1 << on_path if visited <= _MOST_UNWANTED * wanted else 0

    def path(self, position: int) -> list[int]:
        """The members on the path at a position."""
        members = []
        v, end = _FIRST, self.n - _CORNER
        while position > 0:
            position -= 1
            while position >= (size := 1 << (end - 1 - v)):  # subsets that begin with v
                position -= size
                v += 1
            members.append(v)
            v += 1
        return members

    def by_order(self, of_order: FloatArray, other: float) -> FloatArray:
        """Numbers of each order from `low` to `high` as the kernel takes them, in a row for each number of members
        not in the lane; `other` for other orders."""
        wide = np.full(self.n + 1, other)
        wide[self.low : self.high + 1] = of_order
        return wide[np.arange(self.n - _FIRST + 1)[:, None] + IN_LANE.sum(axis=0).astype(np.intp)]

    def members(
        self, masks: NDArray[np.int64], values: FloatArray
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """For each order that sets among `masks` have, that of the most extreme values first: where they are, and
        their members."""
        inside = (masks[:, None] >> np.arange(self.n) & 1).astype(bool)
        orders = inside.sum(axis=1)
        extreme = np.zeros(self.n + 1)
        np.maximum.at(extreme, orders, np.abs(values - values.sum() / max(len(values), 1)))
        for order in sorted(set(orders.tolist()), key=lambda k: -extreme[k]):
            rows = np.flatnonzero(orders == order)
            yield rows, np.nonzero(inside[rows])[1].reshape(len(rows), order)


@numba.njit(**FLAGS)
def _extend(depth, w, chosen, r, s, u, p, det):  # type: ignore[no-untyped-def]
    """Append variable `w` in the `chosen` lanes."""
    deep = depth + 1
    n = s.shape[1]
    one, zero = fill(1.0), fill(0.0)
    sw = load(s, (depth, w, 0))
    inv = pick(chosen, one / sw, zero)
    store(det, (deep, 0), load(det, (depth, 0)) * pick(chosen, sw, one))
    for j in range(depth):
        uw = load(u, (depth, w, j, 0))
        store(p, (deep, j, 0), load(p, (depth, j, 0)) + uw * uw * inv)
    store(p, (deep, depth, 0), pick(chosen, inv, one))
    for y in range(w + 1, n):
        rw = load(r, (depth, w, y, 0))
        c = rw * inv
        store(u, (deep, y, depth, 0), c)
        store(s, (deep, y, 0), load(s, (depth, y, 0)) - rw * c)
        for j in range(depth):
            store(u, (deep, y, j, 0), load(u, (depth, y, j, 0)) - load(u, (depth, w, j, 0)) * c)
        for z in range(w + 1, y):
            store(r, (deep, z, y, 0), load(r, (depth, z, y, 0)) - load(r, (depth, w, z, 0)) * c)


@numba.njit(**FLAGS)
def _pivots(sx, sy, sz, xy, xz, yz):  # type: ignore[no-untyped-def]
    """Elimination of the corner in each order: factors, inverse pivots, and for each subset its determinant and the
    product of the diagonal of its inverse."""
    one = fill(1.0)
    ix, iy, iz = one / sx, one / sy, one / sz
    cxy, cxz, cyz = xy * ix, xz * ix, yz * iy
    y_x, z_x, z_y = sy - xy * cxy, sz - xz * cxz, sz - yz * cyz
    iy_x, iz_x, iz_y = one / y_x, one / z_x, one / z_y
    yz_x = yz - xy * cxz
    cyz_x = yz_x * iy_x
    z_xy = z_x - yz_x * cyz_x
    iz_xy = one / z_xy
    dxy, dxz, dyz = sx * y_x, sx * z_x, sy * z_y
    ixy, ixz, iyz = ix * iy_x, ix * iz_x, iy * iz_y
    ixyz = ixy * iz_xy
    return (
        (cxy, cxz, cyz, cyz_x),
        (ix, iy, iz, iy_x, iz_x, iz_y, iz_xy),
        (one, sx, sy, sz, dxy, dxz, dyz, dxy * z_xy),
        (one, ix, iy, iz, iy_x * sy * ixy, iz_x * sz * ixz, iz_y * sz * iyz, dxy * dxz * dyz * ixyz * ixyz * ixyz),
    )


@numba.njit(**FLAGS)
def _times(v, p, ux, uy, uz, factors, inverse):  # type: ignore[no-untyped-def]
    """The products of all subsets of the corner, times the entries of one row."""
    v0, v1, v2, v3, v4, v5, v6, v7 = v
    cxy, cxz, cyz, cyz_x = factors
    ix, iy, iz, iy_x, iz_x, iz_y, iz_xy = inverse
    px = p + ux * ux * ix
    y_x = uy - ux * cxy
    z_x = uz - ux * cxz
    pxy = px + y_x * y_x * iy_x
    z_xy = z_x - y_x * cyz_x
    py = p + uy * uy * iy
    z_y = uz - uy * cyz
    return (
        v0 * p, v1 * px, v2 * py, v3 * (p + uz * uz * iz), v4 * pxy, v5 * (px + z_x * z_x * iz_x),
        v6 * (py + z_y * z_y * iz_y), v7 * (pxy + z_xy * z_xy * iz_xy),
    )


@numba.njit(**FLAGS)
def _between(v, det, a, k, low, high):  # type: ignore[no-untyped-def]
    """In which lanes the score is between the thresholds; `k` members are not in the lane."""
    score = v * power_of(det, a)
    return (score > load(low, (k, 0))) & (score < load(high, (k, 0)))


@numba.njit(**FLAGS)
def _all_between(v, D, parts, a, k, low, high):  # type: ignore[no-untyped-def]
    """In which lanes all eight scores are, with determinants `parts` times `D`; `k` members are in all of them."""
    return (
        _between(v[0], D * parts[0], a, k, low, high)
        & _between(v[1], D * parts[1], a, k + 1, low, high)
        & _between(v[2], D * parts[2], a, k + 1, low, high)
        & _between(v[3], D * parts[3], a, k + 1, low, high)
        & _between(v[4], D * parts[4], a, k + 2, low, high)
        & _between(v[5], D * parts[5], a, k + 2, low, high)
        & _between(v[6], D * parts[6], a, k + 2, low, high)
        & _between(v[7], D * parts[7], a, k + 3, low, high)
    )


@numba.njit(**FLAGS)
def _store_all(values, dets, first, v, D, parts):  # type: ignore[no-untyped-def]
    """Write the vectors of eight subsets to rows of arrays."""
    for i in range(8):
        store(values, (first + i, 0), v[i])
        store(dets, (first + i, 0), D * parts[i])


@functools.cache
def subset_walk() -> Any:
    """The compiled walk, for all measures and any number of variables.

    ``walk(R, a, product, in_lane, orders, sets, path, on_path, at, stop, low, high, masks, J, L)`` goes from position
    `at`, where the first `on_path` entries of `path` are the members, to `stop`; `path` is advanced in place. The score
    of a set is ``det^a``, times the product over the diagonal of its inverse if `product`. Sets whose score is not
    between the thresholds (`SubsetPlan.by_order`) are written out, members as bits; L is 0 without `product`.
    `sets` are the sets of these orders beside each number of members on the path. It returns (found, sets seen, next
    position, members there), when it has reached `stop` or the output may be full.
    """

    @numba.njit(
        "UniTuple(int64, 4)(float64[:,::1], float64, boolean, float64[:,::1], UniTuple(int64, 2), int64[::1], "
        "int64[::1], int64, int64, int64, float64[:,::1], float64[:,::1], int64[::1], float64[::1], float64[::1])",
        **FLAGS,
    )
    def walk(R, a, product, in_lane, orders, sets, path, on_path, at, stop, low, high, masks, J, L):
        n = len(R)
        lowest, highest = orders
        end = n - _CORNER  # of the path
        w, x, y, z = end, end + 1, end + 2, end + 3
        depths = end + 1
        r = np.empty((depths, n, n, LANES))
        s = np.empty((depths, n, LANES))
        u = np.empty((depths, n, depths, LANES))
        p = np.empty((depths, depths, LANES))
        det = np.empty((depths, LANES))
        values, dets = np.empty((16, LANES)), np.empty((16, LANES))
        one, zero = fill(1.0), fill(0.0)
        ones = (one, one, one, one, one, one, one, one)
        store(det, (0, 0), one)
        for i in range(n):
            store(s, (0, i, 0), one)
            for j in range(i + 1, n):
                store(r, (0, i, j, 0), fill(R[i, j]))
        for i in range(_FIRST):
            _extend(i, i, load(in_lane, (i, 0)) > zero, r, s, u, p, det)
        rows = 1 if product else 0  # the product goes over, for each member
        done = 0  # members on the path that are appended
        found = 0
        seen = 0
        while at < stop:
            last = path[on_path - 1] if on_path > 0 else _FIRST - 1
            behind = end - 1 - last
            # whether no set beside this subset or one that begins like it has these orders
            none = on_path + behind + _FIRST + _CORNER < lowest or on_path > highest
            while done < on_path and not none:
                _extend(_FIRST + done, path[done], one > zero, r, s, u, p, det)
                done += 1
            if not none and sets[on_path] > 0:
                if found + _SETS > len(J):
                    return found, seen, at, on_path
                seen += sets[on_path]
                d = _FIRST + done
                D = load(det, (d, 0))
                sw, sx, sy, sz = load(s, (d, w, 0)), load(s, (d, x, 0)), load(s, (d, y, 0)), load(s, (d, z, 0))
                wx, wy, wz = load(r, (d, w, x, 0)), load(r, (d, w, y, 0)), load(r, (d, w, z, 0))
                xy, xz, yz = load(r, (d, x, y, 0)), load(r, (d, x, z, 0)), load(r, (d, y, z, 0))
                factors, inverse, parts, v = _pivots(sx, sy, sz, xy, xz, yz)
                for j in range(rows * d):
                    ux, uy, uz = load(u, (d, x, j, 0)), load(u, (d, y, j, 0)), load(u, (d, z, j, 0))
                    v = _times(v, load(p, (d, j, 0)), ux, uy, uz, factors, inverse)
                iw = one / sw
                cx, cy, cz = wx * iw, wy * iw, wz * iw
                with_factors, with_inverse, with_parts, with_v = _pivots(
                    sx - wx * cx, sy - wy * cy, sz - wz * cz, xy - wx * cy, xz - wx * cz, yz - wy * cz
                )
                with_v = _times(with_v, iw, cx, cy, cz, with_factors, with_inverse)
                for j in range(rows * d):
                    uw = load(u, (d, w, j, 0))
                    ux = load(u, (d, x, j, 0)) - uw * cx
                    uy = load(u, (d, y, j, 0)) - uw * cy
                    uz = load(u, (d, z, j, 0)) - uw * cz
                    pj = load(p, (d, j, 0)) + uw * uw * iw
                    with_v = _times(with_v, pj, ux, uy, uz, with_factors, with_inverse)
                if not product:
                    v, with_v = ones, ones
                between = _all_between(v, D, parts, a, on_path, low, high)
                with_between = _all_between(with_v, D * sw, with_parts, a, on_path + 1, low, high)
                if not (all_lanes(between & with_between)):
                    # rare: find the sets, and write them out with their terms
                    _store_all(values, dets, 0, v, D, parts)
                    _store_all(values, dets, 8, with_v, D * sw, with_parts)
                    mask = 0
                    for i in range(on_path):
                        mask |= 1 << path[i]
                    for c in range(16):
                        corner = c >> 3 | _LAST_THREE[c & 7] << 1
                        k = on_path + (corner & 1) + (corner >> 1 & 1) + (corner >> 2 & 1) + (corner >> 3)
                        for lane in range(LANES):
                            score = values[c, lane] * dets[c, lane] ** int(a)
                            if score > low[k, lane] and score < high[k, lane]:
                                continue
                            masks[found] = mask | lane | corner << w
                            J[found] = np.log(dets[c, lane])
                            L[found] = np.log(values[c, lane])
                            found += 1
            # the next subset of the path
            if not none and behind > 0 and on_path < highest:
                path[on_path] = last + 1
                on_path += 1
                at += 1
                continue
            at += 1 << behind
            while on_path > 0 and path[on_path - 1] == end - 1:
                on_path -= 1
            if on_path == 0:
                break
            path[on_path - 1] += 1
            done = min(done, on_path - 1)
        return found, seen, at, on_path

    return walk
