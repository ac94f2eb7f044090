"""The experiments: one module each, with a TITLE and a function ``run(study)`` that returns the files it
wrote; and those that are registered.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import hoi
from hoi_grokking import registry
from hoi_grokking.study import Study

__all__ = ["BEYOND", "FIGURES", "NAMES", "run", "title"]

FIGURES = tuple(f"figure_{number}" for number in range(1, 10))
BEYOND = (
    "early_prediction", "comparison", "circuits", "circuit_growth", "ablation", "estimators", "other_configurations",
    "published_masks", "modular_tasks", "corrupted_labels", "regression", "xor_clusters", "sparse_parity", "digits",
    "width_and_depth", "transformer", "encoder_decoder", "sgd", "spectral", "sharpness", "landscape", "causes",
)  # fmt: skip
NAMES = (*FIGURES, *BEYOND)


def title(name: str) -> str:
    """What an experiment shows."""
    return _module(name).TITLE


def run(name: str, study: Study) -> list[Path]:
    """Run an experiment: train and measure what is missing, write its tables and figures."""
    import matplotlib

    from hoi_grokking.drawing import STYLE

    with matplotlib.rc_context(STYLE):  # what is added to a figure takes its size from it too, and saving its fonts
        return _module(name).run(study)


def _module(name: str):
    own = registry.names("experiment")
    if name in own:
        return registry.find("experiment", name)
    if name not in NAMES:
        raise hoi.HoiError(f"There is no experiment {name!r}. There are: {', '.join((*NAMES, *own))}.")
    return importlib.import_module(f"hoi_grokking.experiments.{name}")
