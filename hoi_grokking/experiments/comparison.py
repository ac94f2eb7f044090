"""The other progress measures on the same networks: norm, pairwise mutual information, frequencies of neurons.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.comparison import COMPARISONS, compare
from hoi_grokking.study import PROBES, Study

TITLE = "Synergy beside the L2 norm, pairwise mutual information, frequencies of neurons, accuracy and loss"

LABELS = ("weight decay 0.1", "weight decay 2", "alpha 8")


def run(study: Study) -> list[Path]:
    """One column per configuration, one row per measure."""
    trained = study.paper()
    members = [study.members(trained, label) for label in LABELS]
    found = compare(trained, [member for chosen in members for member in chosen])
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
    made, axes = drawing.figure(len(rows), len(LABELS), 2.8, 1.8)
    tables = []
    for row, (text, values) in zip(axes, rows.items(), strict=True):
        for ax, label, lines in zip(row, LABELS, values, strict=True):
            drawing.band(ax, found["step"], lines, label)
            drawing.step_axis(ax, text)
            if ax in axes[0]:
                ax.set_title(label)
            for seed, line in zip(trained.sweep.seeds, lines, strict=True):
                columns = {
                    "configuration": label,
                    "seed": seed,
                    "measure": text,
                    "step": found["step"],
                    "value": line,
                }
                tables.append(pd.DataFrame(columns))
    return [study.save_table("comparison", pd.concat(tables)), *study.save_figure("comparison", made)]
