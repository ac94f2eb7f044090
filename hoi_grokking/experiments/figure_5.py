"""Figure 5: synergy across weight decays and initial scales."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.experiments._curves import timings
from hoi_grokking.experiments._progress import series_table
from hoi_grokking.phases import FIRST
from hoi_grokking.study import GROKKED, PROBES, Study

TITLE = "Synergy for weight decay 0.1, 2, 10 and 50 (left) and alpha 1, 8 and 50 (right)"

PANELS = {
    "weight decay": [f"weight decay {value:g}" for value in (0.1, 2, 10, 50)],
    "alpha": [f"alpha {value}" for value in (1, 8, 50)],
}


# A colour for each configuration of the figure.
PLACES = {label: place for place, label in enumerate(label for labels in PANELS.values() for label in labels)}


def run(study: Study) -> list[Path]:
    """The figure and the values of every network."""
    labels = list(PLACES)
    table = pd.concat([series_table(study, label) for label in labels])
    when = timings(study.paper(), labels)
    return [study.save_table("figure_5", table), *study.save_figure("figure_5", draw(table, when))]


def draw(table: pd.DataFrame, when: pd.DataFrame) -> Figure:
    """One row per estimator: normalised jointly over the curves of a panel, as published, beside raw values.

    A dotted line is where the networks of a configuration grok.
    """
    made, axes = drawing.figure(len(PROBES), 4, 3.0, 2.1)
    for row, estimator in zip(axes, PROBES, strict=True):
        own = table[table.estimator == estimator]
        for column, (heading, labels) in enumerate(PANELS.items()):
            step = np.sort(own.step.unique())
            values = {
                label: -own[own.configuration == label]
                .pivot_table(index="seed", columns="step", values="lowest (nats)")
                .to_numpy()
                for label in labels
            }
            every = np.concatenate([one[:, 1:].ravel() for one in values.values()])
            low, span = every.min(), max(float(np.ptp(every)), 1e-12)
            for label, one in values.items():
                grokked = when.loc[when.configuration == label, f"test {GROKKED:.0%}"]
                for ax, shown in ((row[column], (one - low) / span), (row[2 + column], one)):
                    drawing.curves(ax, step, shown, label, PLACES[label])
                    drawing.mark_grokking(ax, grokked, f"{label} groks", drawing.COLOURS[PLACES[label]])
            drawing.step_axis(row[column], f"{estimator}\nsynergy, 0..1" if column == 0 else "synergy, 0..1")
            drawing.step_axis(row[2 + column], "synergy (nats)")
            row[2 + column].axhline(0, color="#999999", linewidth=0.6)
            row[column].set_title(heading)
            row[2 + column].set_title(f"{heading}, raw")
            # step 0 is not drawn, and the first steps of some networks would hide the others
            late = every.reshape(-1, len(step) - 1)[:, step[1:] >= FIRST]
            row[2 + column].set_ylim(late.min() - 0.05 * np.ptp(late), late.max() + 0.05 * np.ptp(late))
        drawing.row_legend(row)
    made.suptitle(f"raw values: range of step {FIRST} on; {drawing.of_seeds(table.seed.nunique())}", fontsize=10)
    return made
