"""The measures of sets, as functions of a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hoi._typing import Multiplet
from hoi.torch._values import measure_of

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
    return measure_of("oinfo", X, multiplets, estimator, temperature, bias_correction)


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
    return measure_of("tc", X, multiplets, estimator, temperature, bias_correction)


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
    return measure_of("dtc", X, multiplets, estimator, temperature, bias_correction)


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
    return measure_of("sinfo", X, multiplets, estimator, temperature, bias_correction)
