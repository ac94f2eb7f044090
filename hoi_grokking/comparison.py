"""Other progress measures of the same networks: norm, pairwise mutual information, and what neurons are tuned to.

Frequencies are those of single neurons. Summed over the neurons, as in a spectrum of the whole embedding, a network in
which each neuron has a frequency of its own looks as flat as one in which none has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hoi_grokking.measures.layer import Layer, Ties
from hoi_grokking.measures.stored import hidden_at
from hoi_grokking.store import Run
from hoi_grokking.training import paper
from hoi_grokking.training.tasks import load

__all__ = [
    "COMPARISONS", "compare", "fourier_gap", "inverse_participation", "pairwise_information",
    "participation_of_neurons", "weight_norm",
]  # fmt: skip

# measure -> axis label; of the last two a task has the one that it is made for, and NaN for the other
COMPARISONS = {
    "weight_norm": "L2 norm of the weights",
    "pairwise_information": "mean pairwise mutual information (nats)",
    "inverse_participation": "inverse participation ratio of the frequencies of a neuron",
    "fourier_gap": "Fourier gap of a neuron",
}

# Random inputs on which the Fourier gap is taken: a coefficient is known to about 1 / sqrt(16384) = 0.008.
_DRAWN = 16384


def weight_norm(layers: paper.Layers) -> float:
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


def inverse_participation(into: np.ndarray, n_tokens: int) -> float:
    """How few frequencies a neuron is tuned to: the inverse participation ratio of its spectrum over the tokens, as a
    mean over the neurons (Doshi et al. 2023).

    Parameters
    ----------
    into : ndarray, shape (positions * n_tokens, width)
        Weights from the one-hot input; the mean over tokens is removed, and the powers of the positions are added.
    n_tokens : int

    Returns
    -------
    float
        Sum of the squared shares of the (n_tokens - 1) / 2 frequencies: 1 for a single one, and for white noise 0.031
        at 97 tokens in two positions. 0 for neurons without weights.

    Examples
    --------
    Two neurons, each with a frequency of its own:

    >>> import numpy as np
    >>> from hoi_grokking.comparison import inverse_participation
    >>> waves = np.cos(2 * np.pi * np.outer(np.arange(23), [3, 5]) / 23)
    >>> round(inverse_participation(np.concatenate([waves, waves]), 23), 6)
    1.0
    """
    return float(participation_of_neurons(into, n_tokens).mean())


def participation_of_neurons(into: np.ndarray, n_tokens: int) -> np.ndarray:
    """The same of each neuron, (width,)."""
    tables = np.asarray(into, np.float64).reshape(-1, n_tokens, into.shape[-1])
    power = np.square(np.abs(np.fft.rfft(tables, axis=1)))[:, 1:].sum(axis=0)
    total = power.sum(axis=0)
    shares = power / np.where(total > 0, total, 1)
    return np.square(shares).sum(axis=0)


def fourier_gap(into: np.ndarray, bias: np.ndarray, relevant: int, *, seed: int = 0) -> float:
    """How much the gradient of a parity singles out its bits: the Fourier gap of the neurons (Barak et al. 2022).

    A neuron is on where its input is above 0. The Fourier coefficient of that, for the relevant bits without one of
    them, is what draws the weight of that bit; for the relevant bits and one more, what draws the weight of that other
    bit. The gap is the smallest of the first minus the largest of the second, in absolute values.

    Parameters
    ----------
    into : ndarray, shape (bits, width)
        Weights from inputs of -1 and 1.
    bias : ndarray, shape (width,)
    relevant : int
        The parity is that of the first so many bits.
    seed : int
        Of the random inputs that stand for all of them.

    Returns
    -------
    float
        Mean over the neurons. At most 1/2; below 0 where other bits are drawn more. The largest of many coefficients
        that are known to 0.008 is not 0: with 20 bits a network without a gap has about -0.01.

    Examples
    --------
    A neuron that is on if both of two bits are 1, for the parity of these two:

    >>> import numpy as np
    >>> from hoi_grokking.comparison import fourier_gap
    >>> float(round(fourier_gap(np.array([[1.0], [1.0], [0.0]]), np.zeros(1), 2), 1))
    0.2
    """
    bits = np.random.default_rng(seed).integers(0, 2, (_DRAWN, len(into)), dtype=np.int8) * 2.0 - 1
    on = (bits @ np.asarray(into, np.float64) + bias > 0).astype(np.float64)
    parity = bits[:, :relevant].prod(axis=1, keepdims=True)
    # a bit is its own inverse: the parity times a relevant bit is the parity without it, times another one with it
    drawn = np.abs((bits * parity).T @ on) / len(bits)
    others = drawn[relevant:].max(axis=0) if len(into) > relevant else 0
    return float((drawn[:relevant].min(axis=0) - others).mean())


def compare(
    run: Run, members: Sequence[int] | None = None, steps: Sequence[int] | None = None, *, jobs: int | None = 1
) -> dict[str, np.ndarray]:
    """The `COMPARISONS` at the checkpoints.

    Parameters
    ----------
    run : Run
        The checkpoints that are asked for have to be there.
    members, steps : sequence of int, optional
        Models and checkpoints; all by default.
    jobs : int, optional
        Processes; None is one per core.

    Returns
    -------
    dict
        `step` (n_steps,), and each measure (n_models, n_steps): NaN where the task has no tokens, or is no parity.
    """
    from joblib import Parallel, delayed

    chosen = list(range(len(run.sweep.members))) if members is None else list(members)
    steps = run.checkpoint_steps if steps is None else steps
    work = Parallel(n_jobs=-1 if jobs is None else jobs)
    # (n_steps, n_measures, n_models)
    found = np.array(work(delayed(_compared)(run.path, chosen, step) for step in steps)).reshape(
        len(steps), len(COMPARISONS), len(chosen)
    )
    return {"step": np.array(steps), **dict(zip(COMPARISONS, found.transpose(1, 2, 0), strict=True))}


def _compared(path: Path, members: Sequence[int], step: int) -> np.ndarray:
    """The `COMPARISONS` of some models at a checkpoint: (n_measures, n_models)."""
    from threadpoolctl import threadpool_limits

    run = Run(path)
    task = run.sweep.task
    data = load(task)
    shape = paper.shape_of(run.sweep, data.n_inputs, data.n_classes)
    rows = run.checkpoint(step)
    found = {name: np.full(len(members), np.nan) for name in COMPARISONS}
    with threadpool_limits(1):
        for i, member in enumerate(members):
            row = np.array(rows[member])
            layers = paper.Layers(*(part[0] for part in shape.split(row[None])))
            into = np.asarray(layers.into)
            found["weight_norm"][i] = weight_norm(layers)
            layer = Layer(hidden_at(run, member, step, "train", data))
            found["pairwise_information"][i] = pairwise_information(layer)
            if data.train.inputs.dtype.kind == "i":
                found["inverse_participation"][i] = inverse_participation(into, data.n_inputs // 2)
            if task.name == "parity":
                found["fourier_gap"][i] = fourier_gap(into, np.asarray(layers.bias), task.relevant)
    return np.array(list(found.values()))
