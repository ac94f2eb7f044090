"""Gaussian systems whose information measures are known in closed form.

Each function gives a `KnownGaussian`: a covariance, the exact measures of the whole system in nats, and
samples from it; where they are known, also what the others tell of a target. `driven_process` is one in time.
They are for tests, for teaching, and for finding out what a search can recover from a finite recording.

Notation of the formulas: TC is the total correlation, DTC the dual total correlation, O = TC - DTC the
O-information, S = TC + DTC the S-information, H the entropy, log the natural logarithm.
"""

from __future__ import annotations

from hoi.simulate._composed import block_diagonal, planted
from hoi.simulate._families import (
    common_cause,
    common_effect,
    equicorrelated,
    independent,
    markov_chain,
    random_covariance,
)
from hoi.simulate._known import KnownGaussian, KnownTarget
from hoi.simulate._processes import KnownProcess, driven_process

__all__ = [
    "KnownGaussian",
    "KnownProcess",
    "KnownTarget",
    "block_diagonal",
    "common_cause",
    "common_effect",
    "driven_process",
    "equicorrelated",
    "independent",
    "markov_chain",
    "planted",
    "random_covariance",
]
