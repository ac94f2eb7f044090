"""Tensors of torch of every kind, in every function."""

from __future__ import annotations

import numpy as np
import pytest
from messages import message, says

import hoi

torch = pytest.importorskip("torch")

VALUES = np.random.default_rng(3).standard_normal((40, 3)).astype(np.float32).astype(np.float64)


def kinds():
    """Tensors that hold VALUES, or their rounding to fewer bits, each with those values."""
    plain = torch.tensor(VALUES)
    imaginary = torch.complex(torch.zeros(40, 3, dtype=torch.float64), plain)
    yield "transposed", torch.tensor(VALUES.T.copy()).T, VALUES
    yield "negative bit", imaginary.conj().imag, -VALUES
    yield "conjugate, its real part", (1j * imaginary).conj().real, -VALUES
    yield "float32", plain.float(), VALUES
    yield "bfloat16", plain.bfloat16(), plain.bfloat16().double().numpy()
    yield "float16", plain.half(), plain.half().double().numpy()
    yield "int64", (plain * 1000).long(), (VALUES * 1000).astype(np.int64).astype(float)
    yield "bool", plain > 0, (VALUES > 0).astype(float)


@pytest.mark.filterwarnings("ignore::hoi.TiesWarning")
@pytest.mark.parametrize("where", ["auto", "torch"])
@pytest.mark.parametrize(("tensor", "values"), [pytest.param(t, v, id=name) for name, t, v in kinds()])
def test_a_tensor_has_the_value_of_its_numbers(tensor, values, where):
    assert hoi.oinfo(tensor, backend=where) == pytest.approx(hoi.oinfo(values), abs=1e-12)
    found = hoi.mutual_information(tensor[:, 0], tensor[:, 1:])
    assert found == pytest.approx(hoi.mutual_information(values[:, 0], values[:, 1:]), abs=1e-12)
    assert hoi.mutual_information(list(tensor[:, 0]), tensor[:, 1:]) == found


def test_a_gradient_is_left_behind_with_a_warning():
    tensor = torch.tensor(VALUES, requires_grad=True)
    with pytest.warns(hoi.HoiWarning, match="requires a gradient") as caught:
        value = hoi.mutual_information(tensor[:, 0], VALUES[:, 1])
    assert value == hoi.mutual_information(VALUES[:, 0], VALUES[:, 1])
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("where", ["auto", "torch"])
@pytest.mark.filterwarnings("ignore:Sparse CSR:UserWarning")
def test_tensors_that_cannot_be_read(where):
    tensor = torch.tensor(VALUES)
    for sparse in (tensor.to_sparse(), tensor.to_sparse_csr()):
        says(message(hoi.oinfo, sparse, backend=where), "sparse tensor of shape (40, 3)", "to_dense")
    says(message(hoi.oinfo, tensor.to("meta"), backend=where), "meta")
    says(message(hoi.oinfo, tensor * 1j, backend=where), "complex128", "real numbers")
    says(message(hoi.oinfo, torch.corrcoef(tensor.T), backend=where), "symmetric", "from_covariance")
