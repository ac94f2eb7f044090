"""Texts of errors: what a call says, and whether it says the right things."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from hoi._errors import HoiError


def message(call: Callable[..., Any], *args: Any, **settings: Any) -> str:
    """The text of the HoiError that a call raises; the test fails if it raises none."""
    with pytest.raises(HoiError) as caught:
        call(*args, **settings)
    return str(caught.value)


def says(text: str, *parts: str) -> None:
    """Every part is in the text, in this order."""
    assert re.search(".*".join(map(re.escape, parts)), text, re.DOTALL), text
