"""The best sets as a hypergraph: variables as rows, sets as columns that link their members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hoi.plot._style import (
    FAINT,
    NEUTRAL,
    axes_or_new,
    axis_label,
    chosen,
    colour,
    dataset,
    ends,
    gaps,
    need_rows,
    number,
    plain,
    row_text,
    side_key,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hoi._results.multiplets import Multiplets

__all__ = ["hypergraph"]


def hypergraph(
    result: Multiplets, *, measure: str | None = None, n_best: int | None = None, ax: Axes | None = None
) -> Axes:
    """Which variables the best sets are made of: a row for each variable, a line for each set.

    A vertical line links the members of a set, in the order and the colours of `ranking`, with its value
    below. Variables that take part in the sets on the left stand at the top, so that sets with common
    members lie together.

    Parameters
    ----------
    result : Multiplets
        Result of `hoi.search` (its own order is kept) or of `hoi.measures` (sorted by value).
    measure : str, optional
        The values shown; by default the measure that was searched for, or O-information.
    n_best : int, optional
        How many sets at most to draw of each end, as in `ranking`.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure of fitting size.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing, there are no sets, or the measure is not known.

    References
    ----------
    Valdivia, Buono, Plaisant, Dufournaud and Fekete (2021), Analyzing dynamic hypergraphs with parallel
    aggregated ordered hypergraph visualization, IEEE Transactions on Visualization and Computer Graphics 27.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> found = hoi.search(hoi.datasets.load_fmri(), 3)
    >>> hoi.plot.hypergraph(found, ax=Figure().subplots()).get_xlabel()
    'O-information (nats) of each set'
    """
    measure = chosen(result, measure)
    rows = ends(result, measure, n_best)
    need_rows(len(rows), "hypergraph")
    members = [result[i].members for i in rows]
    shown = _rows_of(members)
    height = {variable: place for place, variable in enumerate(shown)}
    ax = axes_or_new(ax, (max(3.6, 2.2 + 0.3 * len(rows)), 1.5 + 0.24 * len(shown)))
    places = np.arange(len(rows)) + np.cumsum(gaps(result, rows))
    ax.hlines(range(len(shown)), -0.6, places[-1] + 0.6, color=FAINT, linewidth=0.6, alpha=0.5, zorder=0)
    values = getattr(result, measure)[rows]
    size = row_text(ax, len(shown))
    for place, value, variables in zip(places, values, members, strict=True):
        ys = sorted(height[variable] for variable in variables)
        shade = colour(value, measure)
        ax.plot([place, place], [ys[0], ys[-1]], color=shade, linewidth=0.16 * size, solid_capstyle="round")
        ax.plot([place] * len(ys), ys, "o", color=shade, markersize=0.65 * size, markeredgecolor="white")
    texts = [f"{dataset(result, row)}  {number(value)}".strip() for row, value in zip(rows, values, strict=True)]
    ax.set_xticks(places, texts, rotation=90, fontsize=0.7 * size, color=NEUTRAL)
    ax.set_yticks(range(len(shown)), [plain(result.names[i]) for i in shown], fontsize=size)
    ax.set_xlim(-0.6, places[-1] + 0.6)
    ax.set_ylim(len(shown) - 0.4, -0.6)
    ax.set_xlabel(f"{axis_label(measure, result.units)} of each set")
    side_key(ax, values, measure)
    tidy(ax)
    ax.tick_params(length=0)
    return ax


def _rows_of(members: list[tuple[int, ...]]) -> list[int]:
    """The variables of the sets, by the mean place of the sets they are in; column order among equals."""
    places: dict[int, list[int]] = {}
    for place, variables in enumerate(members):
        for variable in variables:
            places.setdefault(variable, []).append(place)
    return sorted(places, key=lambda variable: (float(np.mean(places[variable])), variable))
