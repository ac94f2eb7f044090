"""The digits of scikit-learn: data that are no arithmetic."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.config import Task, Variant
from hoi_grokking.following import follow, sweep_of, write_followed
from hoi_grokking.study import Study

TITLE = "Digits of scikit-learn (8 x 8 pixels, 15 % to train on), small and large initial weights"


def run(study: Study) -> list[Path]:
    """Large initial weights delay generalisation here too, as Liu et al. (2022) found with MNIST."""
    variants = [
        Variant(f"alpha {value:g}", alpha=value, weight_decay=0.3, learning_rate=0.003) for value in (1.0, 30.0)
    ]
    sweep = sweep_of(study, variants, Task("digits", train_fraction=0.15), steps=3000)
    return write_followed(study, "digits", follow(study, study.run("digits", sweep)), "Digits of scikit-learn")
