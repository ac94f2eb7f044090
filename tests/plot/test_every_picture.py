"""What holds of every picture: names, keys, room, and what is said when nothing can be drawn."""

from __future__ import annotations

import builtins
import io

import numpy as np
import pytest
from pictures import NAMES, REDUNDANCY, SYNERGY, empty, key_of, result

from hoi import HoiError, Multiplets, plot
from hoi.plot._style import end_name

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure

# the others are of tables of pairs and of values over time
OF_A_RESULT = sorted(set(plot.__all__) - {"connectome", "course", "matrix", "null", "topography"})
# what the pictures need beside the result
MORE = {"comparison": lambda: (result(),)}


def more(name):
    return MORE.get(name, tuple)()


def test_ends_are_called_by_the_side_that_their_values_are_on():
    both = result()
    assert end_name("oinfo", both, np.array([0, 1])) == "most synergistic"
    assert end_name("oinfo", both, np.array([2, 3])) == "most redundant"
    positive = result((0.4, 0.2, 0.9, 0.5))
    assert end_name("oinfo", positive, np.array([0, 1])) == "lowest O-information"
    assert end_name("tc", both, np.array([2, 3])) == "highest total correlation"
    turned = Multiplets([[0, 1, 2]] * 2, NAMES, rsi=[-1.0, 1.0], extreme=["lowest", "highest"])
    assert [end_name("rsi", turned, np.array([row])) for row in (0, 1)] == ["most redundant", "most synergistic"]


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
