"""Inputs and targets of each task, split into training and test set."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import hoi
from hoi_grokking.config import Task

__all__ = ["Data", "Part", "load"]


class Part(NamedTuple):
    """Inputs and targets: `inputs` are tokens (n, n_positions) int64 or features (n, n_inputs) float32."""

    inputs: np.ndarray
    targets: np.ndarray


class Data(NamedTuple):
    """A task ready to train on. `n_inputs` counts the columns of the one-hot input, or the features.

    `drawn` holds the places in `train` in the order in which the split drew them. That is the order of the published
    training set, and ordinal ties go by it.
    """

    train: Part
    test: Part
    n_inputs: int
    n_classes: int
    drawn: np.ndarray

    @property
    def everything(self) -> Part:
        """Training and test inputs together, training first."""
        return Part(*(np.concatenate(pair) for pair in zip(self.train, self.test, strict=True)))


def load(task: Task) -> Data:
    """The training and the test set of a task.

    Parameters
    ----------
    task : Task

    Returns
    -------
    Data
        Tokens of the modular tasks are (a, modulus + b): two blocks of the one-hot input. Both sets keep the
        order of all pairs (a outermost), so that neighbours share `a`; the split itself is the one of the
        published code. Corrupted targets are in the training set only.

    Raises
    ------
    hoi.HoiError
        If no sample is left to train on.

    Examples
    --------
    >>> from hoi_grokking.config import Task
    >>> from hoi_grokking.training.tasks import load
    >>> data = load(Task())
    >>> len(data.train.targets), len(data.test.targets), data.n_inputs, data.n_classes
    (3763, 5646, 194, 97)
    """
    whole, n_inputs, n_classes = _MAKERS[task.name](task)
    n = len(whole.targets)
    n_train = int(n * task.train_fraction)
    if not n_train:
        raise hoi.HoiError(f"Task.train_fraction is {task.train_fraction}, and leaves none of {n} samples to train on.")
    drawn = _permutation(n, task.split_seed)[:n_train]
    chosen = np.zeros(n, bool)
    chosen[drawn] = True
    train, test = (Part(whole.inputs[mask], whole.targets[mask]) for mask in (chosen, ~chosen))
    if task.corrupted:
        train = train._replace(targets=_corrupted(train.targets, task.corrupted, task.split_seed))
    return Data(train, test, n_inputs, n_classes, np.cumsum(chosen)[drawn] - 1)


def _corrupted(targets: np.ndarray, part: float, seed: int) -> np.ndarray:
    """A part of the targets dealt out anew among themselves."""
    rng = np.random.default_rng(seed)
    places = rng.permutation(len(targets))[: round(part * len(targets))]
    dealt = targets.copy()
    dealt[places] = targets[rng.permutation(places)]
    return dealt


def _permutation(n: int, seed: int) -> np.ndarray:
    """torch.randperm of a fresh generator: the split of the published code for seed 420."""
    import torch

    return torch.randperm(n, generator=torch.Generator().manual_seed(seed)).numpy()


def _modular(task: Task) -> tuple[Part, int, int]:
    """(a op b) mod p for all pairs; division is a * b^-1, for b from 1 and a prime p."""
    p = task.modulus
    a, b = (grid.ravel() for grid in np.meshgrid(np.arange(p), np.arange(p), indexing="ij"))
    if task.name == "division":
        a, b = a[b > 0], b[b > 0]
        inverse = np.array([pow(int(x), p - 2, p) for x in range(p)])
        answer = a * inverse[b]
    else:
        answer = {"addition": a + b, "subtraction": a - b, "multiplication": a * b}[task.name]
    return Part(np.stack([a, p + b], axis=1), answer % p), 2 * p, p


def _parity(task: Task) -> tuple[Part, int, int]:
    """Random bits as -1 and 1; the target is the parity of the first `relevant` of them."""
    bits = np.random.default_rng(task.split_seed).integers(0, 2, (task.n_samples, task.bits))
    return Part((2 * bits - 1).astype(np.float32), bits[:, : task.relevant].sum(1) % 2), task.bits, 2


def _digits(task: Task) -> tuple[Part, int, int]:
    """The 8 x 8 digits of scikit-learn, scaled to 0..1."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return Part((images / 16).astype(np.float32), labels.astype(np.int64)), images.shape[1], 10


_MAKERS = {
    **dict.fromkeys(["addition", "subtraction", "multiplication", "division"], _modular),
    "parity": _parity,
    "digits": _digits,
}
