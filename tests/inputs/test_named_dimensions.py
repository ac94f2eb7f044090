"""xarray: the names of dimensions say what is a variable, a sample, a dataset."""

from __future__ import annotations

import numpy as np
import pytest
from messages import message, says

import hoi

xarray = pytest.importorskip("xarray")

X = np.random.default_rng(1).standard_normal((3, 20, 4))
NAMES = ("a", "b", "c", "d")


def labelled(values, *dims):
    coords = {dims[values.shape.index(4)]: list(NAMES), dims[values.shape.index(20)]: np.arange(20) * 0.1}
    return xarray.DataArray(values, dims=dims, coords=coords)


@pytest.mark.parametrize(
    "dims",
    [("time", "channel"), ("sample", "regions"), ("trial", "neurons"), ("times", "anything"), ("draws", "unit_id"),
     ("subject", "ROI"), ("time_0", "electrode")],
)
def test_two_dimensions_in_either_order(dims):
    for array in (labelled(X[0], *dims), labelled(X[0].T, *dims[::-1])):
        found = hoi.search(array, 3, n_best=1)
        assert found.names == NAMES
        np.testing.assert_array_equal(found.oinfo, hoi.search(X[0], 3, n_best=1).oinfo)


@pytest.mark.parametrize(
    "dims", [("subject", "time", "channel"), ("trial", "time", "channel"), ("session", "anything", "unit")]
)
def test_three_dimensions_in_any_order(dims):
    for axes in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        array = labelled(X.transpose(axes), *(dims[i] for i in axes))
        np.testing.assert_array_equal(hoi.oinfo(array), hoi.oinfo(X))


def test_dimensions_without_names_are_those_of_numpy():
    assert hoi.oinfo(xarray.DataArray(X[0])) == hoi.oinfo(X[0])


@pytest.mark.parametrize("dims", [("x", "y"), ("time", "trial"), ("channel", "unit")])
def test_dimensions_that_do_not_say_are_asked_for(dims):
    says(message(hoi.oinfo, labelled(X[0], *dims)), "do not say what is a sample", f"X.rename({dims[0]}='sample'")


def test_a_covariance_has_variables_on_both_sides():
    C = xarray.DataArray(np.cov(X[0].T), dims=("region", "region2"), coords={"region2": list(NAMES)})
    assert hoi.GaussianSystem.from_covariance(C).names == NAMES


def test_one_dimension_in_mutual_information():
    x, y = (xarray.DataArray(X[0, :, i], dims="whatever") for i in (0, 1))
    assert hoi.mutual_information(x, y) == hoi.mutual_information(X[0, :, 0], X[0, :, 1])
