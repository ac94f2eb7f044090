"""Tests against surrogates: values, p by hand, error rates, every null, and what is refused or warned of."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import binom

import hoi
from hoi._maths.copula import normal_scores
from hoi._maths.surrogates import moved
from tests import reference


def synergy(rng, n_samples=200, n=6):
    """Independent columns but for the last, a sum of the second and the third with noise."""
    X = rng.standard_normal((n_samples, n))
    X[:, -1] += X[:, 1] + X[:, 2]
    return X


def autoregressive(phi, n_samples, n, rng):
    return lfilter([1], [1, -phi], rng.standard_normal((n_samples + 100, n)), axis=0)[100:]


def entropy_of_scores(columns):
    """The Gaussian copula as an estimator of one's own, which takes the general way."""
    C = np.atleast_2d(np.cov(normal_scores(np.ascontiguousarray(columns))[0].T))
    return 0.5 * np.linalg.slogdet(2 * np.pi * np.e * C)[1]


def test_rows_are_those_of_the_search(rng):
    X = synergy(rng)
    for options in ({}, {"which": "lowest", "n_best": 3}, {"per_order": True, "measure": "tc", "units": "bits"}):
        found = hoi.permutation_test(X, (3, 4), n_resamples=79, seed=0, **options)
        expected = hoi.search(X, (3, 4), **options)
        assert found.members == expected.members and list(found.extreme) == list(expected.extreme)
        for name in ("oinfo", "tc", "dtc", "sinfo"):
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        assert found.pvalue.min() > 0


def test_p_by_hand(rng):
    """Surrogates made by moving the data, all sets of each by the slow reference, and the smallest p by definition."""
    X = synergy(rng, 60, 5)
    m, orders = 79, (3, 4)
    found = hoi.permutation_test(X, orders, n_resamples=m, n_best=1, per_order=True, bias_correction=False, seed=4)
    sets = {k: list(itertools.combinations(range(5), k)) for k in orders}

    def farthest(values):
        scores = normal_scores(values)[0]
        h = reference.entropies(np.cov(scores.T))
        each = {k: [reference.oinfo(h, reference.singles(S)) for S in sets[k]] for k in orders}
        return np.array([max(sign * x for x in each[k]) for k in orders for sign in (-1, 1)])

    seeds = np.random.default_rng(4).integers(2**63, size=m)  # each surrogate has one of its own
    surrogates = [moved(X, np.arange(5), "shift", 1, np.random.default_rng([seed, 0]))[0] for seed in seeds.tolist()]
    null, observed = np.array([farthest(values) for values in surrogates]), farthest(X)
    assert found.pvalue.min() == pytest.approx(reference.min_p(null, observed))


@pytest.mark.parametrize("null", ["shift", "permute"])
def test_any_estimator_takes_the_general_way_to_the_same_p(rng, null):
    X = synergy(rng, 80, 4)
    options = {"n_resamples": 39, "null": null, "seed": 2, "bias_correction": False}
    fast = hoi.permutation_test(X, 3, **options)
    general = hoi.permutation_test(X, 3, estimator=entropy_of_scores, **options)
    assert fast.members == general.members
    np.testing.assert_allclose(fast.oinfo, general.oinfo, atol=1e-10)
    assert (fast.pvalue == general.pvalue).all()


def test_backends_and_seeds(rng, backend):
    X = synergy(rng)
    found, again, other = (
        hoi.permutation_test(X, 3, n_resamples=49, seed=seed, backend=backend) for seed in (1, 1, 2)
    )
    expected = hoi.permutation_test(X, 3, n_resamples=49, seed=1, backend="numpy")
    assert (found.pvalue == again.pvalue).all() and (found.pvalue == expected.pvalue).all()
    assert not (found.pvalue == other.pvalue).all()
    assert found.settings["null_seed"] == 1


def test_a_planted_set_is_found_by_every_null(rng):
    X = synergy(rng, 400)
    for null in ("shift", "permute", "phase", "member"):
        found = hoi.permutation_test(X, 3, null=null, n_resamples=99, n_best=1, which="lowest", seed=0)
        assert found.members == [(1, 2, 5)]
        assert found.pvalue[0] <= 0.05


def test_several_datasets_are_tested_by_their_mean(rng):
    X = np.stack([synergy(rng, 70) for _ in range(4)])
    found = hoi.permutation_test(X, 3, n_resamples=39, n_best=2, seed=0)
    assert found.dataset is None and found.settings["n_datasets"] == 4
    np.testing.assert_allclose(found.oinfo, hoi.oinfo(X, found.members).mean(axis=0), atol=1e-12)
    assert found.members[0] == (1, 2, 5) and found.pvalue[0] <= 0.05


def test_columns_of_a_group_move_together_and_given_ones_stay(rng):
    X = synergy(rng, 300, 8)
    X[:, 4] = X[:, 3] + 0.1 * rng.standard_normal(300)  # within a group: no sign of dependence between groups
    groups = [[0], [3, 4], [5], [6]]
    found = hoi.permutation_test(X, 3, groups=groups, n_resamples=99, seed=0)
    assert found.pvalue.min() > 0.05
    assert found.member_names[0] == hoi.search(X, 3, groups=groups).member_names[0]
    given = hoi.permutation_test(X, 3, given=0, n_resamples=99, n_best=1, measure="tc", seed=0)
    assert given.pvalue[list(given.extreme).index("highest")] <= 0.05
    assert "0" not in set(sum(given.member_names, ()))


@pytest.mark.parametrize(("measure", "end"), [("information", "highest"), ("rsi", "highest"), ("gradient", "lowest")])
def test_about_a_target_the_target_moves(rng, measure, end):
    X = synergy(rng, 300)
    X[:, 0] += X[:, 3]  # variables that depend on each other, and not on the target
    options = {"measure": measure, "which": end, "n_best": 1}
    found = hoi.permutation_test(X, 2, target=5, n_resamples=99, seed=0, **options)
    assert found.members == hoi.search(X, 2, target=5, **options).members == [(1, 2)]
    assert found.pvalue[0] <= 0.03  # a shift by nothing, the data themselves, may be among the surrogates
    p = []
    for seed in range(5):
        X[:, 4] = rng.standard_normal(300)
        p.append(hoi.permutation_test(X, 2, target=4, n_resamples=99, seed=seed, **options).pvalue[0])
    assert np.median(p) > 0.05


@pytest.mark.parametrize(("measure", "target"), [("oinfo", None), ("information", 4), ("gradient", 4)])
def test_member_by_hand(rng, measure, target):
    """Each member moved alone, and the target as one more member of all sets: standardised values by the reference."""
    X, m, sets = synergy(rng, 60, 5), 39, list(itertools.combinations(range(5 if target is None else 4), 3))
    of_set = reference.oinfo if target is None else reference.TARGET[measure]
    roles = {} if target is None else {"target": target}

    def values(table):
        h = reference.entropies(np.cov(normal_scores(np.ascontiguousarray(table))[0].T))
        about = () if target is None else ((target,),)
        return [of_set(h, reference.singles(S), *about) for S in sets]

    seeds = np.random.default_rng(4).integers(2**63, size=m).tolist()
    weakest = {(S, sign): np.inf for S in sets for sign in (-1, 1)}
    null = np.full(m, -np.inf)
    for v in range(5):
        alone = np.where(np.arange(5) == v, 0, -1)
        drawn = [moved(X, alone, "shift", 1, np.random.default_rng([seed, 1 + v]))[0] for seed in seeds]
        some = [j for j, S in enumerate(sets) if v == target or v in S]
        table = np.array([values(X), *map(values, drawn)])[:, some]
        z = (table - table.mean(axis=0)) / table.std(axis=0)
        null = np.maximum(null, np.abs(z[1:]).max(axis=1))
        for j, own in zip(some, z[0], strict=True):
            for sign in (-1, 1):
                weakest[sets[j], sign] = min(weakest[sets[j], sign], sign * own)
    options = {"null": "member", "n_resamples": m, "bias_correction": False, "seed": 4, "measure": measure, **roles}
    found = hoi.permutation_test(X, 3, **options)
    assert len(found) == 2 * len(sets)
    for row, statistic, p in zip(found, found.statistic, found.pvalue, strict=True):
        expected = weakest[row.members, -1 if row.extreme == "lowest" else 1]
        assert statistic == pytest.approx(expected, abs=1e-9)
        assert p == pytest.approx((1 + (null >= expected - 1e-9).sum()) / (m + 1))


# --- error rates: the bounds leave a test of the right size one chance in a thousand to fail


def rejected(make, n_sets, **options):
    """Data sets in which some set has p <= 0.05."""
    options = {"n_resamples": 39, "n_best": 1, **options}
    return sum(hoi.permutation_test(make(), 3, seed=d, **options).pvalue.min() <= 0.05 for d in range(n_sets))


@pytest.mark.parametrize("null", ["shift", "phase"])
@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_error_rate_of_shifts_and_phases(rng, phi, null):
    assert rejected(lambda: autoregressive(phi, 120, 6, rng), 100, null=null) <= binom.ppf(0.999, 100, 0.05)


def test_error_rate_of_permutations_is_right_for_independent_samples_only(rng):
    few = rejected(lambda: autoregressive(0, 120, 6, rng), 60, null="permute")
    assert few <= binom.ppf(0.999, 60, 0.05)
    with pytest.warns(hoi.HoiWarning, match="autocorrelated"):
        many = rejected(lambda: autoregressive(0.9, 120, 6, rng), 20, null="permute")
    assert many >= 15


def test_two_dependent_columns_are_no_set_of_three(rng):
    """The O-information of every set is 0; the columns are not independent. Only the member null tells."""

    def make():
        X = rng.standard_normal((150, 6))
        X[:, 1:4:2] = 0.8 * X[:, 0:4:2] + 0.6 * X[:, 1:4:2]  # two pairs, and two columns on their own
        return X

    assert rejected(make, 20) >= 15
    assert rejected(make, 40, null="member") <= binom.ppf(0.999, 40, 0.05)


def about_the_last(rng, kind):
    """Seven columns, the last of which is the target."""
    X = rng.standard_normal((200, 7))
    X[:, 1:4:2] = 0.8 * X[:, 0:4:2] + 0.6 * X[:, 1:4:2]
    if kind != "nothing":
        X[:, 6] += X[:, 0] + (X[:, 4] if kind == "both" else 0)
    return X


@pytest.mark.parametrize("measure", ["information", "gradient", "rsi"])
def test_the_member_null_asks_of_each_member_what_it_tells_of_the_target(rng, measure):
    """Dependent variables that tell nothing of it are no set: if they alone were moved, half of the data had one."""
    options = {"null": "member", "target": 6, "measure": measure, "n_best": 1, "n_resamples": 39, "which": "both"}
    p = [hoi.permutation_test(about_the_last(rng, "nothing"), 2, seed=d, **options).pvalue.min() for d in range(12)]
    assert sum(x <= 0.05 for x in p) <= binom.ppf(0.999, 12, 0.05)
    options |= {"n_best": 15, "n_resamples": 99}
    found = [hoi.permutation_test(about_the_last(rng, "both"), 2, seed=d, **options) for d in range(4)]
    assert sum(one.pvalue[[S == (0, 4) for S in one.members]].min() <= 0.05 for one in found) >= 3
    if measure == "information":  # what depends on the one that tells, and on nothing else, adds nothing
        p = [hoi.permutation_test(about_the_last(rng, "one"), 2, seed=d, **options).pvalue.min() for d in range(12)]
        assert sum(x <= 0.05 for x in p) <= binom.ppf(0.999, 12, 0.05)
        plain = hoi.permutation_test(about_the_last(rng, "one"), 2, seed=0, **{**options, "null": "shift"})
        assert plain.pvalue.min() <= 0.05


def test_minimal_sets_are_those_that_no_smaller_one_explains(rng):
    X = synergy(rng, 500)
    found = hoi.permutation_test(X, (3, 4), null="member", n_resamples=99, seed=0)
    assert found.minimal().members == [(1, 2, 5)]
    assert len(found.minimal(level=1.0)) == len(found)


# --- what is refused, and what is warned of


def test_errors(rng):
    X = rng.standard_normal((60, 5))
    cases = [
        ({"null": "shuffle"}, "null='shuffle': use one of 'shift', 'permute', 'phase', 'member'."),
        ({"n_resamples": 0}, "n_resamples=0: a positive integer is needed"),
        ({"null": "phase", "estimator": entropy_of_scores}, "makes Gaussian surrogates, and estimator="),
    ]
    for options, message in cases:
        with pytest.raises(hoi.HoiError) as error:
            hoi.permutation_test(X, 3, **options)
        assert message in str(error.value)
    with pytest.raises(hoi.HoiError, match=r"there are only 19 different shifts, and at least 20 .* null=.permute"):
        hoi.permutation_test(X[:19], 3)
    with pytest.raises(hoi.HoiError, match="X is a GaussianSystem, and surrogates are made of samples"):
        hoi.permutation_test(hoi.GaussianSystem.from_data(X), 3)
    with pytest.raises(hoi.HoiError, match=r'null="member" keeps the values of .* Take a lower order'):
        hoi.permutation_test(rng.standard_normal((60, 40)), 6, null="member")
    with pytest.raises(hoi.HoiError, match=r"the values of 3,838,380 sets .* for each of 40 variables and the target"):
        hoi.permutation_test(rng.standard_normal((60, 41)), 6, null="member", measure="rsi", target=0)
    with pytest.raises(hoi.HoiError, match=r'minimal\(\) needs a result of .*null="member"'):
        hoi.search(X, 3).minimal()


def test_too_few_resamples_are_warned_of(rng):
    X = rng.standard_normal((60, 5))
    with pytest.warns(hoi.HoiWarning, match=r"n_resamples=19: .* over 6 orders and ends .* Use at least 119"):
        found = hoi.permutation_test(X, (3, 5), n_resamples=19, seed=0)
    assert {entry["value"] for entry in found.settings["thresholds"]} == {None}
    hoi.permutation_test(X, 3, which="lowest", n_resamples=19, seed=0)


def test_autocorrelated_columns_are_warned_of_with_their_effective_samples(rng):
    X = autoregressive(0.9, 250, 5, rng)
    X[:, 4] = rng.standard_normal(250)
    message = r"4 of 5 columns are autocorrelated \(0, 1, 2, 3\): their 250 samples are worth as few as \d\d "
    with pytest.warns(hoi.HoiWarning, match=message):
        hoi.permutation_test(X, 3, null="permute", n_resamples=99, seed=0)
    hoi.permutation_test(X, 3, n_resamples=99, seed=0)


def test_phases_of_columns_with_ties_are_warned_of(rng):
    X = rng.standard_normal((100, 4))
    X[:, 1] = np.round(X[:, 1])
    with pytest.warns(hoi.HoiWarning) as caught:
        hoi.permutation_test(X, 3, null="phase", n_resamples=99, seed=0)
    assert any("repeat in 1, and surrogates of null=\"phase\" have no equal values" in str(w.message) for w in caught)
