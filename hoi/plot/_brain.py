"""Sets where they lie: between sensors on the scalp, and between regions in a glass brain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hoi._errors import HoiError
from hoi.plot._style import axes_or_new, by_end, chosen, colour, end_name, ends, need_rows, takes_part

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hoi._results.multiplets import Multiplets

__all__ = ["connectome", "topography"]


def topography(
    result: Multiplets, info: Any, *, end: str = "lowest", n_best: int | None = None, ax: Axes | None = None
) -> Axes:
    """Where on the scalp the sets of one end lie (needs MNE): how often each channel takes part, and its partners.

    The colour counts the sets that a channel is in. Lines go from the middle of each set to its members.

    Parameters
    ----------
    result : Multiplets
        Sets of channels, from `hoi.search` or the like.
    info : mne.Info
        With the places of the channels: ``raw.info`` or ``epochs.info``. It may have more channels than the result.
    end : {"lowest", "highest"}
        Which end to draw: of O-information the lowest is the most synergistic.
    n_best : int, optional
        How many sets at most, as in `ranking`.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib or MNE is missing, there are no sets at that end, or `info` lacks a channel or its place.

    See Also
    --------
    connectome : regions of the brain.

    Examples
    --------
    >>> import hoi, mne, numpy as np
    >>> from matplotlib.figure import Figure
    >>> info = mne.create_info(["Fz", "Cz", "Pz", "Oz"], 100.0, "eeg")
    >>> info = info.set_montage(mne.channels.get_builtin_montages()[0])
    >>> found = hoi.search(mne.io.RawArray(np.random.default_rng(0).standard_normal((4, 200)), info, verbose=False), 3)
    >>> hoi.plot.topography(found, info, ax=Figure().subplots()).get_title("left")
    'most synergistic sets'
    """
    rows, title, shade = _one_end(result, end, n_best, "topography")
    ax = axes_or_new(ax, (4.6, 4.4))
    try:
        import mne
    except ImportError as error:
        raise HoiError("MNE is needed to draw on the scalp and is not installed: pip install mne") from error
    from matplotlib.ticker import MaxNLocator

    there = set(info["ch_names"])
    if lost := [name for name in result.names if name not in there]:
        raise HoiError(
            f"topography: info has no channel {lost[0]!r} ({len(lost)} of {len(result.names)} variables are missing): "
            "give the info of the recording that was searched, such as raw.info."
        )
    counts = takes_part(result, rows)
    part = mne.pick_info(info, [info["ch_names"].index(name) for name in result.names])
    before = len(ax.lines)
    try:
        image, _ = mne.viz.plot_topomap(
            counts, part, sensors="k.", axes=ax, show=False, cmap=_shades(shade, 0.5), vlim=(0, counts.max()),
            contours=0,
        )
    except (RuntimeError, ValueError) as error:
        raise HoiError(
            f"topography: MNE cannot place the channels ({error}). Set their places first, "
            "with raw.set_montage(...)."
        ) from error
    places = _places(ax.lines[before:], len(counts))
    for row in rows:
        members = places[list(result[row].members)]
        middle = members.mean(axis=0)
        for x, y in members:
            ax.plot([middle[0], x], [middle[1], y], color=shade, linewidth=1.8, solid_capstyle="round", zorder=5)
    ax.figure.colorbar(
        image, ax=ax, label="number of sets with the channel", shrink=0.7, ticks=MaxNLocator(5, integer=True)
    )
    ax.set_title(title, loc="left")
    return ax


def connectome(
    result: Multiplets,
    coordinates: Any,
    *,
    end: str = "lowest",
    n_best: int | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Where in the brain the sets of one end lie (needs nilearn): a glass brain with the members of each set linked.

    A marker grows with the number of sets that a region is in, a line with the number of sets that hold both its ends.
    Lines are pairs: that three are linked does not say that they are one set; `hypergraph` says so.

    Parameters
    ----------
    result : Multiplets
        Sets of regions, from `hoi.search` or the like.
    coordinates : array_like, shape (n_variables, 3), or dict of str to (x, y, z)
        Places of the regions in MNI space, in mm, in the order of ``result.names`` or by name.
        ``nilearn.plotting.find_parcellation_cut_coords`` gives them for an atlas.
    end : {"lowest", "highest"}
        Which end to draw: of O-information the lowest is the most synergistic.
    n_best : int, optional
        How many sets at most, as in `ranking`.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib or nilearn is missing, there are no sets at that end, or coordinates are missing.

    See Also
    --------
    topography : sensors on the scalp.

    Examples
    --------
    >>> import hoi
    >>> from matplotlib.figure import Figure
    >>> found = hoi.search(hoi.datasets.load_fmri()[["LHip", "RHip", "LPCC", "RPCC"]], 3)
    >>> places = {"LHip": (-26, -22, -14), "RHip": (26, -21, -14), "LPCC": (-6, -45, 30), "RPCC": (7, -45, 30)}
    >>> hoi.plot.connectome(found, places, end="highest", ax=Figure().subplots()).get_title("left")
    'most redundant sets'
    """
    rows, title, shade = _one_end(result, end, n_best, "connectome")
    places = _in_space(coordinates, result.names)
    ax = axes_or_new(ax, (9.0, 3.4))
    try:
        from nilearn import plotting
    except ImportError as error:
        raise HoiError("nilearn is needed to draw a glass brain and is not installed: pip install nilearn") from error
    counts = takes_part(result, rows)
    together = np.zeros((len(result.names),) * 2)
    for row in rows:
        members = list(result[row].members)
        together[np.ix_(members, members)] += 1
    np.fill_diagonal(together, 0)
    shown = np.flatnonzero(counts)
    plotting.plot_connectome(
        together[np.ix_(shown, shown)],
        places[shown],
        node_color=shade,
        node_size=(20 + 60 * counts[shown] / counts.max()).tolist(),
        edge_cmap=_shades(shade),
        edge_vmin=0,
        edge_vmax=together.max(),
        colorbar=False,
        axes=ax,
    )
    ax.set_title(title, loc="left")
    return ax


def _one_end(result: Multiplets, end: str, n_best: int | None, picture: str) -> tuple[list[int], str, str]:
    """The rows of one end, what it is called, and its colour."""
    if end not in ("lowest", "highest"):
        raise HoiError(f'{picture}: end={end!r}; use "lowest" or "highest".')
    measure = chosen(result, None)
    low, high = by_end(result)
    rows = ends(result, measure, n_best)
    rows = rows[np.isin(rows, low if end == "lowest" else high)]
    need_rows(len(rows), picture)
    return rows.tolist(), f"{end_name(measure, result, rows)} sets", colour(getattr(result, measure)[rows[0]], measure)


def _shades(colour: str, depth: float = 1.0) -> Any:
    """From white towards the colour; of less depth, lines in the colour stand out from it."""
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    darkest = 1 - depth * (1 - np.array(to_rgb(colour)))
    return LinearSegmentedColormap.from_list("hoi", [(1.0, 1.0, 1.0), tuple(darkest)])


def _places(lines: Any, n_channels: int) -> np.ndarray:
    """Where MNE has drawn the sensors: the line with a point for each."""
    sensors = next(line for line in lines if len(line.get_xdata()) == n_channels and line.get_linestyle() == "None")
    return np.column_stack([sensors.get_xdata(), sensors.get_ydata()])


def _in_space(coordinates: Any, names: tuple[str, ...]) -> np.ndarray:
    """Places of all variables in their order."""
    if isinstance(coordinates, Mapping):
        if lost := [name for name in names if name not in coordinates]:
            raise HoiError(
                f"connectome: coordinates have no place of {lost[0]!r}: each of {len(names)} variables needs one."
            )
        coordinates = [coordinates[name] for name in names]
    places = np.asarray(coordinates, dtype=np.float64)
    if places.shape != (len(names), 3):
        raise HoiError(
            f"connectome: coordinates have shape {places.shape}; (x, y, z) of each of the {len(names)} variables are "
            f"needed, so ({len(names)}, 3), or a dict by name."
        )
    return places
