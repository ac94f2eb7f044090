"""Pictures of training: colours that colour-blind readers tell apart, log-spaced steps, every seed beside the mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from hoi_grokking.phases import FIRST, PHASES, Phase

__all__ = [
    "COLOURS", "STYLE", "both", "curves", "figure", "legend", "mark_grokking", "mark_phases", "normalised", "of_seeds",
    "pareto", "pareto_front", "row_legend", "shared_legend", "step_axis", "training",
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


def figure(
    rows: int, columns: int, width: float = 3.0, height: float = 2.3, **options: Any
) -> tuple[Figure, np.ndarray]:
    """A figure of rows x columns panels, each `width` x `height` inches; axes as a 2-D array. `options` are those of
    matplotlib's subplots.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    made = Figure(figsize=(columns * width, rows * height))
    FigureCanvasAgg(made)
    return made, made.subplots(rows, columns, squeeze=False, **options)


def legend(axes: Axes, **options: Any) -> None:
    """A small legend without a frame."""
    axes.legend(fontsize=6.5, frameon=False, **options)


def row_legend(row: Sequence[Axes], **options: Any) -> None:
    """One legend at the right of a row of panels, of every label in it, beyond a right-hand axis if there is one."""
    lines = _labelled(row)
    if lines:
        x = 1.02 if len(_panel(row[-1])) == 1 else 1.35
        usual = {"loc": "center left", "bbox_to_anchor": (x, 0.5), "fontsize": 7, "frameon": False}
        row[-1].legend(lines.values(), lines, **{**usual, **options})


def shared_legend(made: Figure, axes: np.ndarray, **options: Any) -> None:
    """One legend below a figure, of every label in it."""
    lines = _labelled(np.ravel(axes))
    if lines:
        usual = {"loc": "outside lower center", "ncols": min(len(lines), 7), "frameon": False}
        made.legend(lines.values(), lines, **{**usual, **options})


def _labelled(axes: Iterable[Axes]) -> dict[str, Any]:
    """What each label stands for, the first of its name; those of right-hand axes too."""
    lines: dict[str, Any] = {}
    for ax in axes:
        for one in _panel(ax):
            for line, text in zip(*one.get_legend_handles_labels(), strict=True):
                lines.setdefault(text, line)
    return lines


def _panel(ax: Axes) -> list[Axes]:
    """The axes of a panel: its own, and the right-hand ones that share its steps."""
    return [one for one in ax.figure.axes if one.get_position().bounds == ax.get_position().bounds]


def step_axis(axes: Axes, label: str) -> None:
    """Steps on a log axis, with few minor ticks: they take much of the time of drawing, and their names collide."""
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(LogLocator(subs=(2, 5)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("training step")
    axes.set_ylabel(label)


def curves(
    axes: Axes, step: np.ndarray, values: np.ndarray, label: str, place: int = 0, colour: str | None = None
) -> None:
    """Mean over seeds, and each of them as a thin line; `values` (n_seeds, n_steps); step 0 is not drawn."""
    shown = step > 0
    step, values = step[shown], np.atleast_2d(values)[:, shown]
    colour, dashes = colour or COLOURS[place % len(COLOURS)], DASHES[place % len(DASHES)]
    if len(values) > 1:
        axes.plot(step, values.T, color=colour, linestyle=dashes, linewidth=0.5, alpha=0.35)
    axes.plot(step, np.nanmean(values, axis=0), color=colour, linestyle=dashes, label=label)


def of_seeds(n: int) -> str:
    """What `curves` shows, in words."""
    return f"mean and each of {n} seeds" if n > 1 else "one seed"


def both(axes: Axes, step: np.ndarray, synergy: np.ndarray, redundancy: np.ndarray) -> None:
    """Raw synergy on the left axis and redundancy on the right one: they differ too much in size to share one."""
    curves(axes, step, synergy, "synergy", 0, SYNERGY)
    axes.axhline(0, color=SYNERGY, linewidth=0.5, alpha=0.6)
    step_axis(axes, "")
    right = axes.twinx()
    right.spines["right"].set_visible(True)
    curves(right, step, redundancy, "redundancy", 1, REDUNDANCY)
    for ax, label, colour in ((axes, "synergy (nats)", SYNERGY), (right, "redundancy (nats)", REDUNDANCY)):
        ax.set_ylabel(label, color=colour)
        ax.tick_params(axis="y", colors=colour)
        ax.ticklabel_format(axis="y", useOffset=False)


def mark_grokking(axes: Axes, steps: Sequence[float], label: str, colour: str = LOSS) -> None:
    """A dotted line where the seeds generalise (the median), if most of them do."""
    known = [step for step in steps if np.isfinite(step)]
    if 2 * len(known) > len(steps):
        axes.axvline(float(np.median(known)), color=colour, linewidth=0.9, linestyle=":", label=label)


def training(table: Any) -> Figure:
    """The records of a tracker: values given beside the measures on top, then a panel for each layer and probe."""
    measured = {
        "step", "layer", "probe", "lowest", "highest", "lowest_neurons", "highest_neurons", "n_alive", "fixed",
        "null_lowest", "null_highest",
    }  # fmt: skip
    given = [name for name in table.columns if name not in measured]
    parts = list(table.groupby(["layer", "probe"], sort=False))
    from matplotlib import pyplot  # shown by notebooks and by pyplot.show()

    n_panels = len(parts) + bool(given)
    with matplotlib.rc_context(STYLE):
        made, axes = pyplot.subplots(n_panels, 1, figsize=(5.2, 2 * n_panels), sharex=True, squeeze=False)
        panels = list(axes[:, 0])
        if given:
            top, values = panels.pop(0), table.drop_duplicates("step")
            for name, dashes in zip(given, cycle(DASHES)):
                top.plot(values["step"], values[name], label=name, color="#333333", linestyle=dashes)
            legend(top)
        for ax, ((layer, probe), rows) in zip(panels, parts, strict=True):
            _ends(ax, rows)
            ax.set_title(f"layer {layer}, {probe.replace('_', ', ')}", loc="left")
        axes[-1, 0].set_xlabel("training step")
    return made


def _ends(axes: Axes, rows: Any) -> None:
    """Lowest O-information at the left and highest at the right, which differ too much in size to share a scale."""
    right = axes.twinx()
    right.spines["right"].set_visible(True)
    ends = ((axes, "lowest", "synergy (nats)", SYNERGY), (right, "highest", "redundancy (nats)", REDUNDANCY))
    for ax, end, label, colour in ends:
        ax.plot(rows["step"], rows[end], color=colour, label=end)
        if f"null_{end}" in rows:
            ax.fill_between(rows["step"], 0, rows[f"null_{end}"], color=colour, alpha=0.15, linewidth=0)
        ax.set_ylabel(label, color=colour)
        ax.tick_params(axis="y", colors=colour)
    if "fixed" in rows and rows["fixed"].notna().any():
        axes.plot(rows["step"], rows["fixed"], color="#333333", linestyle="--", label="fixed set")
        legend(axes)
    axes.axhline(0, color=SYNERGY, linewidth=0.5, alpha=0.6)


def normalised(values: np.ndarray) -> np.ndarray:
    """Each row scaled to 0..1, for display only; step 0 (the first column) does not count and is cut to the
    range.
    """
    values = np.atleast_2d(values)
    low = np.nanmin(values[:, 1:], axis=1, keepdims=True)
    span = np.nanmax(values[:, 1:], axis=1, keepdims=True) - low
    return np.clip((values - low) / np.where(span > 0, span, 1), 0, 1)


def mark_phases(axes: Axes, phases: Sequence[Iterable[Phase]], names: Sequence[str]) -> None:
    """A bar of coloured phases for each network, with its name at the left."""
    for name in PHASES:
        bars = [(row, phase) for row, found in enumerate(phases) for phase in found if phase.name == name]
        if bars:
            starts = np.array([max(phase.start, 1) for _, phase in bars])
            axes.barh(
                [-row for row, _ in bars], [phase.stop for _, phase in bars] - starts, left=starts, height=0.8,
                color=_SHADES[name], edgecolor="#777777", linewidth=0.4, label=name,
            )  # fmt: skip
    axes.set_yticks([-row for row in range(len(names))], names)
    step_axis(axes, "")


def pareto_front(redundancy: np.ndarray, synergy: np.ndarray) -> np.ndarray:
    """Places of the points of which no other one has more of both, in the order of their redundancy.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking.drawing import pareto_front
    >>> pareto_front(np.array([1, 2, 3, 1]), np.array([5, 2, 3, 1])).tolist()
    [0, 2]
    """
    best, front = -np.inf, []
    for place in np.lexsort((-np.asarray(synergy), -np.asarray(redundancy))):
        if synergy[place] > best:
            best = synergy[place]
            front.append(place)
    return np.array(front[::-1], int)


def pareto(axes: Axes, step: np.ndarray, redundancy: np.ndarray, synergy: np.ndarray) -> None:
    """Every checkpoint (n_seeds, n_steps) in the plane of redundancy and synergy, and the Pareto front of each seed.

    Steps before `FIRST` are left out: networks that have hardly been trained would be all of the front.
    """
    shown = step >= FIRST
    for x, y in zip(np.atleast_2d(redundancy)[:, shown], np.atleast_2d(synergy)[:, shown], strict=True):
        points = axes.scatter(
            x, y, c=step[shown], s=5, cmap="cividis", norm=matplotlib.colors.LogNorm(), linewidth=0
        )
        front = pareto_front(x, y)
        axes.step(x[front], y[front], where="pre", color=REDUNDANCY, linewidth=0.8, label="Pareto front of a seed")
    axes.set_xlabel(f"redundancy (nats), from step {FIRST} on")
    axes.set_ylabel("synergy (nats)")
    axes.figure.colorbar(points, ax=axes, label="training step")
