"""A transformer of one layer: attention and MLP."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.config import Network, Task, Variant
from hoi_grokking.following import follow, sweep_of, write_followed
from hoi_grokking.study import Study

TITLE = "A one-layer transformer: attention and MLP (addition, modulus 47, 40 % of the pairs)"

_LABELS = ("attention of the transformer", "MLP of the transformer")


def run(study: Study) -> list[Path]:
    """One row per layer."""
    network = Network("transformer", {"stream": 16} if study.settings.scale == "tiny" else {})
    variant = Variant("transformer", weight_decay=1.0, learning_rate=0.01)
    sweep = sweep_of(study, [variant], Task(modulus=47, train_fraction=0.4), steps=2500, network=network, quick=3)
    found = follow(study, study.run("transformer", sweep))
    rows = [one._replace(label=label) for one, label in zip(found, _LABELS, strict=True)]
    return write_followed(study, "transformer", rows, f"One-layer transformer, modulus {sweep.task.modulus}")
