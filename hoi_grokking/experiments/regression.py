"""Regression: a polynomial whose direction has to be found, from small and from large initial weights."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.config import Network, Task, Variant
from hoi_grokking.following import follow, sweep_of, write_followed
from hoi_grokking.study import Study

TITLE = "Regression: a polynomial of one direction among 12, 300 samples to train on, squared error"


def run(study: Study) -> list[Path]:
    """Large initial weights stay near what they were, and delay generalisation, as in Kumar et al. (2023)."""
    variants = [
        Variant(f"alpha {value:g}", alpha=value, weight_decay=0.3, learning_rate=0.003) for value in (1.0, 8.0)
    ]
    task = Task("polynomial", n_samples=1500, train_fraction=0.2, options={"dimension": 12})
    sweep = sweep_of(study, variants, task, steps=4000, quick=5, network=Network("mlp", loss="mse"))
    found = follow(study, study.run("regression", sweep))
    return write_followed(study, "regression", found, "Polynomial regression", score="R²")
