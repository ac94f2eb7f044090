"""CUDA C++ to machine code by NVRTC, which the CUDA builds of torch ship: no nvcc and no C compiler is needed."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import glob
import hashlib
import importlib.util
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from hoi._errors import BackendUnavailableError

__all__ = ["KernelUnavailableError", "architecture", "cached", "compile_text"]


class KernelUnavailableError(BackendUnavailableError):
    """The kernel cannot be compiled or run here."""


def cached(text: str, target: str) -> bytes:
    """Machine code of the text for an architecture: from disk, where it was compiled before by the same NVRTC.

    A file begins with the hash of the code behind it. One that is damaged is compiled anew: a driver may do anything
    with it.
    """
    key = hashlib.sha256("\n".join([text, target, *_OPTIONS, str(_version())]).encode()).hexdigest()
    file = _folder() / f"{key}.cubin"
    with contextlib.suppress(OSError):
        kept = file.read_bytes()
        if kept[:_HASH] == hashlib.sha256(kept[_HASH:]).digest():
            return kept[_HASH:]
    code = compile_text(text, target)
    with contextlib.suppress(OSError):  # a disk that cannot be written to costs a second a process
        _write(file, hashlib.sha256(code).digest() + code)
    return code


def _write(file: Path, code: bytes) -> None:
    """The whole file or none of it: another process may be reading."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=file.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(code)
        os.replace(partial, file)
    except BaseException:
        os.unlink(partial)
        raise


def _folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(home) / "hoi" / "kernels"


_OPTIONS = ("--std=c++17",)
_HASH = hashlib.sha256().digest_size


def compile_text(text: str, target: str) -> bytes:
    """Machine code of the text for an architecture ("sm_90"), or PTX for one that begins with "compute_"."""
    lib = _library()
    program = ctypes.c_void_p()
    _check(lib, lib.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"pairs.cu", 0, None, None))
    try:
        options = [option.encode() for option in (*_OPTIONS, f"--gpu-architecture={target}")]
        array = (ctypes.c_char_p * len(options))(*options)
        if lib.nvrtcCompileProgram(program, len(options), array):
            log = _output(lib, program, lib.nvrtcGetProgramLogSize, lib.nvrtcGetProgramLog)
            raise KernelUnavailableError(f"NVRTC: {log.rstrip(bytes(1)).decode(errors='replace').strip()}")
        if target.startswith("compute_"):
            return _output(lib, program, lib.nvrtcGetPTXSize, lib.nvrtcGetPTX)
        return _output(lib, program, lib.nvrtcGetCUBINSize, lib.nvrtcGetCUBIN)
    finally:
        lib.nvrtcDestroyProgram(ctypes.byref(program))


def _output(lib: ctypes.CDLL, program: ctypes.c_void_p, size_of, give) -> bytes:
    size = ctypes.c_size_t()
    _check(lib, size_of(program, ctypes.byref(size)))
    buffer = ctypes.create_string_buffer(size.value)
    _check(lib, give(program, buffer))
    return buffer.raw


def _check(lib: ctypes.CDLL, status: int) -> None:
    if status:
        raise KernelUnavailableError(f"NVRTC: {lib.nvrtcGetErrorString(status).decode()}")


def architecture(capability: tuple[int, int]) -> str:
    """What to compile for: the chip itself, or PTX of the latest one before it where NVRTC is older than the chip."""
    lib = _library()
    number = ctypes.c_int()
    _check(lib, lib.nvrtcGetNumSupportedArchs(ctypes.byref(number)))
    known = (ctypes.c_int * number.value)()
    _check(lib, lib.nvrtcGetSupportedArchs(known))
    wanted = 10 * capability[0] + capability[1]
    if wanted in known:
        return f"sm_{wanted}"
    older = [chip for chip in known if chip < wanted]
    if not older:
        raise KernelUnavailableError(f"NVRTC {_version()} knows no chip as old as {capability[0]}.{capability[1]}")
    return f"compute_{max(older)}"


@functools.cache
def _version() -> str:
    lib = _library()
    major, minor = ctypes.c_int(), ctypes.c_int()
    _check(lib, lib.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)))
    return f"{major.value}.{minor.value}"


@functools.cache
def _library() -> ctypes.CDLL:
    """NVRTC. What it has built in has to be loaded before it, as it looks for that by its bare name."""
    tried = list(_candidates())
    if not tried:
        raise KernelUnavailableError("NVRTC is not installed")
    for path in tried:
        try:
            for builtins in glob.glob(os.path.join(os.path.dirname(path), "libnvrtc-builtins.so.*")):
                ctypes.CDLL(builtins, mode=ctypes.RTLD_GLOBAL)
            lib = ctypes.CDLL(path)
        except OSError as error:
            why = str(error)
            continue
        lib.nvrtcGetErrorString.restype = ctypes.c_char_p
        return lib
    raise KernelUnavailableError(f"NVRTC cannot be loaded: {why}")


def _candidates() -> Iterator[str]:
    """Files that may be NVRTC, those of the CUDA that torch was built with first."""
    found = importlib.util.find_spec("nvidia")
    folders = [*(found.submodule_search_locations or () if found else ()), os.path.dirname(torch.__file__)]
    patterns = [os.path.join(folder, "**", "libnvrtc.so.*") for folder in folders]
    paths = [path for pattern in patterns for path in glob.glob(pattern, recursive=True)]
    major = (torch.version.cuda or "").partition(".")[0]
    yield from sorted(paths, key=lambda path: not path.endswith(f".so.{major}"))
