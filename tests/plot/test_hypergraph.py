"""Sets as lines between their members."""

from __future__ import annotations

import pytest
from pictures import REDUNDANCY, SYNERGY, labels, result

from hoi import plot

pytest.importorskip("matplotlib")
from matplotlib.colors import to_hex


def test_hypergraph_links_the_members_of_each_set(ax):
    assert plot.hypergraph(result(), ax=ax) is ax
    rows = labels(ax.yaxis)
    assert sorted(rows) == sorted(["a", "b", "c", "d", r"\$e"])
    assert rows[0] == "b"  # in the sets furthest to the left, on the average
    drawn = [line for line in ax.lines if line.get_marker() == "o"]
    members = [{rows[int(y)] for y in line.get_ydata()} for line in drawn]
    assert members == [{"a", "b", "c"}, {"a", "b", "d"}, {"b", "c", "d", r"\$e"}, {"a", "c", r"\$e"}]
    assert [to_hex(line.get_color()) for line in drawn] == [SYNERGY] * 2 + [REDUNDANCY] * 2
    assert labels(ax.xaxis) == ["−0.400", "−0.200", "0.900", "0.500"]
    assert ax.get_xlabel() == "O-information (nats) of each set"


def test_hypergraph_of_several_data_sets_and_another_measure(ax):
    plot.hypergraph(result(dataset=[0, 1, 0, 1]), measure="tc", n_best=1, ax=ax)
    assert labels(ax.xaxis) == ["[0]  0.600", "[1]  0.800", "[0]  1.900", "[1]  1.500"]
    colours = {to_hex(line.get_color()) for line in ax.lines}
    assert colours.isdisjoint({SYNERGY, REDUNDANCY})
