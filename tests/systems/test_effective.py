"""Effective samples as bias correction: the usual one where samples are independent, unbiased where they are not."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binom, chi2

import hoi
from hoi._maths.bias import entropy_bias
from hoi._maths.influence import effective_sample_size
from hoi._systems.effective import EffectiveProblem
from hoi._systems.standard_form import standard_form

NAMES = tuple("abcdef")
SHAPES = [
    (None, ()),
    (None, (4,)),
    ([(0,), (1, 2), (3, 4, 5)], ()),
    ([(0, 5), (1,), (2,)], (3, 4)),
]


def series(phi, n_samples, n, rng):
    return lfilter([1], [1, -phi], rng.standard_normal((n_samples + 200, n)), axis=0)[200:]


def problems(C, n_samples, inverse, groups, given):
    columns = groups or [(c,) for c in range(6) if c not in given]
    raw = standard_form(C, NAMES, n_samples, groups, given, False)
    return EffectiveProblem(raw, inverse, columns, given, NAMES), columns


@pytest.mark.parametrize(("groups", "given"), SHAPES)
def test_of_independent_samples_it_is_the_usual_correction(rng, groups, given):
    C = np.stack([np.cov(rng.standard_normal((50, 6)).T) for _ in range(2)])
    found, columns = problems(C, 50, np.full((1, 6, 6), 1 / 49), groups, given)
    usual = standard_form(C, NAMES, 50, groups, given, True)
    for k in range(1, len(columns) + 1):
        members = np.array(list(itertools.combinations(range(len(columns)), k)))
        dataset = np.arange(len(members)) % 2
        expected = usual.reference(members, dataset).corrected(*usual.correction(members))
        for own, term in zip(found.reference(members, dataset)[:3], expected[:3], strict=True):
            np.testing.assert_allclose(own, term, atol=1e-12)


@pytest.mark.parametrize(("groups", "given"), SHAPES)
def test_each_set_has_a_number_of_samples_of_its_own(rng, groups, given):
    """Term by term, with the harmonic mean over the pairs of the columns of each entropy."""
    C = np.cov(rng.standard_normal((50, 6)).T)
    N = rng.uniform(20, 60, (6, 6))
    N = (N + N.T) / 2
    found, columns = problems(C[None], 50, 1 / (N[None] - 1), groups, given)

    def bias(cols):
        single = sum(entropy_bias(1, N[c, c]) for c in cols)
        pairs = list(itertools.combinations(cols, 2))
        if not pairs:
            return single
        worth = 1 + 1 / np.mean([1 / (N[pair] - 1) for pair in pairs])
        return single + entropy_bias(len(cols), worth) - len(cols) * entropy_bias(1, worth)

    def h(variables):
        cols = [c for v in variables for c in columns[v]]
        whole = [*cols, *given]
        value = 0.5 * (np.linalg.slogdet(C[np.ix_(whole, whole)])[1] - np.linalg.slogdet(C[np.ix_(given, given)])[1])
        return value + bias(whole) - bias(given)

    S = tuple(range(min(3, len(columns))))
    D, J, L, _ = found.reference(np.array([S]), np.zeros(1, dtype=int))
    tc = sum(h([v]) for v in S) - h(S)
    dtc = h(S) - sum(h(S) - h([w for w in S if w != v]) for v in S)
    np.testing.assert_allclose([(D - J)[0] / 2, (J + L)[0] / 2], [tc, dtc], atol=1e-12)


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_it_is_unbiased_for_autocorrelated_columns_that_depend_or_not(rng, rho):
    """The mean over many recordings against the truth; the usual correction is off by tens of standard errors."""
    system = hoi.simulate.equicorrelated(5, rho) if rho else hoi.GaussianSystem.from_covariance(np.eye(5))
    root = np.linalg.cholesky(system.covariance).T
    X = np.stack([series(0.9, 250, 5, rng) @ root for _ in range(400)])
    true = -0.5 * np.linalg.slogdet(system.covariance)[1]
    found = {
        how: hoi.total_correlation(X, estimator="gaussian", bias_correction=how) - true for how in (True, "effective")
    }
    error = found["effective"].std() / 20
    assert abs(found["effective"].mean()) < max(3 * error, 0.006)
    assert found[True].mean() > 0.1


def test_search_scan_and_given_sets_agree_on_every_backend(rng, backend):
    X = series(0.8, 200, 7, rng)
    X[:, 3] += X[:, 0] - X[:, 1]
    every = list(itertools.combinations(range(7), 3))
    options = {"bias_correction": "effective", "backend": backend}
    values = hoi.oinfo(X, every, bias_correction="effective")
    found = hoi.search(X, 3, n_best=5, **options)
    np.testing.assert_allclose(found.oinfo[:5], np.sort(values)[:5], atol=1e-12)
    assert found.settings["bias_correction"] == "effective"
    scanned = np.concatenate([block.oinfo for block in hoi.scan(X, 3, **options)])
    np.testing.assert_allclose(scanned, values, atol=1e-12)
    assert "bias corrected by effective samples" in str(found)
    about = hoi.gradient(X, [(0, 1)], target=3, **options)
    best = hoi.search(X, 2, measure="gradient", target=3, which="lowest", n_best=1, **options)
    assert best.members == [(0, 1)] and best.gradient[0] == pytest.approx(about[0], abs=1e-12)


def test_datasets_have_numbers_of_their_own(rng):
    X = np.stack([series(0.95, 150, 4, rng), rng.standard_normal((150, 4))])
    both = hoi.oinfo(X, bias_correction="effective")
    np.testing.assert_allclose(both, [hoi.oinfo(table, bias_correction="effective") for table in X], atol=1e-12)
    lists = [X[0], X[1, :100]]  # and recordings of different lengths
    np.testing.assert_allclose(
        hoi.oinfo(lists, bias_correction="effective"), [hoi.oinfo(t, bias_correction="effective") for t in lists]
    )
    entropy = hoi.entropy(X[0], [(0, 1)], estimator="gaussian", bias_correction="effective")[0]
    N = effective_sample_size(X[0])
    raw = hoi.entropy(X[0], [(0, 1)], estimator="gaussian", bias_correction=False)[0]
    assert entropy - raw == pytest.approx(
        entropy_bias(2, N[0, 1]) - 2 * entropy_bias(1, N[0, 1]) + entropy_bias(1, N[0, 0]) + entropy_bias(1, N[1, 1])
    )


def test_errors(rng):
    X = rng.standard_normal((60, 5))
    cases = [
        ((X,), {"bias_correction": "none"}, 'bias_correction=\'none\': use one of True, False, "effective".'),
        ((X,), {"bias_correction": 1}, "bias_correction=1 (int): True or False is needed."),
        (
            (hoi.GaussianSystem.from_data(X),),
            {"bias_correction": "effective"},
            'bias_correction="effective" is of series, and X is GaussianSystem(',
        ),
        (
            (X,),
            {"bias_correction": "effective", "estimator": "knn"},
            "is of Gaussian entropies, and estimator='knn' has none: use",
        ),
        (
            (np.cumsum(rng.standard_normal((30, 12)), axis=0),),
            {"bias_correction": "effective"},
            "the samples of (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) are worth only ",
        ),
    ]
    for given, options, message in cases:
        with pytest.raises(hoi.HoiError) as error:
            hoi.oinfo(*given, **options)
        assert message in str(error.value)
    with pytest.raises(hoi.HoiError, match=r'null="permute" is for samples that do not depend on each other'):
        hoi.permutation_test(X, 3, null="permute", bias_correction="effective")


def test_bartletts_test_of_independence_holds_its_level_with_effective_samples(rng):
    """Bartlett (1950): (N - 1 - (2 n + 5) / 6) 2 TC is chi-squared for n independent Gaussian columns."""
    n, n_datasets = 5, 300
    pairs = np.triu_indices(n, 1)
    p = {"samples": [], "effective": []}
    for _ in range(n_datasets):
        X = series(0.9, 250, n, rng)
        tc = hoi.total_correlation(X, estimator="gaussian", bias_correction=False)
        effective = 1 / (1 / hoi.effective_sample_size(X)[pairs]).mean()  # the harmonic mean over pairs
        for name, N in (("samples", len(X)), ("effective", effective)):
            p[name].append(chi2.sf((N - 1 - (2 * n + 5) / 6) * 2 * tc, len(pairs[0])))
    rejected = {name: np.mean(np.array(values) <= 0.05) for name, values in p.items()}
    low, high = binom.ppf([0.001, 0.999], n_datasets, 0.05) / n_datasets
    assert rejected["samples"] > 0.9
    assert low <= rejected["effective"] <= high
