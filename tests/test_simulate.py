"""hoi.simulate: the closed forms against sums of entropies, and what a user may ask of it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from hoi import simulate
from hoi._errors import HoiError

correlations = st.floats(-0.95, 0.95)
counts = st.integers(2, 7)


def check_closed_forms(system: simulate.KnownGaussian) -> None:
    """The closed forms equal the definitions, and the covariance is one."""
    covariance = system.covariance
    assert covariance.shape == (system.n_variables, system.n_variables)
    assert np.array_equal(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance)[0] > 0
    for name in reference.REFERENCE:
        expected = reference.value(name, covariance)
        assert getattr(system, name) == pytest.approx(expected, rel=1e-9, abs=1e-9), f"{name} of {system}"
    everything = range(system.n_variables)
    assert system.entropy == pytest.approx(reference.entropies(covariance)(everything), rel=1e-9, abs=1e-9)


@given(n=counts, place=st.floats(0.02, 0.98))
def test_equicorrelated(n: int, place: float) -> None:
    lowest = -1 / (n - 1)
    system = simulate.equicorrelated(n, lowest + place * (1 - lowest))
    check_closed_forms(system)
    if n > 2:
        rho = system.covariance[0, 1]
        assert np.sign(round(system.oinfo, 12)) == (0 if abs(rho) < 1e-5 else np.sign(rho))


@given(data=st.data(), n=counts)
def test_markov_chain(data: st.DataObject, n: int) -> None:
    links = data.draw(st.lists(correlations, min_size=n - 1, max_size=n - 1))
    system = simulate.markov_chain(n, links)
    check_closed_forms(system)
    assert system.oinfo >= -1e-15
    # given the variable between them, neighbours but one share nothing
    h = reference.entropies(system.covariance)
    for i in range(n - 2):
        assert reference.mutual_information(h, (i,), (i + 2,), (i + 1,)) == pytest.approx(0, abs=1e-10)


@given(data=st.data(), n=counts, observed=st.booleans())
def test_common_cause(data: st.DataObject, n: int, observed: bool) -> None:
    loadings = data.draw(st.lists(correlations, min_size=n, max_size=n))
    check_closed_forms(simulate.common_cause(n, loadings, observed=observed))


def test_the_hidden_cause_is_the_observed_one_left_out() -> None:
    seen, hidden = (simulate.common_cause(4, [0.3, 0.5, 0.7, -0.6], observed=flag) for flag in (True, False))
    assert np.array_equal(seen.covariance[:4, :4], hidden.covariance)
    assert seen.names == (*hidden.names, "cause")


def test_equal_loadings_are_equicorrelated() -> None:
    one, other = simulate.common_cause(5, 0.7), simulate.equicorrelated(5, 0.49)
    assert one.tc == pytest.approx(other.tc, abs=1e-12)
    assert one.dtc == pytest.approx(other.dtc, abs=1e-12)
    assert np.allclose(one.covariance, other.covariance, atol=1e-15)


@given(data=st.data(), n=counts, noise=st.floats(0.05, 5))
def test_common_effect(data: st.DataObject, n: int, noise: float) -> None:
    weights = data.draw(st.lists(st.floats(-3, 3), min_size=n, max_size=n))
    system = simulate.common_effect(n, weights, noise=noise)
    check_closed_forms(system)
    assert system.oinfo <= 1e-15
    # the causes share nothing among themselves
    assert reference.value("tc", system.covariance, range(n)) == pytest.approx(0, abs=1e-12)


def test_independent() -> None:
    system = simulate.independent(3, variance=[1, 4, 9])
    check_closed_forms(system)
    assert (system.tc, system.dtc, system.oinfo, system.sinfo) == (0, 0, 0, 0)
    assert system.entropy == pytest.approx(1.5 * np.log(2 * np.pi * np.e) + np.log(6))


def test_block_diagonal_adds_up() -> None:
    pieces = (
        simulate.equicorrelated(3, 0.4),
        simulate.markov_chain(4, -0.6),
        simulate.common_effect(2, noise=0.3),
    )
    system = simulate.block_diagonal(*pieces)
    check_closed_forms(system)
    assert system.oinfo == pytest.approx(sum(piece.oinfo for piece in pieces), abs=1e-12)
    assert system.names == (
        "a.x0",
        "a.x1",
        "a.x2",
        "b.x0",
        "b.x1",
        "b.x2",
        "b.x3",
        "c.cause0",
        "c.cause1",
        "c.effect",
    )
    assert [columns for _, columns, _ in system.parts] == [(0, 1, 2), (3, 4, 5, 6), (7, 8, 9)]


def test_block_diagonal_of_an_unknown_is_unknown() -> None:
    system = simulate.block_diagonal(simulate.equicorrelated(2, 0.5), simulate.random_covariance(3, seed=1))
    assert (system.tc, system.dtc, system.oinfo, system.sinfo, system.entropy) == (None,) * 5


@pytest.mark.parametrize("background", [0.0, 0.2])
def test_planted(background: float) -> None:
    system = simulate.planted(14, n_synergy=4, n_redundancy=5, background=background, seed=3)
    check_closed_forms(system)
    where = {label: (columns, part) for label, columns, part in system.parts}
    assert sorted(column for columns, _ in where.values() for column in columns) == list(range(14))
    for label, (columns, part) in where.items():
        for name in reference.REFERENCE:
            assert reference.value(name, system.covariance, columns) == pytest.approx(
                getattr(part, name), abs=1e-12
            )
        assert all(system.names[column].startswith(label[:3]) for column in columns)
    rows = reference.every_set(
        reference.entropies(system.covariance), "oinfo", [(i,) for i in range(14)], [4]
    )
    (_, _, lowest), (_, _, highest) = reference.best(rows, "both", 1)
    assert lowest == where["synergy"][0]
    assert set(highest) <= set(where["redundancy"][0])


def test_planted_shuffles_by_its_seed() -> None:
    places = {simulate.planted(20, seed=seed).parts[0][1] for seed in range(4)}
    assert len(places) == 4
    assert np.array_equal(simulate.planted(20, seed=2).covariance, simulate.planted(20, seed=2).covariance)


@given(n=st.integers(1, 8), seed=st.integers(0, 10_000))
def test_random_covariance(n: int, seed: int) -> None:
    system = simulate.random_covariance(n, seed=seed)
    assert np.linalg.eigvalsh(system.covariance)[0] > 0
    assert np.array_equal(system.covariance, simulate.random_covariance(n, seed=seed).covariance)
    assert (system.tc, system.entropy) == (None, None)


def test_samples_have_the_covariance() -> None:
    system = simulate.common_effect(2, [1.0, -2.0], noise=0.5)
    drawn = system.sample(200_000, seed=0)
    assert np.allclose(np.cov(drawn.T), system.covariance, atol=0.05)
    assert np.allclose(drawn.mean(axis=0), 0, atol=0.02)


def test_samples_follow_their_seed() -> None:
    system = simulate.equicorrelated(3, 0.5)
    assert system.sample(5, seed=1).dtype == np.float64
    assert np.array_equal(system.sample(5, seed=1), system.sample(5, seed=1))
    assert not np.array_equal(system.sample(5, seed=1), system.sample(5, seed=2))
    stack = system.sample(5, seed=1, n_datasets=2)
    assert stack.shape == (2, 5, 3)
    assert not np.array_equal(stack[0], stack[1])


def test_a_system_cannot_be_changed() -> None:
    system = simulate.equicorrelated(3, 0.5)
    with pytest.raises(ValueError, match="read-only"):
        system.covariance[0, 0] = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        system.tc = 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: simulate.equicorrelated(1, 0.5), r"n_variables is 1; .* whole number of at least 2"),
        (lambda: simulate.equicorrelated(2.5, 0.5), r"n_variables is 2\.5; .* whole number"),
        (lambda: simulate.equicorrelated(True, 0.5), r"n_variables is True"),
        (
            lambda: simulate.equicorrelated(3, -0.5),
            r"rho holds -0\.5; it must be between -1/\(n_variables - 1\) = -0\.5 and 1",
        ),
        (lambda: simulate.equicorrelated(3, "much"), r"rho is 'much'; it must be a number"),
        (lambda: simulate.markov_chain(3, 1.0), r"rho holds 1; it must be between -1 and 1"),
        (
            lambda: simulate.markov_chain(3, [0.1, 0.2, 0.3]),
            r"rho has shape \(3,\); give one number, or a sequence of 2",
        ),
        (lambda: simulate.markov_chain(3, np.nan), r"rho holds nan"),
        (lambda: simulate.common_cause(3, [0.1, 0.2, -1.0]), r"loading holds -1"),
        (lambda: simulate.common_effect(3, noise=0), r"noise holds 0; it must be positive"),
        (lambda: simulate.common_effect(3, np.inf), r"weight holds inf; it must be finite"),
        (lambda: simulate.independent(2, variance=-1), r"variance holds -1; it must be positive"),
        (lambda: simulate.block_diagonal(), r"given no system; give at least one"),
        (
            lambda: simulate.block_diagonal(np.eye(2)),
            r"systems made by hoi\.simulate, and was given a ndarray",
        ),
        (lambda: simulate.planted(7), r"n_variables = 7 cannot hold .* at least 8"),
        (
            lambda: simulate.random_covariance(4, degrees_of_freedom=3),
            r"degrees_of_freedom is 3; .* at least 4",
        ),
        (lambda: simulate.independent(2).sample(0), r"n_samples is 0"),
        (lambda: simulate.independent(2).sample(5, n_datasets=0), r"n_datasets is 0"),
    ],
)
def test_parameters_out_of_range(call, message: str) -> None:
    with pytest.raises(HoiError, match=message):
        call()


# --- about a target, and in time


def check_about(system: simulate.KnownGaussian) -> None:
    """The closed forms about a target equal sums of entropies."""
    about = system.about
    h = reference.entropies(system.covariance)
    others = reference.singles([v for v in range(system.n_variables) if v != about.target])
    for name, function in reference.TARGET.items():
        expected = function(h, others, (about.target,), ())
        assert getattr(about, name) == pytest.approx(expected, rel=1e-8, abs=1e-9), name


@given(data=st.data(), n=counts, noise=st.floats(0.05, 5))
def test_what_causes_tell_of_their_effect(data: st.DataObject, n: int, noise: float) -> None:
    weights = data.draw(st.lists(st.floats(-3, 3), min_size=n, max_size=n))
    system = simulate.common_effect(n, weights, noise=noise)
    check_about(system)
    assert system.about.rsi >= -1e-12
    assert system.about.gradient == pytest.approx(system.oinfo, abs=1e-12)


@given(data=st.data(), n=counts)
def test_what_effects_tell_of_their_cause(data: st.DataObject, n: int) -> None:
    loadings = data.draw(st.lists(correlations, min_size=n, max_size=n))
    system = simulate.common_cause(n, loadings, observed=True)
    check_about(system)
    assert system.about.rsi <= 1e-12
    assert system.about.gradient >= -1e-12
    assert simulate.common_cause(n, loadings).about is None


@given(
    weights=st.lists(st.floats(-2, 2), min_size=2, max_size=4), noise=st.floats(0.2, 3), memory=st.floats(-0.9, 0.9),
    lags=st.integers(1, 2),
)  # fmt: skip
def test_a_driven_process(weights: list[float], noise: float, memory: float, lags: int) -> None:
    """From the covariances of the process at all lags, which solve the equation of Lyapunov."""
    from scipy.linalg import solve_discrete_lyapunov

    process = simulate.driven_process(len(weights), weights, noise=noise, memory=memory)
    A, n = process.coefficients, process.n_variables
    at_lag = [solve_discrete_lyapunov(A, np.diag(process.noise**2))]
    for _ in range(lags):
        at_lag.append(A @ at_lag[-1])
    steps = [[at_lag[j - i] if j >= i else at_lag[i - j].T for j in range(lags + 1)] for i in range(lags + 1)]
    h = reference.entropies(np.block(steps))  # variable v, i steps back, is column i n + v
    past = [tuple(i * n + v for i in range(1, lags + 1)) for v in range(n)]
    for i in range(n):
        for j in range(n):
            if i != j:
                expected = reference.information(h, [past[i]], (j,), past[j])
                assert process.transfer_entropy[i, j] == pytest.approx(expected, abs=1e-8)
    for name, function in reference.TARGET.items():
        expected = function(h, past[:-1], (n - 1,), past[-1])
        assert getattr(process.about, name) == pytest.approx(expected, abs=1e-8), name


def test_samples_of_a_driven_process() -> None:
    import hoi

    process = simulate.driven_process(2, [1.0, 0.5], noise=0.5, memory=0.8)
    X = process.sample(20_000, seed=0)
    assert np.array_equal(X[:10], process.sample(20_000, seed=0)[:10])
    found = hoi.transfer_entropy(X, estimator="gaussian").to_numpy()
    np.testing.assert_allclose(found, process.transfer_entropy, atol=0.02)
    driven = hoi.drivers(X, targets=2, estimator="gaussian")["2"]
    assert driven.gradient[0] == pytest.approx(process.about.gradient, abs=0.03)
    assert driven.information[0] == pytest.approx(process.about.information, abs=0.03)
    # stationary from the first row on
    start = np.array([process.sample(1, seed=seed)[0, 2] for seed in range(400)])
    assert start.var() == pytest.approx(X[:, 2].var(), rel=0.25)
    with pytest.raises(HoiError, match="between -1 and 1"):
        simulate.driven_process(2, memory=1.0)
    with pytest.raises(HoiError, match="n_sources is 1"):
        simulate.driven_process(1)
