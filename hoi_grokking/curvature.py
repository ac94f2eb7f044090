"""How curved the training loss is: the largest eigenvalue of its Hessian, as it is and as the optimiser sees it.

Gradient descent with a fixed step is stable along a direction as long as the curvature is below 2 / learning rate.
AdamW divides each coordinate of the gradient by P = sqrt(second moment) + eps, so that what counts for it is the
curvature in the coordinates sqrt(P) x parameters, P^-1/2 H P^-1/2, and the momentum and the decay move the limit (Cohen
et al. 2022, "Adaptive gradient methods at the edge of stability", who have no decay).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hoi_grokking.config import Sweep, Variant
from hoi_grokking.training.paper import Shape, features
from hoi_grokking.training.tasks import Part

__all__ = ["Loss", "loss_of", "preconditioner", "sharpness", "stability_limit"]

# A function of all parameters of a network, in one row, to a loss without dimensions.
Loss: TypeAlias = Callable[[Tensor], Tensor]

# Relative accuracy of an eigenvalue: far below what differs between two seeds.
_TOLERANCE = 1e-3


def loss_of(shape: Shape, part: Part) -> Loss:
    """The mean cross-entropy of a two-layer network on some samples, as a function of its parameters.

    Parameters
    ----------
    shape : Shape
    part : Part

    Returns
    -------
    callable
        Takes a float64 tensor (n_parameters,).
    """
    inputs, targets = features(shape, part.inputs).double(), torch.from_numpy(part.targets)

    def loss(row: Tensor) -> Tensor:
        into, out, bias = shape.split(row[None])
        active = torch.relu(inputs @ into[0] + bias[0])
        return torch.nn.functional.cross_entropy(active @ out[0].T, targets)

    return loss


def sharpness(loss: Loss, row: NDArray, metric: NDArray | None = None) -> float:
    """The largest eigenvalue of the Hessian of a loss, by Lanczos iteration on products with it.

    Parameters
    ----------
    loss : callable
    row : array_like, shape (n_parameters,)
        Where the Hessian is taken.
    metric : array_like, shape (n_parameters,), optional
        Diagonal P of a preconditioner, above 0: the Hessian is then P^-1/2 H P^-1/2.

    Returns
    -------
    float
        Relative accuracy 1e-3.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking.curvature import sharpness
    >>> curved = lambda row: 3 * row[0] ** 2 + 2 * row[1] ** 2 + row[2] ** 2 / 2
    >>> round(sharpness(curved, np.zeros(3)), 3), round(sharpness(curved, np.zeros(3), np.array([6.0, 1, 1])), 3)
    (6.0, 4.0)
    """
    from scipy.sparse.linalg import LinearOperator, eigsh

    point = torch.from_numpy(np.array(row, np.float64))
    scale = 1.0 if metric is None else np.asarray(metric, np.float64) ** -0.5
    pull = torch.func.vjp(torch.func.grad(loss), point)[1]  # the Hessian is its own transpose

    def product(vector: NDArray) -> NDArray:
        return scale * pull(torch.from_numpy(scale * vector.ravel()))[0].numpy()

    n = len(point)
    hessian = LinearOperator((n, n), matvec=product, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(n)  # the same number each time
    return float(eigsh(hessian, 1, which="LA", v0=start, tol=_TOLERANCE, return_eigenvectors=False)[0])


def preconditioner(second_moment: NDArray, sweep: Sweep, step: int) -> NDArray:
    """P of AdamW after a number of updates: what its steps are divided by.

    Parameters
    ----------
    second_moment : ndarray, shape (n_parameters,)
        As it is kept: the bias towards its start at 0 is corrected here.
    sweep : Sweep
        For its betas and eps.
    step : int
        Updates made, 1 or more.

    Returns
    -------
    ndarray, shape (n_parameters,)
    """
    return np.sqrt(np.asarray(second_moment, np.float64) / (1 - sweep.betas[1] ** step)) + sweep.eps


def stability_limit(sweep: Sweep, variant: Variant, step: int) -> float:
    """The preconditioned sharpness above which AdamW diverges on a quadratic, at a preconditioner that stands still.

    Along an eigenvector with eigenvalue s, with learning rate a, weight decay d and momentum b (beta_1), AdamW is
    ``u <- b u + (1 - b) s x``, ``x <- (1 - a d) x - c u``, where c is a / (1 - b^step). Without u this is
    ``x'' = ((1 - a d) + b - c (1 - b) s) x' - b (1 - a d) x``: both roots of its polynomial lie within the unit circle
    up to s = (1 + b) (2 - a d) / ((1 - b) c), where one of them gets to -1. For d = 0 and many steps this is the limit
    of Cohen et al. (2022), (2 + 2 b) / ((1 - b) a); without momentum too it is 2 / a.

    Parameters
    ----------
    sweep : Sweep
    variant : Variant
        For its learning rate and weight decay.
    step : int
        Updates made, 1 or more: the early ones are larger, for the bias of the first moment is corrected.

    Returns
    -------
    float

    Examples
    --------
    >>> from hoi_grokking import Sweep, Variant
    >>> from hoi_grokking.curvature import stability_limit
    >>> variant = Variant("plain", learning_rate=0.01)
    >>> round(stability_limit(Sweep((variant,)), variant, 1000)), round(38 / 0.01)
    (3800, 3800)
    """
    momentum, rate = sweep.betas[0], variant.learning_rate
    now = rate / (1 - momentum**step)
    return (1 + momentum) * (2 - rate * variant.weight_decay) / ((1 - momentum) * now)
