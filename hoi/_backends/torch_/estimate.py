"""From data to covariance on a device: checks, ranks, normal scores. Only the covariance comes back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hoi._backends.protocol import Estimate
from hoi._backends.torch_.device import budget, in_parts, saying_what_needs_memory
from hoi._errors import HoiError
from hoi._inputs import checks
from hoi._inputs.tensors import warn_of_gradient
from hoi._maths.covariance import EXTREME, FAR
from hoi._maths.dependence import if_near
from hoi._typing import ArrayLike, Ties

__all__ = ["estimate", "normal_scores"]

# Integers that float64 may not hold.
_WIDE = {torch.int64, getattr(torch, "uint64", torch.int64)}


def estimate(
    X: ArrayLike, estimator: str, ties: str, rng: np.random.Generator | None, device: torch.device
) -> Estimate:
    """Covariance of data of any kind, or of the normal scores of each column; a tensor never passes through numpy."""
    with saying_what_needs_memory(device, "the data"):
        values, names, stacked = _read(X, device, ranks=estimator == "gaussian_copula")
    n_datasets, n_samples, n_variables = values.shape
    matrices = torch.empty(n_datasets, n_variables, n_variables, dtype=torch.float64, device=device)
    repeated = torch.zeros(n_variables, dtype=torch.float64, device=device)
    raw = torch.empty_like(matrices) if estimator == "gaussian_copula" else None
    exponents = torch.zeros(n_datasets, n_variables, dtype=torch.int64, device=device)
    with saying_what_needs_memory(device, f"tables of {n_samples} samples of {n_variables} variables"):
        size = max(1, budget(device) // (24 * n_samples * n_variables))
        for start in range(0, n_datasets, size):
            tables, some, powers = (whole[start : start + size] for whole in (values, matrices, exponents))
            if raw is not None:
                columns = tables.mT.to(torch.float64, copy=True)
                _brought_to_size(columns)
                _covariance(columns, raw[start : start + size])
                columns, share = normal_scores(tables.transpose(0, 1).reshape(n_samples, -1), ties, rng)
                columns = columns.view(len(tables), n_variables, n_samples)
                torch.maximum(repeated, share.view(-1, n_variables).amax(0), out=repeated)
            else:
                columns = tables.mT.to(torch.float64, copy=True)
                powers.copy_(_brought_to_size(columns))
            _covariance(columns, some)
        matrices = (matrices + matrices.mT) / 2  # matrix products need not be symmetric to the last bit
    where = str(device) if device.type != "cpu" else None
    scaled = exponents.cpu().numpy() if bool(exponents.any()) else None
    return Estimate(matrices.cpu().numpy(), names, n_samples, stacked, repeated.cpu().numpy(), where, scaled,
                    None if raw is None else if_near(raw.cpu().numpy()))  # fmt: skip


def _covariance(columns: Tensor, out: Tensor) -> None:
    """Covariance of columns (..., n_samples), which lose their means."""
    columns -= columns.mean(dim=2, keepdim=True)
    torch.bmm(columns, columns.mT, out=out)
    out /= columns.shape[2] - 1


def _brought_to_size(columns: Tensor) -> Tensor:
    """Change columns (..., n_samples) as `hoi._maths.covariance.covariance_of_any_scale` does; give the exponents."""
    high, low = columns.amax(-1), columns.amin(-1)
    exponents = torch.frexp(torch.maximum(high, -low)).exponent.long()
    exponents[exponents.abs() <= EXTREME] = 0
    if bool(exponents.any()):
        half = exponents // 2  # a power of 2 may itself be beyond float64
        for power in (half, exponents - half):
            columns *= torch.exp2(-power.double())[..., None]
        high, low = columns.amax(-1), columns.amin(-1)
    far = torch.maximum(high, -low) > FAR * (high - low)
    if bool(far.any()):
        columns -= torch.where(far[..., None], columns[..., :1], 0.0)
    return exponents


def _read(X: ArrayLike, device: torch.device, *, ranks: bool) -> tuple[Tensor, tuple[str, ...], bool]:
    """Checked values (n_datasets, n_samples, n_variables) on the device, names, and whether X was a stack.

    A tensor of plain numbers stays on its device. Where there is a fault, or anything that needs more care (integers
    of 64 bits, a square table, another layout), `checks.check_data` reads it as it does any data.
    """
    if isinstance(X, Tensor):
        warn_of_gradient(X, "X")
        X = X.detach()
        if _is_plain(X):
            values = X.resolve_neg().to(device).reshape(-1, *X.shape[-2:])
            if not values.is_floating_point():
                values = values.double()
            if bool(torch.isfinite(values).all()) and not bool((values == values[:, :1]).all(dim=1).any()):
                return values, tuple(map(str, range(X.shape[-1]))), X.ndim == 3
    data = checks.check_data(X, ranks=ranks)
    checked = data.values if data.values.flags.writeable else data.values.copy()
    return torch.from_numpy(checked).to(device), data.names, data.stacked


def _is_plain(X: Tensor) -> bool:
    """Whether the values of a tensor can be taken as they are: real, dense, and no covariance."""
    return (
        X.layout == torch.strided and not X.is_quantized and not X.is_complex() and X.dtype not in _WIDE
        and X.device.type != "meta" and X.ndim in (2, 3) and X.numel() > 0 and X.shape[-2] >= 3
        and X.shape[-2] != X.shape[-1]
    )


def normal_scores(X: Tensor, ties: Ties, rng: np.random.Generator | None) -> tuple[Tensor, Tensor]:
    """Normal scores of each column of (n_samples, n_vars), as rows (n_vars, n_samples), and the share that repeats.

    The rules and the random numbers are those of `hoi._maths.copula.normal_scores`.
    """
    n, m = X.shape
    streams = None
    if ties == "random":
        if rng is None:
            raise HoiError('ties="random" needs a seed, so that the call can be repeated: give seed=0, say.')
        streams = rng.integers(2**63, size=(m,), dtype=np.int64)
    grid = torch.arange(1, n + 1, dtype=torch.float64, device=X.device)
    table = torch.special.ndtri(grid / (n + 1))
    scores = torch.empty(m, n, dtype=torch.float64, device=X.device)
    repeated = torch.empty(m, dtype=torch.float64, device=X.device)

    def work(start: int, stop: int) -> bool:
        x = X.T[start:stop].contiguous() + 0  # -0.0 is 0.0, also where a sort goes by bits
        ascending, order = torch.sort(x, dim=1, stable=True)
        new = torch.ones_like(x, dtype=torch.bool)
        torch.ne(ascending[:, 1:], ascending[:, :-1], out=new[:, 1:])
        repeated[start:stop] = 1 - new.sum(1, dtype=torch.float64) / n
        if ties == "average":
            scores[start:stop].scatter_(1, order, _average_scores(new, table))
            return True
        scores[start:stop].scatter_(1, order, table.expand_as(x))
        if streams is not None:
            # an order drawn at random, by which equal values then are sorted: only columns that have some need it
            for row in (repeated[start:stop] > 0).nonzero()[:, 0].tolist():
                drawn = np.random.default_rng(streams[start + row]).permutation(n)
                shuffled = torch.from_numpy(drawn).to(X.device)
                by_value = torch.sort(x[row][shuffled], stable=True).indices
                scores[start + row, shuffled[by_value]] = table
        return True

    step = budget(X.device) // (64 * n)
    for _ in in_parts(work, 0, m, step, X.device, f"column of {n} samples"):
        pass
    return scores, repeated


def _average_scores(new: Tensor, table: Tensor) -> Tensor:
    """Score at each sorted position, equal values at their mean rank; `new` marks where a value begins."""
    n = new.shape[1]
    place = torch.arange(n, device=new.device)
    first = torch.where(new, place, 0).cummax(dim=1).values
    ends = torch.ones_like(new)
    ends[:, :-1] = new[:, 1:]
    last = torch.where(ends, place, n).flip(1).cummin(dim=1).values.flip(1)
    rank = (first + last).double() / 2 + 1
    return torch.where(first == last, table[place], torch.special.ndtri(rank / (n + 1)))
