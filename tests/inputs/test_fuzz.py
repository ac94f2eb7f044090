"""A few hundred cases of the fuzzer of containers, always the same; `python -m tests.fuzz` runs more."""

from __future__ import annotations

import numpy as np
import pytest
from fuzz.containers import case
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")
pytest.importorskip("xarray")
pytest.importorskip("pyarrow")


def test_the_value_of_the_reference_or_a_hoi_error():
    assert {case(np.random.default_rng([0, number])) for number in range(300)} == {None, "asked"}


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_drawn_cases(seed):
    assert case(np.random.default_rng(seed)) in (None, "asked")
