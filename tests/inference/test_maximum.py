"""p of maximum statistics against their definition, and thresholds against p."""

from __future__ import annotations

import numpy as np
import pytest

from hoi._inference.maximum import MaximumNull, exceedances, standardised
from tests import reference


@pytest.mark.parametrize("n_families", [1, 2, 5])
@pytest.mark.parametrize("m", [1, 19, 40])
def test_p_of_the_farthest_set_is_the_smallest_p_by_definition(rng, m, n_families):
    for far in (0, 1, 3):
        extremes, observed = rng.standard_normal((m, n_families)), rng.standard_normal(n_families)
        observed[0] += far
        p = MaximumNull(extremes, observed).pvalues(observed, np.arange(n_families))
        assert p.min() == pytest.approx(reference.min_p(extremes, observed))


def test_p_of_one_family_is_one_more_than_the_exceedances(rng):
    extremes, values = rng.standard_normal((99, 1)), np.linspace(-3, 3, 13)
    zero = np.zeros(13, dtype=int)
    p = MaximumNull(extremes, values[-1:]).pvalues(values, zero)
    assert p == pytest.approx([(1 + (extremes >= value).sum()) / 100 for value in values])
    assert (exceedances(extremes, values, zero) == np.rint(p * 100)).all()
    assert p.min() >= 0.01


def test_p_is_uniform_where_the_data_are_one_of_the_surrogates(rng):
    """Exchangeable rows: each of the ranks of the smallest p comes up as often as it should, whatever the families."""
    p = []
    for _ in range(2000):
        rows = rng.standard_normal((20, 3)) @ np.array([[1, 0.9, 0], [0, 0.4, 0], [0, 0, 1]])
        p.append(MaximumNull(rows[1:], rows[0]).pvalues(rows[0], np.arange(3)).min())
    for level in (0.1, 0.25, 0.5):
        assert np.mean(np.array(p) <= level) <= level + 3 * np.sqrt(level * (1 - level) / 2000)


def test_a_value_beyond_its_threshold_has_a_small_p_and_one_at_it_has_not(rng):
    extremes, observed = rng.standard_normal((199, 4)), rng.standard_normal(4)
    null = MaximumNull(extremes, observed)
    for level in (0.05, 0.2):
        thresholds = np.array(null.thresholds(level))
        assert (null.pvalues(thresholds + 1e-9, np.arange(4)) <= level).all()
        assert (null.pvalues(thresholds, np.arange(4)) > level).all()


def test_without_enough_surrogates_no_value_is_beyond_the_threshold(rng):
    null = MaximumNull(rng.standard_normal((9, 2)), np.zeros(2))
    assert null.thresholds(0.05) == [None, None]


def test_the_data_themselves_among_the_surrogates_count_in_spite_of_rounding():
    extremes = np.array([[0.1 + 1e-16], [0.3]])
    assert MaximumNull(extremes, np.array([0.3 + 1e-15])).pvalues(np.array([0.3 + 1e-15]), np.zeros(1, int)) == 2 / 3


def test_standardised_values_do_not_depend_on_the_columns_beside_them(rng):
    values = rng.standard_normal((1000, 9))
    whole = standardised(values)
    for width in (1, 2, 5):
        parts = [standardised(values[:, start : start + width]) for start in range(0, 9, width)]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    assert standardised(np.full((40, 1), 2.0)).tolist() == [[0.0]] * 40
