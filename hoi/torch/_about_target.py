"""The measures about a target, as functions of a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hoi._typing import Multiplet
from hoi.torch._values import measure_of

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["gradient", "information", "rsi"]


def information(
    X: Tensor,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    target: Multiplet | int,
    estimator: str = "gaussian_copula",
    temperature: float = 0.05,
    bias_correction: bool = True,
) -> Tensor:
    """Information that sets have, together, about a target, differentiable: as :func:`hoi.information`.

    Options and errors are as for :func:`hoi.torch.oinfo`; it is an error too if a column is in a set and in the target,
    or if the target determines a column.

    Parameters
    ----------
    X : torch.Tensor, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
    multiplets : sequence of sequences of int, optional
        None takes all columns but the target as one set.
    target : int or sequence of int
        The column that sets tell of, by index; several columns are one target.
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
    Cover, Thomas (2006), Elements of Information Theory, chapter 2.

    Examples
    --------
    >>> import hoi, torch
    >>> X = torch.randn(200, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    >>> hoi.torch.information(X, [(0, 1), (1, 2)], target=3).sum().backward()
    >>> X.grad.shape
    torch.Size([200, 4])
    """
    return measure_of("information", X, multiplets, estimator, temperature, bias_correction, target)


def rsi(
    X: Tensor,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    target: Multiplet | int,
    estimator: str = "gaussian_copula",
    temperature: float = 0.05,
    bias_correction: bool = True,
) -> Tensor:
    """Redundancy-synergy index of sets about a target, differentiable: as :func:`hoi.rsi`.

    Options and errors are as for :func:`hoi.torch.information`.

    Parameters
    ----------
    X : torch.Tensor, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
    multiplets : sequence of sequences of int, optional
        None takes all columns but the target as one set.
    target : int or sequence of int
        The column that sets tell of, by index; several columns are one target.
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
    Timme et al. (2014), Synergy, redundancy, and multivariate information measures, J. Comput. Neurosci. 36, eq. 14.

    Examples
    --------
    >>> import hoi, torch
    >>> X = torch.randn(200, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    >>> hoi.torch.rsi(X, [(0, 1), (1, 2)], target=3).sum().backward()
    >>> X.grad.shape
    torch.Size([200, 4])
    """
    return measure_of("rsi", X, multiplets, estimator, temperature, bias_correction, target)


def gradient(
    X: Tensor,
    multiplets: Sequence[Multiplet] | None = None,
    *,
    target: Multiplet | int,
    estimator: str = "gaussian_copula",
    temperature: float = 0.05,
    bias_correction: bool = True,
) -> Tensor:
    """Gradient of the O-information, differentiable: what a target adds to it, as :func:`hoi.gradient`.

    Options and errors are as for :func:`hoi.torch.information`.

    Parameters
    ----------
    X : torch.Tensor, shape (n_samples, n_variables) or (n_datasets, n_samples, n_variables)
    multiplets : sequence of sequences of int, optional
        None takes all columns but the target as one set.
    target : int or sequence of int
        The column that sets tell of, by index; several columns are one target.
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
    Scagliarini et al. (2023), Gradients of O-information, Physical Review Research 5, 013025, eq. 4.

    Examples
    --------
    >>> import hoi, torch
    >>> X = torch.randn(200, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    >>> hoi.torch.gradient(X, [(0, 1), (1, 2)], target=3).sum().backward()
    >>> X.grad.shape
    torch.Size([200, 4])
    """
    return measure_of("gradient", X, multiplets, estimator, temperature, bias_correction, target)
