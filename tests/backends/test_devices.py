"""The torch backends on their device: memory that runs out, what is missing, what is chosen and said."""

from __future__ import annotations

import importlib
import itertools
import sys

import numpy as np
import pytest
from messages import message, says
from walks import system_of

import hoi
from hoi._backends import _registry
from hoi.engine.plan import prepare

torch = pytest.importorskip("torch")

from hoi._backends.torch_ import backend as leaf  # noqa: E402
from hoi._backends.torch_ import device, eliminate, walk  # noqa: E402

CPU = torch.device("cpu")


# --- memory


def out_of_memory_above(monkeypatch, most):
    """`terms_of` runs out of memory for more than `most` sets at once."""
    original, sizes = eliminate.terms_of, []

    def limited(R, members, blocks, width):
        if len(members) > most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 7 GiB.")
        sizes.append(len(members))
        return original(R, members, blocks, width)

    monkeypatch.setattr(leaf, "terms_of", limited)
    monkeypatch.setattr(walk, "terms_of", limited)
    return sizes


def test_blocks_are_halved_when_memory_runs_out(monkeypatch):
    system = system_of(9)
    sets = list(itertools.combinations(range(9), 3))
    wanted = hoi.oinfo(system, sets, backend="torch"), hoi.search(system, 3, backend="torch").members
    sizes = out_of_memory_above(monkeypatch, 10)
    assert np.array_equal(hoi.oinfo(system, sets, backend="torch"), wanted[0])
    assert hoi.search(system, 3, backend="torch").members == wanted[1]
    assert 5 < max(sizes) <= 10


def test_a_single_set_that_does_not_fit_is_an_error(monkeypatch):
    out_of_memory_above(monkeypatch, 0)
    text = message(hoi.oinfo, system_of(4), backend="torch")
    says(text, "cpu has too little free memory for a single set of 4 variables", "7 GiB", 'backend="numba"')


def test_other_errors_of_torch_are_not_hidden():
    def broken(start, stop):
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match="something else"):
        list(device.in_parts(broken, 0, 4, 2, CPU, "thing"))


# --- what is missing


def test_without_torch_the_error_says_how_to_install_it(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("hoi._backends.torch_")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(_registry, "_loaded", {})
    for backend in ("torch", "cuda"):
        with pytest.raises(hoi.BackendUnavailableError) as caught:
            hoi.oinfo(system_of(4), backend=backend)
        says(str(caught.value), "need PyTorch", "pip install 'hoi[torch]'")
    assert "PyTorch" in hoi.backends()["cuda"]
    monkeypatch.undo()
    importlib.import_module("hoi._backends.torch_.backend")


def test_torch_without_cuda(monkeypatch):
    monkeypatch.setattr(_registry, "_loaded", {})
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    says(message(hoi.search, system_of(4), 3, backend="cuda"), "needs a PyTorch built with CUDA", "pytorch.org")


def test_cuda_without_a_gpu(monkeypatch):
    monkeypatch.setattr(_registry, "_loaded", {})
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    def no_driver():
        raise RuntimeError("Found no NVIDIA driver on your system.\nMore words.")

    monkeypatch.setattr(torch.cuda, "init", no_driver)
    text = message(hoi.oinfo, system_of(4), backend="cuda")
    says(text, "CUDA 13.0", "finds no GPU: Found no NVIDIA driver on your system.", "nvidia-smi", 'backend="numba"')
    assert "More words" not in text


def test_a_device_without_float64():
    with pytest.raises(hoi.BackendUnavailableError, match="has no float64"):
        device.require_float64(torch.device("mps"))


# --- choices


def test_settings_say_device_and_kernel(recording):
    settings = hoi.search(recording, 3, backend="torch").settings
    assert (settings["backend"], settings["device"], settings["kernel"]) == ("torch", "cpu", "torch")
    assert settings["screening"] == "float64"


def test_the_device_of_the_data_is_kept():
    X = torch.rand(20, 3, generator=torch.Generator().manual_seed(0))
    system = hoi.GaussianSystem.from_data(X, backend="torch")
    assert system.device is None, "the CPU is what there is anyway"
    system.device = "cuda:1"
    assert leaf.TorchBackend()._device(prepare(system, None, True)) == torch.device("cuda", 1)
