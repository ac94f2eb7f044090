"""Points in a plane: one for each set."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from pictures import NAMES, REDUNDANCY, SYNERGY, key_of, result

from hoi import HoiError, Multiplets, plot

pytest.importorskip("matplotlib")
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure


def test_tc_dtc(ax):
    plot.tc_dtc(result(), ax=ax)
    points = ax.collections[0]
    assert np.array_equal(points.get_offsets(), np.column_stack([result().tc, result().dtc]))
    assert [to_hex(c) for c in points.get_facecolors()] == [SYNERGY] * 2 + [REDUNDANCY] * 2
    assert ax.get_xlim() == ax.get_ylim()


def other(oinfo=(-0.5, 0.1, 0.8), names=("e", "d", "c", "b", "a"), **more):
    """The first sets of `result` under other column numbers: the first two, and one of its own."""
    indices = [[4, 3, 2], [3, 4, 1], [0, 1, 2]]
    return Multiplets(indices, names, oinfo=oinfo, **more)


def test_comparison_matches_sets_by_names(ax):
    plot.comparison(result(), other(), labels=("rest", "task"), ax=ax)
    points = ax.collections[0]
    assert points.get_offsets().tolist() == [[-0.4, -0.5], [-0.2, 0.1]]
    shades = [to_hex(c) for c in points.get_facecolors()]
    assert shades[0] == SYNERGY
    assert shades[1] not in (SYNERGY, REDUNDANCY)  # another sign on the other side
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("O-information (nats), rest", "O-information (nats), task")
    ticks = {line.get_marker(): line for line in ax.lines if line.get_marker() in (1, 2)}
    assert ticks[2].get_xdata().tolist() == [0.9, 0.5]
    assert ticks[1].get_ydata().tolist() == [0.8]
    assert ax.get_xlim() == ax.get_ylim()
    assert key_of(ax) == {"synergy": SYNERGY, "sign differs": shades[1]}


def test_comparison_keeps_data_sets_apart(ax):
    one, two = other(dataset=[0, 0, 1]), other(dataset=[0, 1, 1], oinfo=(-0.6, 0.2, 0.9))
    plot.comparison(one, two, ax=ax)
    assert ax.collections[0].get_offsets().tolist() == [[-0.5, -0.6], [0.8, 0.9]]


def test_comparison_matches_datasets_by_name_when_both_have_names(ax):
    named = {"settings": {"datasets": ["bo", "ann"]}}
    one = other(dataset=[0, 0, 1], settings={"datasets": ["ann", "bo"]})
    plot.comparison(one, other(dataset=[1, 0, 0], oinfo=(-0.6, 0.2, 0.9), **named), ax=ax)
    assert ax.collections[0].get_offsets().tolist() == [[-0.5, -0.6], [0.8, 0.9]]
    numbered = Figure().subplots()
    plot.comparison(one, other(dataset=[1, 0, 0], oinfo=(-0.6, 0.2, 0.9)), ax=numbered)
    assert numbered.collections[0].get_offsets().tolist() == [[0.1, 0.2]]
    with pytest.raises(HoiError, match=r"none in common .* the names of the members and the data set"):
        plot.comparison(one, other(), ax=ax)


def test_comparison_of_a_set_that_is_listed_twice(ax):
    plot.comparison(Multiplets([[0, 1, 2], [0, 1, 2], [0, 2, 3]], NAMES, oinfo=[-0.4, -0.4, 0.3]), other(), ax=ax)
    assert ax.collections[0].get_offsets().tolist() == [[-0.4, -0.5]]
    ticks = {line.get_marker(): line for line in ax.lines if line.get_marker() in (1, 2)}
    assert ticks[2].get_xdata().tolist() == [0.3]
    assert ticks[1].get_ydata().tolist() == [0.1, 0.8]


def test_comparison_says_what_cannot_be_compared(ax):
    with pytest.raises(HoiError, match=r"of 4 and 3 sets, have none in common .* hoi\.measures\(X, result\)"):
        plot.comparison(result(), other(names=list("vwxyz")), ax=ax)
    with pytest.raises(HoiError, match="the results are in nats and bits: give both the same units"):
        plot.comparison(result(), other(settings={"units": "bits"}), ax=ax)
    with pytest.raises(HoiError, match="the result has no column 'tc': use one of its own, 'oinfo'"):
        plot.comparison(result(), other(), measure="tc", ax=ax)


def test_comparison_of_thousands_of_sets_counts_them_in_cells(ax):
    rng = np.random.default_rng(0)
    names = [str(i) for i in range(30)]
    triplets = np.array(list(itertools.combinations(range(30), 3)))
    one = Multiplets(triplets, names, oinfo=rng.standard_normal(len(triplets)))
    turned = rng.permutation(len(triplets))
    two = Multiplets(30 - 1 - triplets[turned], names[::-1], oinfo=2 * one.oinfo[turned])
    plot.comparison(one, two, ax=ax)
    (cells,) = (artist for artist in ax.collections if isinstance(artist, PolyCollection))
    assert cells.get_array().sum() == len(triplets)
    x, y = cells.get_offsets().T
    assert np.abs(y - 2 * x).max() < 0.5  # each set met itself, whatever the order of names, members and rows
