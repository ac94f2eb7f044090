"""The measures of given sets as functions of tensors, with gradients: for losses, regularisers and sensitivities.

Each takes a tensor and gives a tensor on the same device and of the same dtype, through which gradients flow. Values
are those of :func:`hoi.oinfo` and its like: exactly so with ``estimator="gaussian"``, and in the limit of
``temperature`` zero with the copula, whose ranks are soft. They need PyTorch: ``pip install 'hoi[torch]'``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import BackendUnavailableError, HoiError
from hoi._inputs import checks
from hoi._maths.bias import entropy_bias
from hoi._maths.terms import SINGULAR, correction
from hoi._measures.registry import MEASURES
from hoi._typing import Multiplet

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["dual_total_correlation", "oinfo", "sinfo", "total_correlation"]


def oinfo(
    X: Tensor,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    estimator: str = "gaussian_copula",
    temperature: float = 0.05,
    bias_correction: bool = True,
) -> Tensor:
    r"""O-information of sets of variables, differentiable: positive for redundancy, negative for synergy.

    Parameters
    ----------
    X : torch.Tensor, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
        Samples, in float32 or float64. Values are computed in its dtype: those of float32 are good to about 1e-4 nats.
    multiplets : sequence of sequences of int, optional
        Sets by column index; lengths may differ. None takes all variables as one set.
    estimator : {"gaussian_copula", "gaussian"}
        Gaussian entropies of soft normal scores, or of the data as they are.
    temperature : float
        Softness of the ranks, in standard deviations of a column: the rank of x_i is
        :math:`\tfrac12 + \sum_j \sigma((x_i - x_j) / (\text{temperature} \cdot \text{sd}))` with the logistic function
        :math:`\sigma`, so that equal values share their mean rank. With a smaller one values are nearer to those of
        :func:`hoi.oinfo`, and gradients depend on fewer neighbours of each sample. Unused by "gaussian".
    bias_correction : bool
        Remove the bias that Gaussian entropies have for this number of samples; it is a constant, without a gradient.

    Returns
    -------
    torch.Tensor
        In nats, of shape (n_sets,), or (n_datasets, n_sets) for several datasets; without the axis of sets when
        `multiplets` is None.

    Raises
    ------
    HoiError
        If X is no tensor of real floating numbers, holds NaN, infinite values or a constant column, has too few
        samples, or a set is numerically singular; or if an option has no such value.
    BackendUnavailableError
        If PyTorch is not installed.

    Notes
    -----
    Soft ranks compare all pairs of samples: time grows with n_samples² for each variable of the sets, and memory with
    n_samples² once, as the comparisons of a column are made again when its gradient is taken.

    References
    ----------
    Rosas, Mediano, Gastpar and Jensen (2019), Quantifying high-order interdependencies via multivariate extensions of
    the mutual information, Phys. Rev. E 100, 032305, eq. 1. Qin, Liu and Li (2010), A general approximation framework
    for direct optimization of information retrieval measures, Information Retrieval 13, 375-397 (ranks as sums of
    logistic functions).

    Examples
    --------
    >>> import hoi, torch
    >>> X = torch.randn(200, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    >>> hoi.torch.oinfo(X, [(0, 1, 2), (0, 1, 2, 3)]).sum().backward()
    >>> X.grad.shape
    torch.Size([200, 4])
    """
    return _measure("oinfo", X, multiplets, estimator, temperature, bias_correction)


def total_correlation(
    X: Tensor,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    estimator: str = "gaussian_copula",
    temperature: float = 0.05,
    bias_correction: bool = True,
) -> Tensor:
    """Total correlation of sets of variables, differentiable; options and errors as for :func:`hoi.torch.oinfo`.

    Parameters
    ----------
    X : torch.Tensor, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
    multiplets : sequence of sequences of int, optional
    estimator : {"gaussian_copula", "gaussian"}
    temperature : float
        In standard deviations of a column.
    bias_correction : bool

    Returns
    -------
    torch.Tensor
        In nats, of shape (n_sets,) or (n_datasets, n_sets); without the axis of sets when `multiplets` is None.

    References
    ----------
    Watanabe (1960), Information theoretical analysis of multivariate correlation, IBM J. Res. Dev. 4, 66-82.

    Examples
    --------
    >>> import hoi, torch
    >>> X = torch.randn(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    >>> X[:, 2] = X[:, 0] + X[:, 1]
    >>> bool(hoi.torch.total_correlation(X + 0.1 * X.flip(0)) > 0.5)
    True
    """
    return _measure("tc", X, multiplets, estimator, temperature, bias_correction)


def dual_total_correlation(
    X: Tensor,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    estimator: str = "gaussian_copula",
    temperature: float = 0.05,
    bias_correction: bool = True,
) -> Tensor:
    """Dual total correlation of sets of variables, differentiable; options and errors as for :func:`hoi.torch.oinfo`.

    Parameters
    ----------
    X : torch.Tensor, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
    multiplets : sequence of sequences of int, optional
    estimator : {"gaussian_copula", "gaussian"}
    temperature : float
        In standard deviations of a column.
    bias_correction : bool

    Returns
    -------
    torch.Tensor
        In nats, of shape (n_sets,) or (n_datasets, n_sets); without the axis of sets when `multiplets` is None.

    References
    ----------
    Han (1978), Nonnegative entropy measures of multivariate symmetric correlations, Information and Control 36,
    133-156.

    Examples
    --------
    >>> import hoi, torch
    >>> X = torch.randn(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    >>> hoi.torch.dual_total_correlation(X, [(0, 1), (1, 2)]).shape
    torch.Size([2])
    """
    return _measure("dtc", X, multiplets, estimator, temperature, bias_correction)


def sinfo(
    X: Tensor,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    estimator: str = "gaussian_copula",
    temperature: float = 0.05,
    bias_correction: bool = True,
) -> Tensor:
    """S-information of sets of variables, differentiable; options and errors as for :func:`hoi.torch.oinfo`.

    Parameters
    ----------
    X : torch.Tensor, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
    multiplets : sequence of sequences of int, optional
    estimator : {"gaussian_copula", "gaussian"}
    temperature : float
        In standard deviations of a column.
    bias_correction : bool

    Returns
    -------
    torch.Tensor
        In nats, of shape (n_sets,) or (n_datasets, n_sets); without the axis of sets when `multiplets` is None.

    References
    ----------
    Rosas, Mediano, Gastpar and Jensen (2019), Phys. Rev. E 100, 032305, eq. 5.

    Examples
    --------
    >>> import hoi, torch
    >>> X = torch.randn(5, 200, 3, generator=torch.Generator().manual_seed(0))
    >>> hoi.torch.sinfo(X, [(0, 1, 2)], estimator="gaussian").shape
    torch.Size([5, 1])
    """
    return _measure("sinfo", X, multiplets, estimator, temperature, bias_correction)


def _measure(
    name: str, X: Any, multiplets: Any, estimator: str, temperature: float, bias_correction: bool
) -> Tensor:
    """One measure of the registry: check, covariance, terms of the sets of each order, bias."""
    torch = _torch()
    checks.check_choice(estimator, ("gaussian_copula", "gaussian"), "estimator")
    corrected = checks.check_bool(bias_correction, "bias_correction")
    _check(X)
    n_samples, n_variables = X.shape[-2:]
    names = [str(i) for i in range(n_variables)]
    sets = [tuple(range(n_variables))] if multiplets is None else checks.check_multiplets(multiplets, names)
    widest = max(sets, key=len)
    checks.check_samples(n_samples, len(widest), f"the set {widest}")
    used, place = np.unique(np.concatenate([np.asarray(s, dtype=np.intp) for s in sets]), return_inverse=True)
    columns = X[..., torch.as_tensor(used, device=X.device)]
    if estimator == "gaussian_copula":
        columns = _soft_scores(columns, _check_temperature(temperature))
    R = _correlation(columns)
    bias = np.zeros(len(widest) + 1)
    if corrected:
        bias = np.asarray(entropy_bias(np.arange(len(widest) + 1), n_samples))
    orders = np.array([len(s) for s in sets])
    values: list[Any] = [None] * len(sets)
    starts = np.cumsum(orders) - orders
    for order in np.unique(orders).tolist():
        rows = np.flatnonzero(orders == order)
        members = np.sort(place[starts[rows, None] + np.arange(order)], axis=1)
        J, L = _terms(R, torch.as_tensor(members, device=X.device), [sets[row] for row in rows.tolist()])
        d, j, l = (float(part[0]) for part in correction(np.ones((1, order), dtype=np.intp), bias))  # noqa: E741
        value = MEASURES[name].value(d, J + j, L + l)
        for row, column in zip(rows.tolist(), value.unbind(-1), strict=True):
            values[row] = column
    found: Tensor = torch.stack(values, dim=-1)
    return found[..., 0] if multiplets is None else found


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise BackendUnavailableError(
            f"hoi.torch needs PyTorch, which cannot be imported ({error}). Install it by pip install 'hoi[torch]'."
        ) from error
    return torch


def _check(X: Any) -> None:
    """Error unless X is a tensor of real floating numbers that the measures can take."""
    torch = _torch()
    if not isinstance(X, torch.Tensor):
        raise HoiError(
            f"X is a {type(X).__name__}: hoi.torch takes tensors. Use torch.as_tensor(X), or the function of the same "
            "name in hoi, which takes tables of any kind and has no gradient."
        )
    if X.dtype not in (torch.float32, torch.float64):
        raise HoiError(
            f"X has dtype {X.dtype}: float32 or float64 is needed, in which matrices can be factored. Use X.double()."
        )
    sound = X.ndim in (2, 3) and X.numel() > 0 and X.shape[-2] >= 3 and not X.is_sparse
    with torch.no_grad():
        sound = sound and bool(torch.isfinite(X).all()) and not bool((X[..., :1, :] == X).all(dim=-2).any())
    if not sound:
        checks.check_data(X.detach())  # says what is wrong


def _check_temperature(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise HoiError(
            f"temperature={value!r}: a positive number is needed, the softness of ranks in standard deviations of a "
            "column. For hard ranks, which have no gradient, use the function of the same name in hoi."
        )
    return float(value)


def _soft_scores(X: Tensor, temperature: float) -> Tensor:
    """Normal scores of the soft ranks of each column, in shape of X."""
    torch = _torch()
    from torch.utils.checkpoint import checkpoint

    n_samples = X.shape[-2]

    def scores(x: Tensor) -> Tensor:
        # each sample is compared with itself too, which gives the half that a rank from 1 on lacks
        rank = 0.5 + torch.sigmoid((x[..., :, None] - x[..., None, :]) / temperature).sum(-1)
        return torch.special.ndtri(rank / (n_samples + 1))

    scaled = X / X.std(dim=-2, keepdim=True)
    run: Callable[[Tensor], Tensor] = scores
    if torch.is_grad_enabled() and X.requires_grad:
        run = lambda x: checkpoint(scores, x, use_reentrant=False, preserve_rng_state=False)  # noqa: E731
    return torch.stack([run(x) for x in scaled.unbind(-1)], dim=-1)


def _correlation(X: Tensor) -> Tensor:
    """Correlation matrices (..., n_variables, n_variables)."""
    torch = _torch()
    centred = X - X.mean(dim=-2, keepdim=True)
    unit = centred / torch.linalg.vector_norm(centred, dim=-2, keepdim=True)
    return unit.mT @ unit


def _terms(R: Tensor, members: Tensor, named: Sequence[tuple[int, ...]]) -> tuple[Tensor, Tensor]:
    """(J, L), each (..., m), of the sets in the rows of `members` (m, k), by Cholesky factors."""
    torch = _torch()
    A = R[..., members[:, :, None], members[:, None, :]]
    factor, failed = torch.linalg.cholesky_ex(A)
    pivots = factor.diagonal(dim1=-2, dim2=-1)
    least = max(SINGULAR, 16 * torch.finfo(R.dtype).eps)
    singular = (failed > 0) | ~(pivots.detach().square() > least).all(-1)
    if bool(singular.any()):
        at = int(singular.reshape(-1, len(named)).any(0).to(torch.int64).argmax())
        raise HoiError(
            f"the covariance of the set {named[at]} is numerically singular in {R.dtype}: a variable in it is "
            "determined by the others, and its measures are infinite. Leave out duplicated or dependent columns"
            f"{', or use X.double()' if R.dtype == torch.float32 else ''}."
        )
    inverse = torch.linalg.solve_triangular(factor, torch.eye(A.shape[-1], dtype=R.dtype, device=R.device), upper=False)
    return 2 * pivots.log().sum(-1), inverse.square().sum(-2).log().sum(-1)
