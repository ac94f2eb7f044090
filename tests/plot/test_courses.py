"""Heat maps of pairwise tables, and values over time or frequency."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from hoi import HoiError, plot

pytest.importorskip("matplotlib")
from matplotlib.figure import Figure


def test_a_table_of_pairs_is_drawn_with_its_names(ax):
    names = ["x", "y", "$z"]
    values = np.array([[np.nan, 0.2, 0.0], [0.1, np.nan, 0.3], [0.0, 0.0, np.nan]])
    table = pd.DataFrame(values, index=pd.Index(names, name="from"), columns=pd.Index(names, name="to"))
    plot.matrix(table, label="transfer entropy (nats)", ax=ax)
    (image,) = ax.images
    np.testing.assert_array_equal(np.isnan(image.get_array().filled(np.nan)), np.isnan(values))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("to", "from")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["x", "y", r"\$z"]
    assert image.get_clim() == (0.0, 0.3)


def test_both_signs_have_white_at_zero(ax):
    plot.matrix([[-1.0, 0.5], [0.2, 0.0]], ax=ax)
    low, high = ax.images[0].get_clim()
    assert low == -high == -1.0
    assert ax.images[0].cmap(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)
    below = Figure().subplots()
    plot.matrix([[-1.0, -0.5]], ax=below)
    assert below.images[0].get_clim() == (-1.0, 1.0)


def test_synergy_is_blue_whatever_its_sign(ax):
    """Above 0 for the redundancy-synergy index, below 0 for the gradient; a key says which is which."""
    from matplotlib.colors import to_hex

    from hoi.plot._style import REDUNDANCY, SYNERGY, colour

    for measure, low in (("rsi", REDUNDANCY), ("gradient", SYNERGY)):
        axes = Figure().subplots()
        plot.matrix([[np.nan, -1.0], [0.5, np.nan]], measure=measure, ax=axes)
        shades = axes.images[0].cmap
        assert to_hex(shades(0.0)).upper() == low == colour(-1.0, measure)
        (strip,) = axes.child_axes
        assert [text.get_text() for text in strip.get_legend().texts] == ["synergy", "redundancy"]
    plot.matrix([[np.nan, -1.0], [0.5, np.nan]], measure="tc", ax=ax)  # no sides
    assert to_hex(ax.images[0].cmap(0.0)).upper() == SYNERGY
    assert not ax.child_axes
    with pytest.raises(HoiError, match="measure 'x' is not known"):
        plot.matrix([[1.0]], measure="x", ax=ax)


def test_a_course_with_events(ax):
    plot.course([0.1, np.nan, 0.3, 0.2], [0.0, 0.5, 1.0, 1.5], events={"cue": 0.7}, xlabel="time (s)", ax=ax)
    _, line, event = ax.lines
    np.testing.assert_array_equal(line.get_xdata(), [0.0, 0.5, 1.0, 1.5])
    assert event.get_xdata() == [0.7, 0.7]
    assert [text.get_text() for text in ax.texts] == ["cue"]
    assert ax.get_xlabel() == "time (s)"


def test_several_sets_have_a_key(ax):
    plot.course(np.random.default_rng(0).standard_normal((10, 2)), labels=["a · b", "$c"], events=[3], ax=ax)
    assert [text.get_text() for text in ax.get_legend().texts] == ["a · b", r"\$c"]


def test_a_dataarray_brings_its_time(ax):
    xarray = pytest.importorskip("xarray")
    time = np.arange(5) / 10
    plot.course(xarray.DataArray(np.ones(5), dims=["time"], coords={"time": time}), ax=ax)
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), time)
    assert ax.get_xlabel() == "time"


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda ax: plot.matrix([1.0, 2.0], ax=ax), "the table has shape"),
        (lambda ax: plot.matrix([[np.nan]], ax=ax), "a matrix with finite values is needed"),
        (lambda ax: plot.course(np.ones((2, 2, 2)), ax=ax), "values have shape"),
        (lambda ax: plot.course([1.0, 2.0], [1.0], ax=ax), "one place is needed for each value"),
        (lambda ax: plot.course([1.0, 2.0], labels=["a", "b"], ax=ax), "one name, or none, for each set"),
    ],
)
def test_what_cannot_be_drawn(ax, draw, message):
    with pytest.raises(HoiError, match=message):
        draw(ax)
