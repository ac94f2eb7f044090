"""Sparse parity: three of the bits decide, and the other ones can only be memorised."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.config import Task, Variant
from hoi_grokking.experiments._beyond import follow, sweep_of, write_followed
from hoi_grokking.study import Study

TITLE = "Sparse parity: 3 of 20 bits, 500 samples to train on and 1500 to test"


def run(study: Study) -> list[Path]:
    """Two weight decays."""
    variants = [Variant(f"weight decay {value:g}", weight_decay=value, learning_rate=0.01) for value in (0.01, 0.1)]
    task = Task("parity", bits=20, relevant=3, n_samples=2000, train_fraction=0.25)
    sweep = sweep_of(study, variants, task, steps=3000)
    heading = f"Parity of {task.relevant} of {sweep.task.bits} bits"
    return write_followed(study, "sparse_parity", follow(study, study.run("parity", sweep)), heading)
