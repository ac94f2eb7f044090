"""The compiled walks: what they hand over, on systems made to be difficult, and that they agree with each other."""

from __future__ import annotations

import itertools
import math
import warnings
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walks import agree, assert_same, bounded_pivots, system_of

import hoi
import reference
from hoi._backends import registry
from hoi._backends.numba_ import gaussian as walks
from hoi._backends.numba_.complement import invert
from hoi._backends.numba_.score import LEAST, Trust, lower_bound, trust
from hoi._backends.protocol import EVERYTHING, Floor, Found, Problem, Ranking, Unit
from hoi._maths import combinatorics
from hoi._maths.terms import by_elimination
from hoi._measures.registry import MEASURES, Measure

# systems are close to singular on purpose
pytestmark = [
    pytest.mark.filterwarnings("ignore::hoi._errors.IllConditionedWarning"),
    pytest.mark.filterwarnings("ignore::hoi._errors.DeterminedWarning"),
]

EVERY_WALK = ["tail", "lanes", "complement"]
# The measures, and other integer rows: DTC - 3 TC, a multiple, and exponents of both signs.
ROWS = MEASURES | {
    str(row): Measure("row", "row", "row", *row)
    for row in [(-3, 4, 1), (0, 2, 2), (2, -5, -2), (0, 3, -1)]
}


def exact(matrix: np.ndarray, n_samples: int | None = None) -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_covariance(matrix, n_samples)


def problem_of(matrix: np.ndarray) -> Problem:
    return exact(matrix).problem(bias_correction=False)


def only(walk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the backend take one walk wherever it can; the walk over complements needs a well conditioned matrix."""
    monkeypatch.setattr(walks, "_use_lanes", lambda n, order: walk == "lanes" and order >= 4)
    monkeypatch.setattr(walks, "_use_complements", lambda n, order: walk == "complement" and order < n)


def search(matrix: np.ndarray, order: int | tuple[int, int], **options: object) -> hoi.Multiplets:
    """A search that says nothing of singular sets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", hoi.SingularWarning)
        return hoi.search(exact(matrix), order, **{"backend": "numba", **options})


def handed_over(problem: Problem, order: int, measure: str, floor: Floor) -> Found:
    """All that a walk hands over at a floor that does not move."""
    n, row = problem.n_variables, ROWS[measure]
    unit = Unit(0, order, 0, comb(n - 2, order - 2))
    ranking = Ranking(row.d, row.j, row.l)
    parts = list(registry.load("numba").open(problem, ranking).walk(unit, lambda: floor))
    arrays = (np.concatenate(column) for column in list(zip(*parts, strict=True))[:4])
    return Found(*arrays, sum(part.evaluated for part in parts), sum(part.skipped for part in parts))


def reference_values(problem: Problem, order: int, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """(members, values) of all sets; NaN for singular ones."""
    members = combinatorics.block(problem.n_variables, order, 0, comb(problem.n_variables, order))
    terms = by_elimination(problem.matrix[0], members, problem.blocks)
    values = ROWS[measure].value(terms.D, terms.J, terms.L)
    return members, np.where(terms.singular, np.nan, values)


def sets(members: np.ndarray) -> set[tuple[int, ...]]:
    return set(map(tuple, members.tolist()))


# --- nothing that reaches the floor is lost


@st.composite
def systems(draw: st.DrawFn, smallest: int = 3, largest: int = 9) -> np.ndarray:
    """Correlations of any condition, from independent to singular."""
    n = draw(st.integers(smallest, largest))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spread = draw(st.sampled_from([0.0, 1.0, 3.0, 6.0, 9.0, 12.0]))
    factor = rng.standard_normal((n, n)) * 10.0 ** (-spread * rng.random(n))
    C = factor @ factor.T + 1e-14 * np.eye(n)
    scale = np.sqrt(np.diag(C))
    R = C / np.outer(scale, scale)
    np.fill_diagonal(R, 1.0)
    return (R + R.T) / 2


@pytest.mark.parametrize("walk", EVERY_WALK)
@pytest.mark.parametrize("measure", ROWS)
def test_a_walk_hands_over_all_that_reaches_the_floor(
    walk: str, measure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(walk, monkeypatch)

    @given(systems(smallest=5), st.data())
    def check(matrix: np.ndarray, data: st.DataObject) -> None:
        problem = problem_of(matrix)
        order = data.draw(st.integers(4, len(matrix) if measure in MEASURES else 5))  # few kernels more to compile
        members, values = reference_values(problem, order, measure)
        regular = ~np.isnan(values)
        low, high = (data.draw(st.sampled_from([*values[regular], end])) for end in (-np.inf, np.inf))
        found = handed_over(problem, order, measure, Floor(low, high))
        wanted = members[regular & ((values <= low) | (values >= high))]
        assert sets(wanted) <= sets(found.members)
        open_ones = np.isnan(found.J)
        singular = by_elimination(problem.matrix[0], found.members[open_ones], problem.blocks).singular
        assert found.skipped + singular.sum() == (~regular).sum()
        assert found.evaluated - singular.sum() == regular.sum()
        # terms that are given hold to the margin that the engine allows for
        D = np.zeros(len(found.J))
        position = [combinatorics.rank(m, len(matrix)) for m in found.members.tolist()]
        error = ROWS[measure].value(D, found.J, found.L) - values[position]
        coefficients = abs(ROWS[measure].j) + abs(ROWS[measure].l)
        assert np.all(np.abs(error[~open_ones]) <= 1e-4 * order * max(1, coefficients / 3))

    check()


def ill_conditioned(n: int, where: tuple[int, int, int]) -> np.ndarray:
    """A near copy, and a third variable close to what it differs by: each conditional variance is far above the limit
    of singularity, and the least one given all the others, 3e-10, close to it.
    """
    rng = np.random.default_rng(0)
    factors = 0.3 * rng.standard_normal((n, 2 * n + 3))
    factors[:, :3] = 0
    factors[np.arange(n), 3 + np.arange(n)] += 1
    factors /= np.linalg.norm(factors, axis=1)[:, None]
    z, difference, rest = np.eye(3, 2 * n + 3)
    first, copy, last = where
    factors[first], factors[copy] = z, z + 1e-3 * difference
    factors[last] = difference + 3e-4**0.5 * rest
    return factors @ factors.T


def lost_sets(matrix: np.ndarray, order: int, chosen: tuple[int, ...]) -> int:
    """How often a set with the chosen variables is not handed over when its own value is the floor."""
    problem = problem_of(matrix)
    members, values = reference_values(problem, order, "oinfo")
    lost = 0
    for i in np.flatnonzero(np.isin(members, chosen).sum(axis=1) == len(chosen)):
        found = handed_over(problem, order, "oinfo", Floor(values[i], np.inf))
        lost += tuple(members[i].tolist()) not in sets(found.members)
    return lost


@pytest.mark.parametrize("walk", ["tail", "lanes"])
@pytest.mark.parametrize("where", [(0, 1, 9), (0, 1, 5), (3, 4, 7), (0, 1, 2)])
def test_sets_whose_score_rounding_decides_are_handed_over(
    walk: str, where: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever in a set the last conditional variance turns up: prefix, next member, last member."""
    only(walk, monkeypatch)
    matrix = ill_conditioned(10, where)
    assert lost_sets(matrix, 5, where) == 0
    # the guard is what keeps them
    monkeypatch.setattr(walks, "trust", lambda order, *given: Trust(order * LEAST, np.inf))
    assert lost_sets(matrix, 5, where) > 0


def test_the_search_agrees_with_numpy_where_rounding_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    for walk, where in itertools.product(["tail", "lanes"], [(0, 1, 9), (0, 1, 5), (3, 4, 7)]):
        only(walk, monkeypatch)
        matrix = ill_conditioned(10, where)
        for n_best in (1, 20, 60):
            ours, numpys = (search(matrix, 5, n_best=n_best, backend=name) for name in ("numba", "numpy"))
            assert_same(ours, numpys)


@pytest.mark.parametrize("offset", np.linspace(-4e-16, 4e-16, 9))
@pytest.mark.parametrize("walk", ["tail", "lanes"])
def test_the_limit_of_singularity_is_the_same_to_the_last_bit(
    walk: str, offset: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conditional variance that rounding puts on either side of the limit: the reference path decides."""
    only(walk, monkeypatch)
    matrix = hoi.simulate.random_covariance(9, seed=3).covariance
    matrix = matrix / np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    correlation = math.sqrt(1 - 1e-10) + offset
    for i, j in ((0, 5), (2, 8)):
        matrix[j] = matrix[:, j] = correlation * matrix[i]
        matrix[j, j] = 1.0
    matrix[8, 5] = matrix[5, 8] = matrix[0, 2] * correlation**2
    assert_same(search(matrix, 5, n_best=40), search(matrix, 5, n_best=40, backend="numpy"))


@pytest.mark.parametrize("walk", ["tail", "lanes"])
def test_what_follows_a_variance_below_zero_is_not_trusted(walk: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No conditional variance is small, but the inverse is large enough for rounding to make some of them negative."""
    only(walk, monkeypatch)
    for n, order, seed in [(10, 9, 285), *((9, 8, seed) for seed in range(12))]:
        matrix = bounded_pivots(np.random.default_rng(seed), n)
        numpys = search(matrix, order, measure="tc", n_best=50, backend="numpy")
        assert_same(search(matrix, order, measure="tc", n_best=50), numpys)


@pytest.mark.parametrize("measure", [name for name in ROWS if name not in MEASURES])
def test_measures_of_any_row_find_what_numpy_finds(measure: str) -> None:
    """On the walks of their shapes: tails, lanes, complements, several datasets at once; and never in blocks."""
    for n, order, walk, n_datasets in [
        (24, 4, "tail", 1), (14, 5, "lanes", 1), (13, 10, "complements", 1), (12, 4, "together", 3),
    ]:
        near = () if walk == "complements" else ((1, 4, 1e-3),)
        problem = system_of(n, near=near, n_datasets=n_datasets).problem()
        found = agree(problem, order, ROWS[measure], registry.load("numba"))
        assert found.about["walk"] == [walk]


@pytest.mark.parametrize("uniqueness", [1.8e-5, 1.65e-5, 1e-5])
def test_products_near_the_ends_of_the_float_range(uniqueness: float) -> None:
    """Products of 64 entries of about 1 / uniqueness: just below, at, and above the largest double."""
    loadings = np.sqrt(1 - uniqueness * np.random.default_rng(5).uniform(0.8, 1.25, 66))
    matrix = hoi.simulate.common_cause(66, loadings).covariance
    problem = problem_of(matrix)
    members = combinatorics.block(66, 64, 0, comb(66, 64))
    terms = by_elimination(problem.matrix[0], members, problem.blocks)
    for measure, row in MEASURES.items():
        values = row.value(terms.D, terms.J, terms.L)
        ends = np.sort(values)[[9, -10]]
        found = handed_over(problem, 64, measure, Floor(*ends))
        assert sets(members[(values <= ends[0]) | (values >= ends[1])]) <= sets(found.members), measure
        assert found.evaluated == len(members)


# --- conditioning


@given(systems())
def test_no_eigenvalue_is_below_the_bound(matrix: np.ndarray) -> None:
    bound = lower_bound(matrix)
    assert 0 <= bound <= np.linalg.eigvalsh(matrix)[0] + 1e-13


def test_the_margin_grows_with_the_condition() -> None:
    for order in (3, 10, 30, 100):
        margins = [trust(order, bound) for bound in (1e-2, 1e-6, 0.0)]
        assert [m.largest == np.inf for m in margins] == [True, True, False]
        assert order * 1e-9 <= margins[0].margin <= margins[1].margin <= margins[2].margin <= order * 1e-4


def test_an_ill_conditioned_matrix_is_not_inverted() -> None:
    good = hoi.simulate.random_covariance(20, seed=0).covariance
    scale = np.sqrt(np.diag(good))
    good = good / np.outer(scale, scale)
    assert invert(good) is not None
    for near in (1e-6, 1e-12, 0.0):
        bad = good.copy()
        bad[3] = bad[:, 3] = good[7] * math.sqrt(1 - near)
        bad[3, 3] = 1.0
        assert invert(bad) is None
        singular = comb(18, 16) if near < 1e-10 else 0
        found = search(bad, 18)
        assert found.settings["skipped"] == singular
        assert_same(found, search(bad, 18, backend="numpy"))


# --- the walk over complements


@given(systems(smallest=3), st.data())
def test_complements_and_sets_give_the_same_table(matrix: np.ndarray, data: st.DataObject) -> None:
    order = data.draw(st.integers(3, len(matrix)))
    options = {
        "measure": data.draw(st.sampled_from(sorted(MEASURES))),
        "which": data.draw(st.sampled_from(["both", "lowest", "highest"])),
        "n_best": data.draw(st.sampled_from([1, 5, 50])),
    }
    with pytest.MonkeyPatch.context() as patch:
        only("complement", patch)
        complements = search(matrix, order, **options)
        only("tail", patch)
        assert_same(complements, search(matrix, order, **options))


@pytest.mark.parametrize("seed", [51, 74, 186, 199, 238, 261])
def test_complements_keep_near_ties(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values that differ by less than 1e-9, in exchangeable systems that are almost so."""
    only("complement", monkeypatch)
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 12))
    noise = rng.integers(-3, 4, (n, n)) * 10 ** rng.uniform(-13, -9)
    matrix = rng.uniform(0.1, 0.8) + noise + noise.T
    np.fill_diagonal(matrix, 1.0)
    for order, n_best in itertools.product(range(-(-2 * n // 3), n), (1, 3)):
        for measure in ("oinfo", "tc"):
            options = {"measure": measure, "n_best": n_best}
            assert_same(search(matrix, order, **options), search(matrix, order, backend="numpy", **options))


@pytest.mark.parametrize("measure", sorted(MEASURES))
@pytest.mark.parametrize(("n", "order"), [(100, 98), (100, 99), (100, 100), (45, 42), (6, 4)])
def test_orders_near_the_number_of_variables(n: int, order: int, measure: str) -> None:
    """Against determinants and inverses by LAPACK."""
    matrix = hoi.simulate.random_covariance(n, degrees_of_freedom=4 * n, seed=n).covariance
    found = search(matrix, order, measure=measure, n_best=6)
    members = np.array(list(itertools.combinations(range(n), order)))
    D, J, L = np.zeros((3, len(members)))
    for start in range(0, len(members), 500):
        part = slice(start, start + 500)
        C = matrix[members[part, :, None], members[part, None, :]]
        D[part] = np.log(np.diagonal(C, axis1=1, axis2=2)).sum(axis=1)
        J[part] = np.linalg.slogdet(C)[1]
        L[part] = np.log(np.diagonal(np.linalg.inv(C), axis1=1, axis2=2)).sum(axis=1)
    values = MEASURES[measure].value(D, J, L)
    rows = list(zip(values.tolist(), map(tuple, members.tolist()), strict=True))
    expected = reference.best(rows, "both", 6)
    assert found.members == [s for _, _, s in expected]
    np.testing.assert_allclose(getattr(found, measure), [v for _, v, _ in expected], rtol=0, atol=1e-10)
    assert found.settings["evaluated"] == comb(n, order)


def test_the_parts_of_an_order_hold_each_set_once() -> None:
    """However it is cut: each set is in the unit its complement's beginning falls into."""
    problem = problem_of(hoi.simulate.random_covariance(11, seed=1).covariance)
    ranking = Ranking(1, -2, -1)
    for order in range(3, 11):
        stop = comb(9, order - 2)
        for size in (1, 3, stop):
            units = [Unit(0, order, start, min(start + size, stop)) for start in range(0, stop, size)]
            evaluator = registry.load("numba").open(problem, ranking)
            parts = [part for unit in units for part in evaluator.walk(unit, lambda: EVERYTHING)]
            members = [tuple(m) for part in parts for m in part.members.tolist()]
            assert sorted(members) == list(itertools.combinations(range(11), order)), (order, size)
            assert sum(part.evaluated for part in parts) == comb(11, order)
