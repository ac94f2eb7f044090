"""Figure 2: progress measures for weight decay 0.1."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.experiments._progress import progress_figure
from hoi_grokking.study import Study

TITLE = "Progress measures for weight decay 0.1, where the paper sees five phases"


def run(study: Study) -> list[Path]:
    """Normalised and raw measures, sizes, Pareto plot, phases."""
    return progress_figure(study, "figure_2", "weight decay 0.1")
