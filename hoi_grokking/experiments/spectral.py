"""Other clusters than Ward's: are the measures those of the network or of its clusters?

Ward's clusters and spectral ones (of absolute correlations) are of what neurons say. Downstream ones are of what they
do to the loss (Lange, Rolnick and Kording 2022). How far two of them agree is held against shuffled labels.
"""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.config import paper_variants
from hoi_grokking.following import ESTIMATORS, seeds_of
from hoi_grokking.measures.layer import CLUSTERINGS, Layer
from hoi_grokking.measures.stored import Series, downstream_at, hidden_at, measure_run, series
from hoi_grokking.store import Run
from hoi_grokking.study import Study
from hoi_grokking.training.tasks import load

TITLE = "Spectral and downstream clusters beside Ward's, on the paper's networks that grok by step 600 (1000 steps)"

LABELS = ("weight decay 2", "alpha 8")

PAIRS = tuple(itertools.combinations(CLUSTERINGS, 2))

# Random labels that an agreement is held against.
SHUFFLES = 199


def run(study: Study) -> list[Path]:
    """One row per configuration: each estimator by all clusterings, how far they agree, and their largest cluster."""
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
        for place, pair in enumerate(map(" and ".join, PAIRS)):
            agreement = clusters[f"agreement, {pair}"][members]
            drawing.curves(row[-2], step, agreement, pair, place, drawing.COLOURS[3 + place])
        shuffled = [clusters[f"95 % of shuffled labels, {one} and {two}"][members] for one, two in PAIRS]
        chance = np.max(shuffled, axis=0)
        drawing.curves(row[-2], step, chance, "95 % of shuffled labels", 3, drawing.LOSS)
        drawing.step_axis(row[-2], "adjusted Rand index")
        for place, method in enumerate(CLUSTERINGS):
            drawing.curves(row[-1], step, clusters[f"largest, {method}"][members], method, place, drawing.COLOURS[2])
        drawing.step_axis(row[-1], "neurons")
    drawing.shared_legend(made, axes)
    made.suptitle(drawing.of_seeds(len(trained.sweep.seeds)), fontsize=10)
    return [
        study.save_table("spectral", _table(trained, found, clusters)),
        study.save_table("spectral_agreement", _agreement(trained, clusters)),
        *study.save_figure("spectral", made),
    ]


def _clusters(run: Run) -> dict[str, np.ndarray]:
    """How the clusterings compare, each (n_models, n_checkpoints)."""
    n_clusters = next(iter(ESTIMATORS.values())).n_clusters
    found: dict[str, np.ndarray] = {}
    data = load(run.sweep.task)

    for member in range(len(run.sweep.members)):
        for place, step in enumerate(run.checkpoint_steps):
            hidden = hidden_at(run, member, step, "train", data)
            layer = Layer(hidden, downstream_at(run, member, step, hidden, data))
            for name, value in _compared(layer, n_clusters, np.random.default_rng(step)).items():
                empty = np.full((len(run.sweep.members), len(run.checkpoint_steps)), np.nan)
                found.setdefault(name, empty)[member, place] = value
    return found


def _compared(layer: Layer, n_clusters: int, rng: np.random.Generator) -> dict[str, float]:
    """Neurons in the largest cluster of each clustering, and how far two of them agree, beside shuffled labels."""
    found: dict[str, float] = {}
    labels = {method: np.empty(len(layer.alive), int) for method in CLUSTERINGS}
    for method, own in labels.items():
        clusters = layer.clusters(method, n_clusters)
        for i, chosen in enumerate(clusters):
            own[chosen] = i
        found[f"largest, {method}"] = max(map(len, clusters))
    for one, two in PAIRS:
        shuffled = [adjusted_rand(labels[one], rng.permutation(labels[two])) for _ in range(SHUFFLES)]
        found[f"agreement, {one} and {two}"] = adjusted_rand(labels[one], labels[two])
        found[f"95 % of shuffled labels, {one} and {two}"] = float(np.quantile(shuffled, 0.95))
    return found


def adjusted_rand(one: np.ndarray, two: np.ndarray) -> float:
    """The adjusted Rand index (Hubert and Arabie 1985) of labels from 0 on: 1 for the same clusters, 0 by chance.

    That of scikit-learn, whose checks take longer than the index.
    """
    both = np.bincount(one * (two.max() + 1) + two)
    same, first, second = (float((n * (n - 1)).sum()) / 2 for n in (both, np.bincount(one), np.bincount(two)))
    expected = first * second / (len(one) * (len(one) - 1) / 2)
    most = (first + second) / 2
    return 1.0 if most == expected else (same - expected) / (most - expected)


def _table(run: Run, found: dict[tuple[str, str], Series], clusters: dict[str, np.ndarray]) -> pd.DataFrame:
    """Every value: one row per configuration, seed, estimator, clustering and checkpoint."""
    rows = []
    for (estimator, method), one in found.items():
        for member, (variant, seed) in enumerate(run.sweep.members):
            columns = {
                "configuration": variant.label, "seed": seed, "estimator": estimator, "clustering": method,
                "step": one.step, "synergy (nats)": one.synergy[member], "redundancy (nats)": one.highest[member],
                "largest cluster": clusters[f"largest, {method}"][member],
            }  # fmt: skip
            rows.append(pd.DataFrame(columns))
    return pd.concat(rows)


def _agreement(run: Run, clusters: dict[str, np.ndarray]) -> pd.DataFrame:
    """One row per configuration, seed, checkpoint and pair of clusterings."""
    rows = []
    for (member, (variant, seed)), (one, two) in itertools.product(enumerate(run.sweep.members), PAIRS):
        columns = {
            "configuration": variant.label, "seed": seed, "step": run.checkpoint_steps, "first": one, "second": two,
            "adjusted Rand index": clusters[f"agreement, {one} and {two}"][member],
            "95 % of shuffled labels": clusters[f"95 % of shuffled labels, {one} and {two}"][member],
        }  # fmt: skip
        rows.append(pd.DataFrame(columns))
    return pd.concat(rows)
