"""Clusters of neurons: both methods find planted groups, and differ where they are meant to."""

from __future__ import annotations

import numpy as np
import pytest

from hoi_grokking.measures.layer import CLUSTERINGS, Layer

GROUPS = [[0, 1, 2, 3], [4, 5, 6], [7, 8]]


def planted(scales: np.ndarray) -> np.ndarray:
    """Neurons that repeat the signal of their group with some noise, times a factor each."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(3), [len(members) for members in GROUPS])
    return (rng.standard_normal((400, 3))[:, group] + 0.2 * rng.standard_normal((400, 9))) * scales


def found(layer: Layer, method: str, n_clusters: int) -> list[list[int]]:
    return [members.tolist() for members in layer.clusters(method, n_clusters)]


@pytest.mark.parametrize("method", CLUSTERINGS)
def test_planted_groups_are_found(method: str) -> None:
    assert found(Layer(planted(np.ones(9))), method, 3) == GROUPS


def test_spectral_clusters_do_not_depend_on_scale_and_sign_and_those_of_ward_do() -> None:
    layer = Layer(planted(np.array([1, -1, 30, 1, 1, -30, 1, 1, 0.1])))
    assert found(layer, "spectral", 3) == GROUPS
    assert found(layer, "ward", 3) != GROUPS


@pytest.mark.parametrize("method", CLUSTERINGS)
@pytest.mark.parametrize("n_clusters", [9, 12])
def test_no_more_clusters_than_neurons(method: str, n_clusters: int) -> None:
    assert found(Layer(planted(np.ones(9))), method, n_clusters) == [[neuron] for neuron in range(9)]
