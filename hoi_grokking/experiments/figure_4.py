"""Figure 4: progress measures for alpha 8."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.experiments._progress import progress_figure
from hoi_grokking.study import Study

TITLE = "Progress measures for alpha 8 without weight decay"


def run(study: Study) -> list[Path]:
    """Normalised and raw measures, sizes, Pareto plot, phases."""
    return progress_figure(study, "figure_4", "alpha 8")
