"""The loss around networks and between them: slices, paths, and neurons put in the order of another network.

A hidden neuron can change places with another one, weights and all, and the network stays the same function. Two
networks that found the same solution in another order are far apart, and the straight path between them goes over a
barrier until their neurons are matched.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from hoi_grokking.curvature import Loss
from hoi_grokking.training.paper import Shape, features
from hoi_grokking.training.tasks import Part

__all__ = ["align", "barrier", "bend", "curve", "direction", "path", "scores"]

# Networks that are evaluated at once: their hidden layers fit into a cache.
_AT_ONCE = 8


def scores(shape: Shape, part: Part, rows: ArrayLike) -> NDArray[np.float64]:
    """Cross-entropy and accuracy of many networks on some samples.

    Parameters
    ----------
    shape : Shape
    part : Part
    rows : array_like, shape (n_networks, n_parameters)

    Returns
    -------
    ndarray, shape (2, n_networks)
    """
    inputs, targets = features(shape, part.inputs).float(), torch.from_numpy(part.targets)
    found = []
    for some in torch.from_numpy(np.asarray(rows, np.float32)).split(_AT_ONCE):
        into, out, bias = shape.split(some)
        logits = torch.relu(inputs @ into + bias[:, None]) @ out.transpose(1, 2)
        right = logits.gather(2, targets.expand(len(some), -1)[:, :, None])[:, :, 0]
        loss = (logits.logsumexp(2) - right).double().mean(1)
        found.append(torch.stack([loss, (logits.argmax(2) == targets).double().mean(1)]))
    return torch.cat(found, dim=1).numpy()


def path(first: ArrayLike, second: ArrayLike, n_points: int = 25) -> NDArray[np.float64]:
    """Networks on the straight line from one to another, both included: (n_points, n_parameters)."""
    first, second = np.asarray(first, float), np.asarray(second, float)
    return first + np.linspace(0, 1, n_points)[:, None] * (second - first)


def bend(
    loss: Loss, first: ArrayLike, second: ArrayLike, *, n_steps: int = 200, n_points: int = 9, rate: float = 0.03
) -> NDArray[np.float64]:
    """The middle of a curve of low loss from one network to another (Garipov et al. 2018, "Loss surfaces, mode
    connectivity, and fast ensembling of DNNs").

    The curve is quadratic, (1 - t)^2 first + 2 t (1 - t) middle + t^2 second (Bezier). The middle starts on the
    straight line, and Adam lowers the mean loss at points of equal t.

    Parameters
    ----------
    loss : callable
        As by :func:`hoi_grokking.curvature.loss_of`.
    first, second : array_like, shape (n_parameters,)
    n_steps, n_points : int
        Steps of Adam, and points of the curve between its ends.
    rate : float
        Learning rate.

    Returns
    -------
    ndarray, shape (n_parameters,)
    """
    ends = [torch.from_numpy(np.array(end, np.float64)) for end in (first, second)]
    middle = ((ends[0] + ends[1]) / 2).requires_grad_()
    optimizer = torch.optim.Adam([middle], lr=rate)
    for _ in range(n_steps):
        optimizer.zero_grad()
        for t in np.linspace(0, 1, n_points + 2)[1:-1]:
            (loss(_bezier(ends[0], middle, ends[1], t)) / n_points).backward()
        optimizer.step()
    return middle.detach().numpy()


def curve(first: ArrayLike, middle: ArrayLike, second: ArrayLike, n_points: int = 25) -> NDArray[np.float64]:
    """Networks on the quadratic Bezier curve of three points, ends included: (n_points, n_parameters)."""
    start, between, end = (np.asarray(point, float) for point in (first, middle, second))
    return np.array([_bezier(start, between, end, t) for t in np.linspace(0, 1, n_points)])


def _bezier(first: Any, middle: Any, second: Any, t: float) -> Any:
    return (1 - t) ** 2 * first + 2 * t * (1 - t) * middle + t**2 * second


def barrier(values: ArrayLike) -> float:
    """How far a loss along a path, at equal distances, rises above the straight line between its ends; at least 0.

    Examples
    --------
    >>> from hoi_grokking.landscape import barrier
    >>> barrier([1.0, 2.5, 0.0]), barrier([3.0, 1.0, 0.0])
    (2.0, 0.0)
    """
    values = np.asarray(values, float)
    return float((values - np.linspace(values[0], values[-1], len(values))).max())


def align(shape: Shape, row: NDArray, other: NDArray) -> NDArray:
    """The same function as `other`, its hidden neurons in the order that is nearest to those of `row`.

    Of all orders the one whose weights, into and out of the neurons, and biases have the largest inner product with
    those of `row`: an assignment problem, which has an exact solution for one hidden layer (Ainsworth, Hayase and
    Srinivasa 2023, "Git re-basin").

    Parameters
    ----------
    shape : Shape
    row, other : ndarray, shape (n_parameters,)

    Returns
    -------
    ndarray, shape (n_parameters,)
    """
    from scipy.optimize import linear_sum_assignment

    one, two = (_neurons(shape, part) for part in (row, other))
    places = linear_sum_assignment(one @ two.T, maximize=True)[1]
    return np.concatenate([part[..., places].ravel() for part in shape.split(np.asarray(other)[None])])


def _neurons(shape: Shape, row: NDArray) -> NDArray[np.float64]:
    """All parameters of each neuron: (width, n_inputs + n_classes + 1)."""
    into, out, bias = shape.split(np.asarray(row, float)[None])
    return np.concatenate([into[0], out[0], bias]).T


def direction(shape: Shape, row: NDArray, rng: np.random.Generator) -> NDArray[np.float64]:
    """A random direction with the norms of a network, filter by filter, so that a step along it means the same
    whatever the scale of the weights (Li et al. 2018, "Visualizing the loss landscape of neural nets").

    A filter is what goes into a hidden neuron, or into an output; biases stay where they are, as there.
    """
    drawn = rng.standard_normal(len(row))
    parts = []
    own, random = (shape.split(np.asarray(x, float)[None]) for x in (row, drawn))
    for weights, steps, axis in ((own.into, random.into, 1), (own.out, random.out, 2)):
        norms = [np.linalg.norm(x, axis=axis, keepdims=True) for x in (weights, steps)]
        parts.append((steps * norms[0] / norms[1]).ravel())
    return np.concatenate([*parts, np.zeros(shape.width)])
