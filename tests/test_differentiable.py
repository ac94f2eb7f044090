"""hoi.torch: the values of hoi.oinfo and its like, their gradients, and what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from messages import message, says

import hoi

torch = pytest.importorskip("torch")

NAMES = ["oinfo", "total_correlation", "dual_total_correlation", "sinfo"]
ABOUT_TARGET = ["information", "rsi", "gradient"]
SETS = [(0, 1, 2), (4, 1, 3, 0), (2, 5), (0, 1, 2, 3, 4, 5)]


def data(n_samples=60, n=6, n_datasets=None, seed=0):
    drawn = hoi.simulate.random_covariance(n, seed=seed).sample(n_samples, seed=seed, n_datasets=n_datasets or 1)
    return drawn if n_datasets else drawn.reshape(n_samples, n)


@pytest.mark.parametrize("bias_correction", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_gaussian_values_are_those_of_hoi(name, bias_correction):
    options = {"estimator": "gaussian", "bias_correction": bias_correction}
    for X in (data(), data(n_datasets=3)):
        found = getattr(hoi.torch, name)(torch.from_numpy(X), SETS, **options)
        np.testing.assert_allclose(found.numpy(), getattr(hoi, name)(X, SETS, **options), rtol=0, atol=1e-12)
        whole = getattr(hoi.torch, name)(torch.from_numpy(X), **options)
        np.testing.assert_allclose(whole.numpy(), getattr(hoi, name)(X, **options), rtol=0, atol=1e-12)


@pytest.mark.parametrize("target", [6, (6, 7), [7, 2]])
@pytest.mark.parametrize("bias_correction", [True, False])
@pytest.mark.parametrize("name", ABOUT_TARGET)
def test_gaussian_values_about_a_target_are_those_of_hoi(name, bias_correction, target):
    options = {"estimator": "gaussian", "bias_correction": bias_correction, "target": target}
    sets = [(0, 1, 3), (4, 1, 3, 0), (1, 5), (3,)]
    for X in (data(n=8), data(n=8, n_datasets=3)):
        for given in (sets, None):
            found = getattr(hoi.torch, name)(torch.from_numpy(X), given, **options)
            np.testing.assert_allclose(found.numpy(), getattr(hoi, name)(X, given, **options), rtol=0, atol=1e-12)


@pytest.mark.parametrize("estimator", ["gaussian", "gaussian_copula"])
@pytest.mark.parametrize("name", ABOUT_TARGET)
def test_gradients_about_a_target_are_those_of_finite_differences(name, estimator):
    X = torch.from_numpy(data(9, 4, n_datasets=2)).requires_grad_()

    def call(X):
        return getattr(hoi.torch, name)(X, [(0, 1), (2, 1)], target=3, estimator=estimator, temperature=0.5)

    assert torch.autograd.gradcheck(call, (X,), atol=1e-6)


def test_what_is_refused_of_a_target():
    X = torch.from_numpy(data())
    call = hoi.torch.information
    says(message(call, X, [(0, 4)], target=(5, 4)), "the set (0, 4) holds column 4", "take it out of the set")
    says(message(call, X, target=9), "9", "0 to 5")
    says(message(call, X, target=()), "target is empty")
    says(message(call, X[:6], target=5), "the set (0, 1, 2, 3, 4) with the target", "6 samples")
    doubled = torch.cat([X, X[:, 1:2]], 1)
    says(message(call, doubled, [(0, 2), (0, 1)], target=6), "column 1: determined by the target (6,)", "Leave it out")
    says(message(call, doubled, [(0, 2)], target=(1, 6)), "the target (1, 6) is numerically singular")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore::hoi.TiesWarning")
def test_soft_ranks_become_those_of_hoi_ties_included(name):
    X = np.round(data(), 1)
    hard = getattr(hoi, name)(X, SETS)
    soft = [getattr(hoi.torch, name)(torch.from_numpy(X), SETS, temperature=t).numpy() for t in (0.3, 0.03, 1e-6)]
    away = [np.abs(values - hard).max() for values in soft]
    assert away[0] > away[1] > away[2]
    assert away[2] < 1e-12


def test_soft_ranks_do_not_change_with_the_scale_of_a_column():
    X = torch.from_numpy(data())
    scaled = X * torch.tensor([1e-3, 5.0, 7e4, 1.0, 1.0, 2.0]) + 3.0
    torch.testing.assert_close(hoi.torch.oinfo(scaled, SETS), hoi.torch.oinfo(X, SETS), rtol=0, atol=1e-10)


@pytest.mark.parametrize("estimator", ["gaussian", "gaussian_copula"])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_those_of_finite_differences(name, estimator):
    X = torch.from_numpy(data(9, 4, n_datasets=2)).requires_grad_()
    sets = [(0, 1, 2), (3, 1, 0)]

    def call(X):
        return getattr(hoi.torch, name)(X, sets, estimator=estimator, temperature=0.5)

    assert torch.autograd.gradcheck(call, (X,), atol=1e-6)


def test_a_column_that_is_in_no_set_has_no_gradient():
    X = torch.from_numpy(data()).requires_grad_()
    hoi.torch.oinfo(X, [(0, 2, 3)]).backward(torch.ones(1, dtype=torch.float64))
    moved = (X.grad != 0).any(0)
    assert moved.tolist() == [True, False, True, True, False, False]


def test_ascent_makes_a_set_more_redundant():
    X = torch.from_numpy(data()).requires_grad_()
    before = hoi.oinfo(X.detach().numpy(), [(0, 1, 2)])[0]
    optimizer = torch.optim.Adam([X], lr=0.05, maximize=True)
    for _ in range(30):
        optimizer.zero_grad()
        hoi.torch.oinfo(X, [(0, 1, 2)]).sum().backward()
        optimizer.step()
    assert hoi.oinfo(X.detach().numpy(), [(0, 1, 2)])[0] > before + 0.05


def test_float32_in_float32_out():
    X = data()
    found = hoi.torch.oinfo(torch.from_numpy(X).float(), SETS, estimator="gaussian")
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found.numpy(), hoi.oinfo(X, SETS, estimator="gaussian"), rtol=0, atol=1e-4)


def test_what_is_refused():
    X = torch.from_numpy(data())
    call = hoi.torch.oinfo
    says(message(call, X.numpy()), "ndarray", "torch.as_tensor(X)")
    says(message(call, X.long()), "torch.int64", "X.double()")
    says(message(call, X.masked_fill(X > 1, float("nan"))), "NaN")
    says(message(call, torch.cat([X, X[:, :1] * 0], 1)), "constant")
    says(message(call, X[:6]), "6 columns", "6 samples")
    says(message(call, X[0]), "shape")
    says(message(call, X, [(0, 9)]), "9")
    says(message(call, X, temperature=0), "temperature=0", "positive")
    says(message(call, X, temperature=True), "temperature=True", "positive")
    says(message(call, X, estimator="knn"), "'knn'", "gaussian_copula")
    says(message(call, X, bias_correction="no"), "bias_correction='no'")
    doubled = torch.cat([X, X[:, :1]], 1)
    says(message(call, doubled, [(1, 2), (0, 6, 2)], estimator="gaussian"), "(0, 6, 2)", "numerically singular")
    says(message(call, doubled.float(), [(0, 6)]), "float32", "X.double()")


def test_without_torch_the_error_says_what_to_install():
    code = "import sys; sys.modules['torch'] = None\nimport hoi\ntry:\n    hoi.torch.oinfo([[1.0]])\n"
    code += "except hoi.BackendUnavailableError as error:\n    print(error)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'hoi[torch]'" in done.stdout
