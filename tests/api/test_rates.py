"""Rates and spectra: the published formula, white noise, filters, every measure of a system of spectra."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import hoi
import reference

A = np.array([[0.5, 0.2, 0.0, 0.1], [0.0, 0.4, 0.3, 0.0], [0.2, 0.0, 0.3, 0.0], [0.0, 0.3, 0.0, 0.2]])


def spectra_of(A: np.ndarray, n_frequencies: int = 64) -> np.ndarray:
    """Exact cross-spectra of a vector autoregression of order 1 with white noise of variance 1."""
    angles = 2 * np.pi * np.arange(n_frequencies) / n_frequencies
    transfer = np.linalg.inv(np.eye(len(A)) - A * np.exp(-1j * angles)[:, None, None])
    return transfer @ transfer.conj().swapaxes(1, 2)


def rate(measure: str, S: np.ndarray, members: tuple[int, ...]) -> float:
    """A sum of mean log-determinants of complex matrices."""

    def h(columns: tuple[int, ...]) -> float:
        chosen = list(columns)
        return 0.5 * float(np.mean(np.linalg.slogdet(S[:, chosen][:, :, chosen])[1])) if chosen else 0.0

    return reference.REFERENCE[measure](h, reference.singles(members))


@pytest.mark.parametrize("measure", ["tc", "dtc", "oinfo", "sinfo"])
def test_definition(measure: str) -> None:
    S = spectra_of(A)
    system = hoi.GaussianSystem.from_spectra(S, names=list("abcd"))
    sets = [(0, 1), (0, 1, 2), (3, 1, 2), (0, 1, 2, 3)]
    found = hoi.measures(system, sets)
    expected = [rate(measure, S, S_) for S_ in sets]
    np.testing.assert_allclose(getattr(found, measure), expected, rtol=0, atol=1e-10)
    best = hoi.search(system, 3, measure=measure, n_best=1)
    values = {S_: rate(measure, S, S_) for S_ in [(0, 1, 2), (0, 1, 3), (0, 2, 3), (1, 2, 3)]}
    assert best.members == [min(values, key=values.get), max(values, key=values.get)]


@pytest.mark.parametrize("order", [3, 4])
def test_compiled_search(order: int) -> None:
    """A rate is a weighted sum over frequencies, which the walk over log-determinants goes through."""
    rng = np.random.default_rng(order)
    weights = rng.random(16)
    S = spectra_of(rng.normal(size=(7, 7)) * 0.15, 16)
    system = hoi.GaussianSystem.from_spectra(S, weights=weights)
    shares = weights / weights.sum()

    def h(columns: tuple[int, ...]) -> float:
        chosen = list(columns)
        return 0.5 * float(shares @ np.linalg.slogdet(S[:, chosen][:, :, chosen])[1]) if chosen else 0.0

    rows = [(reference.oinfo(h, reference.singles(S_)), S_) for S_ in itertools.combinations(range(7), order)]
    wanted = reference.best(rows, "both", 3)
    for backend, walk in (("numba", "groups"), ("numpy", "blocks")):
        found = hoi.search(system, order, n_best=3, backend=backend)
        assert found.settings["walk"] == [walk]
        assert found.members == [members for _, _, members in wanted]
        np.testing.assert_allclose(found.oinfo, [value for _, value, _ in wanted], rtol=0, atol=1e-10)
    about = [
        (reference.TARGET["gradient"](h, reference.singles(S_), (6,)), S_)
        for S_ in itertools.combinations(range(6), order)
    ]
    found = hoi.search(system, order, measure="gradient", target=6, n_best=3, backend="numba")
    assert found.settings["walk"] == ["groups"]
    assert found.members == [members for _, _, members in reference.best(about, "both", 3)]


def test_information_of_a_target() -> None:
    """Two processes: the rate of information is -mean log(1 - coherence) / 2."""
    S = spectra_of(A)[:, :2, :2]
    coherence = np.abs(S[:, 0, 1]) ** 2 / (S[:, 0, 0] * S[:, 1, 1]).real
    system = hoi.GaussianSystem.from_spectra(S)
    expected = -0.5 * np.log(1 - coherence).mean()
    assert hoi.information(system, target=1) == pytest.approx(expected, abs=1e-12)
    assert hoi.total_correlation(system) == pytest.approx(expected, abs=1e-12)


def test_given_and_groups() -> None:
    S = spectra_of(A)
    system = hoi.GaussianSystem.from_spectra(S)
    h = lambda columns: rate_entropy(S, columns)  # noqa: E731
    conditional = reference.total_correlation(lambda c: h((*c, 3)) - h((3,)), [(0,), (1,), (2,)])
    assert hoi.total_correlation(system, given=3) == pytest.approx(conditional, abs=1e-10)
    grouped = reference.total_correlation(h, [(0, 1), (2,), (3,)])
    assert hoi.total_correlation(system, groups=[(0, 1), (2,), (3,)]) == pytest.approx(grouped, abs=1e-10)


def rate_entropy(S: np.ndarray, columns: tuple[int, ...]) -> float:
    chosen = list(columns)
    return 0.5 * float(np.mean(np.linalg.slogdet(S[:, chosen][:, :, chosen])[1]))


def test_series() -> None:
    """The estimate is near the exact rate; the spectrum has it as its mean; a filter of each series changes little."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40_000, 4))
    for t in range(1, len(X)):
        X[t] += A @ X[t - 1]
    exact = rate("oinfo", spectra_of(A, 256), (0, 1, 2, 3))
    found = hoi.oinfo_rate(X, segment=64)
    assert found == pytest.approx(exact, abs=0.01)
    frequencies, values = hoi.oinfo_spectrum(X, [(0, 1, 2, 3), (0, 1, 2)], sampling_rate=200, segment=64)
    assert (frequencies[0], frequencies[-1], values.shape) == (0, 100, (33, 2))
    weights = np.array([1, *[2] * 31, 1]) / 64
    np.testing.assert_allclose(weights @ values, hoi.oinfo_rate(X, [(0, 1, 2, 3), (0, 1, 2)], segment=64), atol=1e-10)
    whole = hoi.oinfo_spectrum(X, segment=64)[1]
    np.testing.assert_allclose(whole, values[:, 0], atol=1e-12)
    filtered = X.copy()
    filtered[1:, 0] += 0.9 * X[:-1, 0]
    assert hoi.oinfo_rate(filtered, segment=64) == pytest.approx(found, abs=0.01)


S3 = np.broadcast_to(np.eye(3), (4, 3, 3))


@pytest.mark.parametrize(
    ("S", "options", "message"),
    [
        (np.eye(3), {}, "Put the axis of frequencies first"),
        (np.full((2, 2, 2), np.nan), {}, "not finite"),
        (np.zeros((2, 2, 2)), {}, r"S\[0\] has no power of variable 0"),
        (np.array([[[1, 0.5j], [0.5j, 1]]]), {}, "S is not Hermitian"),
        (S3, {"weights": [1, 2]}, "one share is needed for each of the 4 frequencies"),
        (S3, {"weights": [-1, 1, 1, 1]}, "not below 0"),
        (S3, {"names": ["a", "a", "b"]}, "3 names, 2 of them distinct"),
    ],
)
def test_spectra_that_are_none(S: np.ndarray, options: dict, message: str) -> None:
    with pytest.raises(hoi.HoiError, match=message):
        hoi.GaussianSystem.from_spectra(S, **options)


def test_errors_of_series() -> None:
    X = np.random.default_rng(0).standard_normal((500, 3))
    with pytest.raises(hoi.HoiError, match="at least as many segments as variables"):
        hoi.oinfo_rate(X)
    with pytest.raises(hoi.HoiError, match="sampling_rate=0: samples a second are needed"):
        hoi.oinfo_spectrum(X, sampling_rate=0, segment=32)
    with pytest.raises(hoi.HoiError, match="X has 2 datasets: one table is needed"):
        hoi.oinfo_rate(np.stack([X, X]), segment=32)
    assert repr(hoi.GaussianSystem.from_spectra(S3)) == "SpectralSystem(3 variables, 4 frequencies)"
