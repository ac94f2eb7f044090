"""An encoder of single tokens and a decoder of the sum of their codes."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.config import Network, Task, Variant
from hoi_grokking.following import follow, sweep_of, write_followed
from hoi_grokking.study import Study

TITLE = "An encoder of tokens and a decoder of their sum (addition, modulus 47, half of the pairs)"

_LABELS = ("encoder", "decoder")


def run(study: Study) -> list[Path]:
    """One row per half; the samples of the encoder are the tokens of all pairs."""
    network = Network("encoder_decoder", {"encoder": 32})
    variant = Variant("encoder and decoder", weight_decay=1.0, learning_rate=0.01)
    task = Task(modulus=47, train_fraction=0.5)
    sweep = sweep_of(study, [variant], task, steps=2000, network=network, quick=5)
    found = follow(study, study.run("encoder-decoder", sweep))
    rows = [one._replace(label=label) for one, label in zip(found, _LABELS, strict=True)]
    return write_followed(study, "encoder_decoder", rows, f"Encoder and decoder, modulus {sweep.task.modulus}")
