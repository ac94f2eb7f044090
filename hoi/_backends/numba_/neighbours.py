"""Nearest neighbours of all samples in the spaces of many sets, and the digammas of how many are as near elsewhere.

The first algorithm of Kraskov, Stögbauer and Grassberger (2004), with one radius for all the terms of a set: the
distance (maximum norm) to the k-th neighbour in the space of the whole set, with target and given variables joined.

One sample at a time: its distances from all others, in each variable; running maxima over the members of a prefix. For
64 samples at a time, those within the radius in one variable are one word of bits. A sample inside in all variables but
one, or in all, is inside for the set without it: that gives the counts of all S - i at once.
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from hoi._backends.numba_.tail import FLAGS
from hoi._backends.numba_.vectors import LANES
from hoi._backends.numba_.words import load_words, no_words, ones, ones_in, store_words, total

__all__ = ["neighbour_terms"]

_SAMPLES = 64


def _at(context, builder, kind, array, places):  # type: ignore[no-untyped-def]
    """Pointer to 64 numbers from a place of a C-ordered array on."""
    made = context.make_array(kind)(context, builder, array)
    item = cgutils.get_item_pointer(context, builder, kind, made, places, wraparound=False)
    return builder.bitcast(item, _vector(kind.dtype).as_pointer())


def _vector(number):  # type: ignore[no-untyped-def]
    return ir.VectorType(ir.FloatType() if number == types.float32 else ir.DoubleType(), _SAMPLES)


def _spread(builder, value, kind):  # type: ignore[no-untyped-def]
    lanes = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), _SAMPLES), [0] * _SAMPLES)
    return builder.shuffle_vector(lanes, ir.Constant(kind, ir.Undefined), zeros)


def _compared(relation):  # type: ignore[no-untyped-def]
    """Bits of the 64 numbers from a place of an array on that are so related to a bound, of the same type."""

    def typed(typingctx, array, index, bound):  # type: ignore[no-untyped-def]
        def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
            places = cgutils.unpack_tuple(builder, args[1])
            row = builder.load(_at(context, builder, sig.args[0], args[0], places), align=4)
            bounds = _spread(builder, args[2], row.type)
            return builder.bitcast(builder.fcmp_ordered(relation, row, bounds), ir.IntType(64))

        return types.uint64(array, index, array.dtype), build

    return intrinsic(typed)


_below, _at_most = _compared("<"), _compared("<=")


@intrinsic
def _farther(typingctx, one, place, other, where, words, to, least):  # type: ignore[no-untyped-def]
    """The larger of the numbers of two rows, words of 64 at a time, and the least of these by their place in a word."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        zero = [context.get_constant(types.int64, 0)]
        first, second = (cgutils.unpack_tuple(builder, args[n]) for n in (1, 3))
        rows = [
            _at(context, builder, sig.args[n], args[n], places)
            for n, places in ((0, first), (2, second), (5, zero), (6, zero))
        ]
        kind = _vector(sig.args[0].dtype)
        low = cgutils.alloca_once(builder, kind)
        builder.store(ir.Constant(kind, [float("inf")] * _SAMPLES), low)
        with cgutils.for_range(builder, args[4]) as loop:
            a, b = (builder.load(builder.gep(row, [loop.index]), align=4) for row in rows[:2])
            far = builder.select(builder.fcmp_ordered(">", a, b), a, b)
            builder.store(far, builder.gep(rows[2], [loop.index]), align=4)
            so_far = builder.load(low)
            builder.store(builder.select(builder.fcmp_ordered("<", far, so_far), far, so_far), low)
        builder.store(builder.load(low), rows[3], align=4)
        return context.get_dummy_value()

    return types.none(one, place, other, where, types.int64, to, least), build


@intrinsic
def _next(typingctx, least, index, floor):  # type: ignore[no-untyped-def]
    """The least of 64 numbers that are above the floor; infinite if none is."""

    def build(context, builder, sig, args):  # type: ignore[no-untyped-def]
        places = cgutils.unpack_tuple(builder, args[1])
        row = builder.load(_at(context, builder, sig.args[0], args[0], places), align=4)
        above = builder.fcmp_ordered(">", row, _spread(builder, args[2], row.type))
        left = builder.select(above, row, ir.Constant(row.type, [float("inf")] * _SAMPLES))
        number = "f32" if row.type.element == ir.FloatType() else "f64"
        kind = ir.FunctionType(row.type.element, [row.type])
        smallest = cgutils.get_or_insert_function(builder.module, kind, f"llvm.vector.reduce.fmin.v{_SAMPLES}{number}")
        return builder.call(smallest, [left], fastmath=("nnan",))

    return least.dtype(least, index, least.dtype), build


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
def _radius(P, m, d, y, words, far, least, best):  # type: ignore[no-untyped-def]
    """The k-th of the distances in row m of P and row y of d, the larger of both; room for those and for k of them.

    The least distance of each place in a word: the k-th of these 64 is a bound, and mostly the one wanted.
    """
    k = len(best)
    _farther(P, (m, 0), d, (y, 0), words, far, least)
    best[0] = -1
    bound = _next(least, (0,), best[0])
    while bound < np.inf and ones(_at_most(least, (0,), bound)) < k:
        bound = _next(least, (0,), bound)
    within = 0
    for w in range(words):
        within += ones(_at_most(far, (_SAMPLES * w,), bound))
    if within == k:
        return bound
    best[:] = np.inf
    for w in range(words):
        bits = _at_most(far, (_SAMPLES * w,), bound)
        while bits:
            distance = far[_SAMPLES * w + _first(bits)]
            bits &= bits - np.uint64(1)
            if distance < best[k - 1]:
                j = k - 1
                while j > 0 and best[j - 1] > distance:
                    best[j] = best[j - 1]
                    j -= 1
                best[j] = distance
    return best[k - 1]


@numba.njit(**FLAGS)
def _count(inside, before, after, one, rest):  # type: ignore[no-untyped-def]
    """Of samples that are inside in each variable (rows of bits): how many in one, and in all others; and in all."""
    order, wide = inside.shape
    for w in range(0, wide, LANES):
        bits = load_words(inside, (0, w))
        for i in range(1, order):
            store_words(before, (i, w), bits)  # those of the earlier variables, and likewise of the later ones
            bits = bits & load_words(inside, (i, w))
        bits = load_words(inside, (order - 1, w))
        for i in range(order - 2, -1, -1):
            store_words(after, (i, w), bits)
            bits = bits & load_words(inside, (i, w))
    everywhere = no_words()
    for i in range(order):
        alone, others = no_words(), no_words()
        for w in range(0, wide, LANES):
            bits = load_words(inside, (i, w))
            alone = alone + ones_in(bits)
            if 0 < i < order - 1:
                others = others + ones_in(load_words(before, (i, w)) & load_words(after, (i, w)))
            elif i > 0:
                others = others + ones_in(load_words(before, (i, w)))
                everywhere = everywhere + ones_in(load_words(before, (i, w)) & bits)
            elif order > 1:
                others = others + ones_in(load_words(after, (i, w)))
        one[i] = total(alone)
        rest[i] = total(others)
    return total(everywhere) if order > 1 else one[0]


@numba.njit(**FLAGS)
def _only(d, row, radius, common, inside):  # type: ignore[no-untyped-def]
    """Leave those within in one more row of d, of `common` and in each variable; how many, with the sample itself."""
    left = 1
    for w in range(len(common)):
        common[w] &= _below(d, (row, _SAMPLES * w), radius)
        left += ones(common[w])
        for i in range(len(inside)):
            inside[i, w] &= common[w]
    return left


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
    psi : (T + 2,) int64
        Digamma of 1, 2, ..., from place 1 on, in a small unit.
    k, window : int
        The k-th neighbour; samples nearer in time than this, or as near, are not neighbours.
    least : of the type of data
        The least positive number: with a radius of 0, equal samples are within.
    members, shared : (m, order) int64, (m,) int64
        Sets, and how many members each has in common with the one before, from the first on.
    terms : (3, m) int64
    """
    n, T = len(blocks) - 3, data.shape[1]
    order = members.shape[1]
    words = -(-T // _SAMPLES)
    wide = words * _SAMPLES
    far = least + np.inf
    d = np.full((n + 2, wide), far, dtype=data.dtype)
    P = np.full((order, wide), far, dtype=data.dtype)
    joint_distance, low = np.empty(wide, dtype=data.dtype), np.empty(_SAMPLES, dtype=data.dtype)
    best = np.empty(k, dtype=data.dtype)
    inside = np.zeros((order, -(-words // LANES) * LANES), dtype=np.uint64)
    before, after = np.zeros_like(inside), np.zeros_like(inside)
    common = np.empty(words, dtype=np.uint64)
    one, rest = np.zeros(order, dtype=np.int64), np.zeros(order, dtype=np.int64)
    for t in range(T):
        _distances(data, blocks, t, window, d)
        others = T - min(t, window) - min(T - 1 - t, window)
        _farther(d, (n, 0), d, (n + 1, 0), words, P[0], low)
        for at in range(len(members)):
            S = members[at]
            if at == 0 or shared[at] < order - 1:
                for i in range(0 if at == 0 else shared[at], order - 1):
                    _farther(P, (i, 0), d, (S[i], 0), words, P[i + 1], low)
            radius = _radius(P, order - 1, d, S[order - 1], words, joint_distance, low, best)
            tied = radius <= 0
            if tied:
                radius = least
            for i in range(order):
                for w in range(words):
                    inside[i, w] = _below(d, (S[i], _SAMPLES * w), radius)
            common[:] = ~np.uint64(0)
            z = _only(d, n + 1, radius, common, inside) if given else others
            whole = _count(inside, before, after, one, rest) + 1
            if order == 1:
                rest[0] = z - 1
            joint = psi[whole] if tied and not target else psi[k]
            J = psi[z] - joint if not target else psi[z] - psi[whole]
            D, L = order * psi[z], -order * J
            for i in range(order):
                D -= psi[one[i] + 1]
                L += psi[z] - psi[rest[i] + 1]
            if target:
                yz = _only(d, n, radius, common, inside)
                whole = _count(inside, before, after, one, rest) + 1
                if order == 1:
                    rest[0] = yz - 1
                more = (psi[whole] if tied else psi[k]) - psi[yz]
                J += more
                D, L = D - order * psi[yz], L - order * (more + psi[yz])
                for i in range(order):
                    D += psi[one[i] + 1]
                    L += psi[rest[i] + 1]
            terms[0, at] += D if order > 1 else J  # the set is its one member, and its radius that of J
            terms[1, at] += J
            terms[2, at] += L
