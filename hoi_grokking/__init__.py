"""hoi_grokking: synergy and redundancy between the neurons of networks that grok.

The case study of Clauw, Marinazzo and Stramaglia (2024), "Information-theoretic progress measures reveal
grokking is an emergent phase transition", trained and measured again from nothing, on the public functions of
:mod:`hoi`. ``python -m hoi_grokking list`` shows what can be run; :func:`track` follows a network of your
own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hoi_grokking.config import Network as Network
    from hoi_grokking.config import Penalty as Penalty
    from hoi_grokking.config import Sweep as Sweep
    from hoi_grokking.config import Task as Task
    from hoi_grokking.config import Variant as Variant
    from hoi_grokking.config import paper_variants as paper_variants
    from hoi_grokking.measures.activations import capture as capture
    from hoi_grokking.measures.estimators import Probe as Probe
    from hoi_grokking.measures.estimators import measure as measure
    from hoi_grokking.measures.live import Tracker as Tracker
    from hoi_grokking.measures.live import track as track
    from hoi_grokking.phases import find_phases as find_phases
    from hoi_grokking.registry import register as register
    from hoi_grokking.store import Run as Run
    from hoi_grokking.training.regularisers import Regulariser as Regulariser
    from hoi_grokking.training.running import train as train

# public name -> module that holds it; a module (and torch) is imported when its first name is used
_HOME = {
    **dict.fromkeys(["Tracker", "track"], "measures.live"),
    "capture": "measures.activations",
    **dict.fromkeys(["Network", "Penalty", "Sweep", "Task", "Variant", "paper_variants"], "config"),
    "find_phases": "phases",
    **dict.fromkeys(["Probe", "measure"], "measures.estimators"),
    "train": "training.running",
    "Regulariser": "training.regularisers",
    "register": "registry",
    "Run": "store",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'hoi_grokking' has no attribute {name!r}")
    return getattr(importlib.import_module(f"hoi_grokking.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
