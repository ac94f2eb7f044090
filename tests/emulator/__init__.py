"""The CUDA kernel on a CPU: its text compiled by g++, its threads in random order (see emulator.cpp)."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterable
from pathlib import Path

import pytest
import torch

from hoi._backends.torch_.cuda import pairs

__all__ = ["Emulator", "build", "built_once"]

_TYPES = {torch.float64: "double", torch.float32: "float"}


def build(folder: Path, kernels: Iterable[pairs.Kernel], text: str | None = None) -> ctypes.CDLL:
    """A library with these kernels, of the text of the library or of another one; a test without g++ is skipped."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("the emulator of the CUDA kernel needs g++, which is not installed")
    (folder / "pairs.cuh").write_text(text or pairs.text(), encoding="utf-8")
    cases = " ".join(f"CASE({_TYPES[k.dtype]}, {k.planes}, {k.members}, {k.a}, {k.b}, {k.threads})" for k in kernels)
    options = ["-std=c++17", "-O1", "-fPIC", "-shared", "-w", f"-I{folder}", f"-DCASES={cases}"]
    file = folder / "emulator.so"
    command = [compiler, *options, "-o", str(file), str(Path(__file__).with_name("emulator.cpp"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(file))


def built_once(folders: pytest.TempPathFactory, kernels: Iterable[pairs.Kernel]) -> ctypes.CDLL:
    """The same for all processes that share a run of the tests: one builds, and the others wait for it."""
    kernels = list(kernels)
    root = folders.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    made_of = repr(kernels) + pairs.text() + Path(__file__).with_name("emulator.cpp").read_text(encoding="utf-8")
    folder = root / f"emulator-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = folder / "emulator.so"
        return ctypes.CDLL(str(file)) if file.exists() else build(folder, kernels)


class Emulator:
    """Runs the kernels of a library as a card would; every launch has its threads in another order."""

    shared = 1 << 18
    device = torch.device("cpu")

    def __init__(self, library: ctypes.CDLL, groups: int = 2) -> None:
        self.library, self.at_once, self.seeds = library, groups, itertools.count()
        self.lock = threading.Lock()  # its threads are fibers of one

    def groups(self, text: str, threads: int, shared: int) -> int:
        return self.at_once

    def launch(self, text: str, groups: int, threads: int, shared: int, argument: pairs.Part) -> None:
        kind, *numbers = re.search(r"walk<(\w+), (\d), (\d+), (-?\d+), (-?\d+), (\d+)>\(part, memory\)", text).groups()
        size = 8 if kind == "double" else 4
        bound = (size, *map(int, numbers), groups, next(self.seeds), ctypes.c_long(shared), ctypes.byref(argument))
        with self.lock:
            status = self.library.emulate(*bound)
        assert status != 0, f"no kernel {kind} {numbers} was built"
        assert status != 3, "the kernel wrote behind its shared memory"
        if status != 1:
            raise RuntimeError("some threads of a group have ended where others wait at a barrier")
