"""The walk over several orders at once: each set once, none that reaches the floor lost, and where it is not used."""

from __future__ import annotations

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walks import assert_same

import hoi
import reference
from hoi._backends import registry
from hoi._backends.numba_ import subsets
from hoi._backends.numba_.subsets import SubsetPlan, eigenvalue_bound
from hoi._backends.protocol import EVERYTHING, Floor, Problem, Ranking
from hoi._engine.plan import cut
from hoi._maths import combinatorics
from hoi._maths.terms import by_elimination
from hoi._measures.registry import MEASURES

# systems are close to singular on purpose
pytestmark = [
    pytest.mark.filterwarnings("ignore::hoi._errors.IllConditionedWarning"),
    pytest.mark.filterwarnings("ignore::hoi._errors.DeterminedWarning"),
]


def correlations(n: int, seed: int, noise: float = 0.3) -> np.ndarray:
    """Correlations of a few factors; the smallest eigenvalue is above about `noise` / n."""
    factor = np.random.default_rng(seed).standard_normal((n, max(2, n // 2)))
    C = factor @ factor.T + noise * np.eye(n)
    R = C / np.sqrt(np.outer(np.diag(C), np.diag(C)))
    np.fill_diagonal(R, 1.0)
    return (R + R.T) / 2


def system(matrix: np.ndarray, n_samples: int | None = None) -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_covariance(matrix, n_samples)


def joined(
    matrix: np.ndarray, orders: tuple[int, int], measure: str = "oinfo", n_samples: int | None = None
) -> Problem:
    """A problem that goes through these orders at once."""
    problem = system(matrix, n_samples).problem(bias_correction=n_samples is not None)
    row = MEASURES[measure]
    assert registry.load("numba").open(problem, Ranking(row.d, row.j, row.l)).joint(orders) > 0
    return problem


def handed_over(problem: Problem, orders: tuple[int, int], measure: str, floor: Floor, unit_sets: int) -> tuple:
    """({set: (J, L)} of all that the walk hands over at a floor that does not move, number evaluated)."""
    row = MEASURES[measure]
    evaluator = registry.load("numba").open(problem, Ranking(row.d, row.j, row.l))
    positions = evaluator.joint(orders)
    found, evaluated = {}, 0
    for unit in cut(problem, *orders, unit_sets, positions):
        for part in evaluator.walk(unit, lambda order: floor):
            assert part.skipped == 0
            evaluated += part.evaluated
            for members, J, L in zip(part.members.tolist(), part.J, part.L, strict=True):
                assert tuple(members) not in found
                found[tuple(members)] = J, L
    return found, evaluated


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever share of the sets is wanted."""
    monkeypatch.setattr(subsets, "_MOST_UNWANTED", np.inf)


@given(st.integers(7, 12), st.integers(0, 2**32 - 1), st.sampled_from([1e-4, 1e-2, 1.0]), st.data())
def test_the_walk_agrees_with_numpy(n: int, seed: int, noise: float, data: st.DataObject) -> None:
    matrix = correlations(n, seed, noise)
    low = data.draw(st.integers(2, n - 1))
    orders = low, data.draw(st.integers(low + 1, n))
    options = {
        "measure": data.draw(st.sampled_from(sorted(MEASURES))),
        "which": data.draw(st.sampled_from(["both", "lowest", "highest"])),
        "n_best": data.draw(st.sampled_from([1, 6, 40])),
        "per_order": data.draw(st.booleans()),
    }
    n_samples = data.draw(st.sampled_from([None, 40]))
    joined(matrix, orders, options["measure"], n_samples)
    ours, numpys = (hoi.search(system(matrix, n_samples), orders, backend=b, **options) for b in ("numba", "numpy"))
    assert_same(ours, numpys)


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_the_walk_agrees_with_the_definitions(measure: str) -> None:
    X = hoi.simulate.random_covariance(8, seed=4).sample(70, seed=1)
    joined(hoi.GaussianSystem.from_data(X).covariance, (2, 8), measure)
    h = reference.entropies(reference.peers_covariance(X), len(X))
    rows = reference.every_set(h, measure, reference.singles(range(8)), range(2, 9))
    found = hoi.search(X, (2, 8), measure=measure, n_best=30, backend="numba")
    expected = reference.best(rows, "both", 30)
    assert found.members == [s for _, _, s in expected]
    np.testing.assert_allclose(getattr(found, measure), [v for _, v, _ in expected], rtol=0, atol=1e-10)
    assert found.settings["evaluated"] == 2**8 - 9


@pytest.mark.parametrize("unit_sets", [1, 200, 10**6])
@pytest.mark.parametrize("orders", [(2, 11), (3, 4), (5, 8), (9, 11), (10, 11)])
def test_each_set_is_met_once(orders: tuple[int, int], unit_sets: int) -> None:
    problem = joined(correlations(11, 0), orders)
    found, evaluated = handed_over(problem, orders, "oinfo", EVERYTHING, unit_sets)
    wanted = [s for k in range(orders[0], orders[1] + 1) for s in itertools.combinations(range(11), k)]
    assert sorted(found) == sorted(wanted)
    assert evaluated == len(wanted)


@pytest.mark.parametrize("measure", sorted(MEASURES))
@pytest.mark.parametrize("n", [7, 13])
def test_terms_are_within_the_margin(n: int, measure: str) -> None:
    """Those that the measure depends on; for a matrix that the walk just takes."""
    matrix = correlations(n, 3)
    matrix[1] = matrix[:, 1] = matrix[0] * np.sqrt(1 - 1e-6)
    matrix[1, 1] = 1.0
    found, _ = handed_over(joined(matrix, (3, n), measure), (3, n), measure, EVERYTHING, 10**6)
    row = MEASURES[measure]
    for k in range(3, n + 1):
        members = combinatorics.block(n, k, 0, comb(n, k))
        wanted = by_elimination(matrix, members, np.arange(n + 1))
        J, L = np.array([found[tuple(s)] for s in members.tolist()]).T
        error = row.value(0.0, J - wanted.J, L - wanted.L)
        assert np.abs(error).max() < 1e-9 * k
        assert np.isfinite(error).all()


@given(st.integers(0, 2**32 - 1), st.data())
def test_a_set_that_is_the_floor_is_handed_over(seed: int, data: st.DataObject) -> None:
    n = data.draw(st.integers(7, 10))
    matrix = correlations(n, seed)
    measure = data.draw(st.sampled_from(sorted(MEASURES)))
    members = data.draw(st.sets(st.integers(0, n - 1), min_size=2))
    rows = np.array([sorted(members)])
    terms = by_elimination(matrix, rows, np.arange(n + 1))
    value = float(MEASURES[measure].value(terms.D, terms.J, terms.L)[0])
    problem = joined(matrix, (2, n), measure)
    for floor in (Floor(value, np.inf), Floor(-np.inf, value)):
        assert tuple(rows[0].tolist()) in handed_over(problem, (2, n), measure, floor, 10**6)[0]


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_sets_of_equal_value_come_in_the_order_of_their_members(measure: str) -> None:
    """All sets of an order have the same value."""
    matrix = np.full((9, 9), 0.4) + 0.6 * np.eye(9)
    joined(matrix, (2, 9), measure)
    for n_best in (1, 7, 100):
        ours, numpys = (
            hoi.search(system(matrix), (2, 9), measure=measure, n_best=n_best, backend=b) for b in ("numba", "numpy")
        )
        assert_same(ours, numpys)


@pytest.mark.parametrize("per_order", [False, True])
def test_threads_and_units_change_nothing(per_order: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.stack([correlations(13, seed) for seed in (1, 2)])
    options = {"per_order": per_order, "n_best": 5, "backend": "numba"}
    whole = hoi.search(system(matrix, 100), (2, 13), **options)
    for threads, unit_sets in itertools.product((1, 2, 5), (1, 300)):
        monkeypatch.setattr("hoi._engine.threads._SMALL", 0)
        monkeypatch.setenv("NUMBA_NUM_THREADS", str(threads))
        for name in ("_LEAST_SETS", "_MOST_SETS"):
            monkeypatch.setattr(f"hoi._engine.plan.{name}", unit_sets)
        assert_same(hoi.search(system(matrix, 100), (2, 13), **options), whole)


# --- where the walk is used


def test_correlations_of_0_9999_are_taken_and_singular_sets_left_to_the_other_walks() -> None:
    matrix = correlations(10, 6)
    for correlation, taken in ((0.9999, True), (1 - 1e-9, False), (1.0, False)):
        matrix[4] = matrix[:, 4] = correlation * matrix[7]
        matrix[4, 4] = 1.0
        assert (eigenvalue_bound(matrix) > 0) == taken
        if correlation < 1:
            found, wanted = (hoi.search(system(matrix), (2, 10), n_best=9, backend=b) for b in ("numba", "numpy"))
        else:
            with pytest.warns(hoi.SingularWarning):
                found = hoi.search(system(matrix), (2, 10), n_best=9, backend="numba")
            with pytest.warns(hoi.SingularWarning):
                wanted = hoi.search(system(matrix), (2, 10), n_best=9, backend="numpy")
            assert found.settings["skipped"] == 2**8
        assert_same(found, wanted)


def test_one_dataset_with_singular_sets_keeps_all_from_the_walk() -> None:
    matrix = np.stack([correlations(8, 1)] * 2)
    matrix[1, 3], matrix[1, :, 3] = matrix[1, 5], matrix[1, :, 5]
    matrix[1, 3, 3] = 1.0
    problem = system(matrix).problem(bias_correction=False)
    assert registry.load("numba").open(problem, Ranking(1, -2, -1)).joint((2, 8)) == 0


def test_products_that_might_leave_the_float_range_are_left_to_the_other_walks() -> None:
    n = 60
    taken = hoi.simulate.common_cause(n, np.full(n, 0.9)).covariance
    left = hoi.simulate.common_cause(n, np.full(n, 1 - 1e-3)).covariance
    assert np.linalg.eigvalsh(left)[0] > 1e-4
    assert eigenvalue_bound(taken) > 0
    assert eigenvalue_bound(left) == 0


@pytest.mark.parametrize("noise", [1e-6, 1e-3, 1.0])
def test_no_eigenvalue_is_below_the_bound(noise: float) -> None:
    for seed in range(20):
        matrix = correlations(9, seed, noise)
        assert 0 <= eigenvalue_bound(matrix) <= np.linalg.eigvalsh(matrix)[0]


def test_the_path_at_each_position() -> None:
    """Subsets in the order of the walk: as words in a dictionary."""
    plan = SubsetPlan(11, 2, 11)
    on_path = range(3, 7)
    every = [list(s) for k in range(5) for s in itertools.combinations(on_path, k)]
    assert [plan.path(i) for i in range(plan.positions)] == sorted(every)


def test_few_orders_of_many_are_gone_through_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert SubsetPlan(25, 3, 25).positions == 2**18
    assert SubsetPlan(25, 8, 16).positions == 2**18
    assert SubsetPlan(25, 3, 6).positions == 0
    assert SubsetPlan(6, 2, 6).positions == 0  # too few variables
    assert SubsetPlan(70, 2, 70).positions == 0  # members would not fit into an integer
    problem = system(correlations(12, 0)).problem(bias_correction=False)
    backend, ranking = registry.load("numba"), Ranking(1, -2, -1)
    assert backend.open(problem, ranking).joint((2, 12)) == 2**5
    assert backend.open(problem, ranking).joint((6, 6)) == 0
    assert backend.open(problem, Ranking(-3, 4, 1)).joint((2, 12)) == 0  # one order after the other
    groups = [(0, 1), *((i,) for i in range(2, 12))]
    grouped = system(correlations(12, 0)).problem(groups, bias_correction=False)
    assert backend.open(grouped, ranking).joint((2, 11)) == 0
