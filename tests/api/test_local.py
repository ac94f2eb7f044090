"""Local values: by their definition from densities, with the value as their mean, in the form of the data."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hoi
import reference

MEASURES = ("tc", "dtc", "oinfo", "sinfo", "information", "rsi", "gradient")
ABOUT_TARGET = MEASURES[4:]
VALUES = {
    "tc": hoi.total_correlation, "dtc": hoi.dual_total_correlation, "oinfo": hoi.oinfo, "sinfo": hoi.sinfo,
    "information": hoi.information, "rsi": hoi.rsi, "gradient": hoi.gradient,
}  # fmt: skip


def data_of(n: int = 6, n_samples: int = 30, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n_samples, n)) @ (rng.standard_normal((n, n)) + 2 * np.eye(n)) + 3


def by_definition(measure: str, X: np.ndarray, parts: list, target: tuple, fixed: tuple) -> np.ndarray:
    """A sum of surprises, minus log density, of every sample."""
    h = reference.surprises(X)
    values = []
    for t in range(len(X)):
        at = lambda columns, t=t: h(tuple(columns), t)  # noqa: E731
        if measure in ABOUT_TARGET:
            values.append(reference.TARGET[measure](at, parts, target, fixed))
        else:
            conditional = lambda columns, at=at: at((*columns, *fixed)) - at(fixed)  # noqa: E731
            values.append(reference.REFERENCE[measure](conditional, parts))
    return np.array(values)


@pytest.mark.parametrize("measure", MEASURES)
@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), z=st.integers(0, 1), k=st.integers(1, 4))
def test_definition(measure: str, seed: int, z: int, k: int) -> None:
    X = data_of(seed=seed)
    about = {"target": 5} if measure in ABOUT_TARGET else {}
    fixed = (4,) if z else ()
    options = dict(measure=measure, estimator="gaussian", given=fixed or None, **about)
    sets = list(itertools.combinations(range(4), k))
    got = hoi.local(X, sets, bias_correction=False, **options)
    expected = [by_definition(measure, X, reference.singles(S), (5,), fixed) for S in sets]
    np.testing.assert_allclose(got, np.array(expected).T, rtol=0, atol=1e-8)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("estimator", ["gaussian", "gaussian_copula"])
def test_the_mean_is_the_value(measure: str, estimator: str) -> None:
    X = data_of(7, 25)
    about = {"target": (5, 6)} if measure in ABOUT_TARGET else {}
    sets = [(0, 1, 2), (3, 1), (2, 3, 0, 1)]
    for more in ({}, {"bias_correction": False}, {"units": "bits"}, {"given": 4}):
        options = {"estimator": estimator, **about, **more}
        values = hoi.local(X, sets, measure=measure, **options)
        assert values.shape == (25, 3)
        np.testing.assert_allclose(values.mean(axis=0), VALUES[measure](X, sets, **options), rtol=0, atol=1e-10)


def test_groups() -> None:
    X, groups = data_of(7), [(0, 1), (2,), (3, 4)]
    for measure in ("oinfo", "gradient"):
        about = {"target": 5} if measure in ABOUT_TARGET else {}
        got = hoi.local(
            X, groups=groups, measure=measure, estimator="gaussian", given=6, bias_correction=False, **about
        )
        expected = by_definition(measure, X, groups, (5,), (6,))
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-8)


def test_shapes() -> None:
    X = np.stack([data_of(seed=s) for s in range(3)])
    whole = hoi.local(X)
    assert whole.shape == (3, 30)
    assert hoi.local(X, [(0, 1, 2), (1, 2)]).shape == (3, 30, 2)
    np.testing.assert_array_equal(hoi.local(X[1]), whole[1])


@pytest.mark.filterwarnings("ignore::hoi.TiesWarning")
def test_ties_are_broken_as_for_the_value() -> None:
    rounded = np.round(data_of())
    for seed in (lambda: 3, lambda: np.random.default_rng(3)):
        values = hoi.local(rounded, estimator=hoi.estimators.GaussianCopula(ties="random", seed=seed()))
        again = hoi.estimators.GaussianCopula(ties="random", seed=seed())
        np.testing.assert_allclose(values.mean(), hoi.oinfo(rounded, estimator=again), rtol=0, atol=1e-10)
        assert values.var() > 0
        np.testing.assert_array_equal(values, hoi.local(rounded, estimator=hoi.estimators.GaussianCopula("random", 3)))


def test_a_dataarray_keeps_its_time() -> None:
    xarray = pytest.importorskip("xarray")
    X = data_of()
    time = np.arange(30) / 10
    array = xarray.DataArray(X.T, dims=("channel", "time"), coords={"time": time, "channel": list("abcdef")})
    values = hoi.local(array, [("a", "b", "c"), ("a", "d")])
    assert values.dims == ("time", "multiplet")
    np.testing.assert_array_equal(values["time"], time)
    np.testing.assert_array_equal(values, hoi.local(X, [(0, 1, 2), (0, 3)]))
    assert hoi.local(array).dims == ("time",)


def test_errors() -> None:
    X = data_of()
    with pytest.raises(hoi.HoiError, match="which has no samples: local values are of samples"):
        hoi.local(hoi.GaussianSystem.from_covariance(np.eye(3)))
    for estimator in (lambda columns: 0.0, "shrinkage"):
        with pytest.raises(hoi.HoiError, match="has no local values: its entropies are no means over the samples"):
            hoi.local(X, estimator=estimator)
    with pytest.raises(hoi.HoiError, match='measure="rsi" is about a target'):
        hoi.local(X, measure="rsi")
    X[:, 1] = X[:, 0]
    with pytest.raises(hoi.HoiError, match="numerically singular"):
        hoi.local(X, [(0, 1, 2)])


class Plugin:
    """An estimator of one's own, with local values: minus the logarithm of the relative frequency of a state."""

    def local(self, columns: np.ndarray) -> np.ndarray:
        states = list(map(tuple, columns.tolist()))
        return -np.log([states.count(state) / len(states) for state in states])

    def entropy(self, columns: np.ndarray) -> float:
        return float(self.local(columns).mean())


ESTIMATORS = {
    "miller_madow": hoi.estimators.Discrete(),
    "grassberger": hoi.estimators.Discrete("grassberger"),
    "jackknife": hoi.estimators.Discrete("jackknife"),
    "plug-in": hoi.estimators.Discrete(None),
    "binned": hoi.estimators.Binned(2),
    "knn": "knn",
    "knn with a window": hoi.estimators.KNN(k=3, window=2),
    "kernel": "kernel",
    "own": Plugin(),
}


@pytest.mark.filterwarnings("ignore::hoi.SparseWarning")
@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_mean_is_the_value_for_every_estimator(name: str, measure: str) -> None:
    """With groups and given columns, and for datasets apart."""
    X = np.stack([data_of(seed=0), data_of(seed=1)])
    X = X if name in ("binned", "knn", "knn with a window", "kernel") else np.digitize(X, [2.0, 4.0])
    about = {"target": 5} if measure in ABOUT_TARGET else {}
    groups = [(0, 1), (2,), (3,)]
    for sets, more in (([(0, 1, 2), (3, 1)], {}), ([(0, 1), (0, 1, 2)], {"groups": groups, "given": 4})):
        options = {"estimator": ESTIMATORS[name], **about, **more}
        values = hoi.local(X, sets, measure=measure, **options)
        assert values.shape == (2, 30, 2)
        np.testing.assert_allclose(values.mean(axis=1), VALUES[measure](X, sets, **options), rtol=0, atol=1e-12)
    assert values.std() > 0.01


def test_local_values_of_states_are_logarithms_of_frequencies() -> None:
    X = np.digitize(data_of(4, 50), [3.0])
    states = X[:, :3].tolist()
    log_frequency = lambda columns: np.log(  # noqa: E731
        [sum(all(other[c] == row[c] for c in columns) for other in states) / 50 for row in states]
    )
    expected = log_frequency((0, 1, 2)) - sum(log_frequency((c,)) for c in range(3))
    for estimator in (hoi.estimators.Discrete(None), Plugin()):
        got = hoi.local(X, [(0, 1, 2)], measure="tc", estimator=estimator)[:, 0]
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)
    # the exclusive or, known exactly: a bit of synergy wherever it holds
    bits = np.array(list(itertools.product((0, 1), repeat=2)) * 10)
    xor = np.column_stack([bits, bits.sum(axis=1) % 2])
    np.testing.assert_allclose(
        hoi.local(xor, estimator=hoi.estimators.Discrete(None), units="bits"), -np.ones(40), rtol=0, atol=1e-12
    )


def test_local_values_of_neighbours_are_digammas_of_counts() -> None:
    """By loops over samples, after Kraskov's first algorithm for two variables: psi(k) + psi(N) - psi - psi."""
    from scipy.special import digamma

    X = data_of(2, 40)
    got = hoi.local(X, measure="tc", estimator=hoi.estimators.KNN(k=3, scale=None))
    distance = np.abs(X[:, None] - X[None])
    radius = np.sort(distance.max(axis=2), axis=1)[:, 3]
    n = (distance < radius[:, None, None]).sum(axis=1)  # with the sample itself
    np.testing.assert_allclose(got, digamma(3) + digamma(40) - digamma(n).sum(axis=1), rtol=0, atol=1e-12)


def test_local_values_of_kernels_are_logarithms_of_densities() -> None:
    """The density at each sample is the mean of the kernels of the others."""
    from scipy.stats import multivariate_normal

    X = data_of(2, 40)
    got = hoi.local(X, measure="tc", estimator=hoi.estimators.Kernel(0.5))

    def surprise(columns: np.ndarray) -> np.ndarray:
        width = 0.25 * np.cov(columns, rowvar=False)
        others = [multivariate_normal(x, width).pdf(np.delete(columns, t, axis=0)) for t, x in enumerate(columns)]
        return -np.log(np.mean(others, axis=1))

    expected = surprise(X[:, :1]) + surprise(X[:, 1:]) - surprise(X)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("wrong", [lambda v: v[:-1], lambda v: v + 0.1, lambda v: v * np.nan])
def test_local_values_of_ones_own_are_checked(wrong: object) -> None:
    class Wrong(Plugin):
        def local(self, columns: np.ndarray) -> np.ndarray:
            return wrong(super().local(columns))

        def entropy(self, columns: np.ndarray) -> float:
            return float(Plugin().local(columns).mean())

    with pytest.raises(hoi.HoiError, match=r"local\(\) of the estimator gave .*, and their mean is the entropy"):
        hoi.local(np.digitize(data_of(), [3.0]), [(0, 1)], estimator=Wrong())


def test_samples_with_gaps_are_nan() -> None:
    X = data_of()
    gappy = X.copy()
    gappy[[3, 7], 2] = np.nan
    with pytest.warns(hoi.InputWarning):
        values = hoi.local(gappy, missing="drop")
    assert np.flatnonzero(np.isnan(values)).tolist() == [3, 7]
    np.testing.assert_array_equal(values[~np.isnan(values)], hoi.local(np.delete(X, [3, 7], axis=0)))


DRAWS = np.random.default_rng(8)
LENGTHS = [DRAWS.standard_normal((n, 6)) + 2 * DRAWS.standard_normal((n, 1)) for n in (30, 22, 50)]
OPTIONS = [
    {}, {"groups": [(0, 1), (2,), (3,)]}, {"given": 4}, {"target": 5, "measure": "gradient", "units": "bits"},
    {"estimator": "gaussian"}, {"estimator": "knn", "bias_correction": False},
    {"estimator": hoi.estimators.Binned(2), "target": 4, "measure": "information"},
    {"estimator": hoi.estimators.GaussianCopula("random", seed=3)},
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::hoi.SparseWarning", "ignore::hoi.TiesWarning")
@pytest.mark.parametrize("options", OPTIONS)
def test_recordings_of_different_lengths_have_a_list(options: dict) -> None:
    tables = [X.round() for X in LENGTHS] if "estimator" in options else LENGTHS
    for sets in ([(0, 1), (0, 1, 2)], None) if "given" not in options else ([(0, 1), (0, 1, 2)],):
        found = hoi.local(tables, sets, **options)
        assert isinstance(found, list) and [len(values) for values in found] == [30, 22, 50]
        for values, table in zip(found, tables, strict=True):
            np.testing.assert_array_equal(values, hoi.local(table, sets, **options))


@pytest.mark.filterwarnings("ignore::hoi.InputWarning")
def test_samples_that_are_left_out_are_nan_in_every_form() -> None:
    """As many in each dataset of a stack, or different numbers of them: a value stays where its sample is."""
    import xarray

    X = np.stack([data_of(seed=0), data_of(seed=1)])
    for gaps in ([(0, 3), (1, 17)], [(0, 3), (0, 4), (1, 29)]):
        holed = X.copy()
        for d, t in gaps:
            holed[d, t, 2] = np.nan
        values = hoi.local(holed, [(0, 1, 2), (0, 3)], missing="drop")
        assert values.shape == (2, 30, 2)
        for d in range(2):
            left = [t for e, t in gaps if e == d]
            assert np.isnan(values[d, left]).all()
            expected = hoi.local(np.delete(X[d], left, axis=0), [(0, 1, 2), (0, 3)])
            np.testing.assert_array_equal(np.delete(values[d], left, axis=0), expected)
        array = xarray.DataArray(holed, dims=("trial", "time", "channel"), coords={"time": np.arange(30) / 10})
        labelled = hoi.local(array, [(0, 1, 2), (0, 3)], missing="drop")
        assert labelled.dims == ("trial", "time", "multiplet")
        np.testing.assert_array_equal(labelled, values)
    short = hoi.local([holed[0], X[1][:20]], [(0, 2)], missing="drop")
    assert [len(part) for part in short] == [30, 20] and np.isnan(short[0]).sum() == 2


def test_local_values_that_are_no_numbers_are_refused() -> None:
    words = type("Words", (), {"entropy": lambda self, columns: 1.0, "local": lambda self, columns: "many"})()
    with pytest.raises(hoi.HoiError, match=r"local\(\) of the estimator gave str and no numbers for 40 samples"):
        hoi.local(np.random.default_rng(0).standard_normal((40, 3)), estimator=words)
