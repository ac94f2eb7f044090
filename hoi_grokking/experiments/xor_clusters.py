"""Clusters of an exclusive or with wrong labels: every label is known by heart before the clusters are found."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.config import Task, Variant
from hoi_grokking.following import follow, sweep_of, write_followed
from hoi_grokking.study import Study

TITLE = "XOR clusters in 2000 dimensions: 200 samples to train on, 30 % of their labels dealt out anew"


def run(study: Study) -> list[Path]:
    """Plain gradient descent at two learning rates, from small weights, as in Xu et al. (2023)."""
    variants = [Variant(f"learning rate {rate:g}", alpha=0.1, learning_rate=rate) for rate in (0.03, 0.1)]
    task = Task("xor_clusters", n_samples=1200, train_fraction=1 / 6, corrupted=0.3)
    sweep = sweep_of(study, variants, task, steps=500, quick=4, optimizer="sgd", momentum=0.0)
    return write_followed(study, "xor_clusters", follow(study, study.run("xor-clusters", sweep)), "XOR clusters")
