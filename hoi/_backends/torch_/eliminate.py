"""Terms of many sets at once by elimination, as in `hoi._maths.terms`, on a torch device."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from hoi._maths.terms import NEAR, SINGULAR

__all__ = ["SURELY_SINGULAR", "DeviceTerms", "bytes_per_set", "factor", "terms_of"]

# With a least conditional variance (`hoi._maths.terms.least_variance`) so small, rounding cannot have moved it from
# above SINGULAR. Sets in doubt are left open, and the reference path decides.
SURELY_SINGULAR = SINGULAR / 2


class DeviceTerms(NamedTuple):
    """Terms in standard form, where D = 0, which sets are surely singular, and which are left open: close enough to
    the limit for the reference path to decide. All of one shape."""

    J: Tensor
    L: Tensor
    singular: Tensor
    open: Tensor


def bytes_per_set(order: int, width: int) -> int:
    """Memory that `terms_of` takes for each set, for variables of up to `width` columns."""
    K = order * width
    return 8 * (5 * K * K + 2 * K * width + 8 * K + 8)


def terms_of(R: Tensor, members: Tensor, blocks: Tensor, width: int) -> DeviceTerms:
    """Terms (m, n_datasets) of the sets in the rows of `members` (m, k), in each dataset.

    `R` (n_columns, n_columns, n_datasets) is in standard form; variable ``v`` is the columns
    ``blocks[v]:blocks[v + 1]``, at most `width` of them. Datasets come last, so that neighbours in memory are the same
    entry of each.
    """
    shape = len(members), R.shape[-1]
    terms = _eliminate(_gather(R, members, blocks, width).flatten(2), width)
    return DeviceTerms(*(term.view(shape) for term in terms))


def _eliminate(A: Tensor, width: int) -> DeviceTerms:
    """Terms (m,) of matrices (K, K, m), destroyed; `width` columns make one variable."""
    K = len(A)
    W, pivots, singular = factor(A)
    J = pivots.log().sum(0)
    if width == 1:
        entries = (W.square_() / pivots[:, None]).sum(0)
        return _judged(J, entries.log().sum(0), singular, entries.amax(0))
    W = W.reshape(K, K // width, width, -1)
    P = W.new_zeros(K // width, width, width, W.shape[-1])  # diagonal blocks of the inverse
    for row, pivot in zip(W, pivots, strict=True):
        P += row[:, :, None] * (row[:, None] / pivot)
    largest = P.diagonal(dim1=1, dim2=2).sum(-1).amax(0)
    L = torch.zeros_like(J)
    for i in range(width):
        pivot = torch.where(singular, 1.0, P[:, i, i])
        L += pivot.log().sum(0)
        P[:, i + 1 :, i + 1 :] -= (P[:, i + 1 :, i] / pivot[:, None])[:, :, None] * P[:, i, None, i + 1 :]
    return _judged(J, L, singular, largest)


def _judged(J: Tensor, L: Tensor, singular: Tensor, largest: Tensor) -> DeviceTerms:
    """With the verdict for the largest diagonal entry of the inverse; that is meaningless where a set is singular."""
    least = torch.where(singular, 0.0, 1.0 / largest)
    singular = ~(least > SURELY_SINGULAR)
    return DeviceTerms(J, L, singular, ~(singular | (least >= NEAR)))


def factor(A: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Inverse of the unit lower factor (K, K, m), pivots (K, m) and surely singular (m,) of matrices (K, K, m),
    destroyed.

    The pivots are the variances of each row given the earlier ones; from where a matrix is singular, they are 1.
    """
    K, _, m = A.shape
    W = torch.zeros_like(A)
    W.diagonal(dim1=0, dim2=1).fill_(1.0)
    pivots = A.new_empty(K, m)
    singular = torch.zeros(m, dtype=torch.bool, device=A.device)
    for i in range(K):
        singular |= ~(A[i, i] > SURELY_SINGULAR)
        pivot = pivots[i] = torch.where(singular, 1.0, A[i, i])
        multiple = A[i + 1 :, i] / pivot
        A[i + 1 :, i + 1 :] -= multiple[:, None] * A[i, None, i + 1 :]
        W[i + 1 :, : i + 1] -= multiple[:, None] * W[i, None, : i + 1]
    return W, pivots, singular


def _gather(R: Tensor, members: Tensor, blocks: Tensor, width: int) -> Tensor:
    """Sub-matrices (K, K, m, n_datasets) of the sets; narrow variables are filled up with independent unit columns."""
    if width == 1:
        columns = blocks[members.T]
        return R[columns[:, None], columns[None]]
    sizes = blocks.diff()[members.T]  # (k, m)
    offset = torch.arange(width, device=R.device)[None, :, None]
    real = (offset < sizes[:, None]).reshape(-1, members.shape[0])
    columns = torch.where(real, (blocks[members.T][:, None] + offset).reshape(real.shape), 0)
    A = R[columns[:, None], columns[None]]
    unit = torch.eye(len(columns), dtype=R.dtype, device=R.device)[:, :, None, None]
    return torch.where((real[:, None] & real[None])[..., None], A, unit)
