"""Results to draw, and what is read off a picture."""

from __future__ import annotations

import numpy as np

from hoi import Multiplets

SYNERGY, REDUNDANCY = "#0072b2", "#d55e00"
NAMES = ["a", "b", "c", "d", "$e"]


def result(oinfo=(-0.4, -0.2, 0.9, 0.5), extreme=("lowest", "lowest", "highest", "highest"), **more):
    oinfo = np.array(oinfo, dtype=float)
    indices = [[0, 1, 2, -1], [0, 1, 3, -1], [1, 2, 3, 4], [0, 2, 4, -1]][: len(oinfo)]
    more = {"settings": {"measure": "oinfo"}, **more}
    return Multiplets(
        indices, NAMES, tc=oinfo + 1, dtc=np.ones(len(oinfo)), oinfo=oinfo, sinfo=oinfo + 2, extreme=extreme, **more
    )


def empty():
    return result((), ())


def key_of(ax):
    """The key above a picture, name: colour."""
    from matplotlib.colors import to_hex

    (strip,) = ax.child_axes
    legend = strip.get_legend()
    return {t.get_text(): to_hex(p.get_facecolor()) for t, p in zip(legend.texts, legend.get_patches(), strict=True)}


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]
