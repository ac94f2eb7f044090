"""Clusters of neurons: both methods find planted groups, and differ where they are meant to."""

from __future__ import annotations

import numpy as np
import pytest

import hoi
from hoi_grokking import Probe, measure
from hoi_grokking.measures.downstream import downstream_affinity
from hoi_grokking.measures.layer import CLUSTERINGS, Layer

GROUPS = [[0, 1, 2, 3], [4, 5, 6], [7, 8]]


def planted(scales: np.ndarray) -> np.ndarray:
    """Neurons that repeat the signal of their group with some noise, times a factor each."""
    rng = np.random.default_rng(0)
    group = np.repeat(np.arange(3), [len(members) for members in GROUPS])
    return (rng.standard_normal((400, 3))[:, group] + 0.2 * rng.standard_normal((400, 9))) * scales


def found(layer: Layer, method: str, n_clusters: int) -> list[list[int]]:
    return [members.tolist() for members in layer.clusters(method, n_clusters)]


UPSTREAM = [method for method in CLUSTERINGS if method != "downstream"]


@pytest.mark.parametrize("method", UPSTREAM)
def test_planted_groups_are_found(method: str) -> None:
    assert found(Layer(planted(np.ones(9))), method, 3) == GROUPS


def test_spectral_clusters_do_not_depend_on_scale_and_sign_and_those_of_ward_do() -> None:
    layer = Layer(planted(np.array([1, -1, 30, 1, 1, -30, 1, 1, 0.1])))
    assert found(layer, "spectral", 3) == GROUPS
    assert found(layer, "ward", 3) != GROUPS


@pytest.mark.parametrize("method", UPSTREAM)
@pytest.mark.parametrize("n_clusters", [9, 12])
def test_no_more_clusters_than_neurons(method: str, n_clusters: int) -> None:
    assert found(Layer(planted(np.ones(9))), method, n_clusters) == [[neuron] for neuron in range(9)]


def weights() -> np.ndarray:
    """Of nine neurons to six classes: each group speaks for one class and against another, more or less loudly."""
    out = np.zeros((6, 9))
    for group, members in enumerate([[0, 3, 6], [1, 4, 7], [2, 5, 8]]):
        out[2 * group, members], out[2 * group + 1, members] = [1, -2, 0.5], [-1, 2, -0.5]
    return out


def test_downstream_clusters_are_those_of_what_neurons_do_not_of_what_they_say() -> None:
    activations = planted(np.ones(9))
    layer = Layer(activations, downstream_affinity(activations, weights()))
    assert found(layer, "downstream", 3) == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    assert found(layer, "spectral", 3) == GROUPS


def test_downstream_clusters_leave_out_neurons_that_never_change() -> None:
    activations = planted(np.ones(9))
    activations[:, 3] = 0.5
    layer = Layer(activations, downstream_affinity(activations, weights()))
    alive = [layer.alive[members].tolist() for members in layer.clusters("downstream", 3)]
    assert alive == [[0, 6], [1, 4, 7], [2, 5, 8]]


def test_the_affinity_is_that_of_the_hessian_of_the_loss_for_the_activations() -> None:
    torch = pytest.importorskip("torch", reason="the Hessian is that of PyTorch")
    rng = np.random.default_rng(0)
    hidden, out = rng.standard_normal((20, 5)), rng.standard_normal((4, 5))
    targets = torch.from_numpy(rng.integers(0, 4, 20))

    def loss(shift):
        logits = (torch.from_numpy(hidden) + shift) @ torch.from_numpy(out).T
        return torch.nn.functional.cross_entropy(logits, targets)

    hessian = torch.func.hessian(loss)(torch.zeros(5, dtype=torch.float64)).abs().numpy()
    scale = np.sqrt(hessian.diagonal())
    np.testing.assert_allclose(downstream_affinity(hidden, out), hessian / np.outer(scale, scale), atol=1e-12)


def test_a_neuron_that_does_nothing_is_like_itself_only() -> None:
    affinity = downstream_affinity(np.zeros((3, 2)), [[0, 1], [0, -1]])
    np.testing.assert_allclose(affinity, np.eye(2))


def test_activations_alone_do_not_tell_what_neurons_do() -> None:
    with pytest.raises(hoi.HoiError, match=r"clustering is 'downstream'.*Give Layer\(activations, downstream="):
        measure(planted(np.ones(9)), Probe(clustering="downstream", n_clusters=3))


def test_the_adjusted_rand_index_is_that_of_scikit_learn() -> None:
    pytest.importorskip("torch", reason="the case study trains with PyTorch")
    pytest.importorskip("matplotlib", reason="the case study draws figures")
    from sklearn.metrics import adjusted_rand_score

    from hoi_grokking.experiments.spectral import adjusted_rand

    rng = np.random.default_rng(0)
    for _ in range(50):
        one = rng.integers(0, rng.integers(1, 8), 40)
        two = np.where(rng.random(40) < 0.5, one, rng.integers(0, 8, 40))
        assert adjusted_rand(one, two) == pytest.approx(adjusted_rand_score(one, two))


def test_shuffled_labels_agree_less_than_clusterings_of_the_same_groups() -> None:
    pytest.importorskip("torch", reason="the case study trains with PyTorch")
    pytest.importorskip("matplotlib", reason="the case study draws figures")
    from hoi_grokking.experiments.spectral import _compared

    layer = Layer(planted(np.ones(9)), downstream_affinity(planted(np.ones(9)), weights()))
    compared = _compared(layer, 3, np.random.default_rng(0))
    assert compared["agreement, ward and spectral"] == 1 > compared["95 % of shuffled labels, ward and spectral"]
    assert compared["agreement, spectral and downstream"] < compared["95 % of shuffled labels, spectral and downstream"]
    assert compared["largest, ward"] == 4
