"""The n best sets do not depend on the order, the parts or the places in which sets were met."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
from hoi._engine.reduce import Best
from hoi._maths.terms import Terms
from hoi._measures.registry import Measure

ENDS = {"both": ("lowest", "highest"), "lowest": ("lowest",), "highest": ("highest",)}
# few levels, so that many are equal, and some by less than the grid
VALUES = st.sampled_from([-1.0, -0.5, -0.5 + 1e-15, 0.0, 0.25, 0.25 - 1e-15, 3.0])


# half of J, so that terms can be given for a value
HALF_J = Measure("half_j", "half of J", "J/2", d=0, j=1, l=0)


def terms(values: np.ndarray) -> Terms:
    """Terms of sets with these values."""
    zero = np.zeros(len(values))
    return Terms(zero, 2 * values, zero, zero > 0)


@given(st.data())
def test_any_parts_merged_in_any_order_give_the_same(data: st.DataObject) -> None:
    sets = [s for order in (2, 3) for s in itertools.combinations(range(5), order)]
    values = data.draw(st.lists(VALUES, min_size=len(sets), max_size=len(sets)))
    which = data.draw(st.sampled_from(sorted(ENDS)))
    n_best = data.draw(st.integers(1, 25))
    parts: dict[int, Best] = {}
    for i in data.draw(st.permutations(range(len(sets)))):
        best = parts.setdefault(data.draw(st.integers(0, 3)), Best(HALF_J, n_best, ENDS[which], 3, False))
        best.add(np.array([0]), np.array([sets[i]]), terms(np.array([values[i]])))
    whole, *others = [parts[i] for i in data.draw(st.permutations(sorted(parts)))]
    for other in others:
        whole.merge(other)
    expected = reference.best(list(zip(values, sets, strict=True)), which, n_best)
    found = [
        (end, tuple(int(i) for i in row if i >= 0)) for end in ENDS[which] for row in whole.rows(0, end)[0]
    ]
    assert found == [(end, members) for end, _, members in expected]


@pytest.mark.parametrize("per_order", [False, True])
def test_the_floor_is_the_last_that_came_in(per_order: bool) -> None:
    best = Best(HALF_J, 2, ("lowest", "highest"), 4, per_order)
    assert best.floor(0, 3) == (np.inf, -np.inf), "everything is of interest at first"
    best.add(np.zeros(3, dtype=np.intp), np.array([[0, 1, 2], [0, 1, 3], [1, 2, 3]]), terms(np.array([0.3, 0.1, 0.2])))
    assert best.floor(0, 3) == (0.2, 0.2)
    assert best.floor(0, 4) == ((np.inf, -np.inf) if per_order else (0.2, 0.2))
    assert best.floor(1, 3) == (np.inf, -np.inf), "of another dataset"
    one_end = Best(HALF_J, 1, ("highest",), 3, per_order)
    one_end.add(np.array([0]), np.array([[0, 1, 2]]), terms(np.array([0.3])))
    assert one_end.floor(0, 3) == (-np.inf, 0.3), "nothing is too low where the lowest are not wanted"


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=40), st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_what_is_promising_has_all_that_come_in(values: list[float], n_best: int, seed: int) -> None:
    """By values that are off by up to the margin, some of them not known at all, of three datasets."""
    rng = np.random.default_rng(seed)
    members = np.array(list(itertools.combinations(range(12), 2)))[: len(values)]
    exact = np.array(values)
    approximate = exact + rng.uniform(-1e-3, 1e-3, len(exact))
    approximate[rng.random(len(exact)) < 0.2] = np.nan
    best, wanted = (Best(HALF_J, n_best, ("lowest", "highest"), 2, False) for _ in range(2))
    dataset = np.sort(rng.integers(0, 3, len(exact)))
    wanted.add(dataset, members, terms(exact))
    for start in range(0, len(exact), 7):
        part = slice(start, start + 7)
        keep = best.promising(dataset[part], 2, approximate[part], 1e-3, best.floor)
        best.add(dataset[part][keep], members[part][keep], terms(exact[part][keep]))
    for d, end in itertools.product(range(3), ("lowest", "highest")):
        assert np.array_equal(best.rows(d, end)[0], wanted.rows(d, end)[0])
