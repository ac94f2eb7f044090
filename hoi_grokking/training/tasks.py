"""Inputs and targets of each task, split into training and test set."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import hoi
from hoi_grokking import registry
from hoi_grokking.config import Task

__all__ = ["Data", "Part", "digits", "load", "modular", "parity", "polynomial", "xor_clusters"]


class Part(NamedTuple):
    """Inputs and targets: `inputs` are tokens (n, n_positions) int64 or features (n, n_inputs) float32, `targets`
    classes (n,) int64 or, of a regression, numbers (n, n_outputs) float32.
    """

    inputs: np.ndarray
    targets: np.ndarray


class Data(NamedTuple):
    """A task ready to train on. `n_inputs` counts the columns of the one-hot input, or the features; `n_classes` the
    classes, or the outputs of a regression.

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

    Notes
    -----
    A registered task is called as ``function(task, **task.options)`` and returns inputs and targets: arrays, tensors,
    or a dataset of such pairs (anything with a length and an index, as those of torch). Integers as inputs are tokens,
    as targets classes, which count from 0; other inputs are features, other targets a regression.

    Raises
    ------
    hoi.HoiError
        If no sample is left to train on, or a task of your own gives something else.

    Examples
    --------
    >>> from hoi_grokking.config import Task
    >>> from hoi_grokking.training.tasks import load
    >>> data = load(Task())
    >>> len(data.train.targets), len(data.test.targets), data.n_inputs, data.n_classes
    (3763, 5646, 194, 97)
    """
    made = registry.find("task", task.name)
    whole = _part(task.name, made(task, **task.options) if callable(made) else made)
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
    n_inputs = whole.inputs.shape[1] if whole.inputs.dtype.kind == "f" else int(whole.inputs.max()) + 1
    n_classes = whole.targets.shape[1] if whole.targets.ndim == 2 else int(whole.targets.max()) + 1
    return Data(train, test, n_inputs, n_classes, np.cumsum(chosen)[drawn] - 1)


def _part(name: str, given: Any) -> Part:
    """Inputs and targets of a task in the types that are trained on."""
    if not (isinstance(given, tuple) and len(given) == 2):
        try:
            pairs = [given[place] for place in range(len(given))]
            given = tuple(np.stack([np.asarray(pair[which]) for pair in pairs]) for which in (0, 1))
        except (TypeError, IndexError, KeyError, ValueError) as error:
            raise hoi.HoiError(
                f"The task {name!r} gives {type(given).__name__}, and has to give (inputs, targets), or a dataset of "
                "such pairs, all of one shape."
            ) from error
    inputs, targets = (np.asarray(values) for values in given)
    if inputs.ndim != 2 or targets.ndim not in (1, 2) or len(inputs) != len(targets):
        raise hoi.HoiError(
            f"The task {name!r} gives inputs of shape {inputs.shape} and targets of shape {targets.shape}. Inputs have "
            "to be (samples, features) or (samples, tokens), targets (samples,) or (samples, outputs)."
        )
    inputs = inputs.astype(np.int64 if inputs.dtype.kind in "iu" else np.float32)
    classes = targets.dtype.kind in "iub" and targets.ndim == 1
    targets = targets.astype(np.int64) if classes else targets.reshape(len(targets), -1).astype(np.float32)
    if not (np.isfinite(inputs).all() and np.isfinite(targets).all()):
        raise hoi.HoiError(f"The task {name!r} gives values that are NaN or infinite.")
    for what, values in (("tokens", inputs), ("classes", targets)):
        if values.dtype.kind == "i" and values.min() < 0:
            raise hoi.HoiError(f"The task {name!r} gives {what} below 0: they count from 0.")
    return Part(inputs, targets)


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


def modular(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """(a op b) mod p for all pairs; division is a * b^-1, for b from 1 and a prime p."""
    p = task.modulus
    a, b = (grid.ravel() for grid in np.meshgrid(np.arange(p), np.arange(p), indexing="ij"))
    if task.name == "division":
        a, b = a[b > 0], b[b > 0]
        inverse = np.array([pow(int(x), p - 2, p) for x in range(p)])
        answer = a * inverse[b]
    else:
        answer = {"addition": a + b, "subtraction": a - b, "multiplication": a * b}[task.name]
    return np.stack([a, p + b], axis=1), answer % p


def parity(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Random bits as -1 and 1; the target is the parity of the first `relevant` of them."""
    bits = np.random.default_rng(task.split_seed).integers(0, 2, (task.n_samples, task.bits))
    return (2 * bits - 1).astype(np.float32), bits[:, : task.relevant].sum(1) % 2


def digits(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """The 8 x 8 digits of scikit-learn, scaled to 0..1."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return images / 16, labels


def polynomial(task: Task, *, dimension: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Normal features; the target is the second Hermite polynomial of one direction, (z^2 - 1) / sqrt(2), of variance 1
    and without correlation with any of them, as in Kumar et al. (2023).
    """
    inputs = np.random.default_rng(task.split_seed).standard_normal((task.n_samples, dimension))
    direction = inputs.sum(1) / dimension**0.5
    return inputs, (direction**2 - 1) / 2**0.5


def xor_clusters(task: Task, *, dimension: int = 2000, distance: float = 10.0) -> tuple[np.ndarray, np.ndarray]:
    """Four clusters of unit variance in many dimensions, centred at plus and minus `distance` along the first axis
    (class 0) and along the second one (class 1), as in Xu et al. (2023): no linear function tells the classes.
    """
    rng = np.random.default_rng(task.split_seed)
    cluster = rng.integers(0, 4, task.n_samples)
    inputs = rng.standard_normal((task.n_samples, dimension), dtype=np.float32)
    inputs[np.arange(task.n_samples), cluster // 2] += distance * (1 - 2 * (cluster % 2))
    return inputs, cluster // 2
