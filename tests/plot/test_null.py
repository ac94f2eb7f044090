"""What was found beside what surrogates reach."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import empty, key_of, result

import hoi
from hoi import HoiError


@pytest.fixture(scope="module")
def tested():
    X = np.random.default_rng(0).standard_normal((80, 6))
    X[:, 5] += X[:, 0] + X[:, 1]
    return hoi.permutation_test(X, (3, 4), n_resamples=99, n_best=3, seed=0)


def test_null_shows_what_chance_reaches_and_what_was_found(ax, tested):
    tested.plot.null(ax=ax)
    ends = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in ax.patches]
    for family, kind in enumerate(tested.settings["thresholds"]):  # a narrow and a wide bar each
        quantiles = sorted(kind["quantiles"])
        assert ends[2 * family] == pytest.approx((quantiles[0], quantiles[-1]))
        assert ends[2 * family + 1] == pytest.approx((quantiles[2], quantiles[38]))
    thresholds = [line for line in ax.lines if len(line.get_ydata()) == 2 and line.get_color() == "black"]
    assert [line.get_ydata()[0] for line in thresholds] == [kind["value"] for kind in tested.settings["thresholds"]]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_ydata()[0] for dot in dots] == pytest.approx(tested.oinfo)
    full = [dot.get_color() != "white" for dot in dots]
    assert full == (tested.pvalue <= 0.05).tolist() and any(full) and not all(full)
    assert key_of(ax) == {"best of 99 surrogates": "#b8bec4"}
    assert [text.get_text() for text in ax.get_xticklabels()] == ["3", "4"]


def test_null_of_members_is_in_standard_deviations(ax):
    X = np.random.default_rng(0).standard_normal((80, 5))
    found = hoi.permutation_test(X, 3, null="member", n_resamples=49, n_best=2, seed=0)
    found.plot.null(ax=ax)
    assert ax.get_ylabel().endswith("(standard deviations)")
    dots = [line.get_ydata()[0] for line in ax.lines if line.get_marker() == "o"]
    assert dots == pytest.approx(found.statistic)


def test_null_needs_a_test(ax):
    with pytest.raises(HoiError, match=r"null: the result is of no test against surrogates. Use hoi.permutation_test"):
        result().plot.null(ax=ax)
    with pytest.raises(HoiError, match="null: the result has no sets to draw"):
        empty().plot.null(ax=ax)
