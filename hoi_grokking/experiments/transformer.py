"""A transformer of one layer: attention and MLP followed through a training loop of its own."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from hoi_grokking.config import Task, plain
from hoi_grokking.experiments._beyond import ESTIMATORS, Followed, Values, seeds_of, small_task, write_followed
from hoi_grokking.store import versions, write
from hoi_grokking.study import Study
from hoi_grokking.training.networks import LAYERS, Training, train_transformer

TITLE = "A one-layer transformer: attention and MLP (addition, modulus 47, 40 % of the pairs)"


def run(study: Study) -> list[Path]:
    """One row per layer. A network takes well under a minute and is stored when it is done, not before."""
    from joblib import Parallel, delayed

    training = Training(Task(modulus=47, train_fraction=0.4))
    if study.settings.scale == "quick":
        training = dataclasses.replace(training, steps=training.steps // 3, n_checkpoints=12)
    if study.settings.scale == "tiny":
        training = dataclasses.replace(
            training, task=small_task(training.task), width=16, hidden=24, steps=60, n_checkpoints=8
        )
    seeds = seeds_of(study)
    jobs = -1 if study.settings.jobs is None else study.settings.jobs
    work = Parallel(n_jobs=min(len(seeds), jobs) if jobs > 0 else jobs)
    trained = work(delayed(_trained)(study.out / "runs", training, seed, study.settings.device) for seed in seeds)
    rows = [_followed(label, layer, seeds, trained) for label, layer in LAYERS.items()]
    return write_followed(study, "transformer", rows, f"One-layer transformer, modulus {training.task.modulus}")


def _trained(runs: Path, training: Training, seed: int, device: str) -> dict[str, Any]:
    """Curves and records of one network, from its file if it has been trained before."""
    import torch
    from threadpoolctl import threadpool_limits

    settings = plain(training)
    key = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
    path = runs / f"transformer-{key}" / f"seed_{seed:03d}.json"
    if not path.exists():
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # sums of floats depend on the threads, and every seed has a core of its own
        try:
            with threadpool_limits(1):
                curves, follow = train_transformer(training, seed, list(ESTIMATORS.values()), device=device)
        finally:
            torch.set_num_threads(threads)
        held = {"curves": {name: values.tolist() for name, values in curves.items()}, "records": follow.records}
        write(path, json.dumps({"settings": settings, "versions": versions(), **held}))
    return json.loads(path.read_text())


def _followed(label: str, layer: str, seeds: tuple[int, ...], trained: list[dict[str, Any]]) -> Followed:
    curves = {name: np.array([one["curves"][name] for one in trained]) for name in trained[0]["curves"]}
    values = {}
    for name, probe in ESTIMATORS.items():
        rows = [
            [record for record in one["records"] if (record["layer"], record["probe"]) == (layer, probe.method)]
            for one in trained
        ]
        table = {
            key: np.array([[record[key] for record in row] for row in rows]) for key in ("step", "lowest", "highest")
        }
        values[name] = Values(table["step"][0], -table["lowest"], table["highest"])
    return Followed(
        f"{label} of the transformer",
        seeds,
        curves["step"][0],
        curves["train_accuracy"],
        curves["test_accuracy"],
        values,
    )
