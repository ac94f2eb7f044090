"""Pictures of training: colours that colour-blind readers tell apart, log-spaced steps, mean and band over
seeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hoi_grokking.phases import PHASES, Phase

__all__ = [
    "COLOURS", "STYLE", "band", "figure", "legend", "mark_phases", "normalised", "of_seeds", "pareto", "shared_legend",
    "step_axis",
]  # fmt: skip

# Okabe and Ito (2008)
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
SYNERGY, REDUNDANCY, LOSS = COLOURS[0], COLOURS[1], "#555555"

# Line styles beside the colours, so that a grey print can be read.
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))

_SHADES = dict(zip(PHASES, ("#F2F2F2", "#CFE3F5", "#FBE3D6", "#CDEBDD", "#EFE0EC"), strict=True))

STYLE: dict[Any, Any] = {
    "font.size": 8, "axes.titlesize": 9, "axes.labelsize": 8, "legend.fontsize": 7, "axes.spines.top": False,
    "axes.spines.right": False, "lines.linewidth": 1.3, "savefig.dpi": 160, "figure.constrained_layout.use": True,
    "svg.hashsalt": "hoi_grokking", "svg.fonttype": "none", "legend.frameon": False,
}  # fmt: skip


def figure(rows: int, columns: int, width: float = 3.0, height: float = 2.3) -> tuple[Figure, np.ndarray]:
    """A figure of rows x columns panels, each `width` x `height` inches; axes as a 2-D array."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    made = Figure(figsize=(columns * width, rows * height))
    FigureCanvasAgg(made)
    return made, made.subplots(rows, columns, squeeze=False)


def legend(axes: Axes, **options: Any) -> None:
    """A small legend without a frame."""
    axes.legend(fontsize=6.5, frameon=False, **options)


def shared_legend(made: Figure, axes: np.ndarray, **options: Any) -> None:
    """One legend below a figure, of every label in it."""
    lines: dict[str, Any] = {}
    for ax in np.ravel(axes):
        for line, text in zip(*ax.get_legend_handles_labels(), strict=True):
            lines.setdefault(text, line)
    if lines:
        usual = {"loc": "outside lower center", "ncols": min(len(lines), 7), "frameon": False}
        made.legend(lines.values(), lines, **{**usual, **options})


def step_axis(axes: Axes, label: str) -> None:
    """Steps on a log axis."""
    axes.set_xscale("log")
    axes.set_xlabel("training step")
    axes.set_ylabel(label)


def band(
    axes: Axes, step: np.ndarray, values: np.ndarray, label: str, place: int = 0, colour: str | None = None
) -> None:
    """Mean over seeds with a band of one standard deviation; `values` (n_seeds, n_steps); step 0 is not
    drawn.
    """
    shown = step > 0
    step, values = step[shown], np.atleast_2d(values)[:, shown]
    colour = colour or COLOURS[place % len(COLOURS)]
    mean, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    axes.plot(step, mean, color=colour, linestyle=DASHES[place % len(DASHES)], label=label)
    if len(values) > 1:
        axes.fill_between(step, mean - spread, mean + spread, color=colour, alpha=0.2, linewidth=0)


def of_seeds(n: int) -> str:
    """What `band` shows, in words."""
    return f"mean and standard deviation of {n} seeds" if n > 1 else "one seed"


def normalised(values: np.ndarray) -> np.ndarray:
    """Each row scaled to 0..1, for display only; step 0 (the first column) does not count and is cut to the
    range.
    """
    values = np.atleast_2d(values)
    low = np.nanmin(values[:, 1:], axis=1, keepdims=True)
    span = np.nanmax(values[:, 1:], axis=1, keepdims=True) - low
    return np.clip((values - low) / np.where(span > 0, span, 1), 0, 1)


def mark_phases(axes: Axes, phases: Iterable[Phase]) -> None:
    """Shade phases, and name them at the top."""
    for phase in phases:
        axes.axvspan(max(phase.start, 1), phase.stop, color=_SHADES[phase.name], zorder=0, linewidth=0)
        middle = np.sqrt(max(phase.start, 1) * phase.stop)
        axes.text(
            middle, 1.01, phase.name, rotation=35, fontsize=5.5, ha="left", va="bottom",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip


def pareto(axes: Axes, step: np.ndarray, redundancy: Sequence[float], synergy: Sequence[float]) -> None:
    """The path of a network in the plane of redundancy and synergy, coloured by step."""
    shown = step > 0
    points = axes.scatter(
        np.asarray(redundancy)[shown], np.asarray(synergy)[shown], c=step[shown], s=9, cmap="cividis",
        norm=matplotlib.colors.LogNorm(),
    )  # fmt: skip
    axes.plot(
        np.asarray(redundancy)[shown], np.asarray(synergy)[shown], color="#999999", linewidth=0.5, zorder=0
    )
    axes.set_xlabel("redundancy (nats)")
    axes.set_ylabel("synergy (nats)")
    axes.figure.colorbar(points, ax=axes, label="training step")
