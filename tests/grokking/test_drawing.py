"""What figures show: every seed, phases of each, true Pareto fronts, and legends that hide nothing."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="figures are drawn")

from hoi_grokking import drawing
from hoi_grokking.phases import Phase

STEP = np.array([0, 1, 10, 100])


def test_every_seed_is_drawn_and_nothing_that_no_seed_has() -> None:
    _, axes = drawing.figure(1, 1)
    values = np.array([[9, 0, 0, 1.0], [9, 0, 1, 1]])
    drawing.curves(axes[0][0], STEP, values, "accuracy")
    shown = [line.get_ydata() for line in axes[0][0].lines]
    np.testing.assert_array_equal(shown, [values[0, 1:], values[1, 1:], values[:, 1:].mean(0)])
    assert not axes[0][0].collections, "no band, which would go beyond 0 and 1"


def test_no_point_has_more_of_both_than_one_of_the_front() -> None:
    x, y = np.random.default_rng(0).integers(0, 20, (2, 60))
    front = drawing.pareto_front(x, y)
    beaten = [
        any((x[i] >= x[j] and y[i] >= y[j]) and (x[i] > x[j] or y[i] > y[j]) for i in range(60)) for j in range(60)
    ]
    assert not any(beaten[place] for place in front)
    left = {(x[j], y[j]) for j in range(60) if not beaten[j]}
    assert {(x[place], y[place]) for place in front} == left
    assert (np.diff(x[front]) > 0).all()


def test_synergy_and_redundancy_have_scales_of_their_own() -> None:
    made, axes = drawing.figure(1, 2)
    drawing.both(axes[0][0], STEP, np.full((2, 4), 0.01), np.full((2, 4), 12.0))
    drawing.row_legend(axes[0][:1])
    left, right = (ax for ax in made.axes if len(ax.lines))
    assert left.get_ylim()[1] < 0.1
    assert right.get_ylim()[0] > 1
    assert [text.get_text() for text in axes[0][0].get_legend().get_texts()] == ["synergy", "redundancy"]


def test_legends_lie_beside_and_below_the_panels() -> None:
    made, axes = drawing.figure(2, 2)
    for ax in axes.flat:
        drawing.curves(ax, STEP, np.ones((1, 4)), "one")
        drawing.step_axis(ax, "")
    drawing.row_legend(axes[0])
    drawing.shared_legend(made, axes)
    made.canvas.draw()
    panels = [ax.get_window_extent() for ax in axes.flat]
    for legend in (axes[0][-1].get_legend(), made.legends[0]):
        assert [text.get_text() for text in legend.get_texts()] == ["one"]
        assert not any(legend.get_window_extent().overlaps(panel) for panel in panels)


def test_grokking_is_marked_where_most_seeds_do_it() -> None:
    _, axes = drawing.figure(1, 1)
    drawing.mark_grokking(axes[0][0], [100, 300, np.nan], "groks")
    drawing.mark_grokking(axes[0][0], [100, np.nan], "not most")
    assert [list(line.get_xdata()) for line in axes[0][0].lines] == [[200, 200]]


def test_phases_are_those_of_each_seed() -> None:
    _, axes = drawing.figure(1, 1)
    phases = [
        [Phase("emergence", 10, 50)],
        [Phase("feature learning", 0, 20), Phase("emergence", 20, 80), Phase("decoupling", 80, 90)],
    ]
    drawing.mark_phases(axes[0][0], phases, ["seed 0", "seed 100"])
    bars = {(round(bar.get_y() + 0.4), bar.get_x(), bar.get_x() + bar.get_width()) for bar in axes[0][0].patches}
    assert bars == {(0, 10, 50), (-1, 1, 20), (-1, 20, 80), (-1, 80, 90)}
    assert axes[0][0].get_legend_handles_labels()[1] == ["feature learning", "emergence", "decoupling"]
