"""Figure 5: synergy across weight decays and initial scales."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.experiments._progress import series_table
from hoi_grokking.study import PROBES, Study

TITLE = "Synergy for weight decay 0.1, 2, 10 and 50 (left) and alpha 1, 8 and 50 (right)"

PANELS = {
    "weight decay": [f"weight decay {value:g}" for value in (0.1, 2, 10, 50)],
    "alpha": [f"alpha {value}" for value in (1, 8, 50)],
}


def run(study: Study) -> list[Path]:
    """One row per estimator. Normalised jointly over the curves of a panel, as published, beside raw values.
    """
    trained = study.paper()
    made, axes = drawing.figure(len(PROBES), 4, 3.0, 2.1)
    for row, (estimator, probe) in zip(axes, PROBES.items(), strict=True):
        found = study.measured(trained, probe)
        for column, (heading, labels) in enumerate(PANELS.items()):
            members = [study.members(trained, label) for label in labels]
            every = np.concatenate([found.synergy[chosen, 1:] for chosen in members])
            low, span = every.min(), max(float(every.max() - every.min()), 1e-12)
            for place, (label, chosen) in enumerate(zip(labels, members, strict=True)):
                drawing.band(row[column], found.step, (found.synergy[chosen] - low) / span, label, place)
                drawing.band(row[2 + column], found.step, found.synergy[chosen], label, place)
            drawing.step_axis(row[column], f"{estimator}\nsynergy, 0..1")
            drawing.step_axis(row[2 + column], "synergy (nats)")
            row[2 + column].set_yscale("symlog", linthresh=0.1)
            row[2 + column].axhline(0, color="#999999", linewidth=0.6)
            row[column].set_title(heading)
            row[2 + column].set_title(f"{heading}, raw")
    for ax in (axes[0][0], axes[0][1]):
        drawing.legend(ax)
    table = pd.concat([series_table(study, label) for labels in PANELS.values() for label in labels])
    return [study.save_table("figure_5", table), *study.save_figure("figure_5", made)]
