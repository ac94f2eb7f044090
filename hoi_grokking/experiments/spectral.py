"""Spectral clustering beside Ward's: are the measures those of the network or of its clusters?"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.config import paper_variants
from hoi_grokking.following import ESTIMATORS, seeds_of
from hoi_grokking.measures.layer import CLUSTERINGS, Layer
from hoi_grokking.measures.stored import Series, hidden_at, measure_run, series
from hoi_grokking.store import Run
from hoi_grokking.study import Study
from hoi_grokking.training.tasks import load

TITLE = "Spectral clustering beside Ward's, on the paper's networks that grok by step 600 (1000 steps)"

LABELS = ("weight decay 2", "alpha 8")


def run(study: Study) -> list[Path]:
    """One row per configuration: each estimator by both clusterings, how far they agree, and their largest cluster."""
    variants = tuple(variant for variant in paper_variants() if variant.label in LABELS)
    scale = study.sweep(variants)
    fewer = {"steps": min(1000, scale.steps), "n_checkpoints": min(24, scale.n_checkpoints)}
    sweep = study.sweep(variants, seeds=seeds_of(study)[:2], **fewer)
    trained = study.run("spectral", sweep)
    probes = {
        (name, method): dataclasses.replace(probe, clustering=method)
        for name, probe in ESTIMATORS.items()
        for method in CLUSTERINGS
    }
    measure_run(trained, list(probes.values()), jobs=study.settings.jobs, progress=study.settings.progress)
    found = {key: series(trained, probe) for key, probe in probes.items()}
    clusters = _clusters(trained)
    made, axes = drawing.figure(len(LABELS), len(ESTIMATORS) + 2, 3.0, 2.2)
    for ax, text in zip(axes[0], (*ESTIMATORS, "agreement", "largest cluster"), strict=True):
        ax.set_title(text, fontsize=9)
    for row, label in zip(axes, LABELS, strict=True):
        members = study.members(trained, label)
        for ax, name in zip(row, ESTIMATORS, strict=False):
            right = ax.twinx()
            right.spines["right"].set_visible(True)
            for place, method in enumerate(CLUSTERINGS):
                one = found[name, method]
                drawing.curves(ax, one.step, one.synergy[members], f"synergy, {method}", place, drawing.SYNERGY)
                highest = one.highest[members]
                drawing.curves(right, one.step, highest, f"redundancy, {method}", place, drawing.REDUNDANCY)
            ax.axhline(0, color=drawing.SYNERGY, linewidth=0.5, alpha=0.6)
            drawing.step_axis(ax, f"{label}\nsynergy (nats)" if ax is row[0] else "synergy (nats)")
            right.set_ylabel("redundancy (nats)")
            for one_axis, colour in ((ax, drawing.SYNERGY), (right, drawing.REDUNDANCY)):
                one_axis.yaxis.label.set_color(colour)
                one_axis.tick_params(axis="y", colors=colour)
        step = np.array(trained.checkpoint_steps)
        drawing.curves(row[-2], step, clusters["adjusted Rand index"][members], "", 0, drawing.COLOURS[2])
        drawing.step_axis(row[-2], "adjusted Rand index")
        for place, method in enumerate(CLUSTERINGS):
            drawing.curves(row[-1], step, clusters[f"largest, {method}"][members], method, place, drawing.COLOURS[2])
        drawing.step_axis(row[-1], "neurons")
    drawing.shared_legend(made, axes)
    made.suptitle(drawing.of_seeds(len(trained.sweep.seeds)), fontsize=10)
    return [study.save_table("spectral", _table(trained, found, clusters)), *study.save_figure("spectral", made)]


def _clusters(run: Run) -> dict[str, np.ndarray]:
    """How the two clusterings compare, each (n_models, n_checkpoints)."""
    from sklearn.metrics import adjusted_rand_score

    n_clusters = next(iter(ESTIMATORS.values())).n_clusters
    names = ("adjusted Rand index", *(f"largest, {method}" for method in CLUSTERINGS))
    found = {name: np.empty((len(run.sweep.members), len(run.checkpoint_steps))) for name in names}
    data = load(run.sweep.task)
    for member in range(len(run.sweep.members)):
        for place, step in enumerate(run.checkpoint_steps):
            layer = Layer(hidden_at(run, member, step, "train", data))
            labels = np.empty((len(CLUSTERINGS), len(layer.alive)), int)
            for row, method in zip(labels, CLUSTERINGS, strict=True):
                clusters = layer.clusters(method, n_clusters)
                for i, chosen in enumerate(clusters):
                    row[chosen] = i
                found[f"largest, {method}"][member, place] = max(map(len, clusters))
            found["adjusted Rand index"][member, place] = adjusted_rand_score(*labels)
    return found


def _table(run: Run, found: dict[tuple[str, str], Series], clusters: dict[str, np.ndarray]) -> pd.DataFrame:
    """Every value: one row per configuration, seed, estimator, clustering and checkpoint."""
    rows = []
    for (estimator, method), one in found.items():
        for member, (variant, seed) in enumerate(run.sweep.members):
            columns = {
                "configuration": variant.label, "seed": seed, "estimator": estimator, "clustering": method,
                "step": one.step, "synergy (nats)": one.synergy[member], "redundancy (nats)": one.highest[member],
                "largest cluster": clusters[f"largest, {method}"][member],
                "adjusted Rand index": clusters["adjusted Rand index"][member],
            }  # fmt: skip
            rows.append(pd.DataFrame(columns))
    return pd.concat(rows)
