"""Rankings of sets of neurons, held against all sets one by one, and circuits that were planted."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("torch", reason="the case study trains with PyTorch")

import hoi
from hoi_grokking.circuits import common_frequency, on_off, over_classes, shifted
from hoi_grokking.experiments._rankings import FEWER, MANY, Copula, like_outputs, patterns

RNG = np.random.default_rng(0)
TOKENS = 23


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neurons as networks that grok have them, four of each of five frequencies, their weights to the logits, and
    which frequency they have.
    """
    tuned = np.repeat([1, 3, 4, 5, 7], 4)  # none is twice another, which the ReLU gives too
    a, b = np.indices((TOKENS, TOKENS)).reshape(2, -1, 1)
    angle, phase = 2 * np.pi * tuned / TOKENS, np.tile([0.0, 0.9, 1.7, 2.6], 5) + 0.1 * tuned
    hidden = np.maximum(np.cos(angle * a + phase) + np.cos(angle * b + phase), 0)
    classes = np.arange(TOKENS)[:, None]
    return hidden, np.cos(angle * classes + 2 * phase), tuned


def all_sets(n: int, order: int) -> list[tuple[int, ...]]:
    return list(itertools.combinations(range(n), order))


@pytest.mark.parametrize(("order", "measure"), [(2, "tc"), (3, "oinfo"), (4, "oinfo"), (2, "rsi"), (3, "rsi")])
def test_the_ends_are_those_of_all_sets_evaluated_one_by_one(
    planted: tuple[np.ndarray, ...], order: int, measure: str
) -> None:
    hidden, out, _ = planted
    dead = np.insert(hidden, 3, 0.0, axis=1)  # a neuron that never changes is in no set
    members = [chosen for chosen in all_sets(21, order) if 3 not in chosen]
    X = np.concatenate([dead, over_classes(hidden @ out.T)], axis=1)
    kept = [0, 1, 2, *range(4, X.shape[1])]
    place = {column: i for i, column in enumerate(kept)}
    inner = [tuple(place[one] for one in chosen) for chosen in members]
    with pytest.warns(hoi.HoiWarning):  # many ties
        if measure == "rsi":
            target = list(range(20, len(kept)))
            expected = hoi.rsi(X[:, kept], inner, target=target, bias_correction=False)
        else:
            expected = getattr(hoi, {"tc": "total_correlation", "oinfo": "oinfo"}[measure])(
                X[:, kept[:20]], inner, bias_correction=False
            )
    copula = Copula(dead, np.insert(out, 3, 1.0, axis=1))
    found = copula.ends(order, measure)
    known = dict(zip(members, np.asarray(expected), strict=True))
    for ranked, sign in ((found.lowest, 1), (found.highest, -1)):
        assert len(ranked.values) == min(MANY, len(members))
        mine = [known[tuple(chosen)] for chosen in ranked.members.tolist()]
        np.testing.assert_allclose(ranked.values, mine, rtol=0, atol=1e-9)
        best = np.sort(sign * np.asarray(expected))[: len(mine)]
        np.testing.assert_allclose(sign * ranked.values, best, rtol=0, atol=1e-9)


def test_the_ends_of_patterns_are_exact(planted: tuple[np.ndarray, ...]) -> None:
    hidden, _, _ = planted
    plug_in = hoi.estimators.Discrete(correction=None)
    expected = np.sort(hoi.oinfo(on_off(hidden), all_sets(20, 3), estimator=plug_in))
    found = patterns(hidden, 3)
    np.testing.assert_allclose(found.lowest.values, expected[:FEWER], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.highest.values, expected[::-1][:FEWER], rtol=0, atol=1e-12)


def test_pairs_of_like_weights(planted: tuple[np.ndarray, ...]) -> None:
    _, out, tuned = planted
    weights = out + RNG.standard_normal(20)  # the same to all logits of a neuron: no softmax sees it
    found = like_outputs(weights)
    squared = {pair: np.corrcoef(out[:, pair].T)[0, 1] ** 2 for pair in all_sets(20, 2)}
    np.testing.assert_allclose(found.values, sorted(squared.values(), reverse=True), rtol=0, atol=1e-12)
    within = found.values > 1e-9
    assert common_frequency(found.members[within], tuned).all()


def test_planted_circuits_lead_the_rankings_and_do_so_when_they_are_shifted(planted: tuple[np.ndarray, ...]) -> None:
    """Of 1140 triplets 20 are of one frequency, of 190 pairs 30: chance is .018 and .16."""
    hidden, out, tuned = planted
    for seed in (None, 0, 1):
        copula = Copula(hidden if seed is None else shifted(hidden, TOKENS, seed), out)
        about = copula.ends(2, "rsi")
        assert common_frequency(copula.ends(2, "tc").highest.members[:10], tuned).mean() == 1
        assert common_frequency(about.highest.members[:6], tuned).mean() > 0.8
        triplets = copula.ends(3).lowest.members
        assert common_frequency(triplets[:5], tuned).mean() > 0.5
        # a fourth neuron adds nothing to the best triplets, so that any of them will do
        four = copula.ends(4).lowest.members[:20]
        assert common_frequency(four, tuned, but=1).mean() > common_frequency(four, tuned).mean()
