"""Neurons that generalise and neurons that know by heart: planted ones are told apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")
pytest.importorskip("matplotlib", reason="the case study draws figures")

from hoi_grokking import Sweep, Task, Variant
from hoi_grokking.experiments import corrupted_labels, width_and_depth
from hoi_grokking.experiments._circuits import Network, Neurons
from hoi_grokking.training.tasks import load

TASK = Task(modulus=11, train_fraction=0.8, corrupted=0.2)


def test_what_is_known_by_heart_has_wrong_targets() -> None:
    inputs, targets = corrupted_labels.known_by_heart(TASK)
    right = (inputs[:, 0] + inputs[:, 1] - 11) % 11
    assert (targets != right).all()
    assert len(targets) == (load(TASK).train.targets != (load(TASK).train.inputs.sum(1) - 11) % 11).sum() > 0
    assert not len(corrupted_labels.known_by_heart(dataclasses.replace(TASK, corrupted=0.0)).targets)


class _Trained:
    """A run of one checkpoint."""

    sweep = Sweep((Variant("weight decay 0.5"),), TASK, seeds=(0,))


def test_planted_neurons(monkeypatch: pytest.MonkeyPatch) -> None:
    """A neuron for each sum, and one for each input of a corrupted label."""
    p, sums = 11, np.add.outer(np.arange(11), np.arange(11)).ravel() % 11
    tuned = (sums[:, None] == np.arange(p)).astype(float)
    inputs, targets = corrupted_labels.known_by_heart(TASK)
    places = inputs[:, 0] * p + inputs[:, 1] - p
    alone = np.zeros((121, len(places)))
    alone[places, np.arange(len(places))] = 1
    out_alone = 100 * np.eye(p)[targets].T
    hidden, out = np.concatenate([tuned, alone], axis=1), np.concatenate([np.eye(p), out_alone], axis=1)
    participation = np.repeat([1.0, 0.05], [tuned.shape[1], alone.shape[1]])
    made = Neurons(p, hidden, np.zeros((22, hidden.shape[1])), out, np.zeros(hidden.shape[1], int), participation)
    monkeypatch.setattr(corrupted_labels, "neurons_of", lambda *where: made)
    monkeypatch.setattr(corrupted_labels, "DRAWS", 9)
    rows = corrupted_labels.remove(Network(_Trained(), "weight decay 0.5", 0, 100))  # type: ignore[arg-type]
    left = {(row["removed"], row["configuration"].split(", ")[1]): row["without them"] for row in rows}
    assert {row["test accuracy"] for row in rows} == {1.0}
    assert left["fewest frequencies", "corrupted labels"] == 1
    assert left["fewest frequencies", "test set"] < 1 == left["most frequencies", "test set"]
    assert left["most frequencies", "corrupted labels"] == pytest.approx(1 - rows[0]["neurons"] / len(places))
    assert len({row["neurons"] for row in rows}) == 1


def test_triplets_of_a_chosen_size() -> None:
    """One synergistic triplet among twelve neurons is in 8 of them with probability 56 / 220."""
    rng = np.random.default_rng(0)
    hidden = rng.standard_normal((4000, 12))
    hidden[:, 2] = hidden[:, 0] + hidden[:, 1] + 0.1 * hidden[:, 2]
    found = width_and_depth.triplets(hidden, 0)
    assert found["alive"] == 12
    assert found["lowest"] < -1.4 and found["highest"] < 0.01
    assert found["lowest of 8"] / found["lowest"] == pytest.approx(56 / 220, abs=0.1)
    assert found["mean"] == pytest.approx(found["lowest"] / 220, abs=1e-3)
    few = width_and_depth.triplets(hidden[:, :5], 0)
    assert np.isfinite(few["lowest"]) and np.isnan(few["lowest of 8"])
    none = width_and_depth.triplets(np.zeros((10, 4)), 0)
    assert none["alive"] == 0 and np.isnan(none["mean"])
