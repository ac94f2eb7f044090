"""SGD beside AdamW: is the peak of synergy one of the optimiser?"""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.config import Task, Variant
from hoi_grokking.following import Followed, follow, sweep_of, write_followed
from hoi_grokking.study import Study

TITLE = "SGD with momentum beside AdamW (addition, modulus 47, 60 % of the pairs)"

# Optimiser -> steps and variant. SGD needs a hundred times the learning rate, and decay is multiplied by it.
OPTIMISERS = {
    "adamw": (2000, Variant("AdamW", weight_decay=0.5, learning_rate=0.03)),
    "sgd": (5000, Variant("SGD, momentum 0.9", weight_decay=0.002, learning_rate=4.0)),
}


def run(study: Study) -> list[Path]:
    """One row per optimiser: the same task, network and initial weights."""
    task = Task("addition", modulus=47, train_fraction=0.6)
    rows: list[Followed] = []
    for optimizer, (steps, variant) in OPTIMISERS.items():
        sweep = sweep_of(study, [variant], task, steps=steps, optimizer=optimizer)
        rows += follow(study, study.run(f"optimiser-{optimizer}", sweep))
    return write_followed(study, "sgd", rows, f"Addition, modulus {sweep.task.modulus}")
