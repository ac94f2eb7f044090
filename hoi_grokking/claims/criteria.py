"""The numbers that decide claims: one network in, one number out.

NaN says that what the number is about is not there (a phase, a set, grokking itself); infinity says "never".
Synergy, redundancy and sizes are smoothed as for the phases (:func:`hoi_grokking.phases.smooth`), and changes are
given as shares of the range of the smoothed curve over training.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hoi_grokking.claims.evidence import History, Network, first_step
from hoi_grokking.phases import FIRST, PHASES, peaks, smooth

__all__ = [
    "EARLY", "after_highest", "beaten", "before_grokking", "change", "climb", "count_phases", "delay",
    "early_level", "early_peak", "first_peak", "half_way", "highest", "highest_lead", "later_peak", "lead",
    "loss_peak_at_synergy", "loss_rises_within", "order_of_phases", "ratio", "redundancy_drops_first",
    "redundancy_peaks_early", "settles", "share",
]  # fmt: skip

# Steps that are early, as in the study of early prediction.
EARLY = (FIRST, 120)

# A peak of the test loss: share of its range by which it rises above its valleys.
_LOSS_PROMINENCE = 0.02

# Part of its highest value under which the test loss counts as converged.
_CONVERGED = 0.01


def ratio(one: float, other: float) -> float:
    """`one` over `other`; NaN where `one` is not known, or `other` is not above 0 and finite."""
    return one / other if 0 < other < math.inf else math.nan


# --- accuracies


def delay(history: History) -> float:
    """Step of generalisation over the step at which the training set is fitted."""
    return ratio(history.grokked, history.fitted)


def climb(history: History, log: bool = False) -> float:
    """Steps that test accuracy takes from 10 % to 90 %; `log`: decades of steps. NaN if it does not get there.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi_grokking.claims.criteria import climb
    >>> from hoi_grokking.claims.evidence import History
    >>> step = np.arange(0, 101)
    >>> climb(History(step, step, step / 100))
    80.0
    """
    low, high = (first_step(history.step, history.test, level) for level in (0.1, 0.9))
    if not math.isfinite(high):
        return math.nan
    return math.log10(high / max(low, 1)) if log else high - low


# --- progress measures


def share(values: ArrayLike) -> NDArray[np.float64]:
    """The smoothed curve scaled to 0..1 over training; NaN if it never changes."""
    line = smooth(values)
    span = np.ptp(line)
    return (line - line.min()) / span if span > 0 else np.full(len(line), math.nan)


def early_level(network: Network) -> float:
    """Mean of the normalised synergy over steps 1 to 10."""
    return float(share(network.synergy)[network.step <= FIRST].mean())


def redundancy_peaks_early(network: Network) -> float:
    """Step of the highest redundancy over the step at which the training set is fitted."""
    if not math.isfinite(network.fitted):
        return math.nan
    return float(network.step[smooth(network.redundancy).argmax()]) / network.fitted


def first_peak(network: Network) -> int | None:
    """Checkpoint of the first peak of synergy, where emergence ends."""
    emergence = network.phase("emergence")
    return None if emergence is None else emergence.stop - 1


def lead(network: Network) -> float:
    """Step of generalisation over the step of the first peak of synergy; 0 without a peak, NaN without grokking."""
    if not math.isfinite(network.grokked):
        return math.nan
    at = first_peak(network)
    return 0.0 if at is None else network.grokked / network.step[at]


def highest_lead(network: Network) -> float:
    """Step of generalisation over the step of the highest synergy, from step 10 on; NaN without grokking."""
    if not math.isfinite(network.grokked):
        return math.nan
    late = network.step >= FIRST
    return float(network.grokked / network.step[late][smooth(network.synergy[late]).argmax()])


def change(network: Network, phase: str, curve: str) -> float:
    """Change of a curve from the start to the end of a phase, as a share of its range; NaN without the phase."""
    within = network.phase(phase)
    if within is None:
        return math.nan
    values = getattr(network, curve)
    line = smooth(values) if curve == "test_accuracy" else share(values)
    return float(line[within][-1] - line[within][0])


def after_highest(network: Network, curve: str) -> float:
    """Change of a curve from the highest synergy (step 10 on) to the end, as a share of its range over training."""
    late = np.flatnonzero(network.step >= FIRST)
    top = late[smooth(network.synergy[late]).argmax()]
    line = share(getattr(network, curve))
    return float(line[-1] - line[top])


def count_phases(network: Network, *names: str) -> float:
    """How many of the named phases there are; of all five if none is named."""
    return float(sum(network.phase(name) is not None for name in names or PHASES))


def order_of_phases(network: Network, *names: str) -> float:
    """1 if the phases are exactly the named ones, 0 if not."""
    return float(tuple(phase.name for phase in network.phases) == names)


def loss_peak_at_synergy(network: Network) -> float:
    """Step of the highest test loss before generalisation over the step of the first peak of synergy."""
    at = first_peak(network)
    before = network.step <= network.grokked
    if at is None or not before.any():
        return math.nan
    return float(network.step[before][network.test_loss[before].argmax()] / network.step[at])


def loss_rises_within(network: Network, phase: str) -> float:
    """Number of peaks of the test loss inside a phase; NaN without the phase."""
    within = network.phase(phase)
    if within is None:
        return math.nan
    found = peaks(smooth(network.test_loss), _LOSS_PROMINENCE)
    return float(sum(within.start < place < within.stop - 1 for place in found))


def settles(network: Network) -> float:
    """The larger of the ranges of synergy and redundancy after the test loss has converged, as shares of the whole.

    Converged: below 1 % of its highest value from there on. NaN if it does not, or for fewer than 3 checkpoints.
    """
    high = np.flatnonzero(network.test_loss > _CONVERGED * network.test_loss.max())
    after = slice(int(high[-1]) + 1, None)
    if len(network.step[after]) < 3:
        return math.nan
    return max(float(np.ptp(share(values)[after])) for values in (network.synergy, network.redundancy))


def redundancy_drops_first(network: Network) -> float:
    """Step at which synergy is half-way up to its first peak, over the step at which redundancy is half-way down.

    Redundancy falls from its highest value before that peak to its lowest before generalisation.
    """
    at = first_peak(network)
    if at is None:
        return math.nan
    synergy, redundancy = smooth(network.synergy), smooth(network.redundancy)
    top = int(redundancy[: at + 1].argmax())
    until = max(int((network.step <= network.grokked).sum()), at + 1)
    bottom = redundancy[top:until].min()
    down = top + int(np.flatnonzero(redundancy[top:until] <= (redundancy[top] + bottom) / 2)[0])
    low = int(synergy[: at + 1].argmin())
    up = low + int(np.flatnonzero(synergy[low : at + 1] >= (synergy[low] + synergy[at]) / 2)[0])
    return float(network.step[up] / network.step[down])


# --- how high


def highest(network: Network, first: float = FIRST, last: float = math.inf) -> float:
    """Highest synergy within some steps, both included, in nats; NaN if there is no checkpoint."""
    inside = (network.step >= first) & (network.step <= last)
    return float(np.nanmax(network.synergy[inside])) if inside.any() else math.nan


def early_peak(network: Network) -> float:
    """Highest synergy of steps 10 to 120, in nats."""
    return highest(network, *EARLY)


def before_grokking(network: Network) -> float:
    """Highest synergy from step 10 until generalisation, in nats."""
    return highest(network, FIRST, network.grokked)


def later_peak(network: Network) -> float:
    """Highest synergy after step 120, in nats."""
    return highest(network, EARLY[1] + 1)


# --- other measures and controls


def half_way(step: ArrayLike, values: ArrayLike, until: float = math.inf) -> float:
    """First step at which a measure is half its range away from where it started; NaN if it never changes.

    Parameters
    ----------
    step, values : array_like, shape (n_steps,)
    until : float
        Last step that counts, for the range too.
    """
    step = np.asarray(step)
    line = smooth(values)[step <= until]
    if len(line) < 3 or not np.ptp(line) > 0:
        return math.nan
    return float(step[np.flatnonzero(np.abs(line - line[0]) >= np.ptp(line) / 2)[0]])


def beaten(one: tuple[float, float], others: ArrayLike) -> float:
    """Part of the control networks that a network beats, ties counting half; NaN without controls.

    Parameters
    ----------
    one : (float, float)
        Step of 90 % test accuracy (infinite or NaN for never) and final test accuracy: the earlier step wins, and
        where neither gets there, the higher end.
    others : array_like, shape (n, 2)
    """

    def rank(step: float, end: float) -> tuple[float, float]:
        never = not math.isfinite(step)
        return (math.inf, -end) if never else (step, 0.0)

    mine, theirs = rank(*one), [rank(*other) for other in np.asarray(others, float).reshape(-1, 2)]
    if not theirs:
        return math.nan
    return float(np.mean([(mine < other) + 0.5 * (mine == other) for other in theirs]))
