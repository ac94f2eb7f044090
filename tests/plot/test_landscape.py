"""All values of all orders, counted block after block."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import REDUNDANCY, SYNERGY, empty, labels, result

from hoi import plot
from hoi.plot import _landscape

pytest.importorskip("matplotlib")
from matplotlib.colors import to_hex


def test_landscape_counts_every_set_of_every_block(ax):
    blocks = [result(extreme=None), result((3.0, -2.0, 0.1, 0.2), None), empty()]
    plot.landscape(iter(blocks), ax=ax)
    assert labels(ax.xaxis) == ["3\n6", "4\n2"]
    colours = {to_hex(bar.get_facecolor()) for container in ax.containers for bar in container}
    assert colours == {SYNERGY, REDUNDANCY}
    # every bar of one colour lies on one side of zero
    for container in ax.containers:
        for bar in container:
            middle = bar.get_y() + bar.get_height() / 2
            assert (middle < 0) == (to_hex(bar.get_facecolor()) == SYNERGY)
    ends = sorted(line.get_ydata()[0] for line in ax.lines if line.get_marker() == "o")
    assert ends == [-2.0, 0.1, 0.9, 3.0]


def test_landscape_of_one_result(ax):
    plot.landscape(result(), ax=ax)
    assert labels(ax.xaxis) == ["3\n3", "4\n1"]
    assert ax.get_ylabel() == "O-information (nats)"


def test_landscape_leaves_out_what_is_not_finite(ax):
    plot.landscape(result((np.nan, 0.1, np.inf, 0.3), None), ax=ax)
    assert labels(ax.xaxis) == ["3\n2"]


def test_landscape_reaches_no_further_than_the_values(ax):
    plot.landscape(result((-0.001, -0.001, 0.9, 0.5), None), measure="oinfo", ax=ax)
    for container, (low, high) in zip(ax.containers, [(-0.001, 0.5), (0.9, 0.9)], strict=True):
        spans = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in container]
        assert min(bottom for bottom, _ in spans) == low
        assert max(top for _, top in spans) == pytest.approx(high, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e6])
def test_histogram_of_growing_range(scale):
    rng = np.random.default_rng(0)
    histogram = _landscape._Histogram()
    blocks = [rng.normal(size=1000) * scale * growth for growth in (0.01, 1, 0.1, 100, 1e5, 1)]
    for block in blocks:
        histogram.add(block)
    values = np.concatenate(blocks)
    assert histogram.total == values.size
    assert (histogram.low, histogram.high) == (values.min(), values.max())
    assert histogram.counts.size <= 2 * histogram.BINS + 2
    # the same bins by one pass over all values
    edges = (histogram.first + np.arange(histogram.counts.size + 1)) * histogram.width
    assert np.abs(np.histogram(values, edges)[0] - histogram.counts).sum() <= 2


def test_histogram_of_one_value():
    histogram = _landscape._Histogram()
    histogram.add(np.zeros(5))
    histogram.add(np.zeros(2))
    assert histogram.total == 7 and histogram.counts.size == 1
