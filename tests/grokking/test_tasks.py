"""The tasks: answers by brute force, sizes and seeds of the split."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the split is drawn by PyTorch")

import hoi
from hoi_grokking import Task
from hoi_grokking.training.tasks import Data, load

MODULAR = ("addition", "subtraction", "multiplication", "division")


def pairs(data: Data) -> list[tuple[int, int]]:
    """(a, b) of all inputs, training set first."""
    p = data.n_classes
    return [(int(a), int(b) - p) for a, b in data.everything.inputs]


@pytest.mark.parametrize("name", MODULAR)
@pytest.mark.parametrize("p", [5, 23])
def test_the_answers_of_modular_arithmetic(name: str, p: int) -> None:
    data = load(Task(name, modulus=p))
    for (a, b), answer in zip(pairs(data), data.everything.targets, strict=True):
        right = {
            "addition": lambda x, a=a, b=b: x == (a + b) % p,
            "subtraction": lambda x, a=a, b=b: (x + b) % p == a,
            "multiplication": lambda x, a=a, b=b: x == a * b % p,
            "division": lambda x, a=a, b=b: x * b % p == a,
        }[name]
        assert [x for x in range(p) if right(x)] == [answer], (a, b)


@pytest.mark.parametrize("name", MODULAR)
def test_every_pair_is_in_one_of_the_sets(name: str) -> None:
    p = 7
    first = 1 if name == "division" else 0  # nothing is divided by 0
    found = sorted(pairs(load(Task(name, modulus=p))))
    assert found == [(a, b) for a in range(p) for b in range(first, p)]


def test_the_split_is_the_published_one() -> None:
    """torch.manual_seed(420), randperm(9409): what it gives first is for training."""
    import torch

    data = load(Task())
    assert (len(data.train.targets), len(data.test.targets)) == (3763, 5646)
    assert (data.n_inputs, data.n_classes) == (194, 97)
    with torch.random.fork_rng():
        torch.manual_seed(420)
        chosen = torch.randperm(9409)[:3763].tolist()
    train = pairs(data)[:3763]
    assert train == sorted(train)
    assert [train[place] for place in data.drawn] == [divmod(place, 97) for place in chosen]


def test_the_split_follows_its_seed_and_leaves_the_global_one_alone() -> None:
    import torch

    before = torch.random.get_rng_state()
    first, again, other = (load(Task(modulus=11, split_seed=seed)) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_array_equal(first.train.inputs, again.train.inputs)
    assert not np.array_equal(first.train.inputs, other.train.inputs)


@pytest.mark.parametrize("part", [0.3, 1.0])
def test_corrupted_targets(part: float) -> None:
    right, wrong, again = (load(Task(corrupted=how)) for how in (0.0, part, part))
    np.testing.assert_array_equal(wrong.train.targets, again.train.targets)
    for ours, theirs in zip((wrong.train.inputs, *wrong.test), (right.train.inputs, *right.test), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.bincount(wrong.train.targets), np.bincount(right.train.targets))
    changed = (wrong.train.targets != right.train.targets).mean()
    assert changed == pytest.approx(part * 96 / 97, abs=0.02), "one in 97 gets the answer that it had"


@pytest.mark.parametrize("fraction", [0.1, 0.4, 0.85])
def test_sizes_of_the_sets(fraction: float) -> None:
    for task, n in (
        (Task(modulus=11, train_fraction=fraction), 121),
        (Task("division", modulus=11, train_fraction=fraction), 110),
        (Task("parity", n_samples=200, train_fraction=fraction), 200),
        (Task("digits", train_fraction=fraction), 1797),
    ):
        data = load(task)
        assert len(data.train.targets) == int(n * fraction)
        assert len(data.train.targets) + len(data.test.targets) == n


def test_parity_is_that_of_the_relevant_bits() -> None:
    data = load(Task("parity", bits=12, relevant=4, n_samples=500))
    inputs, targets = data.everything
    assert inputs.shape == (500, 12) and inputs.dtype == np.float32
    assert set(np.unique(inputs)) == {-1, 1}
    for bits, target in zip(inputs, targets, strict=True):
        assert target == sum(bit > 0 for bit in bits[:4]) % 2
    assert (data.n_inputs, data.n_classes) == (12, 2)
    assert 0.4 < targets.mean() < 0.6
    single = np.abs([np.corrcoef(inputs[:, bit], targets)[0, 1] for bit in range(12)])
    assert single.max() < 0.2, "no single bit gives the target away"


def test_digits_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    data = load(Task("digits"))
    inputs, targets = data.everything
    images, labels = load_digits(return_X_y=True)
    assert (data.n_inputs, data.n_classes) == (64, 10)
    assert inputs.dtype == np.float32 and inputs.min() == 0 and inputs.max() == 1
    ours, theirs = (
        sorted(zip(answers.tolist(), pixels.tolist(), strict=True))
        for answers, pixels in ((targets, inputs * 16), (labels, images))
    )
    assert ours == theirs, "the same images with the same labels"


def test_a_polynomial_is_not_seen_by_any_linear_function() -> None:
    task = Task("polynomial", n_samples=40000, options={"dimension": 4})
    inputs, targets = load(task).everything
    assert (inputs.shape, targets.shape) == ((40000, 4), (40000, 1))
    assert abs(targets.mean()) < 0.02 and abs(targets.var() - 1) < 0.05
    direction = inputs.mean(1) * 2
    np.testing.assert_allclose(targets[:, 0], (direction**2 - 1) / np.sqrt(2), atol=1e-5)
    assert np.abs([np.corrcoef(column, targets[:, 0])[0, 1] for column in inputs.T]).max() < 0.02


def test_clusters_of_an_exclusive_or() -> None:
    """The classes have the same mean, and the product of what lies along the axes tells them."""
    task = Task("xor_clusters", n_samples=8000, options={"dimension": 6, "distance": 5.0})
    inputs, targets = load(task).everything
    means = [inputs[targets == one].mean(0) for one in (0, 1)]
    np.testing.assert_allclose(means, 0, atol=0.15)
    np.testing.assert_allclose(inputs[:, 2:].var(0), 1, atol=0.06)
    along = np.abs(inputs[:, :2])
    assert ((along[:, 1] > along[:, 0]) == targets).mean() > 0.99
    assert sorted(np.unique(np.sign(inputs[targets == 0, 0]), return_counts=True)[1] > 1800) == [True, True]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "addtion"}, "Task.name is 'addtion', and has to be one of 'addition', 'subtraction'"),
        ({"train_fraction": 1.0}, "Task.train_fraction is 1.0, and has to be between 0 and 1"),
        ({"modulus": 2}, "Task.modulus is 2, and has to be 3 or more"),
        ({"name": "division", "modulus": 91}, "Task.modulus is 91, and has to be a prime, for division"),
        ({"n_samples": 1}, "Task.n_samples is 1, and has to be 2 or more"),
        ({"corrupted": 1.5}, "Task.corrupted is 1.5, and has to be 0 to 1, a part of the training targets"),
        ({"relevant": 31}, r"Task.relevant is 31, and has to be 1 to 30 \(bits\)"),
    ],
)
def test_settings_out_of_range(settings: dict, message: str) -> None:
    with pytest.raises(hoi.HoiError, match=message):
        Task(**settings)


def test_a_training_set_that_would_be_empty() -> None:
    with pytest.raises(hoi.HoiError, match=r"train_fraction is 0\.01, and leaves none of 25 samples to train on"):
        load(Task(modulus=5, train_fraction=0.01))
