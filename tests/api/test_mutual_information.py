"""hoi.mutual_information, joint and conditional."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hoi
import reference

TOLERANCE = 1e-10


def cut(data: np.ndarray, *sizes: int) -> list[np.ndarray]:
    """Neighbouring columns of the data, so many at a time."""
    return np.split(data, np.cumsum(sizes), axis=-1)[: len(sizes)]


@st.composite
def samples(draw: st.DrawFn) -> tuple[np.ndarray, tuple[int, int, int]]:
    """A small recording, and the numbers of columns of X, Y and Z."""
    sizes = tuple(draw(st.integers(1, 3)) for _ in range(3))
    seed = draw(st.integers(0, 10_000))
    return hoi.simulate.random_covariance(sum(sizes), seed=seed).sample(50, seed), sizes


def columns(sizes: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [tuple(part) for part in np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])]


@pytest.mark.parametrize("bias_correction", [True, False])
@pytest.mark.parametrize("estimator", ["gaussian_copula", "gaussian"])
@given(drawn=samples())
def test_definition(estimator: str, bias_correction: bool, drawn: tuple) -> None:
    data, sizes = drawn
    x, y, z = cut(data, *sizes)
    estimate = reference.peers_covariance if estimator == "gaussian_copula" else lambda data: np.cov(data.T)
    h = reference.entropies(estimate(data), len(data) if bias_correction else None)
    cx, cy, cz = columns(sizes)
    options = {"estimator": estimator, "bias_correction": bias_correction}
    plain = hoi.mutual_information(x, y, **options)
    assert isinstance(plain, float)
    assert plain == pytest.approx(reference.mutual_information(h, cx, cy), abs=TOLERANCE)
    conditional = hoi.mutual_information(x, y, conditional_on=z, **options)
    assert conditional == pytest.approx(reference.mutual_information(h, cx, cy, cz), abs=TOLERANCE)


@given(drawn=samples(), bias_correction=st.booleans())
def test_chain_rule(drawn: tuple, bias_correction: bool) -> None:
    """I(X; Y, Z) = I(X; Z) + I(X; Y | Z), whatever the correction: every entropy in it has one bias."""
    data, sizes = drawn
    x, y, z = cut(data, *sizes)

    def information(*args: np.ndarray, **options: np.ndarray) -> float:
        return hoi.mutual_information(*args, bias_correction=bias_correction, **options)

    whole = information(x, np.hstack([y, z]))
    assert whole == pytest.approx(information(x, z) + information(x, y, conditional_on=z), abs=TOLERANCE)


@given(drawn=samples())
def test_symmetric_and_not_negative(drawn: tuple) -> None:
    data, sizes = drawn
    x, y, z = cut(data, *sizes)
    for options in ({}, {"conditional_on": z}):
        forth = hoi.mutual_information(x, y, bias_correction=False, **options)
        back = hoi.mutual_information(y, x, bias_correction=False, **options)
        assert forth == pytest.approx(back, abs=TOLERANCE)
        assert forth >= -TOLERANCE


def test_of_two_columns_is_their_total_correlation(recording: np.ndarray) -> None:
    value = hoi.mutual_information(recording[:, :1], recording[:, 1:2])
    assert value == pytest.approx(hoi.total_correlation(recording, [(0, 1)])[0], abs=TOLERANCE)
    groups = [(0, 1, 2), (3, 4)]
    joint = hoi.mutual_information(recording[:, :3], recording[:, 3:5])
    assert joint == pytest.approx(hoi.total_correlation(recording, groups=groups), abs=TOLERANCE)


def test_one_dimensional_variables_are_single_columns(recording: np.ndarray) -> None:
    value = hoi.mutual_information(recording[:, 0], recording[:, 1], conditional_on=recording[:, 2])
    x, y, z = cut(recording, 1, 1, 1)
    assert value == hoi.mutual_information(x, y, conditional_on=z)


def test_closed_forms_by_simulation() -> None:
    """Mean over many small samples: I = -log(1 - rho^2)/2 for each of two pairs, and 0 given the link."""
    pairs = hoi.simulate.block_diagonal(*(hoi.simulate.equicorrelated(2, rho) for rho in (0.6, -0.3)))
    draws = pairs.sample(15, seed=8, n_datasets=3000)
    values = hoi.mutual_information(draws[..., [0, 2]], draws[..., [1, 3]], estimator="gaussian")
    assert values.shape == (3000,)
    exact = -(math.log(1 - 0.6**2) + math.log(1 - 0.3**2)) / 2
    assert values.mean() == pytest.approx(exact, abs=4 * values.std() / math.sqrt(3000))

    chain = hoi.simulate.markov_chain(3, 0.7).sample(15, seed=9, n_datasets=3000)
    x, link, y = cut(chain, 1, 1, 1)
    values = hoi.mutual_information(x, y, conditional_on=link, estimator="gaussian")
    assert values.mean() == pytest.approx(0, abs=4 * values.std() / math.sqrt(3000))
    plain = hoi.mutual_information(x, y, conditional_on=link, estimator="gaussian", bias_correction=False)
    assert plain.mean() > 10 * values.std() / math.sqrt(3000)


def test_a_stack_is_the_loop_over_its_datasets() -> None:
    stack = hoi.simulate.random_covariance(5, seed=3).sample(40, seed=4, n_datasets=3)
    x, y, z = cut(stack, 2, 2, 1)
    values = hoi.mutual_information(x, y, conditional_on=z)
    loop = [hoi.mutual_information(x[d], y[d], conditional_on=z[d]) for d in range(3)]
    np.testing.assert_allclose(values, loop, rtol=0, atol=1e-12)


def test_published_formula(recording: np.ndarray) -> None:
    """I = H(X) + H(Y) - H(X, Y), each corrected, as gcmi computes it."""
    h = {c: reference.peers_entropy(recording, c) for c in [(0, 1), (2, 3, 4), (0, 1, 2, 3, 4)]}
    value = hoi.mutual_information(recording[:, :2], recording[:, 2:5])
    assert value == pytest.approx(h[0, 1] + h[2, 3, 4] - h[0, 1, 2, 3, 4], abs=1e-9)


def test_tables_of_different_lengths() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(hoi.HoiError, match=r"(?s)50.*40|40.*50"):
        hoi.mutual_information(rng.standard_normal((50, 2)), rng.standard_normal((40, 2)))
