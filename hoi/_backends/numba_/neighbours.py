"""Nearest neighbours of all samples in the spaces of many sets, and the digammas of how many are as near elsewhere.

The first algorithm of Kraskov, Stögbauer and Grassberger (2004), with one radius for all the terms of a set: the
distance (maximum norm) to the k-th neighbour in the space of the whole set, with target and given variables joined.

One sample at a time: its distances from all others, in each variable; running maxima over the members of a prefix. The
k nearest of the prefix bound the radius of every set that begins with it. For 64 samples at a time, those within the
radius in one variable are one word of bits. A sample outside in exactly one variable is inside for the set without it:
that gives the counts of all S - i at once.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from hoi._backends.numba_.tail import FLAGS
from hoi._backends.numba_.words import ones

__all__ = ["neighbour_terms"]

_SAMPLES = 64


@intrinsic
def _below(typingctx, array, index, bound):  # type: ignore[no-untyped-def]
    """Bits of the 64 numbers from a place of an array on that are less than `bound`, of the same type."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        number = ir.FloatType() if sig.args[0].dtype == types.float32 else ir.DoubleType()
        vector = ir.VectorType(number, _SAMPLES)
        made = context.make_array(sig.args[0])(context, builder, args[0])
        places = cgutils.unpack_tuple(builder, args[1])
        item = cgutils.get_item_pointer(context, builder, sig.args[0], made, places, wraparound=False)
        row = builder.load(builder.bitcast(item, vector.as_pointer()), align=4)
        lanes = builder.insert_element(ir.Constant(vector, ir.Undefined), args[2], ir.IntType(32)(0))
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), _SAMPLES), [0] * _SAMPLES)
        bounds = builder.shuffle_vector(lanes, ir.Constant(vector, ir.Undefined), zeros)
        return builder.bitcast(builder.fcmp_ordered("<", row, bounds), ir.IntType(64))

    return types.uint64(array, index, array.dtype), build


@intrinsic
def _first(typingctx, word):  # type: ignore[no-untyped-def]
    """Place of the lowest bit that is set."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.int64(types.uint64), build


@numba.njit(**FLAGS)
def _distances(data, blocks, t, window, d):  # type: ignore[no-untyped-def]
    """Distances of sample t from all in each variable: infinite within the window, and behind the end."""
    T = data.shape[1]
    for v in range(len(blocks) - 1):
        row = d[v]
        row[:T] = 0
        for c in range(blocks[v], blocks[v + 1]):
            x = data[c, t]
            for s in range(T):
                row[s] = max(row[s], abs(data[c, s] - x))
        row[max(t - window, 0) : t + window + 1] = np.inf


@numba.njit(**FLAGS)
def _nearest(P, m, d, y, best, near):  # type: ignore[no-untyped-def]
    """The `best` distances, ascending, of those that are less than the last of them, in row m of P and row y of d."""
    k = len(best)
    for w in range(P.shape[1] // _SAMPLES):
        bits = _below(P, (m, _SAMPLES * w), best[k - 1]) & _below(d, (y, _SAMPLES * w), best[k - 1])
        while bits:
            s = _SAMPLES * w + _first(bits)
            bits &= bits - np.uint64(1)
            far = max(P[m, s], d[y, s])
            if far < best[k - 1]:
                j = k - 1
                while j > 0 and best[j - 1] > far:
                    best[j] = best[j - 1]
                    near[j] = near[j - 1]
                    j -= 1
                best[j] = far
                near[j] = s


@numba.njit(**FLAGS)
def neighbour_terms(data, blocks, target, given, psi, k, window, least, members, shared, terms):  # type: ignore[no-untyped-def]
    """Add (D, J, L), in half nats and summed over samples, of each set to `terms` (3, m).

    Parameters
    ----------
    data : (n_columns, T) float32 or float64
    blocks : (n + 3,) int64
        Variable v is the columns ``blocks[v]:blocks[v + 1]``; the last but one is the target, the last what is given.
    target, given : bool
        Whether there are any.
    psi : (T + 2,) float64
        Digamma of 1, 2, ..., from place 1 on.
    k, window : int
        The k-th neighbour; samples nearer in time than this, or as near, are not neighbours.
    least : of the type of data
        The least positive number: with a radius of 0, equal samples are within.
    members, shared : (m, order) int64, (m,) int64
        Sets, and how many members each has in common with the one before, from the first on.
    """
    n, T = len(blocks) - 3, data.shape[1]
    order = members.shape[1]
    words = -(-T // _SAMPLES)
    wide = words * _SAMPLES
    far = least + np.inf
    d = np.full((n + 2, wide), far, dtype=data.dtype)
    P = np.full((order, wide), far, dtype=data.dtype)
    best, near = np.empty(k, dtype=data.dtype), np.zeros(k, dtype=np.int64)
    base = np.empty(words, dtype=np.uint64)
    inside = np.empty(order, dtype=np.uint64)
    one, rest = np.empty((2, order), dtype=np.int64), np.empty((2, order), dtype=np.int64)
    for t in range(T):
        _distances(data, blocks, t, window, d)
        others = 1
        for w in range(words):
            base[w] = _below(d, (n + 1, _SAMPLES * w), far)
            others += ones(base[w])
        for s in range(wide):
            P[0, s] = max(d[n, s], d[n + 1, s])
        for at in range(len(members)):
            S = members[at]
            if at == 0 or shared[at] < order - 1:
                for i in range(0 if at == 0 else shared[at], order - 1):
                    for s in range(wide):
                        P[i + 1, s] = max(P[i, s], d[S[i], s])
                best[:] = far
                _nearest(P, order - 1, P, order - 1, best, near)
            y = S[order - 1]
            bound = best[0] * 0
            for j in range(k):
                bound = max(bound, max(P[order - 1, near[j]], d[y, near[j]]))
            # the k nearest of the prefix are within: so are the k nearest
            radii = np.full(k, np.nextafter(bound, far), dtype=data.dtype)
            _nearest(P, order - 1, d, y, radii, np.zeros(k, dtype=np.int64))
            radius = radii[k - 1]
            tied = radius <= 0
            if tied:
                radius = least
            one[:], rest[:] = 1, 1
            all_z, all_yz, whole, whole_y = 1, 1, 1, 1
            for w in range(words):
                z = _below(d, (n + 1, _SAMPLES * w), radius) if given else base[w]
                once, twice = np.uint64(0), np.uint64(0)
                for i in range(order):
                    bits = _below(d, (S[i], _SAMPLES * w), radius)
                    inside[i] = bits
                    twice |= once & ~bits
                    once |= ~bits
                    one[0, i] += ones(bits & z)
                whole += ones(~once & z)
                # outside in exactly one variable: inside for the set without it
                single = once & ~twice & z
                for i in range(order):
                    rest[0, i] += ones(single & ~inside[i])
                if given:
                    all_z += ones(z)
                if target:
                    yz = _below(d, (n, _SAMPLES * w), radius) & z
                    all_yz += ones(yz)
                    whole_y += ones(~once & yz)
                    for i in range(order):
                        one[1, i] += ones(inside[i] & yz)
                        rest[1, i] += ones(single & ~inside[i] & yz)
            if not given:
                all_z = others
            joint = psi[(whole_y if target else whole) if tied else k]
            if target:
                nothing = psi[all_z] - psi[all_yz]
                J = joint - psi[whole] + nothing
                D, L = order * nothing, order * (nothing - J)
                for i in range(order):
                    D += psi[one[1, i]] - psi[one[0, i]]
                    L += psi[rest[1, i] + whole_y - 1] - psi[rest[0, i] + whole - 1]
            else:
                J = psi[all_z] - joint
                D, L = order * psi[all_z], order * joint
                for i in range(order):
                    D -= psi[one[0, i]]
                    L -= psi[rest[0, i] + whole - 1]
            terms[0, at] += D if order > 1 else J  # the set is its one member, and its radius that of J
            terms[1, at] += J
            terms[2, at] += L
