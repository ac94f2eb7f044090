"""Recordings of different lengths as one system."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from messages import message, says
from scipy.special import ndtri
from scipy.stats import rankdata

import hoi

rng = np.random.default_rng(8)
MIX = rng.standard_normal((3, 3))
TABLES = [shift + rng.standard_normal((n, 3)) @ MIX for n, shift in ((40, 0.0), (60, 50.0), (25, -9.0))]


def scores(X):
    return ndtri(np.column_stack([rankdata(column) for column in X.T]) / (len(X) + 1))


@pytest.mark.parametrize(("estimator", "within"), [("gaussian", np.array), ("gaussian_copula", scores)])
def test_the_covariance_within_recordings(estimator, within):
    parts = [within(X) - within(X).mean(axis=0) for X in TABLES]
    products = sum(part.T @ part for part in parts)
    system = hoi.GaussianSystem.from_data(TABLES, estimator=estimator, pool=True)
    np.testing.assert_allclose(system.covariance, products / (125 - 3), rtol=1e-12)
    assert (system.n_samples, system.stacked) == (123, False)
    assert hoi.search(system, 3, n_best=1, which="lowest").settings["n_samples"] == 123


def test_the_bias_is_that_of_the_samples_less_the_means():
    """The mean entropy of many pools of independent columns is the true one."""
    draws = np.random.default_rng(0).standard_normal((400, 30, 2))
    lengths = [(0, 6), (6, 14), (14, 30)]
    values = [
        hoi.entropy(hoi.GaussianSystem.from_data([X[a:b] for a, b in lengths], estimator="gaussian", pool=True))
        for X in draws
    ]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values) - np.log(2 * np.pi * np.e)) < 4 * error


def test_frames_keep_names_and_a_stack_is_pooled_too():
    frames = [pd.DataFrame(X, columns=list("abc")) for X in TABLES]
    assert hoi.GaussianSystem.from_data(frames, pool=True).names == ("a", "b", "c")
    stack = np.stack([X[:25] for X in TABLES])
    np.testing.assert_allclose(
        hoi.GaussianSystem.from_data(stack, pool=True).covariance,
        hoi.GaussianSystem.from_data(list(stack), pool=True).covariance,
    )


def test_messages():
    says(message(hoi.GaussianSystem.from_data, TABLES[0], pool=True), "pool=True needs several datasets")
    says(message(hoi.GaussianSystem.from_data, TABLES, estimator="knn", pool=True), "does not make a covariance")
    frames = [pd.DataFrame(TABLES[0], columns=list("abc")), pd.DataFrame(TABLES[1], columns=list("acb"))]
    says(message(hoi.GaussianSystem.from_data, frames, pool=True), "2 tables whose columns differ")
    says(message(hoi.GaussianSystem.from_data, [X * 1e200 for X in TABLES], estimator="gaussian", pool=True),
         "beyond float64", "other units")
