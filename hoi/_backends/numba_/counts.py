"""The walk over sets of discrete variables: their entropies from counts of joint states, and those of their parts.

``H = constant - sum of f(count)``, and the term L of a set of k is ``2 [sum of H(S - i) - k H(S)]``. So H of all sets
of k - 1 is worked out first, into a table in lexicographic order, whose rows over the last member are contiguous.

States are counted in one of two ways. *Planes*: a word holds one bit for each of 64 samples, a cell (a joint state of
the first k - 1 members that occurs) is a few words, and the counts of its states with eight last members at once are
the bits set in the AND with their planes. *Codes*: the joint state of the first k - 1 is a number for each sample, and
the states with the last member go through a histogram; for many states.

Roots make the set function conditional, or an information: the samples are split by the states of other variables
before the first member, and each part has a weight. All samples, weight 1: H(S). By the states of Z: H(S, Z). All
with 1 and the states of Y with -1: H(S) - H(S, Y), which is I(S; Y) but for a constant.

Memory is bounded by heads: where the table would be too large, the first members of sets are taken as a part of the
roots, and the table is that of sets with the same head. H(S - i) for i in the head then is counted beside H(S), from
the roots without it: a *chain* each, the first of which is that of S. Variables are then those behind the head.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from hoi._backends.numba_.tail import FLAGS, next_prefix
from hoi._backends.numba_.vectors import LANES, all_lanes, fill, lanes_from, load, store
from hoi._backends.numba_.words import fill_word, load_words, look_up, no_words, ones, ones_in

__all__ = ["count_walk", "pack"]


def pack(codes: NDArray[np.integer], states: int) -> NDArray[np.uint64]:
    """Bits of samples by state and variable, (states, blocks of eight variables, words, eight), from codes (n, T)."""
    n, T = codes.shape
    words, blocks = -(-T // 64), -(-n // LANES)
    planes = np.zeros((states, blocks * LANES, words * 64), dtype=bool)
    planes[:, :n, :T] = codes == np.arange(states)[:, None, None]
    packed = np.packbits(planes, axis=2, bitorder="little").view("<u8").astype(np.uint64)
    return np.ascontiguousarray(packed.reshape(states, blocks, LANES, words).swapaxes(2, 3))


@numba.njit(**FLAGS)
def _row(members, skip, count, place, n):
    """Where the row of sets begins, less its first last member: of the first `count` members but the one at `skip`.

    A set of m members is at ``comb(n, m) - 1 - sum of comb(n - 1 - s_i, m - i)``, in which the last member counts one.
    """
    m = count if skip < count else count + 1
    at = place[n, m] - n
    i = 0
    for j in range(count):
        if j != skip:
            at -= place[n - 1 - members[j], m - i]
            i += 1
    return at


@numba.njit(**FLAGS)
def _split(planes, states, v, cells, sizes, weights, to, to_sizes, to_weights):
    """Cells by the states of `v`; those that do not occur are left out. The number of them."""
    block, lane, words = v // LANES, v % LANES, cells.shape[1]
    made = 0
    for c in range(len(sizes)):
        for a in range(states[v]):
            total = 0
            for w in range(words):
                word = cells[c, w] & planes[a, block, w, lane]
                to[made, w] = word
                total += ones(word)
            if total > 0:
                to_sizes[made] = total
                to_weights[made] = weights[c]
                made += 1
    return made


@numba.njit(**FLAGS)
def _by_planes(planes, f, cells, sizes, weights, block):
    """Sum of weight times f(count) over the states of all cells with each of eight last members."""
    states, _, words, _ = planes.shape
    total = fill(0.0)
    for c in range(len(sizes)):
        rest = fill_word(np.uint64(sizes[c]))
        part = fill(0.0)
        for a in range(states - 1):
            count = no_words()
            for w in range(words):
                count = count + ones_in(fill_word(cells[c, w]) & load_words(planes, (a, block, w, 0)))
            part = part + look_up(f, count)
            rest = rest - count
        part = part + look_up(f, rest)
        total = total + fill(weights[c]) * part
    return total


@numba.njit(**FLAGS)
def _renumber(codes, states, v, code, label, to):
    """Joint states with those of `v`, numbered as they occur. `label` is at -1 before and after. How many there are."""
    q, made = states[v], 0
    for t in range(len(code)):
        key = code[t] * q + codes[v, t]
        if label[key] < 0:
            label[key] = made
            made += 1
        to[t] = label[key]
    for t in range(len(code)):
        label[code[t] * q + codes[v, t]] = -1
    return made


@numba.njit(**FLAGS)
def _by_codes(codes, states, steps, code, y, histogram):
    """Sum of f(count) over the joint states with those of `y`: each sample adds what it raises f by."""
    q = states[y]
    T = len(code)
    one, two = 0.0, 0.0
    for t in range(0, T - 1, 2):
        key = code[t] * q + codes[y, t]
        one += steps[histogram[key]]
        histogram[key] += 1
        key = code[t + 1] * q + codes[y, t + 1]
        two += steps[histogram[key]]
        histogram[key] += 1
    if T % 2:
        one += steps[histogram[code[T - 1] * q + codes[y, T - 1]]]
    for t in range(T):
        histogram[code[t] * q + codes[y, t]] = 0
    return one + two


@numba.njit(**FLAGS)
def count_walk(
    planes, codes, states, by_planes, f, steps, constant, roots, root_codes, root_weights, n_roots, table, single, head,
    weights, place, cursor, x0, n_prefixes, most, target, low, high, members, terms,
):
    """Walk over sets of k variables, k - 2 of which are the prefix `cursor`, from its next member `x0` on.

    Parameters
    ----------
    planes : (states, blocks, words, 8) uint64; codes : (n, T) int32
        The samples, as `pack` makes them, or as they are: the other one is empty, by `by_planes`.
    states : (n,) int64
    f, steps : (T + 1,) float64
        The table of an estimator, and its differences.
    constant : float
        What h is over the sums.
    roots : (chains, rows, words) uint64; root_codes : (chains, rows, T) int32; root_weights : (chains, rows)
        Of which `n_roots` (chains,) rows are used: the cells, or joint states, before the first member.
    table, single : float64
        h of the sets of k - 1 variables, with room for eight in front and behind, or nothing where L is not wanted;
        h of each variable, with room behind.
    head : float
        Sum of h over the members of the head.
    weights : (d, j, l)
    target : float64
        Where not empty, h of the first chain goes there, as `table` has it, and nothing else is done.
    members : (room, k) int64; terms : (3, room) float64
        Sets of which (d D + j J + l L) / 2 is not between `low` and `high`, with D, J and L.

    Returns
    -------
    (found, sets seen, prefixes done, next x0)
    """
    n = len(states)
    M = len(cursor)
    k = M + 2
    chains = len(n_roots)
    rows, words = roots.shape[1], roots.shape[2]
    T = codes.shape[1]
    blocks = -(-n // LANES)
    # the most cells that can occur
    most_cells = rows
    if by_planes:
        bound = len(f) - 1
        largest = 1
        for v in range(n):
            largest = max(largest, states[v])
        for _ in range(k - 1):
            most_cells = min(most_cells * largest, rows * bound)
        most_cells += largest  # a state more is written before it is seen to be empty
    cells = np.empty((k, chains, most_cells, words), dtype=np.uint64)
    sizes = np.zeros((k, chains, most_cells), dtype=np.int64)
    cell_weights = np.zeros((k, chains, most_cells))
    n_cells = np.zeros((k, chains), dtype=np.int64)
    joint = np.zeros((k, chains, 0 if by_planes else rows, T), dtype=np.int32)
    widest = 1
    for v in range(n):
        widest = max(widest, states[v])
    room = T * widest if not by_planes else 1
    label = np.full(room, -1, dtype=np.int32)
    histogram = np.zeros(room, dtype=np.int32)
    for c in range(chains):
        for r in range(n_roots[c]):
            cell_weights[0, c, r] = root_weights[c, r]
            if by_planes:
                cells[0, c, r] = roots[c, r]
            else:
                joint[0, c, r] = root_codes[c, r]
        n_cells[0, c] = n_roots[c]
    sums = np.empty((chains, LANES))
    values = np.empty((5, LANES))
    whole = np.empty(k, dtype=np.int64)
    without = np.empty(k, dtype=np.int64)
    d_weight, j_weight, l_weight = weights
    filling, parts = len(target) > 0, len(table) > 0
    found, seen, done, depth = 0, 0, 0, 0
    while done < n_prefixes:
        for x in range(x0, n - 1):
            if not filling and (found + n - 1 - x > terms.shape[1] or seen > most):
                return found, seen, done, x
            for i in range(M):
                whole[i] = cursor[i]
            whole[M] = x
            while depth <= M:
                v = whole[depth]
                for c in range(chains):
                    m = n_cells[depth, c]
                    if by_planes:
                        n_cells[depth + 1, c] = _split(
                            planes, states, v, cells[depth, c], sizes[depth, c, :m], cell_weights[depth, c],
                            cells[depth + 1, c], sizes[depth + 1, c], cell_weights[depth + 1, c],
                        )
                    else:
                        for r in range(m):
                            _renumber(codes, states, v, joint[depth, c, r], label, joint[depth + 1, c, r])
                            cell_weights[depth + 1, c, r] = cell_weights[depth, c, r]
                        n_cells[depth + 1, c] = m
                depth += 1
            depth = M
            seen += n - 1 - x
            if not filling:
                at_x = _row(whole, k, M, place, n) + x
                for j in range(k - 1):
                    without[j] = _row(whole, j, k - 1, place, n)
                D_x = head + single[x]
                for i in range(M):
                    D_x += single[cursor[i]]
            else:
                at_x = _row(whole, k, k - 1, place, n)
            for block in range((x + 1) // LANES, blocks):
                y0 = block * LANES
                for c in range(chains):
                    m = n_cells[M + 1, c]
                    if by_planes:
                        total = _by_planes(
                            planes, f, cells[M + 1, c], sizes[M + 1, c, :m], cell_weights[M + 1, c], block
                        )
                        store(sums, (c, 0), fill(constant) - total)
                    else:
                        for lane in range(LANES):
                            y = y0 + lane
                            sums[c, lane] = constant
                            if x < y < n:
                                for r in range(m):
                                    sums[c, lane] -= cell_weights[M + 1, c, r] * _by_codes(
                                        codes, states, steps, joint[M + 1, c, r], y, histogram
                                    )
                if filling:
                    for y in range(max(y0, x + 1), min(y0 + LANES, n)):
                        target[LANES + at_x + y] = sums[0, y - y0]
                    continue
                h = load(sums, (0, 0))
                rest = fill(0.0)
                if parts:
                    rest = fill(table[LANES + at_x]) - fill(float(k + chains - 1)) * h
                    for c in range(1, chains):
                        rest = rest + load(sums, (c, 0))
                    for j in range(k - 1):
                        rest = rest + load(table, (LANES + without[j] + y0,))
                alone = fill(D_x) + load(single, (y0,))
                value = fill(d_weight) * alone + fill(j_weight) * h + fill(l_weight) * rest
                between = (value > fill(low)) & (value < fill(high))
                outside = lanes_from(n - y0)
                if all_lanes(between | outside):
                    continue
                store(values, (0, 0), alone)
                store(values, (1, 0), h)
                store(values, (2, 0), rest)
                store(values, (3, 0), value)
                for y in range(max(y0, x + 1), min(y0 + LANES, n)):
                    if low < values[3, y - y0] < high:
                        continue
                    for i in range(k - 1):
                        members[found, i] = whole[i]
                    members[found, k - 1] = y
                    for i in range(3):
                        terms[i, found] = 2.0 * values[i, y - y0]
                    found += 1
        done += 1
        depth = next_prefix(cursor, n - 2)
        if depth < 0:
            break
        x0 = cursor[M - 1] + 1
    return found, seen, done, x0
