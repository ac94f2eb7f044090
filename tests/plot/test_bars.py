"""Ranked bars, and how often each variable takes part."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import NAMES, REDUNDANCY, SYNERGY, key_of, labels, result

from hoi import Multiplets, plot

pytest.importorskip("matplotlib")
from matplotlib.colors import to_hex
from matplotlib.figure import Figure


def as_search(n_sets=4, **more):
    """Rows of several data sets and orders, in the order of a search."""
    rows = [
        (d, end, order, sign * (1 - rank / 10))
        for d in more.pop("datasets", [0])
        for end, sign in (("lowest", -1), ("highest", 1))
        for order in more.pop("orders", [3])
        for rank in range(n_sets)
    ]
    dataset, extreme, order, oinfo = zip(*rows, strict=True)
    indices = [[0, 1, 2, -1] if k == 3 else [0, 1, 2, 3] for k in order]
    zeros = np.zeros(len(rows))
    return Multiplets(indices, NAMES, dataset=dataset, extreme=extreme, tc=zeros, oinfo=oinfo, **more)


def test_ranking_keeps_the_order_of_a_search(ax):
    assert plot.ranking(result(), ax=ax) is ax
    bars = ax.containers[0]
    assert [bar.get_width() for bar in bars] == [-0.4, -0.2, 0.9, 0.5]
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [SYNERGY] * 2 + [REDUNDANCY] * 2
    assert labels(ax.yaxis)[:3] == ["a · b · c", "a · b · d", r"b · c · d · \$e"]
    assert ax.get_xlabel() == "O-information (nats)"


def test_ranking_leaves_a_gap_between_the_ends_and_between_orders(ax):
    plot.ranking(result(settings={"per_order": True}), ax=ax)
    assert np.allclose(np.diff(ax.get_yticks()), [1.0, 2.0, 1.4])


def test_ranking_sorts_what_is_no_search(ax):
    plot.ranking(result(extreme=None), ax=ax)
    assert [bar.get_width() for bar in ax.containers[0]] == [-0.4, -0.2, 0.5, 0.9]


def test_ranking_draws_n_best_of_each_end(ax):
    plot.ranking(result(), n_best=1, ax=ax)
    assert [bar.get_width() for bar in ax.containers[0]] == [-0.4, 0.9]
    other = Figure().subplots()
    plot.ranking(result(extreme=None), n_best=1, ax=other)
    assert [bar.get_width() for bar in other.containers[0]] == [-0.4, 0.9]


def test_ranking_shows_the_measure_searched_for_and_its_unit(ax):
    plot.ranking(result(settings={"measure": "tc", "units": "bits"}), ax=ax)
    assert ax.get_xlabel() == "Total correlation (bits)"
    assert [bar.get_width() for bar in ax.containers[0]] == [0.6, 0.8, 1.9, 1.5]
    # no synergy and redundancy in a total correlation
    assert {to_hex(bar.get_facecolor()) for bar in ax.containers[0]}.isdisjoint({SYNERGY, REDUNDANCY})


def test_ranking_names_the_data_set(ax):
    plot.ranking(result(dataset=[0, 1, 0, 1]), ax=ax)
    assert labels(ax.yaxis)[1] == "[1]  a · b · d"


def test_ranking_draws_the_first_of_each_data_set(ax):
    plot.ranking(as_search(datasets=[0, 1, 2]), n_best=2, ax=ax)
    ends = [[-1.0, -0.9], [1.0, 0.9]]
    assert [bar.get_width() for bar in ax.containers[0]] == [value for end in ends * 3 for value in end]
    assert [text[:3] for text in labels(ax.yaxis)] == [f"[{d}]" for d in (0, 1, 2) for _ in range(4)]


def test_ranking_of_many_data_sets_stays_a_picture(ax):
    plot.ranking(as_search(datasets=range(10)), ax=ax)
    assert len(ax.containers[0]) == 10 * 2 * 2
    other = Figure().subplots()
    plot.ranking(as_search(datasets=range(50)), ax=other)
    assert len(other.containers[0]) == 50 * 2


def test_ranking_shares_the_room_among_long_names(ax):
    found = Multiplets([[0, 1, 2]], ["x" * 80, "short", "y" * 80], oinfo=[1])
    plot.ranking(found, ax=ax)
    (text,) = labels(ax.yaxis)
    assert "short" in text
    assert 20 < text.count("x") <= text.count("y") <= text.count("x") + 1 < 40
    assert text.count("…") == 2


def test_ranking_cuts_names_to_the_room_there_is(ax):
    found = Multiplets([[0, 1, 2]], ["x" * 80, "short", "y" * 80], oinfo=[1])
    plot.ranking(found, ax=ax)
    narrow = Figure((3.2, 4.8)).subplots()
    plot.ranking(found, ax=narrow)
    assert len(labels(narrow.yaxis)[0]) < 0.6 * len(labels(ax.yaxis)[0])
    assert "short" in labels(narrow.yaxis)[0]


def test_ranking_gives_small_values_a_panel_of_their_own():
    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("agg")
    upper = plot.ranking(result((-0.02, -0.01, 0.9, 0.5)))
    low, high = upper.figure.axes
    assert upper is low
    assert [bar.get_width() for bar in low.patches] == [-0.02, -0.01]
    assert [bar.get_width() for bar in high.patches] == [0.9, 0.5]
    assert np.ptp(low.get_xlim()) < 0.1 < np.ptp(high.get_xlim())
    assert len(plot.ranking(result()).figure.axes) == 1
    pyplot.close("all")


def test_participation_counts_each_end(ax):
    plot.participation(result(), ax=ax)
    lowest, highest = ax.containers
    counts = {
        name: (-a.get_width(), b.get_width()) for name, a, b in zip(labels(ax.yaxis), lowest, highest, strict=True)
    }
    assert counts == {"a": (2, 1), "b": (2, 1), "c": (1, 2), "d": (1, 1), r"\$e": (0, 2)}
    assert labels(ax.yaxis)[:3] == ["a", "b", "c"]
    assert to_hex(lowest[0].get_facecolor()) == SYNERGY and to_hex(highest[0].get_facecolor()) == REDUNDANCY
    assert list(key_of(ax)) == ["most synergistic", "most redundant"]


def test_participation_by_sign_and_of_a_few(ax):
    plot.participation(result(extreme=None), n_variables=2, ax=ax)
    assert labels(ax.yaxis) == ["a", "b"]
    assert list(key_of(ax)) == ["synergistic", "redundant"]


def test_participation_of_another_measure(ax):
    plot.participation(result(settings={"measure": "tc"}), ax=ax)
    assert list(key_of(ax)) == ["lowest total correlation", "highest total correlation"]
    assert to_hex(ax.containers[0][0].get_facecolor()) not in (SYNERGY, REDUNDANCY)


def test_participation_calls_an_end_redundant_only_if_its_sets_are(ax):
    plot.participation(result((0.2, 0.3, 0.9, 0.5)), ax=ax)
    assert list(key_of(ax)) == ["lowest O-information", "most redundant"]


def test_a_row_without_a_value_has_no_place_in_ends():
    some = result((-0.4, np.nan, np.nan, 0.5), extreme=None)
    bars = plot.ranking(some, n_best=1, ax=Figure().subplots()).containers[0]
    assert [bar.get_width() for bar in bars] == [-0.4, 0.5]
    lowest, highest = plot.participation(some, ax=Figure().subplots()).containers
    assert sum(-bar.get_width() for bar in lowest) == sum(bar.get_width() for bar in highest) == 3
