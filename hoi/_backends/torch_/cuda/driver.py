"""A card as its driver shows it: modules, how many groups it holds, and launches on the stream of torch."""

from __future__ import annotations

import ctypes
import functools

import torch

from hoi._backends.torch_.cuda.compiler import KernelUnavailableError, architecture, cached

__all__ = ["Card", "card_of"]

# Numbers of the driver's interface (cuda.h)
_MOST_SHARED_OF_A_FUNCTION = 8
_MOST_SHARED_OF_A_CARD = 97


class Card:
    """One GPU: compiled kernels by their text, kept for the process."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._lib = _library()
        self._functions: dict[str, ctypes.c_void_p] = {}
        properties = torch.cuda.get_device_properties(device)
        self.target = architecture((properties.major, properties.minor))
        self.processors = properties.multi_processor_count
        most, handle = ctypes.c_int(), ctypes.c_int()
        self._check(self._lib.cuDeviceGet(ctypes.byref(handle), device.index or 0))
        self._check(self._lib.cuDeviceGetAttribute(ctypes.byref(most), _MOST_SHARED_OF_A_CARD, handle))
        self.shared = most.value  # bytes of shared memory that a group may have

    def function(self, text: str) -> ctypes.c_void_p:
        """The kernel `pairs` of a text."""
        if text not in self._functions:
            image = cached(text, self.target)
            module, function = ctypes.c_void_p(), ctypes.c_void_p()
            with torch.cuda.device(self.device):
                torch.empty(1, device=self.device)  # makes the context of torch the current one
                self._check(self._lib.cuModuleLoadData(ctypes.byref(module), image))
                self._check(self._lib.cuModuleGetFunction(ctypes.byref(function), module, b"pairs"))
                self._check(
                    self._lib.cuFuncSetAttribute(function, _MOST_SHARED_OF_A_FUNCTION, ctypes.c_int(self.shared))
                )
            self._functions[text] = function
        return self._functions[text]

    def groups(self, text: str, threads: int, shared: int) -> int:
        """Groups of threads that run at once."""
        number = ctypes.c_int()
        function = self.function(text)
        with torch.cuda.device(self.device):
            self._check(
                self._lib.cuOccupancyMaxActiveBlocksPerMultiprocessor(
                    ctypes.byref(number), function, ctypes.c_int(threads), ctypes.c_size_t(shared)
                )
            )
        if not number.value:
            raise KernelUnavailableError(f"no group of {threads} threads with {shared} bytes fits on {self.target}")
        return number.value * self.processors

    def launch(self, text: str, groups: int, threads: int, shared: int, argument: ctypes.Structure) -> None:
        """Queue the kernel on the current stream of torch; nothing waits for it."""
        function = self.function(text)
        arguments = (ctypes.c_void_p * 1)(ctypes.addressof(argument))
        with torch.cuda.device(self.device):
            stream = ctypes.c_void_p(torch.cuda.current_stream(self.device).cuda_stream)
            self._check(
                self._lib.cuLaunchKernel(
                    function, groups, 1, 1, threads, 1, 1, shared, stream, arguments, None
                )
            )

    def _check(self, status: int) -> None:
        if status:
            text = ctypes.c_char_p()
            self._lib.cuGetErrorString(status, ctypes.byref(text))
            raise KernelUnavailableError(f"CUDA driver: {(text.value or b'error').decode()} ({status})")


@functools.cache
def card_of(device: torch.device) -> Card:
    """The card of a device, one for the process."""
    return Card(device)


def _library() -> ctypes.CDLL:
    try:
        return ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        raise KernelUnavailableError(f"the CUDA driver cannot be loaded: {error}") from error
