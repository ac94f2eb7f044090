"""The sets found beside what chance makes of the same search."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hoi._errors import HoiError
from hoi.plot._style import FAINT, NEUTRAL, axes_or_new, axis_label, chosen, colour, key, need_rows, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hoi._results.multiplets import Multiplets

__all__ = ["null"]

# Shares of surrogates that the wide and the narrow part of a bar hold.
_ALL, _MOST = (0.0, 1.0), (0.05, 0.95)


def null(result: Multiplets, *, ax: Axes | None = None) -> Axes:
    """The sets of a test beside the best sets of its surrogates, for each order.

    A grey bar holds the best value of each surrogate at one end, its wide part the middle 90 % of them; a line is the
    value beyond which p is at most 0.05. Dots are the sets found: full where p is at most 0.05, open where it is not.

    Parameters
    ----------
    result : Multiplets
        Of :func:`hoi.permutation_test`.
    ax : matplotlib Axes, optional
        Where to draw; by default a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    HoiError
        When matplotlib is missing, or the result is of no test.

    Examples
    --------
    >>> import numpy as np, hoi
    >>> from matplotlib.figure import Figure
    >>> X = np.random.default_rng(0).standard_normal((100, 6))
    >>> tested = hoi.permutation_test(X, (3, 4), n_resamples=99, seed=0)
    >>> tested.plot.null(ax=Figure().subplots()).get_ylabel()
    'O-information (nats)'
    """
    settings = result.settings or {}
    kinds = settings.get("thresholds")
    need_rows(len(result), "null")
    if not kinds or result.pvalue is None:
        raise HoiError("null: the result is of no test against surrogates. Use hoi.permutation_test.")
    alone = settings.get("null") == "member"
    measure = chosen(result, settings.get("measure"))
    values = result.statistic if alone and result.statistic is not None else getattr(result, measure)
    shown = getattr(result, measure)
    orders = np.unique(result.order).tolist()
    places = {order: place for place, order in enumerate(orders)}
    ax = axes_or_new(ax, (max(4.0, 2.2 + 1.2 * len(orders)), 4.2))
    for kind in kinds:
        if kind["order"] is None or kind["order"] in places:
            own = range(len(orders)) if kind["order"] is None else [places[kind["order"]]]
            for place in own:
                _bar(ax, place, kind)
    rng = np.random.default_rng(0)
    for row, (order, value) in enumerate(zip(result.order.tolist(), values.tolist(), strict=True)):
        shade = colour(float(shown[row]), measure)
        face = shade if result.pvalue[row] <= kinds[0]["level"] else "white"
        at = places[order] + rng.uniform(-0.12, 0.12)
        ax.plot(at, value, "o", markersize=5, color=face, markeredgecolor=shade, zorder=3)
    if not alone:
        ax.axhline(0, color=NEUTRAL, linewidth=0.8)
    ax.set_xticks(range(len(orders)), [str(order) for order in orders])
    ax.set_xlim(-0.6, len(orders) - 0.4)
    ax.set_xlabel("order")
    ax.set_ylabel("what the weakest member adds (standard deviations)" if alone else axis_label(measure, result.units))
    key(ax, {f"best of {settings.get('n_resamples', 'the')} surrogates": FAINT})
    tidy(ax, grid="y")
    return ax


def _bar(ax: Axes, place: int, kind: dict) -> None:
    """What surrogates reach at one end, and where p is at most 0.05."""
    quantiles = np.sort(kind["quantiles"])
    if len(quantiles):
        for width, shares in ((0.16, _ALL), (0.5, _MOST)):
            low, high = np.interp(shares, np.linspace(0, 1, len(quantiles)), quantiles)
            ax.bar(place, high - low, width, bottom=low, color=FAINT, linewidth=0, zorder=1)
    if kind["value"] is not None:
        ax.plot([place - 0.4, place + 0.4], [kind["value"]] * 2, color="black", linewidth=1.1, zorder=2)
