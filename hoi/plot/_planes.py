"""Points in a plane: total against dual total correlation, and one result against another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError
from hoi._measures.registry import ALL
from hoi.plot._style import (
    FAINT,
    NEUTRAL,
    REDUNDANCY,
    SIDES,
    SYNERGY,
    axes_or_new,
    axis_label,
    chosen,
    colour,
    key,
    need_rows,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hoi._results.multiplets import Multiplets

__all__ = ["comparison", "tc_dtc"]

# Points that can still be told apart.
_MOST_POINTS = 2000


def tc_dtc(result: Multiplets, *, ax: Axes | None = None) -> Axes:
    """Total against dual total correlation, one point for each set.

    O-information is their difference: points above the diagonal are dominated by synergy, points below by
    redundancy.

    Parameters
    ----------
    result : Multiplets
        The sets.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing or there are no sets.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> found = hoi.search(hoi.datasets.load_fmri(), 3)
    >>> hoi.plot.tc_dtc(found, ax=Figure().subplots()).get_xlabel()
    'Total correlation (nats)'
    """
    need_rows(len(result), "tc_dtc")
    tc, dtc = (getattr(result, chosen(result, name)) for name in ("tc", "dtc"))
    ax = axes_or_new(ax, (4.8, 4.6))
    colours = [colour(v, "oinfo") for v in tc - dtc]
    ax.scatter(tc, dtc, s=22, c=colours, alpha=0.8, linewidths=0)
    bottom, top = _range(np.concatenate([tc, dtc]))
    ax.plot([bottom, top], [bottom, top], color=NEUTRAL, linewidth=0.8, zorder=0)
    ax.set_xlim(bottom, top)
    ax.set_ylim(bottom, top)
    ax.set_aspect("equal")
    ax.text(0.04, 0.96, "synergy", color=SYNERGY, transform=ax.transAxes, va="top", weight="bold")
    ax.text(0.96, 0.04, "redundancy", color=REDUNDANCY, transform=ax.transAxes, ha="right", weight="bold")
    ax.set_xlabel(axis_label("tc", result.units))
    ax.set_ylabel(axis_label("dtc", result.units))
    tidy(ax)
    return ax


def comparison(
    result: Multiplets,
    other: Multiplets,
    *,
    measure: str | None = None,
    labels: tuple[str, str] = ("first", "second"),
    ax: Axes | None = None,
) -> Axes:
    """The values of the same sets in two results: two conditions, two recordings, two estimators.

    A point for each set that is in both, by the names of its members and, where there are several, of its data set (by
    the number of that, unless both results name theirs). Sets of one sign keep its colour; those whose sign differs are
    grey. Ticks at the margins are the sets that only one result holds. Of thousands of sets, cells show how many lie
    where.

    Parameters
    ----------
    result : Multiplets
        The values along the horizontal axis.
    other : Multiplets
        The values along the vertical axis. `hoi.measures` gives them for the sets of a search:
        ``hoi.measures(X, result)``.
    measure : str, optional
        The measure to compare; by default the one that was searched for, or O-information.
    labels : (str, str)
        What the two results are called.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing, the measure is not known, the results have no set in common, or their
        units differ.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> fmri = hoi.datasets.load_fmri()
    >>> early = hoi.search(fmri[:125], 3)
    >>> late = hoi.measures(fmri[125:], early)
    >>> ax = hoi.plot.comparison(early, late, labels=("early", "late"), ax=Figure().subplots())
    >>> ax.get_ylabel()
    'O-information (nats), late'
    """
    measure = chosen(result, measure)
    need_rows(min(len(result), len(other)), "comparison")
    if result.units != other.units:
        raise HoiError(f"comparison: the results are in {result.units} and {other.units}: give both the same units.")
    mine, others = _of_sets(result, other), _of_sets(other, result)
    _, first, second = np.intersect1d(mine, others, return_indices=True)
    if not len(first):
        of = "" if result.dataset is None and other.dataset is None else " and the data set"
        raise HoiError(
            f"comparison: the results, of {len(result)} and {len(other)} sets, have none in common (by the names of "
            f"the members{of}). Evaluate the sets of one in the data of the other: hoi.measures(X, result)."
        )
    one, two = getattr(result, measure), getattr(other, chosen(other, measure))
    x, y = one[first], two[second]
    ax = axes_or_new(ax, (4.8, 4.6))
    shades: list[str] = []
    if len(x) > _MOST_POINTS:
        _density(ax, x, y)
    else:
        shades = [colour(a, measure) if (a < 0) == (b < 0) else NEUTRAL for a, b in zip(x, y, strict=True)]
        ax.scatter(x, y, s=22, c=shades, alpha=0.8, linewidths=0)
    only_one, only_two = one[~np.isin(mine, others)], two[~np.isin(others, mine)]
    low, high = _range(np.concatenate([x, y, only_one, only_two]))
    tick: dict[str, Any] = {"markersize": 7, "color": NEUTRAL, "linestyle": "none", "clip_on": False, "alpha": 0.6}
    ax.plot(only_one, [low] * len(only_one), marker=2, **tick)
    ax.plot([low] * len(only_two), only_two, marker=1, **tick)
    ax.plot([low, high], [low, high], color=FAINT, linewidth=0.8, zorder=0)
    if low < 0 < high:
        ax.axhline(0, color=NEUTRAL, linewidth=0.8, zorder=0)
        ax.axvline(0, color=NEUTRAL, linewidth=0.8, zorder=0)
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    text = axis_label(measure, result.units)
    ax.set_xlabel(f"{text}, {labels[0]}")
    ax.set_ylabel(f"{text}, {labels[1]}")
    if ALL[measure].synergy and shades:
        meaning = {**SIDES, "sign differs": NEUTRAL}
        key(ax, {name: shade for name, shade in meaning.items() if shade in shades}, centred=True)
    tidy(ax)
    return ax


def _of_sets(result: Multiplets, other: Multiplets) -> np.ndarray:
    """What tells each row from others, and is the same in both results: its data set, and its members by name."""
    place = _places(result.names, other.names)
    mine = np.array([*(place[name] for name in result.names), -1])
    width = max(result.indices.shape[1], other.indices.shape[1])
    rows = np.full((len(result), width + 1), -1, dtype=np.int64)
    rows[:, 1 : 1 + result.indices.shape[1]] = np.sort(mine[result.indices], axis=1)[:, ::-1]
    if result.dataset is not None:
        rows[:, 0] = result.dataset
        if result.dataset_names is not None and other.dataset_names is not None:
            place = _places(result.dataset_names, other.dataset_names)
            rows[:, 0] = [place[name] for name in result.dataset_names]
    return rows.view([("", np.int64)] * rows.shape[1]).ravel()


def _places(some: Iterable[str], others: Iterable[str]) -> dict[str, int]:
    """A number for each name, whichever of the two comes first."""
    return {name: i for i, name in enumerate(sorted({*some, *others}))}


def _density(ax: Axes, x: np.ndarray, y: np.ndarray) -> None:
    """How many points lie in each cell, on a logarithmic scale."""
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("hoi", [FAINT, NEUTRAL, "#000000"])
    cells = ax.hexbin(x, y, gridsize=60, bins="log", cmap=shades, mincnt=1, linewidths=0)
    ax.figure.colorbar(cells, ax=ax, label="number of sets", shrink=0.8)


def _range(values: np.ndarray) -> tuple[float, float]:
    """Ends of an axis that holds all finite values and zero, with some room."""
    values = np.append(values[np.isfinite(values)], 0.0)
    low, high = float(values.min()), float(values.max())
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room
