"""Pictures: what is drawn, in which colour, and what is said when it cannot be."""

from __future__ import annotations

import builtins

import numpy as np
import pytest

from hoi import HoiError, Multiplets, plot

pytest.importorskip("matplotlib")
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

SYNERGY, REDUNDANCY = "#0072b2", "#d55e00"
NAMES = ["a", "b", "c", "d", "$e"]


@pytest.fixture
def ax():
    return Figure().subplots()


def result(oinfo=(-0.4, -0.2, 0.9, 0.5), extreme=("lowest", "lowest", "highest", "highest"), **more):
    oinfo = np.array(oinfo, dtype=float)
    indices = [[0, 1, 2, -1], [0, 1, 3, -1], [1, 2, 3, 4], [0, 2, 4, -1]][: len(oinfo)]
    more = {"settings": {"measure": "oinfo"}, **more}
    return Multiplets(
        indices, oinfo + 1, np.ones(len(oinfo)), oinfo, oinfo + 2, NAMES, extreme=extreme, **more
    )


def empty():
    return result((), ())


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


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


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e6])
def test_histogram_of_growing_range(scale):
    rng = np.random.default_rng(0)
    histogram = plot._Histogram()
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
    histogram = plot._Histogram()
    histogram.add(np.zeros(5))
    histogram.add(np.zeros(2))
    assert histogram.total == 7 and histogram.counts.size == 1


def test_participation_counts_each_end(ax):
    plot.participation(result(), ax=ax)
    lowest, highest = ax.containers
    counts = {
        name: (-a.get_width(), b.get_width())
        for name, a, b in zip(labels(ax.yaxis), lowest, highest, strict=True)
    }
    assert counts == {"a": (2, 1), "b": (2, 1), "c": (1, 2), "d": (1, 1), r"\$e": (0, 2)}
    assert labels(ax.yaxis)[:3] == ["a", "b", "c"]
    assert to_hex(lowest[0].get_facecolor()) == SYNERGY and to_hex(highest[0].get_facecolor()) == REDUNDANCY
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["most synergistic", "most redundant"]


def test_participation_by_sign_and_of_a_few(ax):
    plot.participation(result(extreme=None), n_variables=2, ax=ax)
    assert labels(ax.yaxis) == ["a", "b"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["synergistic", "redundant"]


def test_participation_of_another_measure(ax):
    plot.participation(result(settings={"measure": "tc"}), ax=ax)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["lowest TC", "highest TC"]
    assert to_hex(ax.containers[0][0].get_facecolor()) not in (SYNERGY, REDUNDANCY)


def test_tc_dtc(ax):
    plot.tc_dtc(result(), ax=ax)
    points = ax.collections[0]
    assert np.array_equal(points.get_offsets(), np.column_stack([result().tc, result().dtc]))
    assert [to_hex(c) for c in points.get_facecolors()] == [SYNERGY] * 2 + [REDUNDANCY] * 2
    assert ax.get_xlim() == ax.get_ylim()


@pytest.mark.parametrize("name", plot.__all__)
def test_nothing_to_draw(name, ax):
    with pytest.raises(HoiError, match=f"{name}: the result has no sets to draw"):
        getattr(plot, name)(empty(), ax=ax)


@pytest.mark.parametrize("name", ["ranking", "landscape"])
def test_an_unknown_measure(name, ax):
    with pytest.raises(HoiError, match="measure 'o' is not known: use one of 'tc', 'dtc', 'oinfo', 'sinfo'"):
        getattr(plot, name)(result(), measure="o", ax=ax)


@pytest.mark.parametrize("name", plot.__all__)
def test_a_result_offers_its_pictures_in_a_new_figure(name):
    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("agg")
    axes = getattr(result().plot, name)()
    axes.figure.canvas.draw()
    assert callable(result().plot)
    pyplot.close(axes.figure)


def test_missing_matplotlib(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(HoiError, match=r"matplotlib is needed for pictures .*: pip install 'hoi\[plot\]'"):
        plot.ranking(result())
