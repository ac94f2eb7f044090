"""The four estimators against slow definitions on a small layer, and unions of clusters against brute force."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import rankdata
from sklearn.cluster import AgglomerativeClustering

import hoi
import reference
from hoi_grokking import Probe, measure
from hoi_grokking.measures.estimators import Extreme
from hoi_grokking.measures.layer import Layer
from hoi_grokking.measures.unions import all_unions, sizes_of

N_CLUSTERS = 4
DEAD = 5
ALIVE = [neuron for neuron in range(9) if neuron != DEAD]


@pytest.fixture(scope="module")
def activations() -> np.ndarray:
    """Nine neurons after a ReLU, with many zeros, and one that never fires; 8 of them share four signals."""
    rng = np.random.default_rng(7)
    signals = rng.standard_normal((120, 4)) @ rng.standard_normal((4, 8)) + 0.7 * rng.standard_normal((120, 8))
    values = np.maximum(np.column_stack([signals, rng.standard_normal(120)]), 0)
    values[:, DEAD] = 0
    return values


def entropies(values: np.ndarray, ties: str) -> reference.Entropy:
    """Gaussian-copula entropies without bias correction, the ranks by scipy."""
    scores = ndtri(rankdata(values, ties, axis=0) / (len(values) + 1))
    return reference.entropies(np.cov(scores.T))


def neuron_entropies(values: np.ndarray, ties: str) -> reference.Entropy:
    """Of neurons by their place in the layer; those that never fire have none."""
    h = entropies(values[:, ALIVE], ties)
    return lambda neurons: h([ALIVE.index(neuron) for neuron in neurons])


def clusters_of(values: np.ndarray) -> list[tuple[int, ...]]:
    """Ward's clusters by scikit-learn, as neurons of the whole layer."""
    labels = AgglomerativeClustering(N_CLUSTERS).fit_predict(values[:, ALIVE].T)
    return sorted(tuple(n for n, own in zip(ALIVE, labels) if own == label) for label in range(N_CLUSTERS))


def sets_of(items: Sequence, low: int, high: int) -> list[tuple]:
    return [chosen for size in range(low, high + 1) for chosen in itertools.combinations(items, size)]


Rows = list[tuple[float, tuple[int, ...]]]


def pooled(values: np.ndarray, ties: str, low: int) -> Rows:
    clusters = clusters_of(values)
    h = entropies(np.stack([values[:, members].mean(1) for members in clusters], 1), ties)
    places = sets_of(range(N_CLUSTERS), low, N_CLUSTERS)
    return [
        (reference.oinfo(h, reference.singles(chosen)), neurons(clusters[place] for place in chosen))
        for chosen in places
    ]


def union(values: np.ndarray, ties: str, low: int) -> Rows:
    h = neuron_entropies(values, ties)
    found = [neurons(chosen) for chosen in sets_of(clusters_of(values), low, N_CLUSTERS)]
    return [(reference.oinfo(h, reference.singles(members)), members) for members in found]


def grouped(values: np.ndarray, ties: str, low: int) -> Rows:
    h = neuron_entropies(values, ties)
    return [
        (reference.oinfo(h, chosen), neurons(chosen)) for chosen in sets_of(clusters_of(values), low, N_CLUSTERS)
    ]


def single(values: np.ndarray, ties: str, low: int) -> Rows:
    h = neuron_entropies(values, ties)
    return [(reference.oinfo(h, reference.singles(chosen)), chosen) for chosen in itertools.combinations(ALIVE, low)]


def neurons(clusters) -> tuple[int, ...]:
    return tuple(sorted(itertools.chain(*clusters)))


DEFINITIONS: dict[str, Callable[[np.ndarray, str, int], Rows]] = {
    "pooled": pooled, "union": union, "grouped": grouped, "neurons": single,
}  # fmt: skip


@pytest.mark.parametrize("low", [3, 4])
@pytest.mark.parametrize("ties", ["average", "ordinal"])
@pytest.mark.parametrize("estimator", DEFINITIONS)
def test_the_extremes_are_those_of_the_definition(
    estimator: str, ties: str, low: int, activations: np.ndarray
) -> None:
    rows = DEFINITIONS[estimator](activations, ties, low)
    sizes = (low, low) if estimator == "neurons" else (low, N_CLUSTERS)
    found = measure(activations, Probe(estimator, ties, n_clusters=N_CLUSTERS, sizes=sizes))
    for end, (value, members) in ((found.lowest, min(rows)), (found.highest, max(rows))):
        assert end.value == pytest.approx(value, abs=1e-10)
        assert end.neurons == members
    assert found.n_alive == 8


@pytest.mark.parametrize("estimator", ["pooled", "grouped"])
def test_sets_of_two_clusters_are_at_zero(estimator: str, activations: np.ndarray) -> None:
    """So with the default sizes, of 2 clusters and more, the lowest is never above 0 and the highest never below."""
    found = measure(activations, Probe(estimator, n_clusters=N_CLUSTERS))
    rows = DEFINITIONS[estimator](activations, "average", 2)
    assert found.lowest.value == pytest.approx(min(rows)[0], abs=1e-10)
    assert found.highest.value == pytest.approx(max(rows)[0], abs=1e-10)
    two = measure(activations, Probe(estimator, n_clusters=N_CLUSTERS, sizes=(2, 2)))
    assert (two.lowest.value, two.highest.value) == (pytest.approx(0, abs=1e-10),) * 2


def test_rounding_does_not_choose_among_sets_of_two_clusters() -> None:
    """All are at zero, so that the lowest of redundant neurons is the first pair of clusters however it is rounded."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((500, 1)) + 0.7 * rng.standard_normal((500, 24))
    layers = [Layer(X[rng.permutation(500)] * scale) for scale in (1, 1 / 3, 0.7, 1.1)]
    for layer in layers:
        first, second = layer.clusters("ward", 10)[:2]
        lowest = measure(layer, Probe("grouped")).lowest
        assert lowest.neurons == tuple(sorted([*first, *second]))


def test_random_ties_depend_on_their_seed_alone(activations: np.ndarray) -> None:
    def lowest(seed: int) -> Extreme:
        return measure(activations, Probe("union", "random", n_clusters=N_CLUSTERS, seed=seed)).lowest

    assert lowest(1) == lowest(1)
    assert lowest(1).value != lowest(2).value


def test_a_shared_layer_gives_what_single_calls_give(activations: np.ndarray) -> None:
    layer = Layer(activations)
    for estimator, ties in itertools.product(DEFINITIONS, ["average", "ordinal", "random"]):
        probe = Probe(estimator, ties, n_clusters=N_CLUSTERS)
        assert measure(layer, probe) == measure(activations, probe)


def test_the_extremes_follow_the_neurons(activations: np.ndarray) -> None:
    """A change of the order of neurons changes no value, and no set."""
    order = np.random.default_rng(0).permutation(9)
    for estimator in DEFINITIONS:
        probe = Probe(estimator, n_clusters=N_CLUSTERS, sizes=(3, 3))
        straight, shuffled = measure(activations, probe), measure(activations[:, order], probe)
        assert shuffled.lowest.value == pytest.approx(straight.lowest.value, abs=1e-10)
        assert sorted(order[list(shuffled.lowest.neurons)]) == list(straight.lowest.neurons)


# --- unions


def correlation(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.corrcoef(rng.standard_normal((n, 2)) @ rng.standard_normal((2, 300)) + rng.standard_normal((n, 300)))


@pytest.mark.parametrize("sizes", [(1, 1, 1), (3, 1, 2), (1, 6, 2, 2), (4,), (2, 2, 2, 2, 2)])
def test_every_union_is_as_by_brute_force(sizes: tuple[int, ...]) -> None:
    R = correlation(sum(sizes))
    shuffled = np.random.default_rng(1).permutation(sum(sizes))
    clusters = [part.tolist() for part in np.split(shuffled, np.cumsum(sizes)[:-1])]
    found = all_unions(R, clusters)
    h = reference.entropies(R)
    for place in range(1, 1 << len(clusters)):
        chosen = [members for i, members in enumerate(clusters) if place >> i & 1]
        members = [neuron for part in chosen for neuron in part]
        assert found.neurons[place] == pytest.approx(reference.oinfo(h, reference.singles(members)), abs=1e-9)
        assert found.grouped[place] == pytest.approx(reference.oinfo(h, chosen), abs=1e-9)
        assert sizes_of(len(clusters))[place] == len(chosen)
    assert found.neurons[0] == found.grouped[0] == 0


def test_three_equal_correlations_by_hand() -> None:
    """det R = 1/2 and every (R^-1)_jj = 3/2, so Omega = log 2 - 3/2 log 3/2."""
    R = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    by_hand = math.log(2) - 1.5 * math.log(1.5)
    assert all_unions(R, [[0], [1], [2]]).neurons[-1] == pytest.approx(by_hand, abs=1e-12)
    assert all_unions(R, [[0, 1, 2]]).neurons[-1] == pytest.approx(by_hand, abs=1e-12)
    assert all_unions(4 * R, [[0, 1], [2]]).neurons[-1] == pytest.approx(by_hand, abs=1e-12), "scale does not matter"
    assert all_unions(R, [[0, 1, 2]]).grouped[-1] == pytest.approx(0, abs=1e-12), "one variable alone"


def test_singular_unions_have_no_value_and_spoil_no_other() -> None:
    R = correlation(5)
    R[4] = R[3]
    R[:, 4] = R[:, 3]
    R[3, 4] = R[4, 3] = R[4, 4] = 1
    found = all_unions(R, [[0, 1], [2], [3], [4]])
    both = np.array([place >> 2 & place >> 3 & 1 for place in range(16)], bool)
    assert np.isnan(found.neurons[both]).all()
    assert np.isfinite(found.neurons[~both]).all()
    h = reference.entropies(R)
    assert found.neurons[0b0111] == pytest.approx(reference.oinfo(h, reference.singles([0, 1, 2, 3])), abs=1e-9)


# --- errors


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((5, 4, 3)), r"Activations of shape \(5, 4, 3\) were given; a layer needs \(samples, neurons\)"),
        (np.zeros((5, 4)), "0 of 4 neurons vary over the samples; 3 are needed"),
    ],
)
def test_activations_that_cannot_be_measured(values: np.ndarray, message: str) -> None:
    with pytest.raises(hoi.HoiError, match=message):
        measure(values)


@pytest.mark.parametrize(
    ("key", "value"), [("estimator", "sum"), ("ties", "max"), ("inputs", "test"), ("clustering", "kmeans")]
)
def test_probes_that_do_not_exist(key: str, value: str) -> None:
    with pytest.raises(hoi.HoiError, match=rf"Probe\.{key} is '{value}', and has to be one of \('"):
        Probe(**{key: value})
    with pytest.raises(hoi.HoiError, match=r"Probe has no key 'tie'\. It has: estimator, ties"):
        Probe.from_dict({"tie": "average"})


def test_the_key_tells_probes_apart() -> None:
    probes = [
        Probe(), Probe("union"), Probe(ties="random"), Probe(ties="random", seed=1), Probe(inputs="all"),
        Probe(clustering="spectral"), Probe(n_clusters=9), Probe(sizes=(3, 4)), Probe("neurons"),
    ]  # fmt: skip
    assert len({probe.key for probe in probes}) == len(probes)
