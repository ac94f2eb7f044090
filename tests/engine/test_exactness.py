"""That speed never changes an answer: near ties, hard systems, and every cut of the work, against independent ways."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hoi
import reference
from hoi._measures.registry import MEASURES


def exact(covariance: np.ndarray, n_samples: int | None = None) -> hoi.GaussianSystem:
    return hoi.GaussianSystem.from_covariance(covariance, n_samples)


def assert_same(one: hoi.Multiplets, other: hoi.Multiplets) -> None:
    """To the last bit, and the same counts."""
    np.testing.assert_array_equal(one.indices, other.indices)
    np.testing.assert_array_equal(one.extreme, other.extreme)
    for name in MEASURES:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for count in ("evaluated", "skipped"):
        assert one.settings[count] == other.settings[count], count


# --- against Cholesky factors of every set


def by_cholesky(C: np.ndarray, members: np.ndarray) -> dict[str, np.ndarray]:
    """The four measures of the sets in the rows of `members`, from factors and inverses by LAPACK."""
    parts = C[members[:, :, None], members[:, None, :]]
    factors = np.linalg.cholesky(parts)
    J = 2 * np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    D = np.log(np.diagonal(parts, axis1=1, axis2=2)).sum(axis=1)
    L = np.log((np.linalg.inv(factors) ** 2).sum(axis=1)).sum(axis=1)
    return {"tc": (D - J) / 2, "dtc": (J + L) / 2, "oinfo": D / 2 - J - L / 2, "sinfo": (D + L) / 2}


@pytest.fixture(scope="module")
def thirty() -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Covariance of 30 variables, every set of five of them, and their measures."""
    C = hoi.simulate.random_covariance(30, degrees_of_freedom=45, seed=30).covariance
    members = np.array(list(itertools.combinations(range(30), 5)))
    return C, members, by_cholesky(C, members)


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_every_set_of_5_of_30_against_cholesky(thirty, measure: str) -> None:
    C, members, values = thirty
    rows = list(zip(values[measure].tolist(), map(tuple, members.tolist()), strict=True))
    found = hoi.search(exact(C), 5, measure=measure, n_best=100, backend="numba")
    expected = reference.best(rows, "both", 100)
    assert found.members == [chosen for _, _, chosen in expected]
    np.testing.assert_allclose(getattr(found, measure), [v for _, v, _ in expected], rtol=0, atol=1e-10)
    assert found.settings["evaluated"] == math.comb(30, 5)


def test_a_scan_of_5_of_30_against_cholesky(thirty) -> None:
    C, members, values = thirty
    blocks = list(hoi.scan(exact(C), 5, backend="numba"))
    assert np.array_equal(np.concatenate([block.indices for block in blocks]), members)
    for name in MEASURES:
        found = np.concatenate([getattr(block, name) for block in blocks])
        np.testing.assert_allclose(found, values[name], rtol=0, atol=1e-10, err_msg=name)


@pytest.mark.filterwarnings("ignore::hoi._errors.SparseWarning")  # with one sample more than members, too
@given(st.integers(5, 9), st.integers(0, 2**32 - 1), st.data())
def test_random_systems_against_the_definitions(n: int, seed: int, data: st.DataObject) -> None:
    C = hoi.simulate.random_covariance(n, seed=seed).covariance
    low = data.draw(st.integers(2, n))
    high = data.draw(st.integers(low, min(n, low + 2)))
    measure = data.draw(st.sampled_from(sorted({*MEASURES} - ({"oinfo"} if high == 2 else set()))))
    n_samples = data.draw(st.sampled_from([None, n + 1, 200]))
    found = hoi.search(exact(C, n_samples), (low, high), measure=measure, n_best=6, backend="numba")
    h = reference.entropies(C, n_samples)
    rows = reference.every_set(h, measure, reference.singles(range(n)), range(low, high + 1))
    value = {members: value for value, members in rows}
    expected = [value for _, value, _ in reference.best(rows, "both", 6)]
    # values to a tenth of what would let another set in; random systems have no sets closer than that
    np.testing.assert_allclose(getattr(found, measure), expected, rtol=0, atol=1e-8)
    np.testing.assert_allclose([value[m] for m in found.members], expected, rtol=0, atol=1e-8)


# --- near ties


def pairs_apart(distance: float) -> np.ndarray:
    """Ten independent triplets whose values go down in steps of about `distance`: equal but for that."""
    C = np.eye(30)
    for i in range(10):
        part = slice(3 * i, 3 * i + 3)
        C[part, part] = 0.5 + 0.5 * np.eye(3)
        C[3 * i, 3 * i + 1] = C[3 * i + 1, 3 * i] = 0.5 - i * distance
    return C


@pytest.mark.parametrize("distance", [1e-6, 1e-9, 3e-11])
@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_values_that_differ_by_little_are_told_apart(backend: str, measure: str, distance: float) -> None:
    """By exact arithmetic: which way the values go, and that no two are closer than the grid of the merge."""
    C = pairs_apart(distance)
    triplets = [tuple(range(3 * i, 3 * i + 3)) for i in range(10)]

    def score(i: int) -> Fraction:
        """What grows with the value of triplet i, in fractions: the argument of its logarithm."""
        a, b = Fraction(C[3 * i, 3 * i + 1]), Fraction(1, 2)
        det = 1 + 2 * a * b * b - a * a - 2 * b * b
        entries = (1 - b * b) ** 2 * (1 - a * a) / det**3  # product of the diagonal of the inverse
        row = MEASURES[measure]
        return det**row.j * entries**row.l

    order = sorted(range(10), key=score, reverse=True)
    found = hoi.search(exact(C), 3, measure=measure, which="highest", n_best=10, backend=backend)
    steps = np.diff([float(score(i) / score(0) - 1) / 2 for i in order])
    assert np.all(steps < -(2.0**-39)), "else the merge may take two of them for equal"
    assert found.members == [triplets[i] for i in order], backend


@pytest.mark.parametrize("n_best", [1, 4, 10])
def test_values_closer_than_the_grid_are_ordered_by_members(backend: str, n_best: int) -> None:
    found = hoi.search(exact(pairs_apart(1e-15)), 3, which="highest", n_best=n_best, backend=backend)
    assert found.members == [tuple(range(3 * i, 3 * i + 3)) for i in range(n_best)], backend


# --- one column of sixty that others determine


def sixty(kind: str) -> tuple[np.ndarray, tuple[int, ...]]:
    """Sixty variables, and the set that makes others singular: a copy, or the sum of two."""
    C = hoi.simulate.random_covariance(59, degrees_of_freedom=80, seed=60).covariance
    mix = np.vstack([np.eye(59), np.zeros(59)])
    mix[59, [10, 20] if kind == "sum" else [10]] = 1
    return mix @ C @ mix.T, (10, 20, 59) if kind == "sum" else (10, 59)


@pytest.mark.parametrize(("kind", "order"), [("copy", 3), ("copy", 4), ("copy", 5), ("sum", 3), ("sum", 4)])
def test_one_singular_column_among_sixty(kind: str, order: int) -> None:
    C, singular = sixty(kind)
    with pytest.warns(hoi.SingularWarning) as caught:
        found = hoi.search(exact(C), order, n_best=25, backend="numba")
    assert len(caught) == 1
    skipped = math.comb(60 - len(singular), order - len(singular))
    assert (found.settings["evaluated"], found.settings["skipped"]) == (math.comb(60, order) - skipped, skipped)
    assert not any(set(singular) <= set(members) for members in found.members)
    if kind == "sum":
        members = np.array(list(itertools.combinations(range(60), order)))
        members = members[np.isin(members, singular).sum(axis=1) < 3]
    else:
        # what is best with 10 is as good with its copy, and nothing else has changed
        without = hoi.search(exact(C[:59, :59]), order, n_best=25, backend="numba")
        twins = {tuple(sorted(59 if i == 10 else i for i in m)) for m in without.members}
        members = np.array(sorted({*without.members, *twins}))
    values = by_cholesky(C, members)["oinfo"]
    rows = list(zip(values.tolist(), map(tuple, members.tolist()), strict=True))
    assert found.members == [m for _, _, m in reference.best(rows, "both", 25, digits=9)]


# --- the cut of the work


@pytest.mark.parametrize("unit_sets", [301, 5000, 10**9])
@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize(("n", "order"), [(20, (3, 6)), (14, (9, 14))])
def test_units_and_threads_change_nothing(
    monkeypatch: pytest.MonkeyPatch, n: int, order: tuple[int, int], threads: int, unit_sets: int
) -> None:
    """On a table with a copy of a column, so that ties, singular sets and near ties are there."""
    C = hoi.simulate.random_covariance(n, degrees_of_freedom=2 * n, seed=n).covariance.copy()
    C[n - 1], C[:, n - 1] = C[2], C[:, 2]
    C[n - 1, n - 1] = C[2, 2]
    C[5] *= 1 + 1e-12
    C[:, 5] *= 1 + 1e-12

    def search(threads: int) -> hoi.Multiplets:
        with pytest.warns(hoi.SingularWarning):
            return hoi.search(exact(C, 100), order, n_best=30, backend="numba", threads=threads)

    whole = search(1)
    for name in ("_LEAST_SETS", "_MOST_SETS"):
        monkeypatch.setattr(f"hoi._engine.plan.{name}", unit_sets)
    monkeypatch.setattr("hoi._engine.threads._SMALL", 0)
    assert_same(search(threads), whole)
