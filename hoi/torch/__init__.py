"""The measures of given sets as functions of tensors, with gradients: for losses, regularisers and sensitivities.

Each takes a tensor and gives a tensor on the same device and of the same dtype, through which gradients flow. Values
are those of :func:`hoi.oinfo` and its like: exactly so with ``estimator="gaussian"``, and in the limit of
``temperature`` zero with the copula, whose ranks are soft. They need PyTorch: ``pip install 'hoi[torch]'``.
"""

from __future__ import annotations

from hoi.torch._about_target import gradient, information, rsi
from hoi.torch._sets import dual_total_correlation, oinfo, sinfo, total_correlation

__all__ = ["dual_total_correlation", "gradient", "information", "oinfo", "rsi", "sinfo", "total_correlation"]
