"""Short ways to ask the evidence for one number per seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hoi_grokking.claims.evidence import Evidence, History, Network
from hoi_grokking.study import PROBES

__all__ = ["ALPHA", "HIGH", "LOW", "SIZED", "by_estimator", "histories"]

LOW, HIGH, ALPHA = "weight decay 0.1", "weight decay 2", "alpha 8"

# Estimators whose sets can be of any size; a triplet is always of three neurons.
SIZED = tuple(name for name in PROBES if name != "triplets")

Asked = Callable[[Evidence], dict]


def histories(number: Callable[..., float], *labels: str) -> Asked:
    """The number of each seed from its accuracies: one `History` per configuration goes in, in the order given."""

    def measure(evidence: Evidence) -> dict[str, list[float]]:
        rows: list[list[History]] = [evidence.histories(label) for label in labels]
        return {"": [number(*row) for row in zip(*rows, strict=True)]}

    return measure


def by_estimator(number: Callable[..., float], *labels: str, estimators: Sequence[str] = tuple(PROBES)) -> Asked:
    """The number of each seed by every estimator: one `Network` per configuration goes in, in the order given."""

    def measure(evidence: Evidence) -> dict[str, list[float]]:
        found = {}
        for name in estimators:
            rows: list[list[Network]] = [evidence.networks(name, label) for label in labels]
            found[name] = [number(*row) for row in zip(*rows, strict=True)]
        return found

    return measure
