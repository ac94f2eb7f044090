"""The phases of training that the paper describes, found from the curves.

| phase | what happens |
|---|---|
| feature learning | redundancy is high, synergy low, until synergy starts to rise |
| emergence | synergy rises to its first peak |
| divergence | synergy falls again before the network has generalised; it ends there at the latest |
| delayed emergence | synergy rises a second time, to its peak before generalisation is complete |
| decoupling | synergy falls after its last such peak, and redundancy does not |
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FIRST", "PHASES", "Phase", "find_phases", "peaks", "smooth"]

PHASES = ("feature learning", "emergence", "divergence", "delayed emergence", "decoupling")

# Weight of a new point in the smoothing of log-spaced checkpoints, and the share of the range that a peak rises above
# the valleys at its sides: below it a bump is the jitter of clusters that are drawn anew at every checkpoint.
_SMOOTHING = 0.5
_PROMINENCE = 0.15

# Share of the way up to its first peak from which synergy counts as rising.
_RISEN = 0.1

# First step at which a peak counts: before, sets of neurons that have hardly been trained come out as synergistic.
FIRST = 10


class Phase(NamedTuple):
    """A phase, from one step to another."""

    name: str
    start: int
    stop: int


def smooth(values: ArrayLike, weight: float = _SMOOTHING) -> NDArray[np.float64]:
    """Exponential smoothing forwards and backwards, so without delay; for detection and display only."""
    values = np.array(values, float)
    for line in (values, values[::-1]):
        for i in range(1, len(line)):
            line[i] = weight * line[i] + (1 - weight) * line[i - 1]
    return values


def peaks(values: ArrayLike, prominence: float = _PROMINENCE) -> list[int]:
    """Places of the peaks that rise above their valleys by a share of the range; an end can be one."""
    from scipy.signal import find_peaks

    values = np.asarray(values, float)
    span = np.ptp(values) if len(values) else 0
    if not span > 0:
        return []
    walled = np.concatenate([[values.min()], values, [values.min()]])
    return [int(place) - 1 for place in find_peaks(walled, prominence=prominence * span)[0]]


def find_phases(
    step: ArrayLike,
    synergy: ArrayLike,
    redundancy: ArrayLike,
    test_accuracy: ArrayLike,
    *,
    grokked: float = 0.98,
    first: int = FIRST,
) -> list[Phase]:
    """Cut a training into the phases of the paper.

    Parameters
    ----------
    step : array_like, shape (n,)
        Log-spaced steps; step 0 is left out.
    synergy, redundancy : array_like, shape (n,)
        -lowest and highest O-information, not normalised.
    test_accuracy : array_like, shape (n,)
    grokked : float
        Test accuracy from which a network has generalised.
    first : int
        Step from which a peak of synergy counts.

    Returns
    -------
    list of Phase
        In order of time. A network without a peak of synergy has only "feature learning".

    Notes
    -----
    Peaks are those of the smoothed curve from step `first` on, with a prominence of 15 % of its range from there.
    What was before belongs to feature learning. Decoupling needs a fall of the synergy by that much while the
    redundancy at the end is not below the one at the peak. A divergence without a second rise needs a fall by that
    much before the network has generalised.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking import find_phases
    >>> step = np.arange(1, 41)
    >>> synergy = np.exp(-((step - 15) / 5.0) ** 2)
    >>> [p.name for p in find_phases(step, synergy, step / 40, step > 20)]
    ['feature learning', 'emergence', 'decoupling']
    """
    step, synergy, redundancy, accuracy = (
        np.asarray(values, float)[np.asarray(step) > 0]
        for values in (step, synergy, redundancy, test_accuracy)
    )
    end = len(step) - 1
    start = int(np.searchsorted(step, first))
    # from there on, so that what was before does not leak into the smoothed curve
    line, redundant = smooth(synergy[start:]), smooth(redundancy[start:])
    # a curve has not risen to its first value
    found = [place for place in peaks(line) if place > 0]
    if not found:
        return [Phase("feature learning", int(step[0]), int(step[-1]))]
    enough = _PROMINENCE * np.ptp(line)
    general = np.flatnonzero(accuracy[start:] >= grokked)
    generalised = int(general[0]) if len(general) else end - start
    top = found[0]
    low = int(line[: top + 1].argmin())
    still = line[low : top + 1] <= line[low] + _RISEN * (line[top] - line[low])
    rises = low + int(np.flatnonzero(still)[-1])
    phases = [("feature learning", -start, rises), ("emergence", rises, top)]
    last = top
    later = [place for place in found[1:] if place <= generalised]
    if later:
        last = max(later, key=lambda place: line[place])
        valley = top + int(line[top : last + 1].argmin())
        phases += [("divergence", top, valley), ("delayed emergence", valley, last)]
    if line[last] - line[last:].min() >= enough and redundant[-1] >= redundant[last]:
        phases.append(("decoupling", last, end - start))
    elif not later and last < generalised and line[last] - line[last : generalised + 1].min() >= enough:
        phases.append(("divergence", last, generalised))
    return [Phase(name, int(step[start + a]), int(step[start + b])) for name, a, b in phases if b > a]
