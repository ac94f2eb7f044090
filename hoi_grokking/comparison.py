"""Other progress measures of the same networks: norm, pairwise mutual information, Fourier concentration."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hoi_grokking import model
from hoi_grokking.layer import Layer, Ties
from hoi_grokking.measuring import hidden_at
from hoi_grokking.store import Run
from hoi_grokking.tasks import load

__all__ = ["COMPARISONS", "compare", "fourier_concentration", "pairwise_information", "weight_norm"]

# measure -> axis label
COMPARISONS = {
    "weight_norm": "L2 norm of the weights",
    "pairwise_information": "mean pairwise mutual information (nats)",
    "fourier_concentration": "share of the 5 strongest frequencies",
}


def weight_norm(layers: model.Layers) -> float:
    """Joint L2 norm of the weights of both layers (Liu et al. 2022)."""
    return float(np.sqrt(sum(np.square(part, dtype=np.float64).sum() for part in (layers.into, layers.out))))


def pairwise_information(layer: Layer, ties: Ties = "average") -> float:
    """Mean Gaussian-copula mutual information of two neurons, in nats: -log(1 - r^2) / 2 (Tan and Huang
    2023).

    Pairs that say the same (r^2 = 1) count as r^2 = 1 - 1e-10.
    """
    C = layer.system(ties, 0).covariance
    scale = 1 / np.sqrt(C.diagonal())
    r2 = np.square((C * np.outer(scale, scale))[np.triu_indices(len(C), 1)])
    return float(-0.5 * np.log1p(-np.minimum(r2, 1 - 1e-10)).mean())


def fourier_concentration(into: np.ndarray, n_tokens: int, n_strongest: int = 5) -> float:
    """Share of the strongest frequencies in the power of the embeddings over their tokens (Nanda et al.
    2023).

    Parameters
    ----------
    into : ndarray, shape (positions * n_tokens, width)
        Weights from the one-hot input; the mean over tokens is removed.
    n_tokens : int
    n_strongest : int
        Frequencies that count; out of (n_tokens - 1) / 2 they share 10 % of white noise at 97 tokens.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking.comparison import fourier_concentration
    >>> wave = np.cos(2 * np.pi * 3 * np.arange(23) / 23)
    >>> round(fourier_concentration(np.concatenate([wave, wave])[:, None], 23), 6)
    1.0
    """
    tables = np.asarray(into, np.float64).reshape(-1, n_tokens, into.shape[-1])
    power = np.square(np.abs(np.fft.rfft(tables, axis=1)))[:, 1:].sum(axis=(0, 2))
    total = power.sum()
    return float(np.sort(power)[::-1][:n_strongest].sum() / total) if total > 0 else 0.0


def compare(
    run: Run, members: Sequence[int] | None = None, steps: Sequence[int] | None = None
) -> dict[str, np.ndarray]:
    """The `COMPARISONS` at the checkpoints.

    Parameters
    ----------
    run : Run
        Finished. For a task without tokens the Fourier concentration is NaN.
    members, steps : sequence of int, optional
        Models and checkpoints; all by default.

    Returns
    -------
    dict
        `step` (n_steps,), and each measure (n_models, n_steps).
    """
    data = load(run.sweep.task)
    shape = model.shape_of(run.sweep, data.n_inputs, data.n_classes)
    chosen = list(range(len(run.sweep.members))) if members is None else members
    steps = run.checkpoint_steps if steps is None else steps
    found = {name: np.full((len(chosen), len(steps)), np.nan) for name in COMPARISONS}
    for place, step in enumerate(steps):
        rows = run.checkpoint(step)
        for i, member in enumerate(chosen):
            layers = model.Layers(*(part[0] for part in shape.split(np.array(rows[member])[None])))
            found["weight_norm"][i, place] = weight_norm(layers)
            layer = Layer(hidden_at(run, member, step, "train", data))
            found["pairwise_information"][i, place] = pairwise_information(layer)
            if data.train.inputs.dtype.kind == "i":
                into = np.asarray(layers.into)
                found["fourier_concentration"][i, place] = fourier_concentration(into, data.n_inputs // 2)
    return {"step": np.array(steps), **found}
