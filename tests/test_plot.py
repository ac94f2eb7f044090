"""Pictures: what is drawn, in which colour, and what is said when it cannot be."""

from __future__ import annotations

import builtins
import io
import itertools

import numpy as np
import pytest

import hoi
from hoi import HoiError, Multiplets, plot
from hoi.plot import _landscape
from hoi.plot._style import end_name

pytest.importorskip("matplotlib")
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

SYNERGY, REDUNDANCY = "#0072b2", "#d55e00"
NAMES = ["a", "b", "c", "d", "$e"]
# the others are of tables of pairs and of values over time
OF_A_RESULT = sorted(set(plot.__all__) - {"connectome", "course", "matrix", "null", "topography"})


@pytest.fixture
def ax():
    return Figure().subplots()


def result(oinfo=(-0.4, -0.2, 0.9, 0.5), extreme=("lowest", "lowest", "highest", "highest"), **more):
    oinfo = np.array(oinfo, dtype=float)
    indices = [[0, 1, 2, -1], [0, 1, 3, -1], [1, 2, 3, 4], [0, 2, 4, -1]][: len(oinfo)]
    more = {"settings": {"measure": "oinfo"}, **more}
    return Multiplets(
        indices, NAMES, tc=oinfo + 1, dtc=np.ones(len(oinfo)), oinfo=oinfo, sinfo=oinfo + 2, extreme=extreme, **more
    )


def empty():
    return result((), ())


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


def key_of(ax):
    """The key above a picture, name: colour."""
    (strip,) = ax.child_axes
    legend = strip.get_legend()
    return {t.get_text(): to_hex(p.get_facecolor()) for t, p in zip(legend.texts, legend.get_patches(), strict=True)}


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
    assert list(key_of(ax)) == ["most synergistic", "most redundant"]


def test_participation_by_sign_and_of_a_few(ax):
    plot.participation(result(extreme=None), n_variables=2, ax=ax)
    assert labels(ax.yaxis) == ["a", "b"]
    assert list(key_of(ax)) == ["synergistic", "redundant"]


def test_participation_of_another_measure(ax):
    plot.participation(result(settings={"measure": "tc"}), ax=ax)
    assert list(key_of(ax)) == ["lowest TC", "highest TC"]
    assert to_hex(ax.containers[0][0].get_facecolor()) not in (SYNERGY, REDUNDANCY)


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


def test_comparison_says_what_cannot_be_compared(ax):
    with pytest.raises(HoiError, match=r"of 4 and 3 sets, have none in common .* hoi\.measures\(X, result\)"):
        plot.comparison(result(), other(names=list("vwxyz")), ax=ax)
    with pytest.raises(HoiError, match="the results are in nats and bits: give both the same units"):
        plot.comparison(result(), other(settings={"units": "bits"}), ax=ax)


# what the pictures need beside the result
MORE = {"comparison": lambda: (result(),)}


def more(name):
    return MORE.get(name, tuple)()


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


@pytest.mark.parametrize("name", ["connectome", "topography"])
def test_the_ends_of_pictures_of_the_brain(name, ax):
    with pytest.raises(HoiError, match=f'{name}: end=\'both\'; use "lowest" or "highest".'):
        getattr(plot, name)(result(), None, end="both", ax=ax)
    with pytest.raises(HoiError, match=f"{name}: the result has no sets to draw"):
        getattr(plot, name)(result()[:2], None, end="highest", ax=ax)


def test_ends_are_called_by_the_side_that_their_values_are_on():
    both = result()
    assert end_name("oinfo", both, np.array([0, 1])) == "most synergistic"
    assert end_name("oinfo", both, np.array([2, 3])) == "most redundant"
    positive = result((0.4, 0.2, 0.9, 0.5))
    assert end_name("oinfo", positive, np.array([0, 1])) == "lowest O-information"
    assert end_name("tc", both, np.array([2, 3])) == "highest total correlation"
    turned = Multiplets([[0, 1, 2]] * 2, NAMES, rsi=[-1.0, 1.0], extreme=["lowest", "highest"])
    assert [end_name("rsi", turned, np.array([row])) for row in (0, 1)] == ["most redundant", "most synergistic"]


def test_places_that_are_missing(ax):
    with pytest.raises(HoiError, match=r"shape \(5, 2\); \(x, y, z\) of each of the 5 variables are needed"):
        plot.connectome(result(), np.zeros((5, 2)), ax=ax)
    with pytest.raises(HoiError, match="coordinates have no place of 'c': each of 5 variables needs one"):
        plot.connectome(result(), {"a": (0, 0, 0), "b": (0, 0, 0)}, ax=ax)


@pytest.mark.parametrize("name", OF_A_RESULT)
def test_nothing_to_draw(name, ax):
    with pytest.raises(HoiError, match=f"{name}: the result has no sets to draw"):
        getattr(plot, name)(empty(), *more(name), ax=ax)


@pytest.mark.parametrize("name", ["ranking", "landscape", "hypergraph", "comparison"])
def test_an_unknown_measure(name, ax):
    with pytest.raises(HoiError, match="measure 'o' is not known: use one of 'tc', 'dtc', 'oinfo', 'sinfo'"):
        getattr(plot, name)(result(), *more(name), measure="o", ax=ax)


@pytest.mark.parametrize("name", OF_A_RESULT)
def test_a_result_offers_its_pictures_in_a_new_figure(name):
    import matplotlib
    from matplotlib import pyplot

    matplotlib.use("agg")
    axes = getattr(result().plot, name)(*more(name))
    axes.figure.canvas.draw()
    assert callable(result().plot)
    pyplot.close(axes.figure)


@pytest.mark.parametrize("name", ["ranking", "hypergraph", "landscape"])
def test_a_key_names_the_sides_that_are_drawn(name, ax):
    getattr(plot, name)(result(), ax=ax)
    assert key_of(ax) == {"synergy": SYNERGY, "redundancy": REDUNDANCY}
    other = Figure().subplots()
    getattr(plot, name)(result((0.4, 0.2, 0.9, 0.5)), ax=other)
    assert key_of(other) == {"redundancy": REDUNDANCY}
    no_sides = Figure().subplots()
    getattr(plot, name)(result(), measure="tc", ax=no_sides)
    assert no_sides.child_axes == []


@pytest.mark.parametrize("name", ["ranking", "hypergraph", "participation"])
@pytest.mark.parametrize("size", [(3.2, 2.4), (6.4, 4.8), (4.0, 9.0)])
def test_the_rows_keep_apart_and_within_the_figure_at_any_size(name, size):
    names = [f"channel {i:02d}" for i in range(30)]
    indices = np.arange(30).reshape(10, 3)
    oinfo = np.linspace(-1, 1, 10)
    found = Multiplets(indices, names, tc=oinfo + 1, dtc=np.ones(10), oinfo=oinfo)
    figure = Figure(size, layout="constrained")
    ax = figure.subplots()
    getattr(plot, name)(found, ax=ax)
    figure.savefig(io.BytesIO())  # lays out
    boxes = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
    centres = [(box.y0 + box.y1) / 2 for box in boxes]
    assert max(box.height for box in boxes) < 1.25 * -np.diff(centres).max()
    numbers = [text.get_window_extent() for text in ax.texts]
    assert all(box.x0 >= ax.bbox.x0 - 1 and box.x1 <= ax.bbox.x1 + 1 for box in numbers)


def test_a_title_keeps_clear_of_the_key(ax):
    plot.ranking(result(), ax=ax)
    title = ax.set_title("The most synergistic and the most redundant sets of all")
    ax.figure.savefig(io.BytesIO())
    (strip,) = ax.child_axes
    assert title.get_window_extent().y0 >= strip.get_legend().get_window_extent().y1 - 2


def test_missing_matplotlib(monkeypatch):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(HoiError, match=r"matplotlib is needed for pictures .*: pip install 'hoi\[plot\]'"):
        plot.ranking(result())


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
