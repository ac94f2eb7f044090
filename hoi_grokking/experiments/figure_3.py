"""Figure 3: progress measures for weight decay 2."""

from __future__ import annotations

from pathlib import Path

from hoi_grokking.experiments._progress import progress_figure
from hoi_grokking.study import Study

TITLE = "Progress measures for weight decay 2, where emergence comes at once"


def run(study: Study) -> list[Path]:
    """Normalised and raw measures, sizes, Pareto plot, phases."""
    return progress_figure(study, "figure_3", "weight decay 2")
