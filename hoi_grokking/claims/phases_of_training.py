"""Section 5, figures 2 to 4: phases of training, and what synergy, redundancy and the sizes of sets do in them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hoi_grokking.claims import criteria
from hoi_grokking.claims._asking import ALPHA, HIGH, LOW, SIZED, by_estimator
from hoi_grokking.claims.condition import above, at_least, at_most, below, between
from hoi_grokking.claims.evidence import Network
from hoi_grokking.claims.rule import Claim
from hoi_grokking.phases import PHASES

__all__ = ["CLAIMS"]

FIGURE = {LOW: "Fig. 2", HIGH: "Fig. 3", ALPHA: "Fig. 4"}

# What counts as "minimal changes" of a normalised curve.
_MINIMAL = 0.2

# What counts as a fall or a rise: the prominence of the peaks of :mod:`hoi_grokking.phases`.
_FALL = 0.15

CURVES = {"synergy": "synergy", "redundancy": "redundancy", "size": "size of the synergistic set"}


def _ahead(label: str) -> list[Claim]:
    key = label.replace(" ", "-")
    return [
        Claim(
            f"peak-{key}", f"{FIGURE[label]}, Fig. 5",
            f"With {label}, synergy has a peak before the network groks.",
            "Step of 0.98 test accuracy divided by the step of the first peak of synergy (0 without one)",
            by_estimator(criteria.lead, label), above(1),
        ),
        Claim(
            f"highest-{key}", FIGURE[label],
            f"With {label}, synergy is highest before the network groks.",
            "Step of 0.98 test accuracy divided by the step of the highest synergy from step 10 on",
            by_estimator(criteria.highest_lead, label), above(1),
        ),
    ]  # fmt: skip


def _start(label: str) -> list[Claim]:
    key = label.replace(" ", "-")
    return [
        Claim(
            f"start-synergy-{key}", f"Sec. 5.1, {FIGURE[label]}", f"With {label}, synergy is low at first.",
            "Mean of the synergy, scaled to 0..1 over training, over steps 1 to 10",
            by_estimator(criteria.early_level, label), below(0.5),
        ),
        Claim(
            f"start-redundancy-{key}", f"Sec. 5.1, {FIGURE[label]}",
            f"With {label}, redundancy has its peak early, while the network learns features, and falls afterwards.",
            "Step of the highest redundancy divided by the step of 0.99 train accuracy",
            by_estimator(criteria.redundancy_peaks_early, label), at_most(1),
        ),
    ]  # fmt: skip


def _changes(label: str, phase: str, signs: dict[str, int]) -> list[Claim]:
    """What the curves do during a phase; `signs` says which rise (1) and which fall (-1)."""
    claims = []
    for curve, sign in signs.items():
        rises = "rises" if sign > 0 else "falls"
        what = CURVES.get(curve, "test accuracy")
        share = "" if curve == "test_accuracy" else ", as a share of its range over training"
        claims.append(
            Claim(
                f"{phase.replace(' ', '-')}-{curve.replace('_', '-')}-{label.replace(' ', '-')}",
                f"Sec. 5, {FIGURE[label]}", f"{phase.capitalize()} with {label}: the {what} {rises}.",
                f"Change of the {what} from the start of the phase to its end{share}",
                by_estimator(
                    partial(_change, phase, curve), label, **({"estimators": SIZED} if curve == "size" else {})
                ),
                above(0) if sign > 0 else below(0),
            )
        )  # fmt: skip
    return claims


def _change(phase: str, curve: str, network: Network) -> float:
    return criteria.change(network, phase, curve)


def _there(label: str, phase: str, where: str, sentence: str) -> Claim:
    return Claim(
        f"{phase.replace(' ', '-')}-{label.replace(' ', '-')}", where, sentence,
        f"1 if the phase “{phase}” is found, 0 if not",
        by_estimator(lambda network: criteria.count_phases(network, phase), label), at_least(1),
    )  # fmt: skip


def _after(label: str) -> list[Claim]:
    """Both halves of decoupling, whether or not the other one is there."""
    key, where = label.replace(" ", "-"), f"Sec. 5, {FIGURE[label]}"
    return [
        Claim(
            f"after-synergy-{key}", where, f"Decoupling with {label}: the synergy falls after it was highest.",
            "Change of the synergy from its highest value (step 10 on) to the end, as a share of its range",
            by_estimator(partial(_after_highest, "synergy"), label), at_most(-_FALL),
        ),
        Claim(
            f"after-redundancy-{key}", where,
            f"Decoupling with {label}: the redundancy rises after the synergy was highest.",
            "Change of the redundancy from the step of the highest synergy (step 10 on) to the end, as a share of its "
            "range",
            by_estimator(partial(_after_highest, "redundancy"), label), at_least(_FALL),
        ),
    ]  # fmt: skip


def _after_highest(curve: str, network: Network) -> float:
    return criteria.after_highest(network, curve)


def _direct(label: str, where: str) -> Claim:
    return Claim(
        f"direct-{label.replace(' ', '-')}", where,
        f"With {label}, emergence comes at once: no divergence and no delayed emergence.",
        "1 if the phases are feature learning and emergence, with or without decoupling, and no others, 0 if not",
        by_estimator(_is_direct, label), at_least(1),
    )  # fmt: skip


def _is_direct(network: Network) -> float:
    short = ("feature learning", "emergence")
    return max(criteria.order_of_phases(network, *short), criteria.order_of_phases(network, *short, "decoupling"))


def _difference(number: Callable[[Network], float]) -> Callable[[Network, Network], float]:
    return lambda one, other: number(one) - number(other)


def _at_first_peak(curve: str, network: Network) -> float:
    at = criteria.first_peak(network)
    return float("nan") if at is None else float(getattr(network, curve)[at])


CLAIMS = (
    *_ahead(LOW), *_ahead(HIGH), *_ahead(ALPHA),
    *_start(LOW), *_start(HIGH), *_start(ALPHA),
    *_changes(LOW, "emergence", {"redundancy": -1, "size": 1}),
    Claim(
        "emergence-loss", "Sec. 5.1, Fig. 2", "Emergence with weight decay 0.1: the test loss has its peak then.",
        "Step of the highest test loss before 0.98 test accuracy divided by the step of the first peak of synergy",
        by_estimator(criteria.loss_peak_at_synergy, LOW), between(0.5, 2),
    ),
    _there(LOW, "divergence", "Sec. 5.1, Fig. 2", "With weight decay 0.1 there is a divergence: synergy falls again "
           "before the network has generalised."),
    *_changes(LOW, "divergence", {"redundancy": -1, "size": -1}),
    Claim(
        "divergence-loss", "Sec. 5.1, Fig. 2", "Divergence with weight decay 0.1: the test loss has a small peak.",
        "Peaks of the test loss inside the phase (of at least 2 % of its range)",
        by_estimator(lambda network: criteria.loss_rises_within(network, "divergence"), LOW), at_least(1),
    ),
    _there(LOW, "delayed emergence", "Sec. 5.1, Fig. 2", "With weight decay 0.1 there is a delayed emergence: synergy "
           "rises a second time."),
    *_changes(LOW, "delayed emergence", {"redundancy": 1, "size": 1}),
    _there(LOW, "decoupling", "Sec. 5.1, Fig. 2", "With weight decay 0.1 there is a decoupling: after its last peak "
           "synergy falls and redundancy does not."),
    *_after(LOW),
    *_changes(LOW, "decoupling", {"test_accuracy": 1}),
    Claim(
        "five-phases", "Sec. 5.1, Fig. 2", "With weight decay 0.1 training has five phases, in this order: "
        f"{', '.join(PHASES)}.",
        "1 if exactly these phases are found in this order, 0 if not",
        by_estimator(lambda network: criteria.order_of_phases(network, *PHASES), LOW), at_least(1),
    ),
    _direct(HIGH, "Sec. 5.2, Fig. 3"),
    Claim(
        "larger-first-peak", "Sec. 5.2, Fig. 3", "Weight decay 2 gives emergence a larger peak of synergy than weight "
        "decay 0.1: the first peaks compared.",
        "Synergy at the first peak with weight decay 2 minus that with 0.1, same seed, in nats",
        by_estimator(_difference(partial(_at_first_peak, "synergy")), HIGH, LOW), above(0),
    ),
    Claim(
        "larger-highest-peak", "Sec. 5.2, Fig. 3", "Weight decay 2 gives emergence a larger peak of synergy than "
        "weight decay 0.1: the highest values before grokking compared.",
        "Highest synergy from step 10 to 0.98 test accuracy with weight decay 2 minus that with 0.1, same seed, in "
        "nats",
        by_estimator(_difference(criteria.before_grokking), HIGH, LOW), above(0),
    ),
    Claim(
        "larger-size", "Sec. 5.2, Fig. 3", "Weight decay 2 gives emergence a larger synergistic set than weight decay "
        "0.1.",
        "Neurons in the synergistic set at the first peak with weight decay 2 minus those with 0.1, same seed",
        by_estimator(_difference(partial(_at_first_peak, "size")), HIGH, LOW, estimators=SIZED), above(0),
    ),
    _there(HIGH, "decoupling", "Sec. 5.2, Fig. 3", "With weight decay 2, decoupling follows: synergy falls and "
           "redundancy does not."),
    *_after(HIGH),
    *_changes(HIGH, "decoupling", {"test_accuracy": 1}),
    Claim(
        "settles", "Sec. 5.2, Fig. 3", "With weight decay 2, synergy and redundancy hardly change once the test loss "
        "has converged.",
        "Range of synergy or redundancy (the larger) after the test loss stays below 1 % of its highest value, as a "
        "share of its range over training",
        by_estimator(criteria.settles, HIGH), at_most(_MINIMAL),
    ),
    _direct(ALPHA, "Sec. 5.3, Fig. 4"),
    Claim(
        "alpha-order", "Sec. 5.3, Fig. 4 right", "With alpha 8, redundancy drops first and synergy rises after it.",
        "Step at which synergy is half-way up to its first peak divided by the step at which redundancy is half-way "
        "down",
        by_estimator(criteria.redundancy_drops_first, ALPHA), above(1),
    ),
)  # fmt: skip
