"""Section 6 put to the test: does an early peak of synergy predict grokking, better than simpler numbers do?
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from hoi_grokking import drawing
from hoi_grokking.comparison import compare
from hoi_grokking.config import Sweep, Task, Variant
from hoi_grokking.prediction import auc, auc_interval, early
from hoi_grokking.study import PROBES, Study

TITLE = "Early synergy as a predictor of grokking, over a sweep of weight decays and learning rates"

# A modulus at which hundreds of networks train in minutes. Some of them grok and some do not.
TASK = Task(modulus=23, train_fraction=0.7)
WINDOW = (10, 120)
STEPS = 1500

# A network that generalises to this part of the test set at the end counts as grokked at the small modulus.
LEVEL = 0.9


def sweep_of(study: Study) -> Sweep:
    """Weight decay and learning rate drawn log-uniformly, one seed each."""
    rng = np.random.default_rng(0)
    n = study.scale.grid
    decays = 10 ** rng.uniform(-2, 1, n)
    rates = 10 ** rng.uniform(-2.5, -1, n)
    variants = tuple(
        Variant(f"network {i}", weight_decay=round(float(d), 5), learning_rate=round(float(r), 5))
        for i, (d, r) in enumerate(zip(decays, rates, strict=True))
    )
    small = study.settings.scale == "tiny"
    return Sweep(
        variants, TASK, seeds=(0,), width=24 if small else 100, steps=150 if small else STEPS, n_checkpoints=24,
    )  # fmt: skip


def run(study: Study) -> list[Path]:
    """Train the sweep, take every score from steps 10 to 120, compare with what became of the networks."""
    trained = study.run("early-prediction", sweep_of(study))
    grokked = trained.curves()["test_accuracy"][:, -1] >= LEVEL
    steps = [step for step in trained.checkpoint_steps if step <= WINDOW[1]]
    scores: dict[str, np.ndarray] = {}
    for name, probe in PROBES.items():
        found = study.measured(trained, probe, steps=steps)
        scores[f"synergy, {name}"] = early(found.step, found.synergy, WINDOW)
    others = compare(trained, steps=steps)
    scores["pairwise mutual information"] = early(
        others["step"], others["pairwise_information"], WINDOW, "last"
    )
    scores["L2 norm (less is more)"] = -early(others["step"], others["weight_norm"], WINDOW, "last")
    scores["Fourier concentration"] = early(others["step"], others["fourier_concentration"], WINDOW, "last")
    for name, label, sign in (
        ("train_loss", "train loss (more is more)", 1),
        ("test_loss", "test loss (less is more)", -1),
        ("test_accuracy", "test accuracy", 1),
    ):
        at = study.at_checkpoints(trained, name)
        scores[label] = sign * early(np.array(trained.checkpoint_steps), at, WINDOW, "last")
    rows = []
    for name, score in scores.items():
        low, high = auc_interval(score, grokked)
        rows.append({"score": name, "AUC": auc(score, grokked), "low": low, "high": high})
    table = pd.DataFrame(rows).assign(networks=len(grokked), grokked=int(grokked.sum()))
    drawn, axes = drawing.figure(1, 1, 5.0, 3.4)
    ax = axes[0][0]
    place = np.arange(len(table))[::-1]
    ax.hlines(place, table.low, table.high, color=drawing.COLOURS[0])
    ax.plot(table.AUC, place, "o", color=drawing.COLOURS[0], markersize=4)
    ax.axvline(0.5, color="#999999", linewidth=0.8, linestyle="--")
    ax.set_yticks(place, table.score)
    ax.set_xlim(-0.02, 1.02)
    ax.set_xlabel(f"area under the ROC curve, 95 % interval; steps {WINDOW[0]} to {WINDOW[1]}")
    ax.set_title(f"{len(grokked)} networks, modulus {TASK.modulus}, {int(grokked.sum())} grokked", fontsize=8)
    detail = pd.DataFrame(
        {
            "weight decay": [variant.weight_decay for variant, _ in trained.sweep.members],
            "learning rate": [variant.learning_rate for variant, _ in trained.sweep.members],
            "grokked": grokked, **scores,
        }
    )  # fmt: skip
    return [
        study.save_table("early_prediction", table),
        study.save_table("early_prediction_networks", detail),
        *study.save_figure("early_prediction", drawn),
    ]
