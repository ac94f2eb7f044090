"""Figure 9: train and test accuracy across initial scales."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.experiments._curves import accuracy_figure
from hoi_grokking.study import Study

TITLE = "Train and test accuracy for alpha 1, 8 and 50"


def run(study: Study) -> list[Path]:
    """One panel for each set."""
    panels = [(which, [(f"alpha {value}", which) for value in (1, 8, 50)]) for which in ("train", "test")]
    return accuracy_figure(study, "figure_9", panels)
