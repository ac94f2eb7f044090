"""The torch backends on their device: memory that runs out, what is missing, what is chosen and said."""

from __future__ import annotations

import importlib
import itertools
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from messages import message, says
from walks import system_of

import hoi
from hoi._api.call import pick
from hoi._backends import registry
from hoi._backends.protocol import EVERYTHING, UNRANKED, Unit

torch = pytest.importorskip("torch")

from hoi._backends.torch_ import backend as leaf  # noqa: E402
from hoi._backends.torch_ import device, eliminate, estimate, evaluator, gaussian, walk  # noqa: E402

CPU = torch.device("cpu")


# --- memory


def out_of_memory_above(monkeypatch, most):
    """`terms_of` runs out of memory for more than `most` sets at once."""
    original, sizes = eliminate.terms_of, []

    def limited(R, members, blocks, width):
        if len(members) > most:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 7 GiB.")
        sizes.append(len(members))
        return original(R, members, blocks, width)

    monkeypatch.setattr(gaussian, "terms_of", limited)
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


def test_data_and_prefixes_that_do_not_fit_are_errors(monkeypatch):
    def full(*_, **__):
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory.")

    X = torch.rand(40, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    with monkeypatch.context() as patch:
        patch.setattr(estimate, "normal_scores", full)
        says(message(hoi.oinfo, X, backend="torch"), "for tables of 40 samples of 6 variables", "DefaultCPUAllocator")
    with monkeypatch.context() as patch:
        patch.setattr(estimate, "_read", full)
        says(message(hoi.oinfo, X, backend="torch"), "too little free memory for the data")
    system = hoi.GaussianSystem.from_data(X)
    with monkeypatch.context() as patch:
        patch.setattr(torch, "from_numpy", full)
        says(message(hoi.oinfo, system, backend="torch"), "for 1 matrices of 6 columns")
    monkeypatch.setattr(evaluator, "CPU", walk.Sizes(sets=5, prefixes=1, spare=3, room=9, plain=1, together=0))
    monkeypatch.setattr(torch, "argsort", full)
    says(message(hoi.search, system, 4, n_best=1, backend="torch"), "prefixes of 2 variables", 'backend="numba"')


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
    monkeypatch.setattr(registry, "_loaded", {})
    for backend in ("torch", "cuda"):
        with pytest.raises(hoi.BackendUnavailableError) as caught:
            hoi.oinfo(system_of(4), backend=backend)
        says(str(caught.value), "need PyTorch", "pip install 'hoi[torch]'")
    assert "PyTorch" in hoi.backends()["cuda"]
    monkeypatch.undo()
    importlib.import_module("hoi._backends.torch_.backend")


def test_torch_without_cuda(monkeypatch):
    monkeypatch.setattr(registry, "_loaded", {})
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    says(message(hoi.search, system_of(4), 3, backend="cuda"), "needs a PyTorch built with CUDA", "pytorch.org")


def test_cuda_without_a_gpu(monkeypatch):
    monkeypatch.setattr(registry, "_loaded", {})
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    def no_driver():
        raise RuntimeError("Found no NVIDIA driver on your system.\nMore words.")

    monkeypatch.setattr(torch.cuda, "init", no_driver)
    text = message(hoi.oinfo, system_of(4), backend="cuda")
    says(text, "CUDA 13.0", "finds no GPU: Found no NVIDIA driver on your system.", "nvidia-smi", 'backend="numba"')
    assert "More words" not in text


@pytest.mark.parametrize("name", ["mps", "meta", "xpu:0"])
def test_a_device_that_does_not_compute(name):
    with pytest.raises(hoi.BackendUnavailableError) as caught:
        device.require_float64(torch.device(name))
    says(str(caught.value), f'device "{name}" cannot compute in float64', torch.__version__, "X.cpu()", "numba")


def test_data_on_a_device_that_does_not_compute():
    X = torch.ones(30, 4, device="meta")
    says(message(hoi.search, X, 3, backend="torch"), 'device "meta" cannot compute in float64')


def test_a_gpu_that_torch_was_not_built_for(monkeypatch):
    monkeypatch.setattr(leaf, "cuda_device", lambda: torch.device("cuda", 0))
    device.require_float64.cache_clear()

    def no_kernel(*_, **__):
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nMore words.")

    monkeypatch.setattr(torch, "ones", no_kernel)
    monkeypatch.setattr(registry, "_loaded", {})
    text = message(hoi.oinfo, system_of(4), backend="cuda")
    says(text, 'device "cuda:0" cannot compute', "no kernel image is available for execution on the device. Move")
    device.require_float64.cache_clear()


@pytest.mark.parametrize("error", [ImportError("no"), RuntimeError("Failed to find C compiler.\nMore."), OSError()])
def test_why_triton_is_not_used(monkeypatch, error):
    def fail(*_, **__):
        raise error

    gpu = torch.device("cuda", 0)
    monkeypatch.setattr(leaf, "why_no_nvrtc", lambda device: "not installed")
    device.why_no_triton.cache_clear()
    kernels = property(fail) if isinstance(error, ImportError) else fail
    module = type("kernels", (), {"try_out": kernels})()
    monkeypatch.setitem(sys.modules, "hoi._backends.torch_.kernels", module)
    said = {ImportError: "not installed", RuntimeError: "Failed to find C compiler.", OSError: "OSError"}
    assert device.why_no_triton(gpu) == said[type(error)]
    backend = leaf.TorchBackend()
    assert (backend.kernel(gpu), backend.precision(gpu)) == ("torch", "float64")
    monkeypatch.undo()
    device.why_no_triton.cache_clear()


def test_the_first_kernel_that_can_run_is_taken(monkeypatch):
    gpu = torch.device("cuda", 0)
    for nvrtc, triton, taken, spare in [("", "", "nvrtc", "triton"), ("no", "", "triton", "triton"),
                                        ("", "no", "nvrtc", "torch"), ("no", "no", "torch", "torch")]:  # fmt: skip
        monkeypatch.setattr(leaf, "why_no_nvrtc", lambda device, why=nvrtc: why)
        monkeypatch.setattr(leaf, "why_no_triton", lambda device, why=triton: why)
        assert (leaf.TorchBackend().kernel(gpu), leaf.TorchBackend().spare_kernel(gpu)) == (taken, spare)
        assert leaf.TorchBackend(kernel="torch").kernel(gpu) == "torch"
        for other in (CPU, torch.device("xpu", 0)):
            assert (leaf.TorchBackend().kernel(other), leaf.TorchBackend().precision(other)) == ("torch", "float64")


def test_why_nvrtc_is_not_used(monkeypatch):
    gpu = torch.device("cuda", 0)
    device.why_no_nvrtc.cache_clear()

    def fail(device):
        raise OSError("libnvrtc.so.13: cannot open\nMore.")

    monkeypatch.setattr("hoi._backends.torch_.cuda.driver.card_of", fail)
    assert device.why_no_nvrtc(gpu) == "libnvrtc.so.13: cannot open"
    device.why_no_nvrtc.cache_clear()
    monkeypatch.setattr(torch.version, "hip", "6.4")
    assert device.why_no_nvrtc(gpu) == "not for AMD"
    device.why_no_nvrtc.cache_clear()


@pytest.mark.parametrize(
    ("capability", "hip", "precision"),
    [
        ((9, 0), None, "float64"),  # H100
        ((10, 0), None, "float64"),  # B200
        ((10, 3), None, "float32"),  # B300
        ((8, 9), None, "float32"),
        ((9, 4), "6.4", "float64"),  # MI300
        ((9, 5), "6.4", "float64"),  # MI350
        ((9, 0), "6.4", "float64"),  # MI200
        ((11, 0), "6.4", "float32"),
    ],
)
def test_the_precision_is_one_that_the_chip_is_good_at(monkeypatch, capability, hip, precision):
    monkeypatch.setattr(torch.version, "hip", hip)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert leaf.TorchBackend(kernel="triton").precision(torch.device("cuda", 0)) == precision


def test_several_devices_share_the_units(monkeypatch):
    """The second device is the CPU under another name."""
    two = torch.device("cpu", 0)
    monkeypatch.setattr(leaf.TorchBackend, "devices", lambda self, problem: [CPU, two])
    monkeypatch.setattr(evaluator, "SHARED_UNIT_SETS", 500)
    opened = leaf.TorchBackend().open(system_of(16).problem(), UNRANKED)
    assert (opened.parallel, opened.unit_sets) == (True, 500)
    walks = [opened.walk(Unit(0, 3, start, start + 2), lambda **_: EVERYTHING) for start in (0, 2, 4)]
    for each in walks:
        next(each)
    assert opened._busy == {CPU: 2, two: 1}, "the one with the fewest units takes the next"
    for each in walks:
        each.close()
    assert opened._busy == {CPU: 0, two: 0}
    system = system_of(16, n_datasets=2)
    wanted = hoi.search(system, (3, 5), backend="numpy")
    found = hoi.search(system, (3, 5), backend=leaf.TorchBackend(), threads=4)
    assert found.members == wanted.members
    assert found.settings["evaluated"] == wanted.settings["evaluated"]


def test_cuda_takes_all_devices_and_torch_that_of_the_data(monkeypatch):
    monkeypatch.setattr(leaf, "cuda_device", lambda: torch.device("cuda", 1))
    monkeypatch.setattr(leaf, "require_float64", lambda device: None)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    problem = system_of(5).problem()
    assert leaf.TorchBackend().devices(problem) == [CPU]
    assert [device.index for device in leaf.CudaBackend().devices(problem)] == [1, 0, 2]


@pytest.mark.parametrize("text", [
    "CUDA out of memory. Tried to allocate 7 GiB.", "CUDA error: out of memory", "XPU out of memory.",
    "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
])  # fmt: skip
def test_memory_runs_out_in_many_words(text):
    def work(start, stop):
        if stop - start > 3:
            raise RuntimeError(text)
        return stop - start

    assert list(device.in_parts(work, 0, 10, 8, CPU, "thing")) == [2, 2, 2, 2, 2]
    assert list(device.in_parts(lambda a, b: (a, b), 0, 0, 8, CPU, "thing")) == []


# --- choices


@pytest.mark.parametrize(
    ("n_sets", "data_on", "gpu", "chosen"),
    [
        (10**11, None, True, "cuda"),
        (10**11, "cuda:0", False, "cuda"),
        (10**11, None, False, "numba"),
        (10**9, "cuda:0", True, "cuda"),
        (10**8, "cuda:0", True, "numba"),
        (10**3, "cuda:0", True, "numpy"),
    ],
)
def test_auto_takes_large_searches_to_a_gpu(monkeypatch, n_sets, data_on, gpu, chosen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    system = system_of(6)
    monkeypatch.setattr(registry, "load", lambda name: SimpleNamespace(name=name, compiled=name == "cuda"))
    system.device = data_on
    assert pick("auto", n_sets, system.problem()).name == chosen
    assert pick("auto", n_sets).name != "cuda", "nothing but a search gains"
    assert pick("auto", n_sets, system.problem([(0, 1), (2,), (3,)])).name != "cuda", "nor one of groups"
    assert pick("numba", n_sets, system.problem()).name == "numba", "a named backend is the one that is used"


def test_auto_leaves_a_gpu_without_a_compiled_kernel_alone(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    problem = system_of(6).problem()
    with monkeypatch.context() as patch:
        patch.setattr(registry, "load", lambda name: SimpleNamespace(name=name, compiled=False))
        assert pick("auto", 10**11, problem).name == "numba"
        assert pick("cuda", 10**11, problem).name == "cuda", "but not one who names it"
    monkeypatch.setattr(registry, "_loaded", {})
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr(torch.version, "hip", None)
    assert pick("auto", 10**11, problem).name == "numba", "a GPU that cannot be used is as good as none"
    says(message(pick, "cuda", 10**11, problem), 'backend="cuda" needs a PyTorch built with CUDA')


def test_auto_does_not_import_torch(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    assert registry.gpu(None) is None
    assert "torch" not in sys.modules


def test_settings_say_device_and_kernel(recording):
    settings = hoi.search(recording, 3, backend="torch").settings
    assert (settings["backend"], settings["device"], settings["kernel"]) == ("torch", "cpu", "torch")
    assert settings["screening"] == "float64"


def test_the_device_of_the_data_is_kept():
    X = torch.rand(20, 3, generator=torch.Generator().manual_seed(0))
    system = hoi.GaussianSystem.from_data(X, backend="torch")
    assert system.device is None, "the CPU is what there is anyway"
    system.device = "cuda:1"
    assert leaf.TorchBackend().device(system.problem()) == torch.device("cuda", 1)
