"""Subtraction, multiplication and division beside addition."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.config import Task, Variant
from hoi_grokking.following import Followed, follow, sweep_of, write_followed
from hoi_grokking.study import Study

TITLE = "Subtraction, multiplication and division beside addition (modulus 47, half of the pairs)"

TASKS = ("addition", "subtraction", "multiplication", "division")


def run(study: Study) -> list[Path]:
    """One row per task; the networks differ in nothing else."""
    variant = Variant("weight decay 0.5", weight_decay=0.5)
    rows: list[Followed] = []
    for name in TASKS:
        sweep = sweep_of(study, [variant], Task(name, modulus=47, train_fraction=0.5), steps=2000)
        (found,) = follow(study, study.run(f"modular-{name}", sweep))
        rows.append(found._replace(label=name))
    heading = f"Modular tasks, modulus {sweep.task.modulus}"
    return write_followed(study, "modular_tasks", rows, heading)
