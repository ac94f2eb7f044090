"""Values of all sets that differ from one in a single member, or have one member more, from the inverse of its matrix.

For a set S let P = C_S^-1, u_y = P C_Sy and s_y = Var(y | S). Taking member j out of S leaves

    p_i - P_ij^2 / P_jj,    u_iy - P_ij u_jy / P_jj,    s_y + u_jy^2 / P_jj,    det C_S * P_jj

and putting y into a set multiplies its determinant by s_y and adds u_iy^2 / s_y to the diagonal of its inverse (both
are Schur complements): O(k^2 n) for the k (n - k) sets of a neighbourhood.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hoi._typing import FloatArray

__all__ = ["exchanged", "extended"]


@functools.cache
def _kernels() -> tuple[Any, Any]:
    import numba

    from hoi._backends.numba_.cache import can_keep

    options = {"cache": can_keep(), "nogil": True, "error_model": "numpy"}

    @numba.njit(**options)
    def inverse(R, members, P, U, s):  # members one by one; gives log det, or NaN for a singular set
        n, k = R.shape[0], len(members)
        s[:] = 1.0
        J = 0.0
        for l in range(k):  # noqa: E741
            x = members[l]
            sx = s[x]
            if not sx > 1e-10:
                return np.nan
            J += np.log(sx)
            for i in range(l):
                for j in range(l):
                    P[i, j] += U[i, x] * U[j, x] / sx
            for i in range(l):
                P[i, l] = -U[i, x] / sx
                P[l, i] = P[i, l]
            P[l, l] = 1.0 / sx
            for y in range(n):
                c = R[x, y]
                for j in range(l):
                    c -= R[members[j], x] * U[j, y]
                U[l, y] = c / sx
            for i in range(l):
                g = U[i, x]
                for y in range(n):
                    U[i, y] -= g * U[l, y]
            for y in range(n):
                s[y] -= U[l, y] * U[l, y] * sx
        return J

    @numba.njit(**options)
    def exchange(R, members, weight_j, weight_l, out):
        n, k = R.shape[0], len(members)
        P, U, s = np.zeros((k, k)), np.zeros((k, n)), np.empty(n)
        J = inverse(R, members, P, U, s)
        product = np.empty(n)
        for o in range(k):
            pivot = P[o, o]
            product[:] = 1.0
            if weight_l != 0.0:
                for i in range(k):
                    if i == o:
                        continue
                    g = P[i, o] / pivot
                    rest = P[i, i] - P[i, o] * g
                    for y in range(n):
                        u = U[i, y] - g * U[o, y]
                        product[y] *= rest + u * u / (s[y] + U[o, y] * U[o, y] / pivot)
            for y in range(n):
                variance = s[y] + U[o, y] * U[o, y] / pivot
                if variance > 1e-10:
                    L = np.log(product[y] / variance) if weight_l != 0.0 else 0.0
                    out[o, y] = weight_j * (J + np.log(pivot) + np.log(variance)) + weight_l * L
                else:
                    out[o, y] = np.nan
            for v in members:
                out[o, v] = np.nan

    @numba.njit(**options)
    def extend(R, members, weight_j, weight_l, out):
        n, k = R.shape[0], len(members)
        P, U, s = np.zeros((k, k)), np.zeros((k, n)), np.empty(n)
        J = inverse(R, members, P, U, s)
        for y in range(n):
            if not s[y] > 1e-10:
                out[y] = np.nan
                continue
            product = 1.0 / s[y]
            for i in range(k):
                product *= P[i, i] + U[i, y] * U[i, y] / s[y]
            out[y] = weight_j * (J + np.log(s[y])) + weight_l * np.log(product)
        for v in members:
            out[v] = np.nan

    return exchange, extend


def exchanged(R: FloatArray, members: NDArray[np.intp], weight_j: float, weight_l: float) -> FloatArray:
    """``weight_j * J + weight_l * L`` (k, n) of sets with member i replaced by y; NaN for members and singular sets."""
    out = np.empty((len(members), len(R)))
    _kernels()[0](R, members, weight_j, weight_l, out)
    return out


def extended(R: FloatArray, members: NDArray[np.intp], weight_j: float, weight_l: float) -> FloatArray:
    """``weight_j * J + weight_l * L`` (n,) of a set with y added; NaN for its own members and singular sets."""
    out = np.empty(len(R))
    _kernels()[1](R, members, weight_j, weight_l, out)
    return out
