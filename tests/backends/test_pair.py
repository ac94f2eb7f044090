"""The compiled walk over two matrices finds what the reference path finds: all orders, singular sets, datasets."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from walks import BOTH, system_of

import hoi
from hoi._backends import registry
from hoi._backends.protocol import Floor, Ranking
from hoi._engine.plan import cut
from hoi._measures.registry import ABOUT_TARGET
from hoi._search.exhaustive import best_sets
from hoi._systems.combined import InformationProblem

numba = registry.load("numba")
MEASURES = sorted(ABOUT_TARGET)


def about(system, target, fixed=(), groups=None):
    variables = groups or [(c,) for c in range(system.n_variables) if c not in (*target, *fixed)]
    return InformationProblem(system.problem(variables, fixed), system.problem(variables, (*fixed, *target)))


def agree(problem, order, measure, n_best=6, walk="pair"):
    """The compiled walk gives the table of the reference path, with the same counts."""
    found, wanted = (
        best_sets(problem, (order, order), ABOUT_TARGET[measure], BOTH, n_best, False, backend, 1, False)
        for backend in (numba, registry.load("numpy"))
    )
    where = f"order {order}, {measure}"
    assert found.about["walk"] == [walk], where
    assert np.array_equal(found.members, wanted.members), where
    assert np.array_equal(found.dataset, wanted.dataset), where
    assert (found.evaluated, found.skipped) == (wanted.evaluated, wanted.skipped), where
    for one, other in zip(found.terms, wanted.terms, strict=True):
        assert np.array_equal(one, other), where


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("order", [2, 3, 4, 5, 6, 9, 11])
def test_every_order(measure, order):
    agree(about(system_of(14), (12,), (13,)), order, measure)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("n", [3, 9, 10, 17, 18, 26])
def test_every_length_of_tail(measure, n):
    """Vectors of eight: lanes behind the last variable are masked."""
    problem = about(system_of(n + 1), (n,))
    for order in (2, 3):
        agree(problem, order, measure)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_singular_sets_are_counted_alike(measure, order):
    """Copies, variables close to a copy by less and less, and a target that makes others dependent."""
    noise = [1e-3, 1e-4, 1e-5, 1.2e-5, 3e-6, 1e-7]
    near = [(2 + i, 1, scale) for i, scale in enumerate(noise)]
    system = system_of(13, copies=[(10, 9)], near=near, n_samples=60)
    agree(about(system, (0,)), order, measure)


def test_sets_that_the_target_completes():
    """x + z = y but for a little noise: given y, x and z determine each other, and alone they do not."""
    for scale in (1e-2, 1e-4, 9e-6, 1e-5, 1.1e-5, 1e-7):
        rng = np.random.default_rng(1)
        X = rng.standard_normal((60, 9))
        X[:, 8] = X[:, 2] + X[:, 5] + scale * rng.standard_normal(60)
        system = hoi.estimators.Gaussian().fit(X)
        for order in (2, 3, 4):
            for measure in MEASURES:
                agree(about(system, (8,)), order, measure)


@settings(max_examples=25)
@given(
    n=st.integers(5, 12), order=st.integers(2, 5), measure=st.sampled_from(MEASURES), seed=st.integers(0, 10**6),
    power=st.floats(0, 7), n_best=st.integers(1, 8), z=st.integers(0, 2),
)  # fmt: skip
def test_badly_conditioned_systems(n, order, measure, seed, power, n_best, z):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((50, n + 1 + z)) * 10 ** (-power * np.linspace(0, 1, n + 1 + z))
    X = values @ np.linalg.qr(rng.standard_normal((n + 1 + z, n + 1 + z)))[0]
    problem = about(hoi.estimators.Gaussian().fit(X), (n,), tuple(range(n + 1, n + 1 + z)))
    agree(problem, min(order, n), measure, n_best)


@pytest.mark.parametrize("measure", MEASURES)
def test_all_that_reaches_the_floor_is_handed_over(measure):
    """With terms that are as close as the margin says, and every set is counted once, in whatever units."""
    problem, order = about(system_of(12, near=[(3, 4, 1e-4)]), (11,)), 4
    row = ABOUT_TARGET[measure]
    evaluator = numba.open(problem, Ranking(row.d, row.j, row.l, 5))
    evaluator.ready(order)
    members = np.concatenate([f.members for f in registry.load("numpy").open(problem, Ranking(0, 0, 0)).walk(
        next(cut(problem, order, order)), lambda **_: Floor(np.inf, -np.inf))])  # fmt: skip
    terms = problem.reference(members, np.zeros(len(members), dtype=np.intp))
    values = row.value(terms.D, terms.J, terms.L)
    exact = dict(zip(map(tuple, members.tolist()), values.tolist(), strict=True))
    low, high = np.sort(values)[[20, -20]]
    seen, evaluated = {}, 0
    for unit in cut(problem, order, order, unit_sets=37):
        for found in evaluator.walk(unit, lambda **_: Floor(float(low), float(high))):
            evaluated += found.evaluated
            for S, value in zip(found.members.tolist(), row.value(found.D, found.J, found.L).tolist(), strict=True):
                assert tuple(S) not in seen
                seen[tuple(S)] = value
                assert np.isnan(value) or abs(value - exact[tuple(S)]) <= found.margin
    assert evaluated == len(exact) == 330
    assert {S for S, value in exact.items() if value <= low or value >= high} <= set(seen)
    assert sum(not np.isnan(value) for value in seen.values()) < 50  # the other sets are handed over unseen


def test_several_datasets():
    system = system_of(9, n_datasets=3)
    for measure in MEASURES:
        agree(about(system, (8,)), 3, measure, walk="blocks")  # few sets: datasets share units
    agree(about(system_of(28, n_datasets=2), (27,)), 3, "gradient")


def test_unusual_measures_go_in_blocks():
    evaluator = numba.open(about(system_of(9), (8,)), Ranking(1, -2, -1))
    assert evaluator.walk_name(next(cut(evaluator.problem, 3, 3))) == "blocks"


GROUPS = ((0, 1), (2,), (3,), (4, 5, 6), (7, 8), (9,), (10, 11))


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("order", [2, 3, 4, 6, 7])
def test_groups_have_a_walk_of_their_own(measure, order):
    """Widths of one to three, a target of two columns, and one that is given."""
    agree(about(system_of(15, n_samples=40), (12, 13), (14,), groups=GROUPS), order, measure, walk="groups")


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("order", [2, 3, 4])
def test_groups_that_are_close_to_singular_together(measure, order):
    """A copy of a column in another group, near copies of others, and a target that completes groups."""
    near = [(3, 0, 1e-4), (7, 2, 1e-5), (9, 5, 3e-6)]
    system = system_of(14, copies=[(10, 1)], near=near, n_samples=60)
    agree(about(system, (12,), (13,), groups=GROUPS), order, measure, walk="groups")
    rng = np.random.default_rng(1)
    for scale in (1e-2, 1e-4, 9e-6, 1.1e-5):
        X = rng.standard_normal((60, 13))
        X[:, 12] = X[:, 2] + X[:, 5] + scale * rng.standard_normal(60)
        agree(about(hoi.estimators.Gaussian().fit(X), (12,), groups=GROUPS), order, measure, walk="groups")


@settings(max_examples=25)
@given(
    order=st.integers(2, 5), measure=st.sampled_from(MEASURES), seed=st.integers(0, 10**6), power=st.floats(0, 6),
    n_best=st.integers(1, 8), z=st.integers(0, 2),
)  # fmt: skip
def test_groups_of_any_condition(order, measure, seed, power, n_best, z):
    rng = np.random.default_rng(seed)
    n = 13 + z
    values = rng.standard_normal((50, n)) * 10 ** (-power * np.linspace(0, 1, n))
    X = values @ np.linalg.qr(rng.standard_normal((n, n)))[0]
    for group in ((0, 1), (4, 5, 6), (7, 8), (10, 11)):  # no group is singular by itself
        X[:, group] += 1e-3 * X.std() * rng.standard_normal((50, len(group)))
    problem = about(hoi.estimators.Gaussian().fit(X), (12,), tuple(range(13, n)), groups=GROUPS)
    agree(problem, order, measure, n_best, walk="groups")


@pytest.mark.parametrize("which", ["alone", "given the target"])
def test_groups_are_trusted_by_both_matrices(which):
    """Two groups that are close to singular alone, and not given a target that is close to them; and the other way."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 13))
    if which == "alone":
        X[:, 5] = X[:, 2] + 1e-4 * rng.standard_normal(60)
        X[:, 12] = X[:, 2] + 1e-4 * rng.standard_normal(60)
    else:
        X[:, 12] = X[:, 2] + X[:, 5] + 1e-4 * rng.standard_normal(60)
    problem = about(hoi.estimators.Gaussian().fit(X), (12,), groups=GROUPS)
    close = [np.linalg.eigvalsh(part.matrix[0]).min() < 1e-6 for _, part in problem.parts]
    assert close == [which == "alone", which != "alone"]
    evaluator = numba.open(problem, Ranking(0, 1, 1, 5))
    unit = next(cut(problem, 3, 3))
    (found,) = evaluator.walk(unit, lambda: Floor(np.inf, -np.inf))
    both = [{1, 3} <= set(members) for members in found.members.tolist()]
    np.testing.assert_array_equal(np.isnan(found.J), both)


@pytest.mark.parametrize("measure", MEASURES)
def test_groups_that_reach_the_floor_are_handed_over_within_the_margin(measure):
    problem, order = about(system_of(14, near=[(3, 0, 1e-4)]), (12,), (13,), groups=GROUPS), 3
    row = ABOUT_TARGET[measure]
    evaluator = numba.open(problem, Ranking(row.d, row.j, row.l, 5))
    members = np.array(list(itertools.combinations(range(7), order)))
    terms = problem.reference(members, np.zeros(len(members), dtype=np.intp))
    everything = Floor(np.inf, -np.inf)
    units = cut(problem, order, order, unit_sets=3)
    seen = [part for unit in units for part in evaluator.walk(unit, lambda: everything)]
    found = np.concatenate([part.members for part in seen])
    assert found[np.lexsort(found.T[::-1])].tolist() == members.tolist()
    D, J, L = (np.concatenate([getattr(part, name) for part in seen])[np.lexsort(found.T[::-1])] for name in "DJL")
    left_open = np.isnan(J)
    assert 0 < left_open.sum() < len(J)
    error = np.abs(row.value(D, J, L) - row.value(terms.D, terms.J, terms.L))[~left_open]
    assert error.max() <= max(part.margin for part in seen)
    low, high = np.sort(row.value(terms.D, terms.J, terms.L))[[5, -5]]
    some = np.concatenate([part.members for part in evaluator.walk(
        next(cut(problem, order, order)), lambda: Floor(float(low), float(high)))])  # fmt: skip
    assert 12 <= len(some) < len(members)


def test_sums_of_sums_go_by_log_determinants_and_what_is_not_gaussian_in_blocks():
    X = hoi.simulate.equicorrelated(6, 0.3).sample(50, seed=0)
    system = hoi.estimators.Gaussian().fit(X)
    whole = system.problem([(c,) for c in range(5)])
    mean = InformationProblem(whole, InformationProblem(whole, system.problem([(c,) for c in range(5)], (5,))))
    agree(mean, 3, "information", walk="sums")
    kernel = about(hoi.estimators.Kernel().fit(X), (5,))
    agree(kernel, 3, "information", walk="blocks")


def test_threads_and_units_change_nothing():
    problem = about(hoi.estimators.Gaussian().fit(hoi.simulate.planted(36, seed=2).sample(300, seed=2)), (35,))
    row = ABOUT_TARGET["gradient"]
    one, two = (best_sets(problem, (2, 5), row, BOTH, 20, True, numba, threads, False) for threads in (1, 2))
    assert np.array_equal(one.members, two.members)
    assert np.array_equal(one.terms.J, two.terms.J)
    assert one.evaluated == two.evaluated
