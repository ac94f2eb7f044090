"""The registry of measures: each is half an integer combination of the terms (D, J, L)."""

from __future__ import annotations

import re
from collections import ChainMap
from dataclasses import dataclass
from typing import Any

__all__ = ["ABOUT_TARGET", "ALL", "MEASURES", "Measure", "delta"]


@dataclass(frozen=True)
class Measure:
    """One row of the registry.

    The measure of a set is ``(d * D + j * J + l * L) / 2`` nats, where ``D`` is the sum of the logarithms of the
    variances, ``J`` the log-determinant of the covariance, and ``L`` the sum of the logarithms of the diagonal of
    its inverse. ``of`` says whose terms: of the entropies of a "set", or of its information about a "target".
    ``synergy`` is the sign of the values where synergy prevails, 0 for a measure whose sign says nothing of it.
    ``source`` is the key of its paper in ``hoi/_results/references.bib``.
    """

    name: str
    label: str
    symbol: str
    d: int
    j: int
    l: int  # noqa: E741  (the field's letter)
    of: str = "set"
    synergy: int = 0
    source: str = ""

    def value(self, D: Any, J: Any, L: Any) -> Any:
        """The measure in nats from the terms, elementwise."""
        return 0.5 * (self.d * D + self.j * J + self.l * L)


class _Rows(dict[str, Measure]):
    """Rows by name. Those of the family of delta_k, one for each k, are there without being listed."""

    def __missing__(self, name: str) -> Measure:
        if not _in_family(name):
            raise KeyError(name)
        return delta(int(name.removeprefix("delta_")))

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or _in_family(name)


def _in_family(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"delta_(0|[1-9]\d?)", name) is not None


def delta(k: int) -> Measure:
    """The row of delta_k = DTC - (k - 1) TC, after Varley (2026): positive where interactions of more than k variables
    prevail, negative where those of fewer do. For k = 0, 1 and 2 it is the S-information, DTC, and minus the
    O-information, which is why only the sign of that one speaks of synergy or redundancy.
    """
    sign = int(k == 2)
    return Measure(f"delta_{k}", f"delta of order {k}", f"Δ{k}", d=1 - k, j=k, l=1, synergy=sign, source="varley2026")


MEASURES = _Rows(
    {
        measure.name: measure
        for measure in (
            # Watanabe (1960)
            Measure("tc", "total correlation", "TC", d=1, j=-1, l=0, source="watanabe1960"),
            # Han (1978)
            Measure("dtc", "dual total correlation", "DTC", d=0, j=1, l=1, source="han1978"),
            # Rosas et al. (2019), eq. 1: TC - DTC
            Measure("oinfo", "O-information", "Ω", d=1, j=-2, l=-1, synergy=-1, source="rosas2019oinformation"),
            # Rosas et al. (2019), eq. 5: TC + DTC
            Measure("sinfo", "S-information", "Σ", d=1, j=0, l=1, source="rosas2019oinformation"),
        )
    }
)

# h(S) is I(S; target) here: J / 2 is h(S), -TC of h the whole minus the sum of its parts, DTC of h what the target adds
# to the O-information
ABOUT_TARGET = {
    measure.name: measure
    for measure in (
        # Shannon (1948)
        Measure("information", "information about the target", "I", d=0, j=1, l=0, of="target", source="shannon1948"),
        # Chechik et al. (2001); Timme et al. (2014), eq. 14
        Measure(
            "rsi", "redundancy-synergy index", "RSI", d=-1, j=1, l=0, of="target", synergy=1,
            source="chechik2001redundancy",
        ),
        # Scagliarini et al. (2023), eq. 4: O(S, target) - O(S)
        Measure(
            "gradient", "gradient of the O-information", "∂Ω", d=0, j=1, l=1, of="target", synergy=-1,
            source="scagliarini2023gradients",
        ),
    )
}

# every row by name: a live view, those of sets first
ALL = ChainMap(ABOUT_TARGET, MEASURES)
