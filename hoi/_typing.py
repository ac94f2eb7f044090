"""Type aliases shared by the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["ArrayLike", "BiasCorrection", "FloatArray", "Groups", "IntArray", "Multiplet", "Seed", "Ties", "Units"]

ArrayLike: TypeAlias = Any
"""What a user may give as data: numpy, lists, pandas, polars, xarray, torch (see `hoi._inputs.checks.check_data`)."""

BiasCorrection: TypeAlias = bool | Literal["effective"]
FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int64]
Multiplet: TypeAlias = Sequence[int | str]
Groups: TypeAlias = Sequence[Multiplet] | Mapping[str, Multiplet]
Seed: TypeAlias = int | np.random.Generator | None
Ties: TypeAlias = Literal["average", "ordinal", "random"]
Units: TypeAlias = Literal["nats", "bits"]
