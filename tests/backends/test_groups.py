"""The compiled walk over sets of groups: the same table as by elimination, whatever the groups and their condition."""

from __future__ import annotations

import itertools
import warnings
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walks import assert_same

import hoi
import reference
from hoi._backends import registry
from hoi._backends.numba_ import grouped as walks
from hoi._backends.numba_.groups import determinants, group_sum, group_trust
from hoi._backends.protocol import EVERYTHING, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.terms import by_elimination
from hoi._measures.registry import MEASURES

# systems are close to singular on purpose
pytestmark = [
    pytest.mark.filterwarnings("ignore::hoi._errors.IllConditionedWarning"),
    pytest.mark.filterwarnings("ignore::hoi._errors.DeterminedWarning"),
]

GROUPS = ((0, 4), (1,), (8, 2, 3), (5,), (6, 7), (10, 11), (9,), (12, 13, 14, 15))


def data(n: int = 16, near: float | None = None, seed: int = 0) -> np.ndarray:
    """Samples; with `near`, columns 12 and 9 are columns 0 and 3 with that much noise."""
    X = hoi.simulate.random_covariance(n, seed=seed).sample(60, seed=seed)
    if near is not None:
        X[:, [12, 9]] = X[:, [0, 3]] + near * np.random.default_rng(seed).standard_normal((60, 2))
    return X


def search(X: object, order: int | tuple[int, int], backend: str, **options: object) -> hoi.Multiplets:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.SingularWarning)
        return hoi.search(X, order, backend=backend, **{"groups": GROUPS, "estimator": "gaussian", **options})


def problem_of(X: np.ndarray) -> Problem:
    return hoi.GaussianSystem.from_data(X, estimator="gaussian").problem(GROUPS)


def everything(problem: Problem, order: int, measure: str, size: int | None = None) -> Found:
    """All that the walk hands over, from units of `size` prefixes."""
    row = MEASURES[measure]
    stop = comb(problem.n_variables - 2, order - 2)
    starts = range(0, stop, size or stop)
    units = [Unit(0, order, start, min(start + (size or stop), stop)) for start in starts]
    evaluator = registry.load("numba").open(problem, Ranking(row.d, row.j, row.l))
    parts = [part for unit in units for part in evaluator.walk(unit, lambda: EVERYTHING)]
    arrays = (np.concatenate(column) for column in list(zip(*parts, strict=True))[:4])
    return Found(*arrays, sum(part.evaluated for part in parts), 0, parts[0].margin)


@given(
    st.lists(st.integers(1, 4), min_size=3, max_size=7).filter(lambda sizes: max(sizes) > 1),
    st.sampled_from([0.0, 1.0, 3.0, 6.0]),
    st.integers(0, 2**32 - 1),
    st.data(),
)
def test_the_walk_agrees_with_numpy(sizes: list[int], spread: float, seed: int, data: st.DataObject) -> None:
    """Columns of any condition, from independent to nearly singular groups together."""
    n = sum(sizes)
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal((n, n)) * 10.0 ** (-spread * rng.random(n))
    ends = np.cumsum([0, *sizes])
    groups = [tuple(range(a, b)) for a, b in itertools.pairwise(ends.tolist())]
    C = factor @ factor.T
    for group in groups:
        C[np.ix_(group, group)] += 1e-3 * np.diag(np.diag(C)[list(group)])
    low = data.draw(st.integers(2, len(groups)))
    high = data.draw(st.integers(max(low, 3), len(groups)))  # by the O-information pairs alone are refused
    options = {
        "measure": data.draw(st.sampled_from(sorted(MEASURES))),
        "which": data.draw(st.sampled_from(["both", "lowest", "highest"])),
        "n_best": data.draw(st.sampled_from([1, 5, 40])),
        "groups": groups,
    }
    known = hoi.GaussianSystem.from_covariance(C, data.draw(st.sampled_from([None, n + 1, 500])))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.SparseWarning)  # few samples, whatever is drawn
        found = [search(known, (low, high), backend, **options) for backend in ("numba", "numpy")]
    assert_same(*found)


@pytest.mark.parametrize("near", [None, 1e-2, 1e-4, 1e-6, 0.0])
@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_copies_in_other_groups(measure: str, near: float | None) -> None:
    """From a correlation of 0.9999 to singular sets, which are counted."""
    X = data(near=near)
    for orders in ((2, 8), 3, 4):
        found = search(X, orders, "numba", measure=measure, n_best=9)
        assert_same(found, search(X, orders, "numpy", measure=measure, n_best=9))
        assert (found.settings["skipped"] > 0) == (near is not None and near < 1e-5)


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_the_walk_agrees_with_the_definitions(measure: str) -> None:
    X = data(seed=5)
    h = reference.entropies(reference.peers_covariance(X), len(X))
    rows = reference.every_set(h, measure, GROUPS, range(2, 6))
    found = search(X, (2, 5), "numba", measure=measure, n_best=25, estimator="gaussian_copula")
    expected = reference.best(rows, "both", 25)
    assert found.members == [s for _, _, s in expected]
    np.testing.assert_allclose(getattr(found, measure), [v for _, v, _ in expected], rtol=0, atol=1e-10)


@pytest.mark.parametrize("order", [2, 3, 5, 7, 8])
def test_each_set_is_met_once_and_its_terms_are_within_the_margin(order: int) -> None:
    problem = problem_of(data())
    wanted = combinatorics.block(8, order, 0, comb(8, order))
    terms = by_elimination(problem.matrix[0], wanted, problem.blocks)
    for size in (1, 4, None):
        found = everything(problem, order, "oinfo", size)
        assert found.evaluated == len(wanted)
        np.testing.assert_array_equal(found.members, wanted)
        for name in ("J", "L"):
            np.testing.assert_allclose(getattr(found, name), getattr(terms, name), rtol=0, atol=found.margin)
    assert order * 1e-9 <= found.margin < 2e-8


def test_the_table_holds_the_determinants_of_the_parts() -> None:
    problem = problem_of(data())
    table = determinants(group_sum([(1.0, problem)], 0), 4)
    for members in itertools.combinations(range(8), 3):
        columns = np.concatenate([np.arange(*problem.blocks[[g, g + 1]]) for g in members])
        logdet = np.linalg.slogdet(problem.matrix[0][np.ix_(columns, columns)])[1]
        place = sum(comb(s, i + 1) for i, s in enumerate(members))
        assert abs(table[place] - logdet - 2 * problem.bias[len(columns)]) < 1e-10


def test_sets_close_to_a_singular_one_are_handed_over_without_terms() -> None:
    problem = problem_of(data(near=1e-4))
    found = everything(problem, 4, "oinfo")
    pairs = [{0, 7}, {2, 6}]  # groups with a column and its near copy
    close = [any(pair <= set(s) for pair in pairs) for s in found.members.tolist()]
    np.testing.assert_array_equal(np.isnan(found.J), close)
    assert 0 < sum(close) < len(close)


def test_the_margin_grows_with_the_condition() -> None:
    margins = [group_trust(4, 3, bound) for bound in (1e-2, 1e-6, 0.0)]
    assert [trust.least == -np.inf for trust in margins] == [True, True, False]
    assert 4e-9 <= margins[0].margin <= margins[1].margin <= margins[2].margin == 4e-4
    # a determinant that is trusted keeps every conditional variance far above the limit of singularity
    assert all(group_trust(k, w, 0.0).least > np.log(1e-9) for k in range(2, 9) for w in range(2, 9))


def test_sets_of_equal_value_come_in_the_order_of_their_members() -> None:
    matrix = np.full((12, 12), 0.3) + 0.7 * np.eye(12)
    known = hoi.GaussianSystem.from_covariance(matrix)
    groups = [(2 * i, 2 * i + 1) for i in range(6)]
    for n_best in (1, 4, 100):
        options = {"groups": groups, "n_best": n_best}
        assert_same(search(known, (2, 6), "numba", **options), search(known, (2, 6), "numpy", **options))


def test_threads_and_units_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.stack([data(near=1e-6), data(seed=1)])
    whole = search(X, (2, 5), "numba", n_best=5)
    for threads, unit_sets in itertools.product((1, 2, 5), (1, 7)):
        monkeypatch.setattr("hoi._engine.threads._SMALL", 0)
        monkeypatch.setenv("NUMBA_NUM_THREADS", str(threads))
        for name in ("_LEAST_SETS", "_MOST_SETS"):
            monkeypatch.setattr(f"hoi._engine.plan.{name}", unit_sets)
        assert_same(search(X, (2, 5), "numba", n_best=5), whole)


@pytest.mark.parametrize("limit", ["_MOST_TABLE", "_MOST_COVARIANCES"])
def test_without_room_sets_go_by_elimination(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    X = data()
    found = search(X, 4, "numba")
    monkeypatch.setattr(walks, limit, 1)
    monkeypatch.setattr(walks, "group_walk", None)
    assert_same(search(X, 4, "numba"), found)
