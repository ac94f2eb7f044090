"""The walk over what a set leaves out: O(number of variables) operations a set, whatever its order.

With P the inverse of the whole matrix R, a set S and its complement C,

    det R_S = det R * det P_CC          (R_S^-1)_ii = P_ii - P_iC P_CC^-1 P_Ci

so that C is swept out of P where the other walks sweep S into R. P is used with its diagonal scaled to 1: all that is
multiplied is then at most 1. It takes a matrix that is well conditioned; no set of it is singular.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numba
import numpy as np

from hoi._backends.numba_.score import EPS, LEAST, MOST
from hoi._backends.numba_.tail import FLAGS, next_prefix
from hoi._typing import FloatArray

__all__ = ["Inverse", "complement_walk", "invert"]

# Rows are filled up to a multiple of this with variables that change nothing.
_WIDTH = 8


class Inverse(NamedTuple):
    """The inverse with unit diagonal and 0 in its place, rows filled up; the diagonal it had; log det R; and the
    nats for each member by which values found with it may be off."""

    scaled: FloatArray
    diagonal: FloatArray
    logdet: float
    margin: float


def invert(R: FloatArray) -> Inverse | None:
    """None where rounding might exceed what the engine allows for.

    The inverse is exact for a matrix that is off by n * eps * cond in relative norm, and an entry of the inverse of a
    part is off by cond times that (Higham, chapter 14); sweeping with the inverse comes to less. The margin is four
    times as much, and no less than that of the other walks.
    """
    n = len(R)
    values = np.linalg.eigvalsh(R)
    if not values[0] > 0 or (margin := 4 * n * EPS * (values[-1] / values[0]) ** 2) > MOST:
        return None
    P = np.linalg.inv(R)
    diagonal = np.diagonal(P).copy()
    scale = np.sqrt(diagonal)
    scaled = np.zeros((n, -(-n // _WIDTH) * _WIDTH))
    scaled[:, :n] = (P + P.T) / (2 * np.outer(scale, scale))
    np.fill_diagonal(scaled, 0.0)
    return Inverse(scaled, diagonal, float(np.linalg.slogdet(R)[1]), max(LEAST, margin))


# The order in which these factors are multiplied is free: scores only screen.
@numba.njit(**{**FLAGS, "fastmath": {*FLAGS["fastmath"], "reassoc"}})
def _product(s, row, rw, c, inv):
    """Product of the variances of all variables, given those left out so far, the last one (`rw`) and y (`row`)."""
    v = 1.0
    for i in range(len(s)):
        t = row[i] - c * rw[i]
        v *= s[i] - t * t * inv
    return v


@numba.njit(**FLAGS)
def _leave_out(depth, w, r, s, det):
    """Sweep out variable `w`: from the state at `depth` to the next, for the rows of later variables."""
    rw = r[depth, w]
    inv = 1.0 / s[depth, w]
    det[depth + 1] = det[depth] * s[depth, w]
    for i in range(s.shape[1]):
        s[depth + 1, i] = s[depth, i] - rw[i] * rw[i] * inv
    s[depth + 1, w] = 1.0
    for y in range(w + 1, r.shape[1]):
        row = r[depth, y]
        target = r[depth + 1, y]
        c = row[w] * inv
        for i in range(s.shape[1]):
            target[i] = row[i] - c * rw[i]
        target[y] = 0.0
        target[w] = 0.0


@functools.cache
def complement_walk() -> Any:
    """The compiled walk over complements.

    ``walk(Q, factors, (a, b, e), cursor, y0, n_prefixes, most, low, high, members, J, L)`` goes through those that
    begin with `n_prefixes` prefixes from `cursor` on, as that of `tail_walk` does with sets.

    `Q` is the scaled inverse. The score of a set is ``det^a * prod(factors)`` over the complement, times the power b of
    the product over the set. Those written out are given by their complements, with log det and the sum of logarithms
    of the scaled matrix. It returns (found, evaluated, prefixes done, next y0).
    """

    @numba.njit(
        "UniTuple(int64, 4)(float64[:,::1], float64[::1], UniTuple(int64, 3), int64[::1], int64, int64, int64, "
        "float64, float64, int64[:,::1], float64[::1], float64[::1])",
        **FLAGS,
    )
    def walk(Q, factors, power, cursor, y0, n_prefixes, most, low, high, members, J, L):
        n, width = Q.shape
        M = len(cursor)
        a, b, e = power
        r = np.empty((max(M, 1), n, width))
        r[0] = Q
        s = np.ones((M + 1, width))
        det = np.ones(M + 1)
        nothing = np.zeros(width)
        found = 0
        seen = 0
        done = 0
        depth = 0
        while done < n_prefixes:
            while depth < M - 1:
                _leave_out(depth, cursor[depth], r, s, det)
                depth += 1
            # the last member of the prefix is not swept out of r: that is left to the loop over i
            rr = r[max(M - 1, 0)]
            w = -1
            rw = nothing
            inv_w = 0.0
            if M > 0:
                w = cursor[M - 1]
                rw = rr[w]
                inv_w = 1.0 / s[M - 1, w]
                det[M] = det[M - 1] * s[M - 1, w]
                for i in range(width):
                    s[M, i] = s[M - 1, i] - rw[i] * rw[i] * inv_w
                s[M, w] = 1.0
            ss = s[M]
            scale = det[M] ** a
            for j in range(M):
                scale *= factors[cursor[j]]
            t_low, t_high = low / scale, high / scale
            if not 1e-290 < scale < 1e290 or t_high < 1e-290 or (low > 0.0 and t_low < 1e-290):
                t_low, t_high = np.inf, -np.inf  # hand all over
            for y in range(y0, n):
                if found == len(J) or seen > most:
                    return found, seen, done, y
                seen += 1
                row = rr[y]
                q = row[w] if M > 0 else 0.0
                inv_y = 1.0 / ss[y]
                v = factors[y] * ss[y] ** e
                g = 1.0
                if b > 0:
                    # y takes part with its own variance, for which the score has an exponent, and w not at all
                    if M > 0:
                        row[w] = rw[y] = 0.0
                    g = _product(ss, row, rw, q * inv_w, inv_y)
                    if M > 0:
                        row[w] = rw[y] = q
                v *= g**b
                if v > t_low and v < t_high and g > 1e-290:
                    continue
                members[found, :M] = cursor
                members[found, M] = y
                J[found] = np.log(det[M]) + np.log(ss[y])
                l_sum = 0.0
                for i in range(n):
                    if i != y and i != w:
                        t = row[i] - q * inv_w * rw[i]
                        l_sum += np.log(ss[i] - t * t * inv_y)
                L[found] = l_sum
                found += 1

            done += 1
            depth = next_prefix(cursor, n - 1)
            if depth < 0:
                break
            y0 = cursor[M - 1] + 1
        return found, seen, done, y0

    return walk
