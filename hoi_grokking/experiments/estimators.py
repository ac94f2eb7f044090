"""What the estimator decides: ties, inputs, sizes, and triplets and quadruplets of all neurons without any
cluster.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.progress import Probe
from hoi_grokking.study import PROBES, Study

TITLE = "One network of each kind under every estimator, tie rule, set of inputs and size"

LABELS = ("weight decay 0.1", "weight decay 2", "alpha 8")

EXTRA = {
    "pooled, ordinal ties": Probe("pooled", "ordinal"),
    "pooled, all inputs": Probe("pooled", "average", "all"),
    "pooled, 3 clusters or more": Probe("pooled", "average", sizes=(3, 10)),
    "grouped, ordinal ties": Probe("grouped", "ordinal"),
    "quadruplets": Probe("neurons", "average", sizes=(4, 4)),
}


def run(study: Study) -> list[Path]:
    """The first seed of three configurations."""
    trained = study.paper()
    seed = trained.sweep.seeds[0]
    members = [trained.member(label, seed) for label in LABELS]
    probes = {**PROBES, **EXTRA}
    made, axes = drawing.figure(len(probes), len(LABELS), 2.8, 1.6)
    tables = []
    for row, (name, probe) in zip(axes, probes.items(), strict=True):
        found = study.measured(trained, probe, members=members)
        for place, (ax, label) in enumerate(zip(row, LABELS, strict=True)):
            drawing.band(ax, found.step, found.synergy[place], "synergy", 0, drawing.SYNERGY)
            drawing.band(ax, found.step, found.highest[place], "redundancy", 1, drawing.REDUNDANCY)
            ax.set_yscale("symlog", linthresh=0.01)
            drawing.step_axis(ax, f"{name}\n(nats)" if place == 0 else "(nats)")
            if ax in axes[0]:
                ax.set_title(f"{label}, seed {seed}")
            columns = {
                "configuration": label, "estimator": name, "step": found.step, "lowest (nats)": found.lowest[place],
                "highest (nats)": found.highest[place], "neurons in lowest": found.lowest_size[place],
            }  # fmt: skip
            tables.append(pd.DataFrame(columns))
    drawing.legend(axes[0][0])
    return [study.save_table("estimators", pd.concat(tables)), *study.save_figure("estimators", made)]
