"""Options of functions: words, numbers, flags and seeds, each checked by one rule."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

import numpy as np

from hoi._errors import HoiError
from hoi._inputs.sets import is_int
from hoi._typing import BiasCorrection

__all__ = ["check_bool", "check_choice", "check_correction", "check_executor", "check_positive_int", "check_seed"]

# Sizes are kept in 64 bits.
_LARGEST = 2**63 - 1


def check_choice(value: Any, allowed: Collection[str], what: str) -> str:
    """One of the allowed words, or an error that lists them.

    Raises
    ------
    HoiError
        If value is not among them.

    Examples
    --------
    >>> from hoi._inputs.options import check_choice
    >>> check_choice("bits", ("nats", "bits"), "units")
    'bits'
    """
    if isinstance(value, str) and value in allowed:
        return value
    options = list(allowed)
    close = difflib.get_close_matches(value.lower(), options, n=1) if isinstance(value, str) else []
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise HoiError(f"{what}={value!r}: use one of {', '.join(map(repr, options))}.{hint}")


def check_bool(value: Any, what: str) -> bool:
    """True or False, of Python or numpy.

    Raises
    ------
    HoiError
        If value is anything else: the text "no" would count as true.

    Examples
    --------
    >>> from hoi._inputs.options import check_bool
    >>> check_bool(False, "bias_correction")
    False
    """
    if not isinstance(value, (bool, np.bool_)):
        raise HoiError(f"{what}={value!r} ({type(value).__name__}): True or False is needed.")
    return bool(value)


def check_correction(value: Any) -> BiasCorrection:
    """True, False or "effective".

    Raises
    ------
    HoiError
        If value is anything else.
    """
    if isinstance(value, str):
        if value != "effective":
            raise HoiError(f'bias_correction={value!r}: use one of True, False, "effective".')
        return "effective"
    return check_bool(value, "bias_correction")


def check_executor(executor: Any) -> None:
    """None, or an object with ``submit``.

    Raises
    ------
    HoiError
        If it is anything else.
    """
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise HoiError(
            f"executor={executor!r} ({type(executor).__name__}): an object with submit() is needed, such as "
            "concurrent.futures.ProcessPoolExecutor() or a Dask client."
        )


def check_positive_int(value: Any, what: str) -> int:
    """Integer of at least 1, of Python or numpy.

    Raises
    ------
    HoiError
        If value is anything else, bool included.
    """
    if not is_int(value):
        raise HoiError(f"{what}={value!r} ({type(value).__name__}): a positive integer is needed.")
    if value < 1:
        raise HoiError(f"{what}={int(value)}: a positive integer is needed, so at least 1.")
    if value > _LARGEST:
        raise HoiError(f"{what}={int(value)}: a positive integer is needed, and at most 2**63 - 1.")
    return int(value)


def check_seed(seed: Any) -> int | np.random.Generator | None:
    """Seed of random numbers: an integer of at least 0 of Python or numpy, a Generator, or None.

    Raises
    ------
    HoiError
        If value is anything else.

    Examples
    --------
    >>> import numpy as np
    >>> from hoi._inputs.options import check_seed
    >>> check_seed(np.uint8(3))
    3
    """
    if seed is None or isinstance(seed, np.random.Generator):
        return seed
    if not is_int(seed):
        raise HoiError(
            f"seed={seed!r} ({type(seed).__name__}): an integer of at least 0, a numpy.random.Generator, or None is "
            "needed."
        )
    if seed < 0:
        raise HoiError(f"seed={int(seed)}: a seed is at least 0. Use seed={-int(seed)}.")
    return int(seed)
