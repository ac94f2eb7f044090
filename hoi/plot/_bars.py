"""Ranked bars of sets, and how often each variable takes part in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hoi.plot._style import (
    NEUTRAL,
    axes_or_new,
    axis_label,
    by_end,
    chosen,
    colour,
    end_colours,
    end_name,
    ends,
    gaps,
    key,
    label,
    letters,
    need_rows,
    number,
    plain,
    row_text,
    side_key,
    takes_part,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hoi._results.multiplets import Multiplets

__all__ = ["participation", "ranking"]

# Bars shorter than that share of the longest tell little of each other.
_SEEN_BESIDE = 0.2


def ranking(
    result: Multiplets, *, measure: str | None = None, n_best: int | None = None, ax: Axes | None = None
) -> Axes:
    """Ranked bars: the sets at both ends of a search with the names of their variables.

    Parameters
    ----------
    result : Multiplets
        Result of `hoi.search` (its own order and its two ends are kept) or of `hoi.measures` (sorted by
        value).
    measure : str, optional
        A column of the result, for the bars to show; by default the measure that was searched for, or O-information.
    n_best : int, optional
        How many sets at most to draw of each end: of each data set, and of each order where the search
        kept the best of each. By default 10, or fewer where there are many of those.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure of fitting height. In a new figure each end has a panel with a scale of
        its own where the values of one are so small that their bars could not be seen beside those of the other.

    Returns
    -------
    matplotlib Axes
        Of the two panels the upper one; ``.figure.axes`` has both.

    Raises
    ------
    HoiError
        When matplotlib is missing, there are no sets, or the measure is not known.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> found = hoi.search(hoi.datasets.load_fmri(), 3)
    >>> hoi.plot.ranking(found, ax=Figure().subplots()).get_xlabel()
    'O-information (nats)'
    """
    measure = chosen(result, measure)
    rows = ends(result, measure, n_best)
    need_rows(len(rows), "ranking")
    if ax is None and (parts := _unlike(result, measure, rows)):
        figure = axes_or_new(None, (8.0, 2.2 + 0.27 * len(rows))).figure
        figure.clear()
        panels = figure.subplots(2, 1, height_ratios=[len(part) + 2 for part in parts])
        for part, panel in zip(parts, panels, strict=True):
            ranking(part, measure=measure, n_best=len(part), ax=panel)
        return panels[0]
    places = np.arange(len(rows)) + np.cumsum(gaps(result, rows))
    if ax is None:
        texts = [label(result, i, 120) for i in rows]
        ax = axes_or_new(ax, (4.4 + 0.075 * max(map(len, texts)), 1.3 + 0.27 * len(rows)))
        size = row_text(ax, places[-1] + 1)
    else:
        # the labels may take three quarters of the Axes given, in letters of 6 points at the least
        size = row_text(ax, places[-1] + 1)
        longest = max(len(label(result, i, 120)) for i in rows)
        size = min(size, max(6.0, size * 0.7 * letters(ax, size) / longest))
        texts = [label(result, i, int(0.7 * letters(ax, size))) for i in rows]
    values = getattr(result, measure)[rows]
    ax.barh(places, values, height=0.72, color=[colour(v, measure) for v in values])
    ax.set_yticks(places, texts, fontsize=size)
    ax.set_ylim(places[-1] + 0.7, -0.7)
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    # the numbers take about seven letters of the half that the labels may have left
    share = min(0.35, 7 / (0.5 * letters(ax, size)))
    ax.margins(x=share / (1 - 2 * share))
    small: dict[str, Any] = {"va": "center", "fontsize": 0.7 * size, "color": NEUTRAL}
    for place, value in zip(places, values, strict=True):
        away, side = (-4, "right") if value < 0 else (4, "left")
        ax.annotate(number(value), (value, place), (away, 0), textcoords="offset points", ha=side, **small)
    ax.set_xlabel(axis_label(measure, result.units))
    side_key(ax, values, measure)
    tidy(ax, grid="x")
    ax.tick_params(axis="y", length=0)
    return ax


def _unlike(result: Multiplets, measure: str, rows: np.ndarray) -> list[Multiplets]:
    """The two ends of a search of one table, if the bars of one were lost beside those of the other."""
    if result.extreme is None or result.dataset is not None:
        return []
    drawn = result[rows]
    parts = [drawn[some] for some in by_end(drawn)]
    if not all(map(len, parts)):
        return []
    small, large = sorted(np.abs(getattr(part, measure)).max() for part in parts)
    return parts if small < _SEEN_BESIDE * large else []


def participation(result: Multiplets, *, n_variables: int = 30, ax: Axes | None = None) -> Axes:
    """How often each variable takes part in the sets of each end.

    Parameters
    ----------
    result : Multiplets
        Sets with an ``extreme`` (from `hoi.search`) are counted by it; others by the sign of the
        measure that leads in the result: O-information, if there.
    n_variables : int, default 30
        How many variables at most to show, those that take part most often.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure of fitting height.

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
    >>> hoi.plot.participation(found, ax=Figure().subplots()).get_xlabel()
    'number of sets with the variable'
    """
    measure = chosen(result, None)
    need_rows(len(result), "participation")
    sides = by_end(result)
    counts = [takes_part(result, rows) for rows in sides]
    both = counts[0] + counts[1]
    # most often first; the order of the columns decides among equals
    shown = np.argsort(-both, kind="stable")[: min(n_variables, int((both > 0).sum()))]
    ax = axes_or_new(ax, (5.5, 1.2 + 0.24 * len(shown)))
    places = np.arange(len(shown))
    meaning = {}
    for sign, count, rows, shade in zip((-1, 1), counts, sides, end_colours(measure), strict=True):
        ax.barh(places, sign * count[shown], height=0.72, color=shade)
        if len(rows):
            meaning[end_name(measure, result, rows)] = shade
    ax.axvline(0, color=NEUTRAL, linewidth=0.8)
    ax.set_yticks(places, [plain(result.names[i]) for i in shown], fontsize=row_text(ax, len(shown)))
    ax.set_ylim(len(shown) - 0.3, -0.7)
    ax.locator_params(axis="x", integer=True)
    ax.xaxis.set_major_formatter(lambda x, _: f"{abs(x):.0f}")
    ax.set_xlabel("number of sets with the variable")
    key(ax, meaning)
    tidy(ax, grid="x")
    ax.tick_params(axis="y", length=0)
    return ax
