"""Pictures of what is no result of a search: tables of pairs, and values over time or frequency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError
from hoi.plot._style import (
    FAINT,
    NEUTRAL,
    REDUNDANCY,
    SYNERGY,
    axes_or_new,
    cut,
    end_colours,
    known,
    plain,
    side_key,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["course", "matrix"]

# Names on an axis of a matrix: beyond that many, none.
_MOST_NAMES = 40


def matrix(table: Any, *, measure: str | None = None, label: str = "", ax: Axes | None = None) -> Axes:
    """A pairwise table as a heat map, such as that of :func:`hoi.pairwise` or :func:`hoi.transfer_entropy`.

    Values of one sign go from white to dark; of both signs, blue is for those below 0 and vermilion for those above,
    unless the measure says that those above 0 are the synergistic ones.

    Parameters
    ----------
    table : pandas.DataFrame or array_like, shape (n_rows, n_columns)
        Values; NaN stays empty. The names of rows, columns and axes are those of a DataFrame.
    measure : str, optional
        Whose values they are, if its sign speaks of synergy and redundancy: "rsi", "gradient", "oinfo". Synergy is blue
        then, whatever its sign, and a key says so.
    label : str
        What the values are, with their unit.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing, the table is no matrix or has no finite value, or the measure is not known.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> X = hoi.simulate.markov_chain(4, 0.7).sample(200, seed=0)
    >>> hoi.plot.matrix(hoi.transfer_entropy(X), label="transfer entropy (nats)", ax=Figure().subplots()).get_xlabel()
    'to'
    """
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2 or not np.isfinite(values).any():
        raise HoiError(f"matrix: the table has shape {values.shape}; a matrix with finite values is needed.")
    below, above = SYNERGY, REDUNDANCY
    if measure is not None and known(measure).synergy:
        below, above = end_colours(measure)
    ax = axes_or_new(ax, (5.2, 4.6))
    from matplotlib.colors import LinearSegmentedColormap

    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low < 0 < high and -low > 0.05 * high:
        colours, limit = [below, "#FFFFFF", above], max(-low, high)
        limits = -limit, limit
        if measure is not None:
            side_key(ax, values[np.isfinite(values)], measure)
    else:
        colours, limits = ["#FFFFFF", SYNERGY if high <= 0 else NEUTRAL], (min(low, 0.0), max(high, 0.0) or 1.0)
        colours = colours[::-1] if high <= 0 else colours
    image = ax.imshow(
        values, cmap=LinearSegmentedColormap.from_list("hoi", colours), vmin=limits[0], vmax=limits[1]
    )
    ax.figure.colorbar(image, ax=ax, label=label, shrink=0.8)
    named = ((ax.yaxis, table.index), (ax.xaxis, table.columns)) if hasattr(table, "columns") else ()
    for axis, index in named:
        axis.set_label_text(str(index.name or ""))
        if len(index) <= _MOST_NAMES:
            axis.set_ticks(range(len(index)), [plain(str(name)) for name in index])
    ax.tick_params(axis="x", rotation=90 if values.shape[1] > 8 else 0)
    return ax


def course(
    values: Any,
    at: Sequence[float] | None = None,
    *,
    events: Sequence[float] | Mapping[str, float] = (),
    labels: Sequence[str] = (),
    xlabel: str = "sample",
    ylabel: str = "local value",
    ax: Axes | None = None,
) -> Axes:
    """Values along time or frequency: those of :func:`hoi.local` or :func:`hoi.oinfo_spectrum`.

    Parameters
    ----------
    values : array_like or xarray.DataArray, shape (n,) or (n, n_sets)
        One line for each set; gaps (NaN) stay open.
    at : sequence of float, optional
        Place of each value; by default the coordinate of a DataArray, or its number.
    events : sequence of float, or dict of str to float
        Places of events, drawn as vertical lines, with their names.
    labels : sequence of str
        Names of the sets, for a key.
    xlabel, ylabel : str
        What is along the axes, with units.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing, or lengths do not agree.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> X = hoi.simulate.common_effect(2).sample(100, seed=0)
    >>> ax = hoi.plot.course(hoi.local(X), events={"stimulus": 40}, ax=Figure().subplots())
    >>> len(ax.lines)  # the line of 0, the values, the event
    3
    """
    heights = np.asarray(values, dtype=np.float64)
    if heights.ndim not in (1, 2) or not heights.size:
        raise HoiError(f"course: values have shape {heights.shape}; (n,) or (n, n_sets) is needed.")
    dims = [str(dim) for dim in getattr(values, "dims", ())]
    if at is None and dims and dims[0] in values.coords:
        at, xlabel = values.coords[dims[0]].values, dims[0] if xlabel == "sample" else xlabel
    places = np.arange(len(heights)) if at is None else np.asarray(at)
    columns = heights.reshape(len(heights), -1)
    if places.shape != (len(heights),) or len(labels) not in (0, columns.shape[1]):
        raise HoiError(
            f"course: {len(heights)} values of {columns.shape[1]} sets, and at has shape {places.shape}, labels "
            f"{len(labels)} names: one place is needed for each value, and one name, or none, for each set."
        )
    ax = axes_or_new(ax, (7.0, 3.2))
    ax.axhline(0.0, color=FAINT, linewidth=0.8, zorder=0)
    for i, line in enumerate(columns.T):
        name = cut(str(labels[i]), 40).replace("$", r"\$") if len(labels) else None
        ax.plot(places, line, linewidth=0.9, label=name, color=NEUTRAL if columns.shape[1] == 1 else None)
    named = events.items() if isinstance(events, Mapping) else [("", place) for place in events]
    for name, place in named:
        ax.axvline(place, color=REDUNDANCY, linewidth=0.9, linestyle="--")
        above = ax.get_xaxis_transform()
        ax.text(place, 1.01, plain(name), transform=above, ha="center", va="bottom", fontsize="small")
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    if len(labels):
        ax.legend(frameon=False, fontsize="small")
    tidy(ax)
    return ax
