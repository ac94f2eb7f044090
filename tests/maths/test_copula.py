"""Normal scores: against SciPy and the published tools, ties of every kind, and independence of threads."""

from __future__ import annotations

import hypothesis
import hypothesis.extra.numpy
import hypothesis.strategies as st
import numpy as np
import pytest
import scipy.special
import scipy.stats

from hoi._errors import HoiError
from hoi._maths import copula
from hoi._maths.copula import normal_scores

# few levels, many levels, no ties; and values where -0.0 meets 0.0
KINDS = {
    "untied": lambda rng, shape: rng.standard_normal(shape),
    "coarse": lambda rng, shape: rng.integers(-2, 3, shape) * 0.5,
    "fine": lambda rng, shape: np.round(rng.standard_normal(shape) * shape[0] / 2),
    "zeros": lambda rng, shape: np.maximum(rng.standard_normal(shape), 0) * rng.choice([-0.0, 1.0], shape),
}
# one column, one block, several blocks of short columns, one block for each few long columns
SHAPES = [(3, 1), (50, 4), (257, 70), (40_000, 5)]


def expected(X, method):
    return scipy.special.ndtri(scipy.stats.rankdata(X, method=method, axis=0) / (len(X) + 1))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ties", ["average", "ordinal"])
def test_scores_are_those_of_scipy(rng, kind, shape, ties):
    X = KINDS[kind](rng, shape)
    scores, repeated = normal_scores(X, ties)
    assert (scores.shape, repeated.shape, scores.dtype) == (shape, shape[1:], np.float64)
    np.testing.assert_allclose(scores, expected(X, ties), rtol=0, atol=1e-12)
    share = [1 - len(np.unique(column)) / len(X) for column in X.T]
    np.testing.assert_allclose(repeated, share, rtol=0, atol=1e-15)


def test_scores_are_those_of_the_published_tools(rng):
    """HOI, THOI and gcmi rank by two argsorts, which is right without ties."""
    X = rng.standard_normal((1000, 6))
    ranks = np.argsort(np.argsort(X, axis=0), axis=0) + 1
    z = scipy.special.ndtri(ranks / (len(X) + 1))
    for ties in ("average", "ordinal", "random"):
        scores, repeated = normal_scores(X, ties, seed=0)
        np.testing.assert_allclose(scores, z, rtol=0, atol=1e-12)
        assert (repeated == 0).all()


def test_ordinal_ties_with_gcmi(rng):
    """gcmi gives equal values increasing ranks in the order of the file."""
    X = rng.integers(0, 4, (500, 3)).astype(float)
    ranks = np.argsort(np.argsort(X, axis=0, kind="stable"), axis=0, kind="stable") + 1
    np.testing.assert_allclose(
        normal_scores(X, "ordinal")[0], scipy.special.ndtri(ranks / 501), rtol=0, atol=1e-12
    )


def test_random_ties_keep_the_order_of_different_values(rng):
    X = rng.integers(0, 4, (500, 3)).astype(float)
    scores, _ = normal_scores(X, "random", seed=3)
    for x, z in zip(X.T, scores.T, strict=True):
        np.testing.assert_array_equal(np.sort(z), np.sort(normal_scores(x[:, None], "ordinal")[0][:, 0]))
        assert all(z[x == value].max() < z[x == value + 1].min() for value in range(3))


def test_random_ties_are_uniform():
    """Each of the 6 orders of a run of three equal values is drawn equally often."""
    draws = 6000
    X = np.tile([[5.0], [1.0], [5.0], [9.0], [5.0]], (1, draws))
    scores, repeated = normal_scores(X, "random", seed=11)
    orders, counts = np.unique(np.argsort(scores[[0, 2, 4]], axis=0), axis=1, return_counts=True)
    assert orders.shape[1] == 6
    # 6 standard deviations of a binomial count
    assert np.abs(counts - draws / 6).max() < 6 * np.sqrt(draws * 1 / 6 * 5 / 6)
    np.testing.assert_allclose(repeated, 0.4)


def test_random_ties_of_equal_columns_are_independent():
    X = np.tile(np.arange(200.0)[:, None] // 100, (1, 2))
    scores, _ = normal_scores(X, "random", seed=0)
    within = np.corrcoef(scores[:100].T)[0, 1]
    assert abs(within) < 0.5


def test_random_ties_follow_the_seed(rng):
    X = rng.integers(0, 4, (100, 3)).astype(float)
    first, _ = normal_scores(X, "random", seed=5)
    np.testing.assert_array_equal(first, normal_scores(X, "random", seed=5)[0])
    np.testing.assert_array_equal(first, normal_scores(X, "random", seed=np.random.default_rng(5))[0])
    assert (first != normal_scores(X, "random", seed=6)[0]).any()
    generator = np.random.default_rng(5)
    normal_scores(X, "random", seed=generator)
    assert (first != normal_scores(X, "random", seed=generator)[0]).any()


@pytest.mark.parametrize("ties", copula.TIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_threads_and_blocks_change_nothing(rng, monkeypatch, shape, ties):
    X = KINDS["fine"](rng, shape)
    monkeypatch.setattr(copula, "THREADED_VALUES", 1)
    scores, repeated = normal_scores(X, ties, seed=1, threads=1)
    for threads, width in [(2, 64), (3, 64), (8, 2), (1, 1)]:
        monkeypatch.setattr(copula, "BLOCK_COLUMNS", width)
        others, shares = normal_scores(X, ties, seed=1, threads=threads)
        np.testing.assert_array_equal(scores, others)
        np.testing.assert_array_equal(repeated, shares)


@pytest.mark.parametrize("ties", copula.TIES)
def test_memory_layout_changes_nothing(rng, ties):
    X = KINDS["coarse"](rng, (60, 8))
    X.setflags(write=False)
    scores, _ = normal_scores(X, ties, seed=1)
    np.testing.assert_array_equal(scores, normal_scores(np.asfortranarray(X), ties, seed=1)[0])
    np.testing.assert_array_equal(scores, normal_scores(np.repeat(X, 2, axis=1)[:, ::2], ties, seed=1)[0])


@hypothesis.given(
    hypothesis.extra.numpy.arrays(
        np.float64,
        st.tuples(st.integers(3, 30), st.integers(1, 4)),
        elements=st.floats(-1e300, 1e300) | st.sampled_from([0.0, -0.0, 1.0]),
    )
)
def test_monotone_maps_and_order_of_columns(X):
    scores, repeated = normal_scores(X)
    np.testing.assert_allclose(scores, expected(X, "average"), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(normal_scores(X[:, ::-1])[0], scores[:, ::-1])
    ranks = scipy.stats.rankdata(X, axis=0)
    np.testing.assert_array_equal(normal_scores(ranks**3)[0], scores)
    np.testing.assert_allclose(normal_scores(-X)[0], -scores, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(normal_scores(-X)[1], repeated)


def test_order_of_samples_moves_the_scores_along(rng):
    X = KINDS["coarse"](rng, (40, 3))
    moved = rng.permutation(40)
    np.testing.assert_array_equal(normal_scores(X[moved])[0], normal_scores(X)[0][moved])


def test_messages():
    X = np.arange(6.0).reshape(3, 2)
    with pytest.raises(HoiError, match="ties='dense': use one of 'average', 'ordinal', 'random'"):
        normal_scores(X, "dense")
    with pytest.raises(HoiError, match=r'ties="random" needs a seed.*seed=0'):
        normal_scores(X, "random")
