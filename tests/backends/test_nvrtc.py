"""The CUDA kernel without a card: compiled by NVRTC for chips that are not here, cached, and handed to a driver."""

from __future__ import annotations

import ctypes
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")

from hoi._backends.torch_.cuda import compiler, driver, pairs  # noqa: E402
from hoi._backends.torch_.cuda.compiler import KernelUnavailableError  # noqa: E402
from hoi._backends.torch_.cuda.pairs import Kernel  # noqa: E402

TYPES = [torch.float64, torch.float32]


@pytest.fixture(scope="module")
def nvrtc():
    """NVRTC, or a skip with the reason: it comes with a CUDA build of torch, or as the wheel nvidia-cuda-nvrtc."""
    try:
        compiler._library()
    except KernelUnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("target", ["sm_75", "sm_80", "sm_90", "sm_100"])
def test_compiles_for_a_chip(nvrtc, target, dtype):
    code = compiler.compile_text(pairs.source(Kernel(dtype, 3, 2, 1, 32)), target)
    assert code[:4] == b"\x7fELF"


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize(
    ("members", "a", "b", "threads", "planes"),
    [(1, 2, 1, 256, 1), (3, 1, 1, 64, 1), (6, 2, 1, 64, 1), (13, 2, 1, 32, 1), (3, 1, 1, 32, 2), (8, 1, 1, 32, 2)],
)
def test_registers_hold_what_a_tile_needs(nvrtc, members, a, b, threads, planes, dtype, tmp_path):
    tool = pytest.importorskip("triton").__file__
    tool = Path(tool).parent / "backends" / "nvidia" / "bin" / "cuobjdump"
    if not tool.exists():
        pytest.skip("this Triton ships no cuobjdump, which reads the registers of machine code")
    file = tmp_path / "pairs.cubin"
    file.write_bytes(compiler.compile_text(pairs.source(Kernel(dtype, members, a, b, threads, planes)), "sm_90"))
    done = subprocess.run([tool, "--dump-resource-usage", file], capture_output=True, text=True, check=True)
    registers, stack, local = map(int, re.search(r"REG:(\d+) STACK:(\d+) .*LOCAL:(\d+)", done.stdout).groups())
    assert registers <= (168 if planes == 1 else 255), "so that twelve warps fit on a processor"
    assert stack <= 64, "a few bytes may go to memory, and no array"
    assert local == 0


def test_ptx_for_a_chip_that_nvrtc_does_not_know(nvrtc):
    assert compiler.architecture((9, 0)) == "sm_90"
    newer = compiler.architecture((99, 0))
    assert re.fullmatch(r"compute_\d+", newer)
    assert b".entry pairs(" in compiler.compile_text(pairs.source(Kernel(torch.float32, 1, 1, 0, 32)), newer)
    with pytest.raises(KernelUnavailableError, match=r"knows no chip as old as 1\.0"):
        compiler.architecture((1, 0))


def test_the_compiler_says_what_is_wrong(nvrtc):
    with pytest.raises(KernelUnavailableError, match=r"(?s)NVRTC: pairs\.cu\(1\): error.*nothing"):
        compiler.compile_text("nothing here", "sm_90")


# --- where there is no NVRTC


def test_nvrtc_that_is_not_installed_or_broken(monkeypatch, tmp_path):
    compiler._library.cache_clear()
    monkeypatch.setattr(compiler, "_candidates", lambda: iter(()))
    with pytest.raises(KernelUnavailableError, match="NVRTC is not installed"):
        compiler._library()
    broken = tmp_path / "libnvrtc.so.13"
    broken.write_bytes(b"nothing")
    monkeypatch.setattr(compiler, "_candidates", lambda: iter([str(broken)]))
    with pytest.raises(KernelUnavailableError, match=r"NVRTC cannot be loaded: .*libnvrtc"):
        compiler._library()
    compiler._library.cache_clear()


def test_the_nvrtc_of_torch_comes_first(monkeypatch, tmp_path):
    for name in ("cu12/lib/libnvrtc.so.12", "cu13/lib/libnvrtc.so.13"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    spec = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(compiler.importlib.util, "find_spec", lambda name: spec)
    for version, first in [("12.8", "12"), ("13.0", "13")]:
        monkeypatch.setattr(torch.version, "cuda", version)
        assert next(compiler._candidates()).endswith(f"libnvrtc.so.{first}")


# --- the cache


@pytest.fixture
def compiled(monkeypatch, tmp_path):
    """The folder of the cache, and a compiler that counts its calls."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(compiler, "_version", lambda: "13.5")
    calls = []

    def compile_text(text, target):
        calls.append(target)
        return f"{text}{target}".encode()

    monkeypatch.setattr(compiler, "compile_text", compile_text)
    return tmp_path / "hoi" / "kernels", calls


def test_a_kernel_is_compiled_once_for_a_text_a_chip_a_version_and_options(compiled, monkeypatch):
    folder, calls = compiled
    for _ in range(2):
        assert compiler.cached("text", "sm_90") == b"textsm_90"
    assert calls == ["sm_90"]
    compiler.cached("text", "sm_80")
    compiler.cached("other", "sm_90")
    monkeypatch.setattr(compiler, "_version", lambda: "14.0")
    compiler.cached("text", "sm_90")
    monkeypatch.setattr(compiler, "_OPTIONS", ("--std=c++20",))
    compiler.cached("text", "sm_90")
    assert len(calls) == 5
    assert {file.suffix for file in folder.iterdir()} == {".cubin"}


@pytest.mark.parametrize("damage", ["emptied", "cut", "changed", "without its hash"])
def test_a_damaged_file_is_compiled_anew(compiled, damage):
    folder, calls = compiled
    compiler.cached("text", "sm_90")
    (file,) = folder.iterdir()
    sound = file.read_bytes()
    damaged = {"emptied": b"", "cut": sound[:-1], "changed": sound[:-1] + b"?", "without its hash": sound[32:]}
    file.write_bytes(damaged[damage])
    assert compiler.cached("text", "sm_90") == b"textsm_90"
    assert (len(calls), file.read_bytes()) == (2, sound)


def test_a_home_that_cannot_be_written_to(compiled, monkeypatch, tmp_path):
    _, calls = compiled
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(home))

    def refused(*_, **__):
        raise PermissionError("Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(compiler.Path, "mkdir", refused)
        assert compiler.cached("text", "sm_90") == compiler.cached("text", "sm_90") == b"textsm_90"
    assert (len(calls), list(home.iterdir())) == (2, [])
    compiler.cached("text", "sm_90")
    assert [file.suffix for file in (home / ".cache" / "hoi" / "kernels").iterdir()] == [".cubin"]


def test_a_write_that_fails_leaves_nothing_and_no_error(compiled, monkeypatch):
    folder, _ = compiled

    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(compiler.os, "replace", full)
    assert compiler.cached("text", "sm_90") == b"textsm_90"
    assert list(folder.iterdir()) == []
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert compiler.cached("text", "sm_90") == b"textsm_90"


# --- the driver


class FakeDriver:
    """libcuda as ctypes shows it: it notes what it is asked for, and `broken` calls fail."""

    def __init__(self, broken=()):
        self.broken, self.calls, self.launched = broken, [], None

    def __getattr__(self, name):
        def call(*arguments):
            self.calls.append(name)
            if name in self.broken:
                return 700
            if name == "cuDeviceGetAttribute":
                arguments[0]._obj.value = 232448
            if name == "cuOccupancyMaxActiveBlocksPerMultiprocessor":
                arguments[0]._obj.value = 3
            if name == "cuGetErrorString":
                arguments[1]._obj.value = b"an illegal memory access was encountered"
            if name == "cuLaunchKernel":
                part = pairs.Part.from_address(arguments[9][0])
                self.launched = (*arguments[1:8], arguments[8].value, part.n, part.stop, part.low)
            return 0

        return call


@pytest.fixture
def card(monkeypatch):
    """Make a card with a driver that is not there."""
    gpu = torch.device("cuda", 0)

    @contextmanager
    def current(device):
        yield

    cuda = SimpleNamespace(
        device=current,
        get_device_properties=lambda device: SimpleNamespace(major=9, minor=0, multi_processor_count=132),
        current_stream=lambda device: SimpleNamespace(cuda_stream=12345),
    )
    monkeypatch.setattr(driver, "torch", SimpleNamespace(cuda=cuda, empty=lambda *_, **__: None, device=torch.device))
    monkeypatch.setattr(driver, "architecture", lambda capability: "sm_90")
    monkeypatch.setattr(driver, "cached", lambda text, target: b"image")

    def make(**options):
        fake = FakeDriver(**options)
        monkeypatch.setattr(driver, "_library", lambda: fake)
        return driver.Card(gpu), fake

    return make


def test_a_launch_goes_to_the_stream_of_torch(card):
    made, fake = card()
    assert made.shared == 232448
    part = pairs.Part(n=40, stop=99, low=-1.5)
    assert made.groups("text", 64, 1000) == 3 * 132
    made.launch("text", 7, 64, 1000, part)
    made.launch("text", 7, 64, 1000, part)
    assert fake.launched == (7, 1, 1, 64, 1, 1, 1000, 12345, 40, 99, -1.5)
    assert fake.calls.count("cuModuleLoadData") == 1, "a module is loaded once"


@pytest.mark.parametrize("call", ["cuModuleLoadData", "cuLaunchKernel", "cuDeviceGet"])
def test_an_error_of_the_driver_is_said_in_its_words(card, call):
    with pytest.raises(KernelUnavailableError, match=r"CUDA driver: an illegal memory access was encountered \(700\)"):
        card(broken=[call])[0].launch("text", 1, 32, 0, pairs.Part())


@pytest.mark.skipif(sys.platform == "linux" and Path("/dev/nvidiactl").exists(), reason="there is a driver here")
def test_a_driver_that_is_missing():
    with pytest.raises(KernelUnavailableError, match="the CUDA driver cannot be loaded"):
        driver._library()


def test_the_struct_is_laid_out_as_in_the_kernel():
    """Eight bytes for each field but the last six, with nothing between them."""
    assert ctypes.sizeof(pairs.Part) == 8 * 18 + 4 * 6
    body = re.sub(r"//.*", "", re.search(r"struct Part \{(.*?)\};", pairs.text(), re.DOTALL)[1])
    names = re.findall(r"(\w+)\s*[,;]", body)
    assert names == [name for name, _ in pairs.Part._fields_]
