"""Figure 1: accuracy for weight decay 0.1 and 2, and for alpha 8."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.experiments._curves import accuracy_figure
from hoi_grokking.study import Study

TITLE = "Accuracy for weight decay 0.1 and 2 (left) and alpha 8 (right)"


def run(study: Study) -> list[Path]:
    """Train and test accuracy, five seeds."""
    both = ("train", "test")
    left = [(label, which) for label in ("weight decay 0.1", "weight decay 2") for which in both]
    return accuracy_figure(
        study,
        "figure_1",
        [("weight decay", left), ("initialisation", [("alpha 8", which) for which in both])],
    )
