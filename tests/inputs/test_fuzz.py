"""A few hundred cases of the fuzzers, some always the same, some drawn; `python -m tests.fuzz` runs more.

Only two outcomes are right: the value of the reference (or of a plain array), or a HoiError.
"""

from __future__ import annotations

import numpy as np
import pytest
from fuzz import containers, functions, recordings
from hypothesis import given, settings
from hypothesis import strategies as st

import hoi

for package in ("torch", "xarray", "pyarrow", "polars", "sklearn"):
    pytest.importorskip(package)

CASES = st.builds(
    containers.Drawn,
    n=st.integers(4, 30),
    m=st.integers(2, 5),
    dtype=st.sampled_from(containers.TYPES),
    fault=st.sampled_from(containers.FAULTS),
    missing=st.sampled_from(["raise", "drop"]),
    container=st.sampled_from(containers.CONTAINERS),
)
SEEDS = st.integers(0, 2**31)


def test_the_same_cases_of_containers():
    assert {containers.case(np.random.default_rng([0, number])) for number in range(300)} == {None, "asked"}


@settings(max_examples=60, deadline=None)
@given(
    what=CASES, seed=SEEDS, estimator=st.sampled_from(["gaussian", "gaussian_copula"]),
    backend=st.sampled_from(["auto", "torch"]),
)  # fmt: skip
def test_containers(what, seed, estimator, backend):
    assert containers.check(np.random.default_rng(seed), what, estimator, backend) in (None, "asked")


@pytest.mark.parametrize("name", functions.FUNCTIONS)
@settings(max_examples=5, deadline=None)
@given(what=CASES, seed=SEEDS)
def test_every_function(name, what, seed):
    assert functions.check(np.random.default_rng(seed), what, name) in (None, "asked")


@pytest.mark.parametrize("name", [*recordings.FUNCTIONS, *recordings.MEANS])
@settings(max_examples=4, deadline=None)
@given(
    seed=SEEDS, dtype=st.sampled_from(containers.TYPES), fault=st.sampled_from(recordings.FAULTS),
    lengths=st.lists(st.integers(20, 59), min_size=2, max_size=3, unique=True),
    kinds=st.sampled_from([recordings.NAMED, recordings.PLAIN]),
)  # fmt: skip
def test_recordings_of_different_lengths(name, seed, dtype, fault, lengths, kinds):
    rng = np.random.default_rng(seed)
    assert recordings.check(rng, lengths, dtype, fault, name, rng.choice(kinds, 3).tolist()) in (None, "asked")


def test_every_public_function_that_takes_data_is_there():
    public = {name for name in hoi.__all__ if callable(getattr(hoi, name)) and name.islower()}
    assert public - {"backends"} <= set(functions.FUNCTIONS)
