"""The other progress measures on the same networks: norm, pairwise mutual information, frequencies of neurons.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.comparison import COMPARISONS, compare
from hoi_grokking.experiments._curves import first_step
from hoi_grokking.study import GROKKED, PROBES, Study

TITLE = "Synergy beside the L2 norm, pairwise mutual information, frequencies of neurons, accuracy and loss"

LABELS = ("weight decay 0.1", "weight decay 2", "alpha 8")


def run(study: Study) -> list[Path]:
    """The figure, and the values of every network."""
    trained = study.paper()
    members = [study.members(trained, label) for label in LABELS]
    found = compare(trained, [member for chosen in members for member in chosen], jobs=study.settings.jobs)
    n = len(trained.sweep.seeds)
    rows = {
        text: found[name].reshape(len(LABELS), n, -1)
        for name, text in COMPARISONS.items()
        if not np.isnan(found[name]).all()
    }
    synergy = study.measured(trained, PROBES["pooled"]).synergy
    rows["synergy, pooled (nats)"] = np.stack([synergy[chosen] for chosen in members])
    for name in ("test_accuracy", "test_loss"):
        values = study.at_checkpoints(trained, name)
        rows[name.replace("_", " ")] = np.stack([values[chosen] for chosen in members])
    table = pd.concat(
        pd.DataFrame({"configuration": label, "seed": seed, "measure": text, "step": found["step"], "value": line})
        for text, values in rows.items()
        for label, lines in zip(LABELS, values, strict=True)
        for seed, line in zip(trained.sweep.seeds, lines, strict=True)
    )
    return [study.save_table("comparison", table), *study.save_figure("comparison", draw(table))]


def draw(table: pd.DataFrame) -> Figure:
    """One column per configuration, one row per measure; a row has one scale, so that what is constant looks so."""
    measures = list(table.measure.unique())
    made, axes = drawing.figure(len(measures), len(LABELS), 2.9, 2.0, sharey="row")
    for row, measure in zip(axes, measures, strict=True):
        for ax, label in zip(row, LABELS, strict=True):
            own = table[table.configuration == label]
            one = own[own.measure == measure].pivot_table(index="seed", columns="step", values="value")
            accuracy = own[own.measure == "test accuracy"].pivot_table(index="seed", columns="step", values="value")
            step = one.columns.to_numpy()
            drawing.curves(ax, step, one.to_numpy(), "")
            drawing.step_axis(ax, textwrap.fill(measure, 24) if ax is row[0] else "")
            grokked = [first_step(step, line, GROKKED) for line in accuracy.to_numpy()]
            drawing.mark_grokking(ax, grokked, "")
            if ax in axes[0]:
                ax.set_title(label)
    n = table.seed.nunique()
    made.suptitle(f"{drawing.of_seeds(n)}; dotted: {GROKKED:.0%} test accuracy (median)", fontsize=10)
    return made
