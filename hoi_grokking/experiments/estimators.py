"""What the estimator decides: ties, inputs, sizes, and triplets and quadruplets of all neurons without any
cluster.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from hoi_grokking import drawing
from hoi_grokking.measures.estimators import Probe
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
    tables = []
    for name, probe in probes.items():
        found = study.measured(trained, probe, members=members)
        for place, label in enumerate(LABELS):
            columns = {
                "configuration": label, "estimator": name, "step": found.step, "lowest (nats)": found.lowest[place],
                "highest (nats)": found.highest[place], "neurons in lowest": found.lowest_size[place],
            }  # fmt: skip
            tables.append(pd.DataFrame(columns))
    table = pd.concat(tables)
    return [study.save_table("estimators", table), *study.save_figure("estimators", draw(table, seed))]


def draw(table: pd.DataFrame, seed: int) -> Figure:
    """One row per estimator, one column per configuration; the axes have the colours of the lines."""
    names = list(table.estimator.unique())
    made, axes = drawing.figure(len(names), len(LABELS), 3.2, 1.9)
    for row, name in zip(axes, names, strict=True):
        for ax, label in zip(row, LABELS, strict=True):
            own = table[(table.estimator == name) & (table.configuration == label)]
            step, low, high = (own[key].to_numpy() for key in ("step", "lowest (nats)", "highest (nats)"))
            drawing.both(ax, step, -low[None], high[None])
            ax.set_title(f"{label}: {name}", fontsize=8)
    made.suptitle(f"seed {seed}", fontsize=10)
    return made
